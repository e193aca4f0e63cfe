import { invariant } from '../invariant.ts'
import type { Nanos } from '../units.ts'
import type { Simulation } from './simulation.ts'

/** Names a recorded hop: 0, 1, 2, … in the order of recording. */
export type HopId = number

/** The cause of a hop that nothing in the trace led to. */
export const NO_CAUSE: HopId = -1

export interface HopInput {
  /** The hop that led to this one. */
  readonly cause: HopId
  /** Who did it: a component, e.g. `kubelet/worker-3`. */
  readonly actor: string
  readonly action: string
  /** To what: an object or a request. */
  readonly subject: string
  /** Resource version that it made or saw; left out or 0, none. */
  readonly revision?: number
  /** When it began; left out, at the time of recording, when it ended. */
  readonly started?: Nanos
  readonly detail?: string
}

export interface Hop extends Required<HopInput> {
  readonly id: HopId
  /** When it was recorded, which is when it ended. */
  readonly time: Nanos
}

/**
 * The log of what led to what: each hop names the hop that caused it, so that a chain can be told from its first cause to its last effect.
 *
 * Stored in columns of 40 bytes a hop that double; texts are kept once. Reading makes objects.
 */
export class Trace {
  readonly #sim: Simulation
  #length = 0
  /** ns. */
  #times = new Float64Array(256)
  /** ns. */
  #starts = new Float64Array(256)
  /** HopId. */
  #causes = new Int32Array(256)
  #revisions = new Float64Array(256)
  /** Places in `#texts`, four a hop: actor, action, subject, detail. */
  #words = new Int32Array(1024)
  readonly #texts: string[] = []
  readonly #textPlaces = new Map<string, number>()

  constructor(sim: Simulation) {
    this.#sim = sim
  }

  /** Hops recorded. */
  get length(): number {
    return this.#length
  }

  record(hop: HopInput): HopId {
    const id = this.#length
    const { now } = this.#sim
    const started = hop.started ?? now
    invariant(hop.cause >= NO_CAUSE && hop.cause < id, 'The cause of a hop is not an earlier hop')
    invariant(started <= now, 'A hop began after it ended')
    if (id === this.#times.length) this.#grow()
    this.#length = id + 1
    this.#times[id] = now
    this.#starts[id] = started
    this.#causes[id] = hop.cause
    this.#revisions[id] = hop.revision ?? 0
    this.#words[id * 4] = this.#intern(hop.actor)
    this.#words[id * 4 + 1] = this.#intern(hop.action)
    this.#words[id * 4 + 2] = this.#intern(hop.subject)
    this.#words[id * 4 + 3] = this.#intern(hop.detail ?? '')
    return id
  }

  hop(id: HopId): Hop {
    invariant(id >= 0 && id < this.#length, 'There is no such hop')
    return {
      id,
      cause: this.#causes[id]!,
      time: this.#times[id]!,
      started: this.#starts[id]!,
      actor: this.#text(id * 4),
      action: this.#text(id * 4 + 1),
      subject: this.#text(id * 4 + 2),
      revision: this.#revisions[id]!,
      detail: this.#text(id * 4 + 3),
    }
  }

  /** All hops in the order of recording, also those that are recorded meanwhile. */
  *[Symbol.iterator](): Generator<Hop, void, undefined> {
    for (let id = 0; id < this.#length; id++) yield this.hop(id)
  }

  #text(word: number): string {
    return this.#texts[this.#words[word]!]!
  }

  #intern(text: string): number {
    let place = this.#textPlaces.get(text)
    if (place === undefined) {
      place = this.#texts.push(text) - 1
      this.#textPlaces.set(text, place)
    }
    return place
  }

  #grow(): void {
    const capacity = this.#times.length * 2
    this.#times = widened(this.#times, new Float64Array(capacity))
    this.#starts = widened(this.#starts, new Float64Array(capacity))
    this.#causes = widened(this.#causes, new Int32Array(capacity))
    this.#revisions = widened(this.#revisions, new Float64Array(capacity))
    this.#words = widened(this.#words, new Int32Array(capacity * 4))
  }
}

function widened<Column extends Float64Array | Int32Array>(from: Column, to: Column): Column {
  to.set(from)
  return to
}
