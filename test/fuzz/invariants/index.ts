import type { Invariant } from '../invariant.ts'
import { acknowledgedWrites } from './acknowledged-writes.ts'
import { autoscaledWithinRange } from './autoscaled-within-range.ts'
import { boundOnce } from './bound-once.ts'
import { convergence } from './convergence.ts'
import { endpointsAreReadyPods } from './endpoints-are-ready-pods.ts'
import { foregroundDeletion } from './foreground-deletion.ts'
import { garbageCollected } from './garbage-collected.ts'
import { nodesAccounted } from './nodes-accounted.ts'
import { nodesNotOvercommitted } from './nodes-not-overcommitted.ts'
import { nodesProgrammed } from './nodes-programmed.ts'
import { policiesProgrammed } from './policies-programmed.ts'
import { quorum } from './quorum.ts'
import { quotasKept } from './quotas-kept.ts'
import { requestsConserved } from './requests-conserved.ts'
import { stillNodesDoNothing } from './still-nodes-do-nothing.ts'
import { uniqueIds } from './unique-ids.ts'
import { watchesComplete } from './watches-complete.ts'
import { whoIsDownAsksNothing } from './who-is-down-asks-nothing.ts'

/** Every invariant: one more is a file beside this one and a line here. */
export const INVARIANTS: readonly Invariant[] = [
  boundOnce,
  quorum,
  acknowledgedWrites,
  watchesComplete,
  uniqueIds,
  nodesNotOvercommitted,
  convergence,
  autoscaledWithinRange,
  garbageCollected,
  foregroundDeletion,
  quotasKept,
  endpointsAreReadyPods,
  nodesProgrammed,
  policiesProgrammed,
  requestsConserved,
  nodesAccounted,
  whoIsDownAsksNothing,
  stillNodesDoNothing,
]
