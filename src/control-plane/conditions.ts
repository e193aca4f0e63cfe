import type { Condition, ConditionStatus, Pod } from '../api/objects/index.ts'
import { type Nanos, SECOND } from '../units.ts'

/** The condition of that type, if there is one. */
export function conditionOf(conditions: readonly Condition[], type: string): Condition | undefined {
  return conditions.find((condition) => condition.type === type)
}

/** The list with that condition set. The same list when nothing changes; the transition time moves only with the status. */
export function withCondition(
  conditions: readonly Condition[],
  type: string,
  status: ConditionStatus,
  reason: string,
  now: Nanos,
  message = '',
): readonly Condition[] {
  const current = conditionOf(conditions, type)
  const text = message === '' ? {} : { message }
  if (current === undefined) return [...conditions, { type, status, reason, ...text, lastTransitionTime: now }]
  if (current.status === status && current.reason === reason && (current.message ?? '') === message) return conditions
  const lastTransitionTime = current.status === status ? current.lastTransitionTime : now
  const { lastHeartbeatTime } = current
  const heartbeat = lastHeartbeatTime === undefined ? {} : { lastHeartbeatTime }
  const set = { type, status, reason, ...text, lastTransitionTime, ...heartbeat }
  return conditions.map((condition) => (condition === current ? set : condition))
}

/** The pod's Ready condition is True. */
export function isReady(pod: Pod): boolean {
  return conditionOf(pod.status.conditions, 'Ready')?.status === 'True'
}

/** The pod is Ready and was not, as it was before. */
export function becameReady(pod: Pod, before: Pod | undefined): boolean {
  return isReady(pod) && (before === undefined || !isReady(before))
}

/** Since when the pod has been Ready; null when it is not. */
export function readySince(pod: Pod): Nanos | null {
  const ready = conditionOf(pod.status.conditions, 'Ready')
  return ready?.status === 'True' ? ready.lastTransitionTime : null
}

/** Ready for at least `minReadySeconds`. */
export function isAvailable(pod: Pod, minReadySeconds: number, now: Nanos): boolean {
  const at = availableAt(pod, minReadySeconds)
  return at !== null && now >= at
}

/**
 * When a pod that is Ready has been so for `minReadySeconds`; null when it is not Ready.
 *
 * Times in the API are whole seconds, rounded down, so that pods which became ready in one second become available together, up to a
 * second early. Source: recorded from Kubernetes v1.36.2; apimachinery pkg/apis/meta/v1/time.go.
 */
export function availableAt(pod: Pod, minReadySeconds: number): Nanos | null {
  const since = readySince(pod)
  return since === null || minReadySeconds === 0 ? since : Math.floor(since / SECOND) * SECOND + minReadySeconds * SECOND
}

/** Succeeded or Failed: its containers will not run again. */
export function isTerminal(pod: Pod): boolean {
  return pod.status.phase === 'Succeeded' || pod.status.phase === 'Failed'
}

/** Counts for its ReplicaSet: neither finished nor being deleted. Source: pkg/controller/controller_utils.go (IsPodActive). */
export function isActive(pod: Pod): boolean {
  return !isTerminal(pod) && pod.metadata.deletionTimestamp === null
}
