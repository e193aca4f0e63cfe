import type { Pod } from '../../../src/api/objects/index.ts'
import { isActive } from '../../../src/control-plane/conditions.ts'
import { compareForDeletion, type RankedPod } from '../../../src/control-plane/controllers/pod-deletion-ranking.ts'
import { emptyMeta } from '../../../src/control-plane/empty-meta.ts'
import { SECOND } from '../../../src/units.ts'
import { podSpecOf } from '../../control-plane/testbed.ts'
import { type Case, casesIn, type Outcome, Tally } from './outcome.ts'

/** Which pod of a ReplicaSet the ReplicaSet controller of Kubernetes v1.36.2 deletes first. */
export function check(file: unknown): Outcome {
  const tally = new Tally()
  for (const row of casesIn(file)) {
    tally.attempt(row.id, () => {
      if (row.category === 'isActive') tally.same(row.id, isActive(podInPhase(row.phase)), row.expected)
      else if (row.a !== undefined) checkPair(row, tally)
      else tally.skip(row.id, `"${row.category}" over whole lists is checked pair by pair`)
    })
  }
  return tally
}

function checkPair({ id, a, b, expected, podDeletionCost }: Case, tally: Tally): void {
  if (JSON.stringify(a.sidecarRestarts ?? []) !== JSON.stringify(b.sidecarRestarts ?? [])) {
    tally.skip(id, 'restarts of sidecars are not counted apart')
  } else if (podDeletionCost === false && (a.deletionCost ?? b.deletionCost) !== undefined) {
    tally.skip(id, 'the deletion cost is always on, as it is by default')
  } else {
    const order = compareForDeletion(ranked(a), ranked(b), NOW)
    tally.same(id, order < 0 ? 'a-deleted-first' : order > 0 ? 'b-deleted-first' : 'equal', expected)
  }
}

/** Any moment after the oldest pod of the cases was made. */
const NOW = 100 * 86_400 * SECOND

function ago(seconds: number | undefined): number | null {
  return seconds === undefined ? null : NOW - seconds * SECOND
}

function ranked(pod: Case): RankedPod {
  return {
    assigned: pod.nodeName !== '',
    phase: pod.phase,
    ready: pod.ready,
    deletionCost: Number(pod.deletionCost ?? 0),
    rank: pod.rank ?? 0,
    readySince: ago(pod.readySinceSecondsAgo),
    restarts: Math.max(0, ...(pod.containerRestarts ?? [])),
    createdAt: ago(pod.createdSecondsAgo),
    uid: '',
  }
}

function podInPhase(phase: Pod['status']['phase']): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: emptyMeta('p', 'default'),
    spec: podSpecOf([]),
    status: { phase, podIP: '', hostIP: '', startTime: null, conditions: [], containerStatuses: [] },
  }
}
