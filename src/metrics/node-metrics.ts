import { invariant } from '../invariant.ts'
import { MILLISECOND, type Nanos, SECOND } from '../units.ts'
import { Intervals } from './intervals.ts'
import type { NodesSummary } from './summaries.ts'
import type { Cell, Table } from './table.ts'

/** What is asked of the nodes at the end of an interval. Everything but the entries is a total since the start of the run. */
export interface NodeCounters {
  /** The node's cores that handle packets. */
  coresOf(node: number): { readonly first: number; readonly end: number }
  /** CPU time that a core has spent on packets until `now`, and the packets that came to it before `now`: taken, and dropped. */
  spent(core: number, now: Nanos): Nanos
  packets(core: number): number
  dropped(core: number): number
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

/** Numbers a node and interval in the block: as in the table, from `packets` on. */
const PACKETS = 0
const DROPPED = 1
const SOFTIRQ = 2
const BUSIEST = 3
const SYNC_TIME = 4
const SYNCS = 5
const ENTRIES = 6
const REFUSED = 7
const WIDTH = 8

/** Which of these numbers are read as totals: an interval has the difference. */
const TOTALS = [PACKETS, DROPPED, SYNC_TIME, SYNCS, REFUSED] as const

/**
 * What the CPUs of the nodes did, by interval, and how full their connection tracking was.
 *
 * ```text
 *   sim:      ── run(end − 1 ns) ──▶ endInterval(end) ── run(…) ──▶        to stop there is no event, so it changes nothing
 * ```
 *
 * A packet that comes exactly at the end belongs to the next interval; at the end of the run, to the last.
 */
export class NodeMetrics {
  readonly #names: readonly string[]
  readonly #counters: NodeCounters
  readonly #intervals: Intervals
  /** WIDTH numbers a node, all nodes an interval. */
  #block = new Float64Array(0)
  /** Intervals that are over, and when the last of them ended. */
  #length = 0
  #end: Nanos = 0
  /** As of then: by core CPU time, and by node WIDTH numbers, of which the totals are used. */
  readonly #spent: Float64Array
  readonly #before: Float64Array
  readonly #busiest: BusiestCore = { node: '', share: 0, atSeconds: 0 }

  constructor(options: { nodeNames: readonly string[]; counters: NodeCounters; interval?: Nanos; measureFrom: Nanos }) {
    this.#names = options.nodeNames
    this.#counters = options.counters
    this.#intervals = new Intervals({ length: options.interval ?? SECOND, measureFrom: options.measureFrom })
    const last = options.nodeNames.length - 1
    this.#spent = new Float64Array(last < 0 ? 0 : options.counters.coresOf(last).end)
    this.#before = new Float64Array(options.nodeNames.length * WIDTH)
  }

  /** When the interval that runs will be over. */
  get nextEnd(): Nanos {
    return this.#intervals.endOf(this.#length)
  }

  /** The interval that runs is over at `end`: at {@link nextEnd}, or before it where the run ends. Everything before `end` has happened. */
  endInterval(end: Nanos): void {
    invariant(end > this.#end && end <= this.nextEnd, `An interval of nodes from ${this.#end} to ${end}`)
    const row = this.#length * this.#names.length * WIDTH
    this.#reserve(row + this.#names.length * WIDTH)
    const isMeasured = this.#intervals.isMeasured(this.#length)
    for (let node = 0; node < this.#names.length; node++) this.#read(node, row + node * WIDTH, end, isMeasured)
    this.#length++
    this.#end = end
  }

  /** Since the warm-up. */
  summary(): NodesSummary {
    const sums = { packets: 0, packetsDropped: 0, conntrackEntriesMax: 0, conntrackDropped: 0 }
    const block = this.#block
    for (let interval = 0; interval < this.#length; interval++) {
      if (!this.#intervals.isMeasured(interval)) continue
      for (let node = 0; node < this.#names.length; node++) {
        const at = (interval * this.#names.length + node) * WIDTH
        sums.packets += block[at + PACKETS]!
        sums.packetsDropped += block[at + DROPPED]!
        sums.conntrackEntriesMax = Math.max(sums.conntrackEntriesMax, block[at + ENTRIES]!)
        sums.conntrackDropped += block[at + REFUSED]!
      }
    }
    return { ...sums, busiestCore: this.#busiest.share === 0 ? null : { ...this.#busiest } }
  }

  /** One row a node and interval that is over. By node, then by time. */
  table(): Table {
    return { columns: COLUMNS, rows: { [Symbol.iterator]: () => this.#rows() } }
  }

  #read(node: number, at: number, end: Nanos, isMeasured: boolean): void {
    const counters = this.#counters
    const block = this.#block
    const before = this.#before
    const { first, end: endOfCores } = counters.coresOf(node)
    let packets = 0
    let dropped = 0
    for (let core = first; core < endOfCores; core++) {
      const spent = counters.spent(core, end)
      const ofInterval = spent - this.#spent[core]!
      this.#spent[core] = spent
      packets += counters.packets(core)
      dropped += counters.dropped(core)
      block[at + SOFTIRQ]! += ofInterval
      block[at + BUSIEST] = Math.max(block[at + BUSIEST]!, ofInterval)
    }
    block[at + PACKETS] = packets
    block[at + DROPPED] = dropped
    block[at + SYNC_TIME] = counters.syncTime(node, end)
    block[at + SYNCS] = counters.syncs(node)
    block[at + REFUSED] = counters.conntrackDropped(node)
    for (const column of TOTALS) {
      const total = block[at + column]!
      block[at + column]! -= before[node * WIDTH + column]!
      before[node * WIDTH + column] = total
    }
    block[at + ENTRIES] = counters.conntrackEntries(node)
    const share = block[at + BUSIEST]! / this.#intervals.length
    if (isMeasured && share > this.#busiest.share) {
      this.#busiest.node = this.#names[node]!
      this.#busiest.share = share
      this.#busiest.atSeconds = this.#end / SECOND
    }
  }

  *#rows(): Generator<readonly Cell[]> {
    const intervals = this.#intervals
    for (const [node, name] of this.#names.entries()) {
      const { first, end: endOfCores } = this.#counters.coresOf(node)
      for (let interval = 0; interval < this.#length; interval++) {
        const at = (interval * this.#names.length + node) * WIDTH
        const [packets, dropped, softirq, busiest, syncTime, syncs, entries, refused] = this.#block.subarray(at, at + WIDTH)
        const start = intervals.startOf(interval)
        const end = Math.min(intervals.endOf(interval), this.#end)
        yield [
          start / SECOND,
          (end - start) / SECOND,
          intervals.isMeasured(interval) ? 'measured' : 'warm-up',
          name,
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
  }

  #reserve(size: number): void {
    if (size <= this.#block.length) return
    const grown = new Float64Array(Math.max(size, 2 * this.#block.length))
    grown.set(this.#block)
    this.#block = grown
  }
}

interface BusiestCore {
  node: string
  share: number
  atSeconds: number
}
