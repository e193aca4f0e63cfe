import type { Job, JobPolicyAction, Pod, PodFailurePolicyRule } from '../../api/objects/index.ts'
import { type Nanos, SECOND } from '../../units.ts'
import { conditionOf, isTerminal } from '../conditions.ts'
import { wholeSecond } from '../wall-clock.ts'

/** Keeps a finished pod until the Job has counted it. */
export const TRACKING_FINALIZER = 'batch.kubernetes.io/job-tracking'
/** Annotation, and since 1.28 label, of an Indexed Job's pods. */
export const INDEX_KEY = 'batch.kubernetes.io/job-completion-index'

export function isTracked(pod: Pod): boolean {
  return pod.metadata.finalizers.includes(TRACKING_FINALIZER)
}

/** The pod's completion index, or null when it has none. */
export function indexOf(pod: Pod): number | null {
  const text = pod.metadata.annotations[INDEX_KEY]
  return text === undefined || !/^\d+$/.test(text) ? null : Number(text)
}

/**
 * Whether the pod counts as a failure: a deleted one does as soon as it is marked, unless only failed pods are replaced.
 *
 * Source: Kubernetes v1.36.2 pkg/controller/job/job_controller.go (isPodFailed).
 */
export function isFailed(job: Job, pod: Pod): boolean {
  if (pod.status.phase === 'Failed') return true
  if (pod.status.phase === 'Succeeded' || pod.metadata.deletionTimestamp === null) return false
  // A pod that never was on a node has no kubelet to say that it failed.
  return job.spec.podReplacementPolicy === 'TerminatingOrFailed' || pod.metadata.deletionGracePeriodSeconds === 0
}

/** Pods being deleted that have not ended yet. Source: pkg/controller/controller_utils.go (CountTerminatingPods). */
export function isTerminating(pod: Pod): boolean {
  return pod.metadata.deletionTimestamp !== null && !isTerminal(pod)
}

/**
 * When the pod ended, in whole seconds: when its last container did, else when its deletion was asked for, else when it was last seen ready.
 *
 * Source: Kubernetes v1.36.2 pkg/controller/job/backoff_utils.go (getFinishedTime).
 */
export function finishedAt(pod: Pod): Nanos {
  const ends = pod.status.containerStatuses.map((status) => status.finishedAt)
  if (ends.length > 0 && ends.every((end) => end !== undefined)) return wholeSecond(Math.max(...ends))
  const { deletionTimestamp, deletionGracePeriodSeconds, creationTimestamp } = pod.metadata
  if (deletionTimestamp !== null) return wholeSecond(deletionTimestamp - (deletionGracePeriodSeconds ?? 0) * SECOND)
  return wholeSecond(conditionOf(pod.status.conditions, 'Ready')?.lastTransitionTime ?? creationTimestamp)
}

/** What the Job's pod failure policy says of a failed pod; null when no rule matches. Source: as above, pod_failure_policy.go. */
export function policyAction(job: Job, pod: Pod): JobPolicyAction | null {
  if (job.spec.podFailurePolicy.length === 0 || pod.status.phase !== 'Failed') return null
  return job.spec.podFailurePolicy.find((rule) => matches(rule, pod))?.action ?? null
}

function matches(rule: PodFailurePolicyRule, pod: Pod): boolean {
  const { onExitCodes, onPodConditions } = rule
  if (onExitCodes !== null) {
    return pod.status.containerStatuses.some(({ name, exitCode }) => {
      if (exitCode === undefined || exitCode === 0) return false
      if (onExitCodes.containerName !== '' && onExitCodes.containerName !== name) return false
      return onExitCodes.values.includes(exitCode) === (onExitCodes.operator === 'In')
    })
  }
  return (onPodConditions ?? []).some(({ type, status }) => conditionOf(pod.status.conditions, type)?.status === status)
}
