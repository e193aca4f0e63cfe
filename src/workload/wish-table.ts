import { invariant } from '../invariant.ts'
import type { Nanos } from '../units.ts'
import { FreePlaces, grown } from './free-places.ts'

/** No try of the wish is on its way; or a request that is no wish's try. */
export const NO_TRY = -1
export const NO_WISH = -1

/** What users want, of one traffic whose clients may try more than once: in columns; a wish is its place. */
export class WishTable {
  /** Somebody has the place: the user has no outcome yet. */
  active = new Uint8Array(CAPACITY)
  /** Counts the wishes that had this place, so that a note about an earlier one is seen to be stale. */
  serials = new Int32Array(CAPACITY)
  /** When it was to be sent, ns. */
  sentAt = new Float64Array(CAPACITY)
  seeds = new Int32Array(CAPACITY)
  users = new Int32Array(CAPACITY)
  /** The client pod or OUTSIDE, which process of that pod, and its address. */
  clients = new Int32Array(CAPACITY)
  incarnations = new Int32Array(CAPACITY)
  addresses = new Int32Array(CAPACITY)
  /** Tries sent, and of them those after a failed one and those beside another. */
  tries = new Int32Array(CAPACITY)
  retries = new Int32Array(CAPACITY)
  hedges = new Int32Array(CAPACITY)
  /** The try on its way that was sent last, head of a list through the requests; or {@link NO_TRY}. */
  newest = new Int32Array(CAPACITY)
  readonly #places = new FreePlaces(CAPACITY)

  get size(): number {
    return this.#places.used
  }

  get capacity(): number {
    return this.#places.capacity
  }

  /** Takes a place. Columns may have moved afterwards. */
  take(sentAt: Nanos, seed: number, user: number): number {
    if (this.#places.free === 0) this.#grow()
    const place = this.#places.take()
    this.active[place] = 1
    this.serials[place] = (this.serials[place]! + 1) | 0
    this.sentAt[place] = sentAt
    this.seeds[place] = seed
    this.users[place] = user
    this.tries[place] = 0
    this.retries[place] = 0
    this.hedges[place] = 0
    this.newest[place] = NO_TRY
    return place
  }

  free(place: number): void {
    if (this.active[place] === 0 || this.newest[place] !== NO_TRY) invariant(false, `Wish ${place} cannot be freed`)
    this.active[place] = 0
    this.#places.give(place)
  }

  #grow(): void {
    const capacity = this.#places.grow()
    this.active = grown(this.active, new Uint8Array(capacity))
    this.serials = grown(this.serials, new Int32Array(capacity))
    this.sentAt = grown(this.sentAt, new Float64Array(capacity))
    this.seeds = grown(this.seeds, new Int32Array(capacity))
    this.users = grown(this.users, new Int32Array(capacity))
    this.clients = grown(this.clients, new Int32Array(capacity))
    this.incarnations = grown(this.incarnations, new Int32Array(capacity))
    this.addresses = grown(this.addresses, new Int32Array(capacity))
    this.tries = grown(this.tries, new Int32Array(capacity))
    this.retries = grown(this.retries, new Int32Array(capacity))
    this.hedges = grown(this.hedges, new Int32Array(capacity))
    this.newest = grown(this.newest, new Int32Array(capacity))
  }
}

/** A power of two. */
const CAPACITY = 256
