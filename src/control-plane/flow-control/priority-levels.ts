/** How requests of a priority level wait. Source: flowcontrol.apiserver.k8s.io/v1, QueuingConfiguration. */
export interface Queuing {
  readonly queues: number
  readonly handSize: number
  readonly queueLengthLimit: number
}

/** A PriorityLevelConfiguration: its share of the server's seats, and what becomes of a request that finds none free. */
export interface PriorityLevelSpec {
  readonly name: string
  /** Exempt levels never wait; the others have a limit. */
  readonly type: 'Exempt' | 'Limited'
  readonly nominalConcurrencyShares: number
  readonly lendablePercent: number
  /** null: as many seats as the server has. */
  readonly borrowingLimitPercent: number | null
  /** null: a request that finds no seat is rejected. */
  readonly queuing: Queuing | null
}

const limited = (name: string, shares: number, lendablePercent: number, queuing: readonly [number, number] | null): PriorityLevelSpec => ({
  name,
  type: 'Limited',
  nominalConcurrencyShares: shares,
  lendablePercent,
  borrowingLimitPercent: null,
  queuing: queuing === null ? null : { queues: queuing[0], handSize: queuing[1], queueLengthLimit: 50 },
})

/**
 * The mandatory levels (exempt, catch-all) and the suggested ones, which the API server creates itself.
 *
 * Source: Kubernetes v1.36 apiserver/pkg/apis/flowcontrol/bootstrap/default.go.
 */
export const PRIORITY_LEVELS: readonly PriorityLevelSpec[] = [
  { name: 'exempt', type: 'Exempt', nominalConcurrencyShares: 0, lendablePercent: 0, borrowingLimitPercent: null, queuing: null },
  limited('system', 30, 33, [64, 6]),
  limited('node-high', 40, 25, [64, 6]),
  limited('leader-election', 10, 0, [16, 4]),
  limited('workload-high', 40, 50, [128, 6]),
  limited('workload-low', 100, 90, [128, 6]),
  limited('global-default', 20, 50, [128, 6]),
  limited('catch-all', 5, 0, null),
]

/** The seats of a level: between `min` and `max`, around `nominal`. */
export interface ConcurrencyLimits {
  readonly nominal: number
  readonly min: number
  readonly max: number
}

/**
 * Divides the server's seats: nominal = ⌈seats × shares / all shares⌉, of which the lendable part may be lent.
 *
 * Source: apiserver/pkg/util/flowcontrol/apf_controller.go (finishQueueSetReconfigsLocked).
 */
export function concurrencyLimits(levels: readonly PriorityLevelSpec[], seats: number): readonly ConcurrencyLimits[] {
  let shares = 0
  for (const level of levels) shares += level.nominalConcurrencyShares
  return levels.map((level) => {
    const nominal = Math.ceil((seats * level.nominalConcurrencyShares) / shares)
    const lendable = Math.round((nominal * level.lendablePercent) / 100)
    const { borrowingLimitPercent } = level
    const borrowing = borrowingLimitPercent === null ? seats : Math.round((nominal * borrowingLimitPercent) / 100)
    return { nominal, min: nominal - lendable, max: nominal + borrowing }
  })
}

/** Source: apf_controller.go, priorityLevelMaxSeatsPercent. */
export const MAX_SEATS_SHARE = 0.15

/**
 * The most seats that one request of a level may take; null where the level does not say.
 *
 * Source: apf_controller.go: max(1, min(⌈0.15 × nominal⌉, nominal / handSize)).
 */
export function maxSeatsOfRequest(level: PriorityLevelSpec, nominal: number): number | null {
  if (level.queuing === null) return null
  return Math.max(1, Math.min(Math.ceil(nominal * MAX_SEATS_SHARE), Math.floor(nominal / level.queuing.handSize)))
}
