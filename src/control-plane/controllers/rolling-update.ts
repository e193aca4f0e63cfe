import type { DeploymentStrategy, IntOrString } from '../../api/objects/index.ts'

/** A ReplicaSet as the arithmetic of a rollout sees it. */
export interface ReplicaCount {
  /** `spec.replicas` */
  readonly desired: number
  /** `status.availableReplicas` */
  readonly available: number
}

/** How many pods a rollout may have above, and may lack below, the wished number. */
export interface RolloutBounds {
  readonly maxSurge: number
  readonly maxUnavailable: number
}

/**
 * The bounds of a rolling update in pods: a surge in percent rounds up, an unavailability down; when both come out as 0,
 * one pod may be unavailable, or nothing could ever move.
 *
 * Source: Kubernetes pkg/controller/deployment/util/deployment_util.go (ResolveFenceposts).
 */
export function rolloutBounds(strategy: DeploymentStrategy, replicas: number): RolloutBounds {
  if (strategy.type === 'Recreate') return { maxSurge: 0, maxUnavailable: 0 }
  const maxSurge = scaled(strategy.maxSurge, replicas, Math.ceil)
  const maxUnavailable = scaled(strategy.maxUnavailable, replicas, Math.floor)
  if (maxSurge === 0 && maxUnavailable === 0) return { maxSurge, maxUnavailable: 1 }
  return { maxSurge, maxUnavailable }
}

/** How many of the wished pods may be missing: never more than there are. Source: deployment_util.go (MaxUnavailable). */
export function maxUnavailableOf(strategy: DeploymentStrategy, replicas: number): number {
  if (strategy.type === 'Recreate' || replicas === 0) return 0
  return Math.min(rolloutBounds(strategy, replicas).maxUnavailable, replicas)
}

function scaled(value: IntOrString, replicas: number, round: (x: number) => number): number {
  if (typeof value === 'number') return value
  return round((Number.parseInt(value, 10) * replicas) / 100)
}

/** To how many replicas the new ReplicaSet may grow now. Source: deployment_util.go (NewRSNewReplicas). */
export function newReplicaSetSize(strategy: DeploymentStrategy, replicas: number, all: readonly ReplicaCount[], current: number): number {
  if (strategy.type === 'Recreate') return replicas
  const total = sum(all, 'desired')
  const room = replicas + rolloutBounds(strategy, replicas).maxSurge - total
  if (room <= 0) return current
  return current + Math.min(room, replicas - current)
}

/**
 * The sizes of the old ReplicaSets (given oldest first) after one step of a rolling update: unhealthy pods go first, then as
 * many available ones as the bound allows.
 *
 * Source: Kubernetes pkg/controller/deployment/rolling.go (reconcileOldReplicaSets).
 */
export function oldReplicaSetSizes(
  maxUnavailable: number,
  replicas: number,
  old: readonly ReplicaCount[],
  current: ReplicaCount,
): number[] {
  const sizes = old.map((rs) => rs.desired)
  const minAvailable = replicas - maxUnavailable
  const total = sum(old, 'desired') + current.desired
  let cleanUp = total - minAvailable - (current.desired - current.available)
  if (sum(old, 'desired') === 0 || cleanUp <= 0) return sizes
  for (let i = 0; i < old.length && cleanUp > 0; i++) {
    if (sizes[i] === 0) continue
    const unhealthy = Math.min(cleanUp, sizes[i]! - old[i]!.available)
    // More are available than asked for: the status is older than the size, and nothing more is decided from it.
    if (unhealthy < 0) return sizes
    sizes[i]! -= unhealthy
    cleanUp -= unhealthy
  }
  let spare = sum(old, 'available') + current.available - minAvailable
  for (let i = 0; i < old.length && spare > 0; i++) {
    const down = Math.min(sizes[i]!, spare)
    sizes[i]! -= down
    spare -= down
  }
  return sizes
}

/**
 * How a change of `spec.replicas` in the middle of a rollout is spread over the ReplicaSets that have pods: in proportion to
 * their size, the largest first (the newer first among equals), and what rounding leaves goes to the first.
 *
 * `sets` come newest first. `previous` is the number of replicas before the change (with its surge).
 *
 * Source: Kubernetes pkg/controller/deployment/sync.go (scale), deployment_util.go (GetReplicaSetProportion).
 */
export function proportionalSizes(
  bounds: RolloutBounds,
  replicas: number,
  sets: readonly { readonly desired: number; readonly previousMax: number }[],
): number[] {
  const total = sets.reduce((n, rs) => n + rs.desired, 0)
  const allowed = replicas > 0 ? replicas + bounds.maxSurge : 0
  let toAdd = allowed - total
  const sizes = sets.map((rs) => rs.desired)
  const order = sets.map((_, i) => i).sort((a, b) => sets[b]!.desired - sets[a]!.desired || (toAdd > 0 ? a - b : b - a))
  let added = 0
  for (const i of order) {
    if (toAdd === 0) break
    const rs = sets[i]!
    const share = Math.round((rs.desired * allowed) / rs.previousMax) - rs.desired
    const left = toAdd - added
    const step = toAdd > 0 ? Math.min(share, left) : Math.max(share, left)
    sizes[i] = rs.desired + step
    added += step
  }
  const first = order[0]
  if (first !== undefined) {
    sizes[first] = Math.max(0, sizes[first]! + toAdd - added)
    toAdd = 0
  }
  return sizes
}

function sum(sets: readonly ReplicaCount[], field: keyof ReplicaCount): number {
  let total = 0
  for (const rs of sets) total += rs[field]
  return total
}
