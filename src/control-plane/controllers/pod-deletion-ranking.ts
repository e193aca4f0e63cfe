import type { Pod } from '../../api/objects/index.ts'
import type { Nanos } from '../../units.ts'
import { isReady, readySince } from '../conditions.ts'

/** What decides which pod of a ReplicaSet goes first. */
export interface RankedPod {
  readonly assigned: boolean
  readonly phase: Pod['status']['phase']
  readonly ready: boolean
  readonly deletionCost: number
  /** Pods of related ReplicaSets on the same node: the more, the sooner one of them goes. */
  readonly rank: number
  /** When it became ready; null when it is not, or nobody knows. */
  readonly readySince: Nanos | null
  readonly restarts: number
  /** null: unknown. */
  readonly createdAt: Nanos | null
  readonly uid: string
}

const PHASE_ORDER: Readonly<Record<Pod['status']['phase'], number>> = { Pending: 0, Unknown: 1, Running: 2, Succeeded: 2, Failed: 2 }

/**
 * Negative when `a` is deleted before `b`.
 *
 * In order: not assigned, Pending before Unknown before Running, not ready, lower deletion cost, more pods on its node,
 * ready for less time, more restarts, younger. Times are compared in powers of two, so that pods of about one age tie and
 * the uid decides.
 *
 * Source: Kubernetes pkg/controller/controller_utils.go (ActivePodsWithRanks.Less).
 */
export function compareForDeletion(a: RankedPod, b: RankedPod, now: Nanos): number {
  if (a.assigned !== b.assigned) return a.assigned ? 1 : -1
  const phase = PHASE_ORDER[a.phase] - PHASE_ORDER[b.phase]
  if (phase !== 0) return phase
  if (a.ready !== b.ready) return a.ready ? 1 : -1
  if (a.deletionCost !== b.deletionCost) return a.deletionCost - b.deletionCost
  if (a.rank !== b.rank) return b.rank - a.rank
  if (a.ready && b.ready && a.readySince !== b.readySince) {
    const age = compareAges(a.readySince, b.readySince, now)
    if (age !== 0) return age
    if (a.readySince === null || b.readySince === null) return 0
    return compareUids(a.uid, b.uid)
  }
  if (a.restarts !== b.restarts) return b.restarts - a.restarts
  if (a.createdAt !== b.createdAt) {
    const age = compareAges(a.createdAt, b.createdAt, now)
    if (age !== 0) return age
    if (a.createdAt !== null && b.createdAt !== null) return compareUids(a.uid, b.uid)
  }
  return 0
}

/** The later time goes first; an unknown one before any known. */
function compareAges(a: Nanos | null, b: Nanos | null, now: Nanos): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? -1 : 1
  return powerOfTwo(now - a) - powerOfTwo(now - b)
}

function compareUids(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1
}

/** floor(log2) of an age in ns, found by halving: exact on every machine. Ages up to 1 ns are one class. */
function powerOfTwo(age: Nanos): number {
  let exponent = 0
  for (let rest = age; rest >= 2; rest = Math.floor(rest / 2)) exponent++
  return exponent
}

const DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost'

/** The pods to delete, first to go first, when `count` of `active` must go. `related` are the active pods that count for ranks. */
export function podsToDelete(active: readonly Pod[], related: readonly Pod[], count: number, now: Nanos): Pod[] {
  if (count >= active.length) return [...active]
  const perNode = new Map<string, number>()
  for (const pod of related) perNode.set(pod.spec.nodeName, (perNode.get(pod.spec.nodeName) ?? 0) + 1)
  const ranked = active.map((pod) => ({ pod, rank: rankOf(pod, perNode.get(pod.spec.nodeName) ?? 0) }))
  ranked.sort((a, b) => compareForDeletion(a.rank, b.rank, now))
  return ranked.slice(0, count).map(({ pod }) => pod)
}

function rankOf(pod: Pod, rank: number): RankedPod {
  return {
    assigned: pod.spec.nodeName !== '',
    phase: pod.status.phase,
    ready: isReady(pod),
    deletionCost: Number(pod.metadata.annotations[DELETION_COST] ?? 0),
    rank,
    readySince: readySince(pod),
    restarts: pod.status.containerStatuses.reduce((max, status) => Math.max(max, status.restartCount), 0),
    createdAt: pod.metadata.creationTimestamp,
    uid: pod.metadata.uid,
  }
}
