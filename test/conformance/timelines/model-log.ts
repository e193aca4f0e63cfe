import type { AnyObject, Condition, EndpointSlice, Node, Pod } from '../../../src/api/objects/index.ts'
import { SERVICE_NAME_LABEL } from '../../../src/api/objects/index.ts'
import type { WatchEvent } from '../../../src/control-plane/watch-cache.ts'
import { MILLISECOND } from '../../../src/units.ts'
import { ChangeLog, type Fields } from './recording.ts'

/** The model's commits in the words of a recording. */
export class ModelLog {
  readonly #log = new ChangeLog()
  readonly #zero: number

  /** `zero` is the time of the first command. */
  constructor(zero: number) {
    this.#zero = zero
  }

  get changes(): ChangeLog['changes'] {
    return this.#log.changes
  }

  add(event: WatchEvent): void {
    const kind = KINDS.get(event.object.kind)
    if (kind === undefined) return
    const letter = event.type === 'ADDED' ? 'A' : event.type === 'DELETED' ? 'D' : 'M'
    const t = (event.committedAt - this.#zero) / MILLISECOND
    this.#log.addState(t, kind, letter, event.object.metadata.name, stateOf(kind, event.object))
  }
}

const KINDS: ReadonlyMap<string, string> = new Map([
  ['Deployment', 'deploy'],
  ['ReplicaSet', 'rs'],
  ['Pod', 'pod'],
  ['EndpointSlice', 'eps'],
  ['Node', 'node'],
  ['Service', 'svc'],
  ['StatefulSet', 'sts'],
  ['DaemonSet', 'ds'],
  ['Job', 'job'],
  ['CronJob', 'cj'],
])

function stateOf(kind: string, object: AnyObject): Fields {
  switch (kind) {
    case 'pod':
      return podState(object as Pod)
    case 'eps':
      return sliceState(object as EndpointSlice)
    case 'node': {
      const node = object as Node
      const taints = node.spec.taints.map((taint) => `${taint.key.slice(taint.key.lastIndexOf('/') + 1)}:${taint.effect}`).join()
      return { c: conditions(node.status.conditions), ...(taints === '' ? {} : { taints }) }
    }
    default:
      return workloadState(object)
  }
}

/** Fields of the status by their names in the API, and what the form calls them. */
const COUNTERS: readonly (readonly [string, string])[] = [
  ['observedGeneration', 'og'],
  ['replicas', 'cur'],
  ['updatedReplicas', 'upd'],
  ['readyReplicas', 'rdy'],
  ['availableReplicas', 'avl'],
  ['unavailableReplicas', 'una'],
  ['terminatingReplicas', 'trm'],
  ['desiredNumberScheduled', 'des'],
  ['currentNumberScheduled', 'cur'],
  ['updatedNumberScheduled', 'upd'],
  ['numberReady', 'rdy'],
  ['numberAvailable', 'avl'],
  ['ready', 'rdy'],
  ['succeeded', 'suc'],
  ['failed', 'fail'],
  ['terminating', 'trm'],
]

interface Workload {
  readonly spec?: { readonly replicas?: number; readonly template?: { readonly labels?: Readonly<Record<string, string>> } }
  readonly status?: Readonly<Record<string, unknown>> & { readonly conditions?: readonly Condition[] }
}

function workloadState(object: AnyObject): Fields {
  const { spec, status } = object as unknown as Workload
  const state: Record<string, unknown> = {}
  const owner = object.metadata.ownerReferences.find((reference) => reference.controller)
  if (owner !== undefined) state.own = owner.name
  if (spec?.replicas !== undefined) state.n = spec.replicas
  const version = spec?.template?.labels?.v
  if (version !== undefined) state.v = version
  const revision = object.metadata.annotations['deployment.kubernetes.io/revision']
  if (revision !== undefined) state.rev = revision
  for (const [field, short] of COUNTERS) if (typeof status?.[field] === 'number') state[short] = status[field]
  if (typeof status?.active === 'number') state.act = status.active
  else if (Array.isArray(status?.active)) state.act = status.active.length
  if (status?.conditions !== undefined) state.c = conditions(status.conditions)
  return state
}

function podState(pod: Pod): Fields {
  const { metadata, spec, status } = pod
  const state: Record<string, unknown> = { ph: status.phase, c: conditions(status.conditions) }
  const owner = metadata.ownerReferences.find((reference) => reference.controller)
  if (owner !== undefined) state.own = owner.name
  if (metadata.labels.v !== undefined) state.v = metadata.labels.v
  if (spec.nodeName !== '') state.node = spec.nodeName
  if (status.podIP !== '') state.ip = status.podIP
  if (metadata.deletionTimestamp !== null) {
    state.del = metadata.deletionTimestamp
    state.gr = metadata.deletionGracePeriodSeconds
  }
  return state
}

function sliceState(slice: EndpointSlice): Fields {
  const ep: Record<string, string> = {}
  for (const { podName, conditions: is } of slice.endpoints) {
    ep[podName] = `${is.ready ? 'R' : '-'}${is.serving ? 'S' : '-'}${is.terminating ? 'T' : '-'}`
  }
  return { svc: slice.metadata.labels[SERVICE_NAME_LABEL], ep, size: slice.endpoints.length }
}

function conditions(list: readonly Condition[]): Fields {
  return Object.fromEntries(list.map(({ type, status, reason }) => [type, reason === '' ? status : `${status}/${reason}`]))
}
