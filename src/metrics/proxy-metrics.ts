import { MILLISECOND, type Nanos, SECOND } from '../units.ts'
import { Histogram } from './histogram.ts'
import { summaryInMilliseconds } from './quantile-summary.ts'
import type { KubeProxySummary, QuantileSummary } from './summaries.ts'
import type { Cell, Table } from './table.ts'

/** One finished sync of one node's kube-proxy. */
export interface SyncRecord {
  readonly node: number
  readonly started: Nanos
  readonly ended: Nanos
  readonly full: boolean
  readonly servicePorts: number
  readonly endpoints: number
  /** iptables rules; in IPVS mode virtual services and real servers. */
  readonly rules: number
  /** Watch events that it carried out. */
  readonly changes: number
  /** From the commit of the oldest of them to the end of the sync; 0 without changes. */
  readonly oldestChangeAge: Nanos
}

const COLUMNS = ['sync_start_s', 'sync_ms', 'node', 'kind', 'service_ports', 'endpoints', 'rules', 'changes', 'oldest_change_age_ms']
/** Numbers a sync in the block: those of {@link SyncRecord} in its order. */
const WIDTH = 9

/** What the kube-proxies of a run have done. */
export class ProxyMetrics {
  readonly #nodeNames: readonly string[]
  readonly #measureFrom: Nanos
  #block = new Float64Array(256 * WIDTH)
  #syncs = 0
  /** By node. */
  readonly #syncsOf: Float64Array
  #rulesMax = 0
  #syncMax: Nanos = 0
  /** Nodes that were in their first sync when measuring began, those of them that still are, and when the last one left it. */
  #lateNodes = 0
  readonly #late = new Set<number>()
  #lateUntil: Nanos = 0
  readonly #propagationBefore = new Histogram()
  readonly #propagationMeasured = new Histogram()

  constructor(options: { nodeNames: readonly string[]; measureFrom: Nanos }) {
    this.#nodeNames = options.nodeNames
    this.#measureFrom = options.measureFrom
    this.#syncsOf = new Float64Array(options.nodeNames.length)
  }

  /** Syncs of the node's kube-proxy that have ended, since the start of the run. */
  syncsOf(node: number): number {
    return this.#syncsOf[node]!
  }

  /** Measuring begins, and the first sync of that node's kube-proxy has not ended. */
  isLate(node: number): void {
    this.#lateNodes++
    this.#late.add(node)
  }

  synced(sync: SyncRecord): void {
    if (this.#late.delete(sync.node)) this.#lateUntil = sync.ended
    if (this.#syncs * WIDTH === this.#block.length) {
      const grown = new Float64Array(2 * this.#block.length)
      grown.set(this.#block)
      this.#block = grown
    }
    const at = this.#syncs * WIDTH
    const block = this.#block
    block[at] = sync.node
    block[at + 1] = sync.started
    block[at + 2] = sync.ended
    block[at + 3] = sync.full ? 1 : 0
    block[at + 4] = sync.servicePorts
    block[at + 5] = sync.endpoints
    block[at + 6] = sync.rules
    block[at + 7] = sync.changes
    block[at + 8] = sync.oldestChangeAge
    this.#syncs++
    this.#syncsOf[sync.node]!++
    this.#rulesMax = Math.max(this.#rulesMax, sync.rules)
    this.#syncMax = Math.max(this.#syncMax, sync.ended - sync.started)
  }

  /** A write of an EndpointSlice, committed at `committedAt`, is in one node's kernel now. */
  propagated(committedAt: Nanos, now: Nanos): void {
    const histogram = committedAt < this.#measureFrom ? this.#propagationBefore : this.#propagationMeasured
    histogram.record(now - committedAt)
  }

  /** From an EndpointSlice write to a node's kernel, one sample a write and node: of the writes since measuring began, or of all. */
  propagation(of: 'measured' | 'all'): QuantileSummary {
    if (of === 'measured') return summaryInMilliseconds(this.#propagationMeasured)
    const all = new Histogram()
    all.merge(this.#propagationBefore)
    all.merge(this.#propagationMeasured)
    return summaryInMilliseconds(all)
  }

  /** Over the whole run, warm-up included. */
  summary(mode: string): KubeProxySummary {
    return {
      mode,
      syncs: this.#syncs,
      rulesMax: this.#rulesMax,
      syncMsMax: this.#syncMax / MILLISECOND,
      ...(this.#lateNodes === 0
        ? {}
        : { lateFirstSyncs: { nodes: this.#lateNodes, doneSeconds: this.#late.size > 0 ? null : this.#lateUntil / SECOND } }),
    }
  }

  /** One row a sync, in the order in which they ended. */
  table(): Table {
    return { columns: COLUMNS, rows: { [Symbol.iterator]: () => this.#rows() } }
  }

  *#rows(): Generator<readonly Cell[]> {
    for (let sync = 0; sync < this.#syncs; sync++) {
      const [node, started, ended, full, servicePorts, endpoints, rules, changes, age] = this.#block.subarray(
        sync * WIDTH,
        (sync + 1) * WIDTH,
      )
      yield [
        started! / SECOND,
        (ended! - started!) / MILLISECOND,
        this.#nodeNames[node!]!,
        full === 1 ? 'full' : 'partial',
        servicePorts!,
        endpoints!,
        rules!,
        changes!,
        age! / MILLISECOND,
      ]
    }
  }
}
