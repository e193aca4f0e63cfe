import { MILLISECOND, type Nanos } from '../../units.ts'

/** The seats that a request takes: `initial` while it runs, `final` for a while after its answer, when watchers are told. */
export interface WorkEstimate {
  readonly initialSeats: number
  readonly finalSeats: number
  readonly additionalLatency: Nanos
}

const ONE_SEAT: WorkEstimate = { initialSeats: 1, finalSeats: 0, additionalLatency: 0 }

/** Source: request/list_work_estimator.go: bytes that a seat stands for, and the most that a list out of the watch cache holds at once. */
export const BYTES_PER_SEAT = 100_000
export const LIST_BYTES_MAX = 1_000_000
/** Source: request/config.go: the most seats of a list, with the gate SizeBasedListCostEstimate (on since 1.34). */
export const LIST_SEATS_MAX = 100
/** Source: request/config.go: watchers that a seat stands for, for how long, and the most seats of a write. */
export const WATCHES_PER_SEAT = 10
export const EVENT_ADDITIONAL_DURATION: Nanos = 5 * MILLISECOND
export const MUTATING_SEATS_MAX = 10

/**
 * Bytes of one stored object. Assumption: 1 KB, as small objects such as Leases, PodDisruptionBudgets and small pods have in etcd; the real
 * server measures what it stores.
 */
export const OBJECT_BYTES = 1000

/** A list out of the watch cache. `levelMax` is what the priority level lets one request take; null: it does not say. */
export function listWork(objects: number, levelMax: number | null): WorkEstimate {
  const seats = Math.ceil(Math.min(objects * OBJECT_BYTES, LIST_BYTES_MAX) / BYTES_PER_SEAT)
  const most = Math.min(levelMax ?? LIST_SEATS_MAX, LIST_SEATS_MAX)
  return seats <= 1 ? ONE_SEAT : { ...ONE_SEAT, initialSeats: Math.max(1, Math.min(seats, most)) }
}

/** A write whose event goes to so many watchers: the work of telling them is done on at most a few seats, for longer. */
export function mutatingWork(watchers: number, levelMax: number | null): WorkEstimate {
  if (watchers < WATCHES_PER_SEAT) return ONE_SEAT
  const wanted = Math.ceil(watchers / WATCHES_PER_SEAT)
  const finalSeats = Math.min(wanted, levelMax ?? MUTATING_SEATS_MAX, MUTATING_SEATS_MAX)
  return { initialSeats: 1, finalSeats, additionalLatency: Math.round((wanted * EVENT_ADDITIONAL_DURATION) / finalSeats) }
}

export function readWork(): WorkEstimate {
  return ONE_SEAT
}
