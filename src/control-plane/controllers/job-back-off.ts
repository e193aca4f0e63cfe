import { type Nanos, SECOND } from '../../units.ts'

/** Source: pkg/controller/job/job_controller.go (DefaultJobPodFailureBackOff, MaxJobPodFailureBackOff). */
export const FAILURE_BACK_OFF: Nanos = 10 * SECOND
export const FAILURE_BACK_OFF_MAX: Nanos = 600 * SECOND

/** How a Job's pods have failed since one last succeeded. */
export interface BackOffRecord {
  readonly failures: number
  readonly lastFailure: Nanos | null
}

export const NO_FAILURES: BackOffRecord = { failures: 0, lastFailure: null }

/**
 * The record with pods that have finished since. Only failures after the last success count; `failedAt` and `succeededAt` are when each
 * pod finished.
 *
 * Source: Kubernetes v1.36.2 pkg/controller/job/backoff_utils.go (newBackoffRecord).
 */
export function withFinished(before: BackOffRecord, failedAt: readonly Nanos[], succeededAt: readonly Nanos[]): BackOffRecord {
  if (failedAt.length === 0 && succeededAt.length === 0) return before
  const lastSuccess = succeededAt.length === 0 ? null : Math.max(...succeededAt)
  const counted = lastSuccess === null ? failedAt : failedAt.filter((time) => time > lastSuccess)
  const failures = (lastSuccess === null ? before.failures : 0) + counted.length
  if (failures === 0) return NO_FAILURES
  const lastFailure = counted.length === 0 ? before.lastFailure : Math.max(...counted)
  return { failures, lastFailure }
}

/** How much longer no pod may be made: base · 2^(n−1), at most `max`, from the last failure. Source: as above (getRemainingTime). */
export function remainingBackOff(
  record: BackOffRecord,
  now: Nanos,
  base: Nanos = FAILURE_BACK_OFF,
  max: Nanos = FAILURE_BACK_OFF_MAX,
): Nanos {
  if (record.failures === 0 || record.lastFailure === null) return 0
  let delay = base
  for (let n = 1; n < record.failures && delay < max; n++) delay *= 2
  return Math.max(0, record.lastFailure + Math.min(delay, max) - now)
}
