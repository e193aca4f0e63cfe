import { invariant } from '../invariant.ts'
import { type Nanos, SECOND } from '../units.ts'
import { Intervals } from './intervals.ts'
import type { Cell, Table } from './table.ts'

/** What a pod's process does with connections. */
export const GONE = 0
export const LISTENING = 1
export const DRAINING = 2

const STATES = ['gone', 'listening', 'draining'] as const

/** What is asked of the pods at the end of an interval. All is as it is then. */
export interface PodCounters {
  /** Pods so far, those of nodes themselves too; they are numbered in the order in which they came. */
  readonly pods: number
  /** {@link GONE}, {@link LISTENING} or {@link DRAINING}. */
  state(pod: number): number
  /** Of every pod the open connections that it has accepted. */
  openConnections(): Int32Array
  /** What it has accepted and not answered. */
  inFlight(pod: number): number
  /** null: no pod, and not told of. */
  nameOf(pod: number): { readonly namespace: string; readonly name: string; readonly node: string } | null
}

const COLUMNS = ['interval_start_s', 'interval_s', 'phase', 'namespace', 'pod', 'node', 'state', 'connections_open', 'requests_in_flight']

/** Numbers of a row in the block. */
const INTERVAL = 0
const POD = 1
const STATE = 2
const OPEN = 3
const IN_FLIGHT = 4
const WIDTH = 5

/** A pod whose last row says so has no row until there is something to say. */
const QUIET = -1

/**
 * How many connections every pod has open at the end of each interval, by {@link PodCounters}.
 *
 * A pod has a row where it has a connection or a request, and one with zeros when it is first seen to listen, or to have neither any more, or to be in
 * another state. So many pods that nobody calls take no room, and a pod without a row is as its last one says.
 */
export class ConnectionMetrics {
  readonly #counters: PodCounters
  readonly #intervals: Intervals
  /** WIDTH numbers a row, in the order of intervals. */
  #block = new Int32Array(64 * WIDTH)
  #rows = 0
  #length = 0
  #end: Nanos = 0
  /** By pod, its state in its last row, or {@link QUIET} less it where that had no connection and no request. */
  #last = new Int8Array(64).fill(QUIET)

  constructor(options: { counters: PodCounters; interval?: Nanos; measureFrom: Nanos }) {
    this.#counters = options.counters
    this.#intervals = new Intervals({ length: options.interval ?? SECOND, measureFrom: options.measureFrom })
  }

  /** The interval that runs is over at `end`: everything before it has happened. */
  endInterval(end: Nanos): void {
    invariant(end > this.#end && end <= this.#intervals.endOf(this.#length), `An interval of connections from ${this.#end} to ${end}`)
    const counters = this.#counters
    const open = counters.openConnections()
    const { pods } = counters
    while (this.#last.length < pods) this.#last = grown(this.#last, new Int8Array(2 * this.#last.length).fill(QUIET))
    for (let pod = 0; pod < pods; pod++) {
      const inFlight = counters.inFlight(pod)
      const state = counters.state(pod)
      const isQuiet = open[pod] === 0 && inFlight === 0
      const now = isQuiet ? QUIET - state : state
      if (isQuiet && now === this.#last[pod]) continue
      this.#last[pod] = now
      this.#add([this.#length, pod, state, open[pod]!, inFlight])
    }
    this.#length++
    this.#end = end
  }

  /** By pod in the order in which they came, then by time. */
  table(): Table {
    return { columns: COLUMNS, rows: { [Symbol.iterator]: () => this.#tableRows() } }
  }

  #add(row: readonly number[]): void {
    const at = this.#rows * WIDTH
    if (at === this.#block.length) this.#block = grown(this.#block, new Int32Array(2 * at))
    this.#block.set(row, at)
    this.#rows++
  }

  *#tableRows(): Generator<readonly Cell[]> {
    const intervals = this.#intervals
    for (const row of this.#byPod()) {
      const at = row * WIDTH
      const block = this.#block
      const name = this.#counters.nameOf(block[at + POD]!)
      if (name === null) continue
      const interval = block[at + INTERVAL]!
      const start = intervals.startOf(interval)
      yield [
        start / SECOND,
        (Math.min(intervals.endOf(interval), this.#end) - start) / SECOND,
        intervals.isMeasured(interval) ? 'measured' : 'warm-up',
        name.namespace,
        name.name,
        name.node,
        STATES[block[at + STATE]!]!,
        block[at + OPEN]!,
        block[at + IN_FLIGHT]!,
      ]
    }
  }

  /** The rows of the block, those of a pod together and in their order. */
  #byPod(): Uint32Array {
    const places = new Uint32Array(this.#last.length + 1)
    for (let row = 0; row < this.#rows; row++) places[this.#block[row * WIDTH + POD]! + 1]!++
    for (let pod = 1; pod < places.length; pod++) places[pod]! += places[pod - 1]!
    const order = new Uint32Array(this.#rows)
    for (let row = 0; row < this.#rows; row++) order[places[this.#block[row * WIDTH + POD]!]!++] = row
    return order
  }
}

function grown<T extends Int8Array | Int32Array>(from: T, to: T): T {
  to.set(from)
  return to
}
