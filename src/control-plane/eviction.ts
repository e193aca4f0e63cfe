import { matchesSelector } from '../api/labels.ts'
import type { Pod, PodDisruptionBudget } from '../api/objects/index.ts'
import type { Wait } from '../engine/process.ts'
import type { Simulation } from '../engine/simulation.ts'
import type { HopId, Trace } from '../engine/trace.ts'
import type { ApiConnection } from './api-connection.ts'
import { ApiError } from './api-error.ts'
import type { ApiResponse, ApiServer } from './api-server.ts'
import { isReady, isTerminal } from './conditions.ts'
import { afterDelete } from './deletion.ts'
import { ANY_REVISION } from './etcd.ts'
import { API_SERVER, type Identity } from './identity.ts'
import { objectKey } from './object-key.ts'

export interface EvictionRequest {
  readonly identity: Identity
  readonly namespace: string
  readonly name: string
  /** null: what the pod asks for. */
  readonly gracePeriodSeconds: number | null
  readonly cause: HopId
  readonly connection: ApiConnection
}

/** More evictions than this that nobody has seen yet stop further ones. Source: eviction.go (MaxDisruptedPodSize). */
export const DISRUPTED_PODS_MAX = 2000

const VIOLATION = "Cannot evict pod as it would violate the pod's disruption budget."

/**
 * The eviction subresource of pods: takes one from what the pod's disruption budget allows, then deletes the pod. 429 when the budget
 * allows none, or its controller has not seen its newest form; 500 when several budgets claim the pod.
 *
 * Pods that are pending, finished or being deleted need no budget. One that is not ready needs none with AlwaysAllow, or while its budget is
 * healthy.
 *
 * Source: Kubernetes pkg/registry/core/pod/storage/eviction.go.
 */
export function* evict(
  server: ApiServer,
  { sim, trace }: { readonly sim: Simulation; readonly trace: Trace },
  request: EvictionRequest,
): Generator<Wait, ApiResponse, unknown> {
  try {
    return yield* attempt(server, { sim, trace }, request)
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    return { code: error.code, object: undefined, message: error.message, hop: request.cause }
  }
}

function* attempt(
  server: ApiServer,
  { sim, trace }: { readonly sim: Simulation; readonly trace: Trace },
  request: EvictionRequest,
): Generator<Wait, ApiResponse, unknown> {
  const { identity, namespace, name, cause, connection } = request
  const key = objectKey('Pod', namespace, name)
  const refused = (code: number, message: string): ApiResponse => {
    const hop = trace.record({ cause, actor: 'kube-apiserver', action: 'refused', subject: key, detail: `${code} ${message}` })
    return { code, object: undefined, message, hop }
  }
  const forbidden = server.forbidden(identity, { verb: 'create', kind: 'Pod', namespace, name, subresource: 'eviction' })
  if (forbidden !== null) return refused(403, forbidden)
  const pod = (yield* server.get(key, connection)) as Pod | undefined
  if (pod === undefined) return refused(404, `${key} not found`)
  let hop = cause
  if (needsBudget(pod)) {
    const budgets = (yield* server.list('PodDisruptionBudget', namespace, connection)) as PodDisruptionBudget[]
    const matching = budgets.filter((budget) => claims(budget, pod))
    if (matching.length > 1)
      return refused(500, 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.')
    const [budget] = matching
    if (budget !== undefined && !isFree(pod, budget)) {
      const taken = yield* take(server, budget, pod, () => sim.now, request)
      if (taken.refusal !== null) return refused(taken.refusal.code, taken.refusal.message)
      hop = taken.hop
    }
  }
  return yield* server.write({
    identity,
    verb: 'delete',
    kind: 'Pod',
    namespace,
    name,
    subresource: 'eviction',
    cause: hop,
    change: (current) => afterDelete(current!, request.gracePeriodSeconds, sim.now),
    expected: ANY_REVISION,
    quiet: false,
    connection,
  })
}

function needsBudget(pod: Pod): boolean {
  return !isTerminal(pod) && pod.status.phase !== 'Pending' && pod.metadata.deletionTimestamp === null
}

/** A budget's empty selector is all pods of its namespace. */
export function claims(budget: PodDisruptionBudget, pod: Pod): boolean {
  return budget.metadata.namespace === pod.metadata.namespace && matchesSelector(budget.spec.selector, pod.metadata.labels)
}

/** A pod that is not ready and that the budget lets go without counting. */
function isFree(pod: Pod, { spec, status }: PodDisruptionBudget): boolean {
  if (isReady(pod)) return false
  if (spec.unhealthyPodEvictionPolicy === 'AlwaysAllow') return true
  return status.currentHealthy >= status.desiredHealthy && status.desiredHealthy > 0
}

interface Taken {
  readonly hop: HopId
  readonly refusal: { readonly code: number; readonly message: string } | null
}

/** Counts the pod as disrupted in the budget's status, in one write. */
function* take(
  server: ApiServer,
  budget: PodDisruptionBudget,
  pod: Pod,
  now: () => number,
  { cause, connection }: EvictionRequest,
): Generator<Wait, Taken, unknown> {
  const { namespace, name } = budget.metadata
  let refusal: Taken['refusal'] = null
  const response = yield* server.write({
    identity: API_SERVER,
    verb: 'patch',
    kind: 'PodDisruptionBudget',
    namespace,
    name,
    cause,
    change: (current) => {
      const held = current as PodDisruptionBudget
      refusal = refusalOf(held)
      if (refusal !== null) return held
      const { status } = held
      const disruptedPods = { ...status.disruptedPods, [pod.metadata.name]: now() }
      return { ...held, status: { ...status, disruptionsAllowed: status.disruptionsAllowed - 1, disruptedPods } }
    },
    expected: ANY_REVISION,
    quiet: false,
    connection,
  })
  if (response.code === 409) refusal = { code: 429, message: VIOLATION }
  else if (response.code >= 500) refusal = { code: response.code, message: response.message }
  return { hop: response.hop, refusal }
}

function refusalOf({ metadata, status }: PodDisruptionBudget): Taken['refusal'] {
  if (status.observedGeneration < metadata.generation)
    return { code: 429, message: `The disruption budget ${metadata.name} is still being processed by the server.` }
  if (Object.keys(status.disruptedPods).length > DISRUPTED_PODS_MAX)
    return { code: 403, message: 'DisruptedPods map too big - too many evictions not confirmed by PDB controller' }
  return status.disruptionsAllowed > 0 ? null : { code: 429, message: VIOLATION }
}
