import { nearest } from '../api/did-you-mean.ts'
import type { DirectorSpec } from '../workload/director/director.ts'
import type { CheckSpec } from '../workload/director/health-checker.ts'
import { certain, type LoadContext } from './load-context.ts'
import { DEFAULTS } from './load-defaults.ts'
import { listNames } from './load-inventory.ts'
import { parseDuration } from './parse-duration.ts'
import type { Draft } from './parse-structure.ts'
import type { Path } from './parse-yaml.ts'
import type { ScenarioFile } from './schema.ts'

type LoadBalancerDraft = Draft<NonNullable<NonNullable<ScenarioFile['spec']['cluster']>['loadBalancer']>>
type CheckDraft = NonNullable<LoadBalancerDraft['keepalived']>['check']

const AT: Path = ['spec', 'cluster', 'loadBalancer', 'keepalived']

/** What stands before the cluster; undefined: the balancer of a cloud. `nodes` are the names of all nodes. */
export function loadLoadBalancer(
  context: LoadContext,
  draft: LoadBalancerDraft | undefined,
  nodes: readonly string[],
): DirectorSpec | undefined {
  const keepalived = draft?.keepalived
  if (keepalived === undefined) return undefined
  const { scheduler, persistence, weights, inhibitOnFailure = false, alpha = false, check } = keepalived
  return {
    scheduler: scheduler ?? DEFAULTS.keepalived.scheduler,
    persistence: above0(context, 'persistence', context.duration([...AT, 'persistence'], persistence)) ?? null,
    weights: loadWeights(context, weights, nodes),
    inhibitOnFailure,
    alpha,
    check: loadCheck(context, check),
  }
}

function loadCheck(context: LoadContext, draft: CheckDraft): CheckSpec {
  const { kind = DEFAULTS.keepalived.check.kind, host, path, retry } = draft ?? {}
  for (const key of ['host', 'path'] as const)
    if (kind === 'tcp' && draft?.[key] !== undefined)
      context.mistake([...AT, 'check', key], `A tcp check asks for no ${key}`, 'kind: http beside it')
  const time = (key: 'delayLoop' | 'connectTimeout' | 'delayBeforeRetry', standard: string) =>
    above0(context, `check.${key}`, context.duration([...AT, 'check', key], draft?.[key])) ?? certain(parseDuration(standard))
  const delayLoop = time('delayLoop', DEFAULTS.keepalived.check.delayLoop)
  return {
    kind,
    host: host ?? '',
    path: path ?? '/',
    delayLoop,
    connectTimeout: time('connectTimeout', DEFAULTS.keepalived.check.connectTimeout),
    retry: retry ?? DEFAULTS.keepalived.check.retry,
    delayBeforeRetry: time('delayBeforeRetry', DEFAULTS.keepalived.check.delayBeforeRetry[kind]),
    warmUp: context.duration([...AT, 'check', 'warmUp'], draft?.warmUp) ?? delayLoop,
  }
}

function above0(context: LoadContext, key: string, value: number | undefined): number | undefined {
  if (value === 0) context.mistake([...AT, ...key.split('.')], `${key} cannot be 0`, 'a length of time above 0')
  return value
}

function loadWeights(
  context: LoadContext,
  draft: Readonly<Record<string, number | undefined>> | undefined,
  nodes: readonly string[],
): ReadonlyMap<string, number> {
  const weights = new Map<string, number>()
  for (const [name, weight] of Object.entries(draft ?? {})) {
    if (!nodes.includes(name))
      context.mistake([...AT, 'weights', name], `There is no node "${name}"`, listNames(nodes, 'no node'), nearest(name, nodes))
    else if (weight !== undefined) weights.set(name, weight)
  }
  return weights
}
