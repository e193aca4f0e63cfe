import { invariant } from '../invariant.ts'
import { MILLISECOND, type Nanos, SECOND } from '../units.ts'
import { Intervals } from './intervals.ts'
import type { NodesSummary } from './summaries.ts'
import type { Cell, Table } from './table.ts'

/** What is asked of the nodes at the end of an interval. Everything but the entries is a total since the start of the run. */
export interface NodeCounters {
  /** The node's cores that handle packets. */
  coresOf(node: number): { readonly first: number; readonly end: number }
  /**
   * Four numbers into `into` from `at` on: packets that came to the node's cores before `now`, taken and dropped; CPU time that they have spent on
   * packets since the last reading, all together and the busiest. `spent` has each core's CPU time as of that reading, and is brought up to date.
   */
  readCores(node: number, now: Nanos, spent: Float64Array, into: Float64Array, at: number): void
  /** CPU time that the syncs of the node's kube-proxy have had until `now`, also of one that still runs; and how many have ended. */
  syncTime(node: number, now: Nanos): Nanos
  syncs(node: number): number
  /** Entries of connection tracking now, and packets that found the table full. */
  conntrackEntries(node: number): number
  conntrackDropped(node: number): number
}

const COLUMNS = [
  'interval_start_s',
  'interval_s',
  'phase',
  'node',
  'cores',
  'packets',
  'packets_dropped',
  'softirq_ms',
  'busiest_core_ms',
  'sync_ms',
  'syncs',
  'conntrack_entries',
  'conntrack_dropped',
]

/** Numbers of a row in the block: what a node did in an interval, as in the table from `packets` on, then which node and which interval. */
const PACKETS = 0
const DROPPED = 1
/** After the CPU time of all cores together. */
const BUSIEST = 3
const SYNC_TIME = 4
const SYNCS = 5
const ENTRIES = 6
const REFUSED = 7
const READ = 8
const NODE = 8
const INTERVAL = 9
const WIDTH = 10

/** Which of these numbers are read as totals: an interval has the difference. */
const TOTALS = [PACKETS, DROPPED, SYNC_TIME, SYNCS, REFUSED] as const

/**
 * What the CPUs of the nodes did, by interval, and how full their connection tracking was.
 *
 * ```text
 *   sim:      ── run(end − 1 ns) ──▶ endInterval(end) ── run(…) ──▶        to stop there is no event, so it changes nothing
 * ```
 *
 * A packet that comes exactly at the end belongs to the next interval; at the end of the run, to the last. Where a node had nothing to do nothing is
 * kept, so that many idle nodes take no room.
 */
export class NodeMetrics {
  readonly #names: readonly string[]
  readonly #counters: NodeCounters
  readonly #intervals: Intervals
  /** WIDTH numbers a row, in the order of intervals. */
  #block = new Float64Array(64 * WIDTH)
  #rows = 0
  /** Intervals that are over, and when the last of them ended. */
  #length = 0
  #end: Nanos = 0
  /** As of then: CPU time by core, and the totals by node. */
  readonly #spent: Float64Array
  readonly #before: Float64Array
  #busiest: NodesSummary['busiestCore'] = null

  constructor(options: { nodeNames: readonly string[]; counters: NodeCounters; interval?: Nanos; measureFrom: Nanos }) {
    this.#names = options.nodeNames
    this.#counters = options.counters
    this.#intervals = new Intervals({ length: options.interval ?? SECOND, measureFrom: options.measureFrom })
    const last = options.nodeNames.length - 1
    this.#spent = new Float64Array(last < 0 ? 0 : options.counters.coresOf(last).end)
    this.#before = new Float64Array(options.nodeNames.length * READ)
  }

  /** When the interval that runs will be over. */
  get nextEnd(): Nanos {
    return this.#intervals.endOf(this.#length)
  }

