import type { Condition, Deployment, DeploymentStatus } from '../../api/objects/index.ts'
import { type Nanos, SECOND } from '../../units.ts'
import { conditionOf, withCondition } from '../conditions.ts'

/** A deadline of this many seconds is none. Source: deployment_util.go (HasProgressDeadline), math.MaxInt32. */
export const NO_DEADLINE = 2_147_483_647

type Counts = Omit<DeploymentStatus, 'conditions'>

/** Everything is of the newest template and available, and the status says so for this generation. Source: deployment_util.go (DeploymentComplete). */
export function completes({ metadata, spec }: Deployment, status: Counts): boolean {
  return (
    status.updatedReplicas === spec.replicas &&
    status.replicas === spec.replicas &&
    status.availableReplicas === spec.replicas &&
    status.observedGeneration >= metadata.generation
  )
}

/** More of the new or fewer of the old pods, or more that are ready or available. Source: deployment_util.go (DeploymentProgressing). */
function progresses({ status: before }: Deployment, after: Counts): boolean {
  return (
    after.updatedReplicas > before.updatedReplicas ||
    after.replicas - after.updatedReplicas < before.replicas - before.updatedReplicas ||
    after.readyReplicas > before.readyReplicas ||
    after.availableReplicas > before.availableReplicas
  )
}

/**
 * The conditions with Progressing brought up to date at the end of a step of a rollout. A rollout that was complete once stays so until its
 * Deployment gets a new template: pods that die later do not start the deadline again.
 *
 * Source: Kubernetes pkg/controller/deployment/progress.go (syncRolloutStatus).
 */
export function withProgress(conditions: readonly Condition[], deployment: Deployment, counts: Counts, now: Nanos): readonly Condition[] {
  if (!hasDeadline(deployment)) return conditions.filter((condition) => condition.type !== 'Progressing')
  const current = conditionOf(deployment.status.conditions, 'Progressing')
  if (counts.replicas === counts.updatedReplicas && current?.reason === 'NewReplicaSetAvailable') return conditions
  if (completes(deployment, counts)) return withProgressing(conditions, 'True', 'NewReplicaSetAvailable', now)
  if (progresses(deployment, counts)) {
    const lastTransitionTime = current?.status === 'True' ? current.lastTransitionTime : now
    const renewed: Condition = { type: 'Progressing', status: 'True', reason: 'ReplicaSetUpdated', lastTransitionTime, lastUpdateTime: now }
    return [...conditions.filter((condition) => condition.type !== 'Progressing'), renewed]
  }
  if (hasTimedOut(deployment, counts, now)) return withProgressing(conditions, 'False', 'ProgressDeadlineExceeded', now)
  return conditions
}

/** The conditions with Progressing set, unless it says the same already. Source: deployment_util.go (SetDeploymentCondition). */
export function withProgressing(
  conditions: readonly Condition[],
  status: Condition['status'],
  reason: string,
  now: Nanos,
): readonly Condition[] {
  const next = withCondition(conditions, 'Progressing', status, reason, now)
  if (next === conditions) return conditions
  return next.map((condition) => (condition.type === 'Progressing' ? { ...condition, lastUpdateTime: now } : condition))
}

/**
 * What pausing and resuming make of Progressing, so that the deadline does not run while nothing may move.
 *
 * Source: Kubernetes pkg/controller/deployment/sync.go (checkPausedConditions).
 */
export function withPause(deployment: Deployment, now: Nanos): readonly Condition[] {
  const { conditions } = deployment.status
  if (!hasDeadline(deployment)) return conditions
  const reason = conditionOf(conditions, 'Progressing')?.reason
  if (reason === 'ProgressDeadlineExceeded') return conditions
  if (deployment.spec.paused && reason !== 'DeploymentPaused') return withProgressing(conditions, 'Unknown', 'DeploymentPaused', now)
  if (!deployment.spec.paused && reason === 'DeploymentPaused') return withProgressing(conditions, 'Unknown', 'DeploymentResumed', now)
  return conditions
}

/**
 * When a rollout that stands still must be looked at again; null when it has no deadline, is complete, or has passed it.
 *
 * Source: Kubernetes pkg/controller/deployment/progress.go (requeueStuckDeployment): a second after the deadline.
 */
export function deadlineCheckAt(deployment: Deployment, counts: Counts): Nanos | null {
  const current = conditionOf(deployment.status.conditions, 'Progressing')
  if (!hasDeadline(deployment) || current === undefined || completes(deployment, counts)) return null
  if (current.reason === 'ProgressDeadlineExceeded' || current.reason === 'NewReplicaSetAvailable') return null
  return updatedAt(current) + (deployment.spec.progressDeadlineSeconds + 1) * SECOND
}

function hasTimedOut(deployment: Deployment, counts: Counts, now: Nanos): boolean {
  const current = conditionOf(deployment.status.conditions, 'Progressing')
  if (current === undefined || current.reason === 'NewReplicaSetAvailable' || completes(deployment, counts)) return false
  if (current.reason === 'ProgressDeadlineExceeded') return true
  return updatedAt(current) + deployment.spec.progressDeadlineSeconds * SECOND < now
}

function updatedAt(condition: Condition): Nanos {
  return condition.lastUpdateTime ?? condition.lastTransitionTime
}

export function hasDeadline({ spec }: Deployment): boolean {
  return spec.progressDeadlineSeconds !== NO_DEADLINE
}
