import { invariant } from '../invariant.ts'
import { FreePlaces, grown } from './free-places.ts'
import { TimeAccounts } from './time-accounts.ts'

/** Bits of {@link RequestTable.flags}. A place is given back when neither of the first two is set. */
/** The client has no outcome yet. */
export const WAITING = 1
/** An event or a server still refers to the place. */
export const HELD = 2
/** Somebody has the place. */
const TAKEN = 4
/** A try beside another of the same wish. */
export const HEDGE = 8

/** A handshake is in the hands of the pod, and which. */
export const SHAKES_HANDS = 16
export const RESUMES = 32
/** The pod's answer is on its way. */
export const ANSWERED = 64
/** It is a stream on a connection that was open before. */
export const STREAM = 128

/** A request that has no connection, or none any more. */
export const NO_CONNECTION = -1

/**
 * The requests on their way, in columns; a request is its place. Places are used again, the one freed last first.
 */
export class RequestTable {
  /** What happens with the place, see above. */
  flags = new Int32Array(CAPACITY)
  /** Index of the traffic. */
  traffics = new Int32Array(CAPACITY)
  /** Counts the requests that had this place, so that a note about an earlier one is seen to be stale. */
  serials = new Int32Array(CAPACITY)
  /** When it was to be sent, ns; of a try: its wish. */
  sentAt = new Float64Array(CAPACITY)
  /** Its demand is drawn from this. */
  seeds = new Int32Array(CAPACITY)
  /** The wish that it is a try of, or NO_WISH; and of that wish's tries on their way the next older and newer one, or NO_TRY. */
  wishes = new Int32Array(CAPACITY)
  nextTries = new Int32Array(CAPACITY)
  previousTries = new Int32Array(CAPACITY)
  /** Tries of its wish before it. */
  tries = new Int32Array(CAPACITY)
  /** When its client gives it up, or has given it up, ns. */
  givesUpAt = new Float64Array(CAPACITY)
  /** Who of a closed loop sent it. */
  users = new Int32Array(CAPACITY)
  /** The connection that it is on, or {@link NO_CONNECTION}. */
  connections = new Int32Array(CAPACITY)
  /** Its client's pool of connections, or NO_POOL. */
  pools = new Int32Array(CAPACITY)
  /** What its time was spent on. */
  readonly accounts = new TimeAccounts(CAPACITY)
  readonly #places = new FreePlaces(CAPACITY)

  /** Places in use. */
  get size(): number {
    return this.#places.used
  }

  get capacity(): number {
    return this.#places.capacity
  }

  /** The client of that request waits for it. */
  isWaited(place: number, serial: number): boolean {
    return this.serials[place] === serial && (this.flags[place]! & WAITING) !== 0
  }

  /** Takes a place, WAITING and nothing else. Columns may have moved afterwards. */
  take(): number {
    if (this.#places.free === 0) this.#grow()
    const place = this.#places.take()
    if (this.flags[place] !== 0) invariant(false, `Place ${place} was not free`)
    this.flags[place] = WAITING | TAKEN
    this.serials[place] = (this.serials[place]! + 1) | 0
    return place
  }

  /** Gives a place back that nobody waits for or holds. */
  free(place: number): void {
    if ((this.flags[place]! & (WAITING | HELD | TAKEN)) !== TAKEN) invariant(false, `Place ${place} cannot be freed`)
    this.flags[place] = 0
    this.#places.give(place)
  }

  #grow(): void {
    const capacity = this.#places.grow()
    this.flags = grown(this.flags, new Int32Array(capacity))
    this.traffics = grown(this.traffics, new Int32Array(capacity))
    this.serials = grown(this.serials, new Int32Array(capacity))
    this.sentAt = grown(this.sentAt, new Float64Array(capacity))
    this.seeds = grown(this.seeds, new Int32Array(capacity))
    this.wishes = grown(this.wishes, new Int32Array(capacity))
    this.nextTries = grown(this.nextTries, new Int32Array(capacity))
    this.previousTries = grown(this.previousTries, new Int32Array(capacity))
    this.tries = grown(this.tries, new Int32Array(capacity))
    this.givesUpAt = grown(this.givesUpAt, new Float64Array(capacity))
    this.users = grown(this.users, new Int32Array(capacity))
    this.connections = grown(this.connections, new Int32Array(capacity))
    this.pools = grown(this.pools, new Int32Array(capacity))
    this.accounts.grow(capacity)
  }
}

/** A power of two. */
const CAPACITY = 1024