  /** The interval that runs is over at `end`: at {@link nextEnd}, or before it where the run ends. Everything before `end` has happened. */
  endInterval(end: Nanos): void {
    invariant(end > this.#end && end <= this.nextEnd, `An interval of nodes from ${this.#end} to ${end}`)
    for (let node = 0; node < this.#names.length; node++) this.#read(node, end)
    this.#length++
    this.#end = end
  }

  /** Since the warm-up. */
  summary(): NodesSummary {
    const sums = { packets: 0, packetsDropped: 0, busiestCore: this.#busiest, conntrackEntriesMax: 0, conntrackDropped: 0 }
    const block = this.#block
    for (let row = 0; row < this.#rows; row++) {
      const at = row * WIDTH
      if (!this.#intervals.isMeasured(block[at + INTERVAL]!)) continue
      sums.packets += block[at + PACKETS]!
      sums.packetsDropped += block[at + DROPPED]!
      sums.conntrackEntriesMax = Math.max(sums.conntrackEntriesMax, block[at + ENTRIES]!)
      sums.conntrackDropped += block[at + REFUSED]!
    }
    return sums
  }

  /** One row a node and interval that is over and in which it had something to do. By node, then by time. */
  table(): Table {
    return { columns: COLUMNS, rows: { [Symbol.iterator]: () => this.#tableRows() } }
  }

  /** Reads what the node did into the next row, which is kept if that is anything. */
  #read(node: number, end: Nanos): void {
    const counters = this.#counters
    const at = this.#rows * WIDTH
    if (at === this.#block.length) this.#grow()
    const block = this.#block
    // As the first four columns are.
    counters.readCores(node, end, this.#spent, block, at)
    block[at + SYNC_TIME] = counters.syncTime(node, end)
    block[at + SYNCS] = counters.syncs(node)
    block[at + REFUSED] = counters.conntrackDropped(node)
    for (const column of TOTALS) {
      const total = block[at + column]!
      block[at + column]! -= this.#before[node * READ + column]!
      this.#before[node * READ + column] = total
    }
    block[at + ENTRIES] = counters.conntrackEntries(node)
    if (isIdle(block, at)) return
    block[at + NODE] = node
    block[at + INTERVAL] = this.#length
    this.#rows++
    const share = block[at + BUSIEST]! / this.#intervals.length
    if (this.#intervals.isMeasured(this.#length) && share > (this.#busiest?.share ?? 0))
      this.#busiest = { node: this.#names[node]!, share, atSeconds: this.#end / SECOND }
  }

  *#tableRows(): Generator<readonly Cell[]> {
    const intervals = this.#intervals
    for (const row of this.#byNode()) {
      const [packets, dropped, softirq, busiest, syncTime, syncs, entries, refused, node, interval] = this.#block.subarray(
        row * WIDTH,
        (row + 1) * WIDTH,
      )
      const start = intervals.startOf(interval!)
      const { first, end: endOfCores } = this.#counters.coresOf(node!)
      yield [
        start / SECOND,
        (Math.min(intervals.endOf(interval!), this.#end) - start) / SECOND,
        intervals.isMeasured(interval!) ? 'measured' : 'warm-up',
        this.#names[node!]!,
        endOfCores - first,
        packets!,
        dropped!,
        softirq! / MILLISECOND,
        busiest! / MILLISECOND,
        syncTime! / MILLISECOND,
        syncs!,
        entries!,
        refused!,
      ]
    }
  }

  /** The rows of the block, those of a node together and in their order. */
  #byNode(): Uint32Array {
    const places = new Uint32Array(this.#names.length + 1)
    const nodeOf = (row: number): number => this.#block[row * WIDTH + NODE]!
    for (let row = 0; row < this.#rows; row++) places[nodeOf(row) + 1]!++
    for (let node = 1; node < places.length; node++) places[node]! += places[node - 1]!
    const order = new Uint32Array(this.#rows)
    for (let row = 0; row < this.#rows; row++) order[places[nodeOf(row)]!++] = row
    return order
  }

  #grow(): void {
    const grown = new Float64Array(2 * this.#block.length)
    grown.set(this.#block)
    this.#block = grown
  }
}

/** Whether all that was read into the row is 0. */
function isIdle(block: Float64Array, at: number): boolean {
  for (let column = at; column < at + READ; column++) if (block[column] !== 0) return false
  return true
}
