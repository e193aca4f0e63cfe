import type { TimelineCheck } from './comparison.ts'
import { checkConditions } from './conditions.ts'
import { checkCreationCurve } from './creation-curve.ts'
import { checkDurations } from './durations.ts'
import { checkEndpoints } from './endpoints.ts'
import { checkFinalState } from './final-state.ts'
import { checkNodeFailure } from './node-failure.ts'
import { checkPodSteps } from './pod-steps.ts'
import { checkSizes } from './replica-set-sizes.ts'
import { checkRolloutBounds } from './rollout-bounds.ts'
import { checkCronJob, checkDaemonSet, checkJob, checkStatefulSet } from './workloads.ts'

/** What is compared: one line here, one file a kind of check. */
export const TIMELINE_CHECKS: readonly TimelineCheck[] = [
  checkPodSteps,
  checkSizes,
  checkRolloutBounds,
  checkConditions,
  checkEndpoints,
  checkFinalState,
  checkCreationCurve,
  checkDurations,
  checkNodeFailure,
  checkStatefulSet,
  checkDaemonSet,
  checkJob,
  checkCronJob,
]
