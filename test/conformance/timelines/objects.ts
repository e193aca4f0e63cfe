import { convert } from '../../../src/api/convert/convert.ts'
import { isManifestKind, MODELLED_FIELDS, type PickedObject } from '../../../src/api/modelled-fields.ts'
import type { AnyObject } from '../../../src/api/objects/index.ts'
import { pickFields } from '../../../src/api/pick-fields.ts'
import type { Fields } from './recording.ts'
import { NotReplayable } from './set-up.ts'
import type { Traits } from './traits.ts'

/** An object of the recording that the model does not have yet. */
export class NotModelled extends Error {}

/** What of a recording's set-up an object is made from. */
export interface ObjectSpec {
  readonly kind: string
  readonly name: string
  readonly replicas: number
  readonly version: string
  readonly gate: number | null
  readonly meta: Fields
  readonly traits: Traits
}

const API: ReadonlyMap<string, readonly [string, string]> = new Map([
  ['svc', ['v1', 'Service']],
  ['deploy', ['apps/v1', 'Deployment']],
  ['sts', ['apps/v1', 'StatefulSet']],
  ['ds', ['apps/v1', 'DaemonSet']],
  ['job', ['batch/v1', 'Job']],
  ['cj', ['batch/v1', 'CronJob']],
])

/** The kind that the API has for a kind of the form. */
export function apiKind(kind: string): string {
  return API.get(kind)![1]
}

/** The object as the manifest reader would give it. */
export function objectOf(spec: ObjectSpec): AnyObject {
  const [apiVersion, kind] = API.get(spec.kind)!
  const manifest = { apiVersion, kind, metadata: { name: spec.name, labels: { app: spec.name } }, spec: SPECS[spec.kind]!(spec) }
  if (!isManifestKind(apiVersion, kind)) throw new NotModelled(`${kind} is not modelled`)
  const { picked, leftOut } = pickFields(manifest, MODELLED_FIELDS[kind])
  if (leftOut.length > 0) throw new NotModelled(`${kind} ${leftOut[0]!.path.join('.')} is not modelled`)
  return convert(kind, picked as PickedObject<typeof kind>)
}

const SPECS: Readonly<Record<string, (spec: ObjectSpec) => Fields>> = {
  svc: ({ name }) => ({ selector: { app: name }, ports: [{ port: 80, targetPort: 8080 }] }),
  deploy: (spec) => ({ ...replicated(spec), strategy: strategyOf(spec.meta), ...(isFields(spec.meta.dspec) ? spec.meta.dspec : {}) }),
  sts: (spec) => ({
    ...replicated(spec),
    podManagementPolicy: spec.meta.policy ?? (spec.traits.parallel ? 'Parallel' : 'OrderedReady'),
  }),
  ds: (spec) => ({
    selector: { matchLabels: { app: spec.name } },
    template: template(spec),
    ...(spec.meta.maxSurge === undefined ? {} : { updateStrategy: strategyOf(spec.meta) }),
  }),
  job: (spec) => ({ ...(isFields(spec.meta.spec) ? spec.meta.spec : {}), template: template(spec, 'Never') }),
  cj: (spec) => ({
    schedule: everyMinute(spec.meta),
    ...(spec.traits.jobsKept === null ? {} : { successfulJobsHistoryLimit: spec.traits.jobsKept }),
    concurrencyPolicy: spec.meta.policy ?? 'Allow',
    jobTemplate: { spec: { template: template(spec, 'Never') } },
  }),
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null
}

function everyMinute({ scenario }: Fields): string {
  if (/every minute/.test(String(scenario))) return '* * * * *'
  throw new NotReplayable(`the schedule is not told by "${String(scenario)}"`)
}

function strategyOf({ scenario, maxSurge, maxUnavailable }: Fields): Fields {
  if (scenario === 'Recreate') return { type: 'Recreate' }
  return maxSurge === undefined ? { type: 'RollingUpdate' } : { type: 'RollingUpdate', rollingUpdate: { maxSurge, maxUnavailable } }
}

function replicated(spec: ObjectSpec): Fields {
  return { replicas: spec.replicas, selector: { matchLabels: { app: spec.name } }, template: template(spec) }
}

/** One container with the recording's grace, hook and tolerations; the gate is a readiness probe, asked every second. */
function template({ name, version, gate, meta }: ObjectSpec, restartPolicy = 'Always'): Fields {
  const sleep = Number(meta.preStopSleep ?? meta.pre ?? 0)
  const tolerated = /tolerationSeconds (\d+)/.exec(String(meta.scenario))
  const tolerations = ['not-ready', 'unreachable'].map((key) => ({
    key: `node.kubernetes.io/${key}`,
    operator: 'Exists',
    effect: 'NoExecute',
    tolerationSeconds: Number(tolerated?.[1]),
  }))
  return {
    metadata: { labels: { app: name, ...(version === '' ? {} : { v: version }), ...(isFields(meta.labels) ? meta.labels : {}) } },
    spec: {
      restartPolicy,
      terminationGracePeriodSeconds: Number(meta.grace ?? 30),
      ...(tolerated === null ? {} : { tolerations }),
      containers: [
        {
          name: 'server',
          image: 'example/server:v1',
          ports: [{ containerPort: 8080 }],
          ...(sleep > 0 ? { lifecycle: { preStop: { sleep: { seconds: sleep } } } } : {}),
          ...(gate === null ? {} : { readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1, failureThreshold: 1 } }),
        },
      ],
    },
  }
}
