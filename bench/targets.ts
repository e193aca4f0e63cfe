/** What the benchmarks are held to, as data: `npm run bench -- --check` measures and judges it. */
import type { RowName } from './harness/row.ts'

/** How a figure comes from the rows of a benchmark. Where a name fits several rows, the worst of them counts. */
export type Figure =
  /** The value itself: an absolute figure, which depends on the machine. */
  | { readonly of: 'value' }
  /** How many times better than this variant, at the same question and size: a ratio. */
  | { readonly of: 'times better'; readonly than: string }
  /** Its value divided by that of other rows, where variant and size that are left out are its own: a ratio. */
  | { readonly of: 'times the cost'; readonly than: Partial<RowName> }
  /** The exponent with which its value grows with size, over all sizes: a ratio. */
  | { readonly of: 'exponent' }

export interface Target {
  /** In words, as the table prints it. */
  readonly work: string
  /** File of bench/ without its ending. */
  readonly benchmark: string
  readonly row: RowName
  readonly figure: Figure
  readonly judged: 'at least' | 'at most'
  readonly value: number
  /** Of the figure. `x` is a ratio. */
  readonly unit: 'x' | 'ns' | 'µs' | 'ms' | 's' | 'bytes' | 'MB' | '%' | 'a second' | 'exponent'
}

const atLeast = (value: number, unit: Target['unit'] = 'x') => ({ judged: 'at least', value, unit }) as const
const atMost = (value: number, unit: Target['unit']) => ({ judged: 'at most', value, unit }) as const
const value = { of: 'value' } as const
const timesBetter = (than: string) => ({ of: 'times better', than }) as const
const timesTheCost = (than: Partial<RowName>) => ({ of: 'times the cost', than }) as const

/** Every target. One that is met only on a fast machine is absolute; it is judged as it is, and scaled to the reference machine beside it. */
export const TARGETS: readonly Target[] = [
  // The engine.
  {
    work: 'hold, 10,000 pending',
    benchmark: 'event-queue',
    row: { question: 'hold', variant: 'radix wheel', size: 10_000 },
    figure: timesBetter('heap-js'),
    ...atLeast(6),
  },
  {
    work: 'hold, 10,000 pending: time in garbage collection',
    benchmark: 'event-queue',
    row: { question: 'hold: time in garbage collection', variant: 'radix wheel', size: 10_000 },
    figure: value,
    ...atMost(1, '%'),
  },
  {
    work: 'hold, 1,000,000 pending',
    benchmark: 'event-queue',
    row: { question: 'hold', variant: 'radix wheel', size: 1_000_000 },
    figure: timesBetter('heap-js'),
    ...atLeast(7),
  },
  {
    work: 'memory of a pending event, 1,000,000 pending',
    benchmark: 'event-queue',
    row: { question: 'memory an event', variant: 'radix wheel', size: 1_000_000 },
    figure: value,
    ...atMost(32, 'bytes'),
  },
  {
    work: 'step with dispatch, 10,000 pending',
    benchmark: 'steps',
    row: { question: 'step', variant: 'handlers', size: 10_000 },
    figure: timesBetter('heap-js + closures'),
    ...atLeast(4),
  },
  {
    work: 'step of a process against one of a handler, 1,000 of them',
    benchmark: 'steps',
    row: { question: 'step', variant: 'processes', size: 1000 },
    figure: timesTheCost({ variant: 'handlers' }),
    ...atMost(1.3, 'x'),
  },
  {
    work: 'time-out set and cancelled, 10,000 in flight',
    benchmark: 'event-queue',
    row: { question: 'time-out set and cancelled', variant: 'radix wheel', size: 10_000 },
    figure: timesBetter('heap-js, lazy deletion'),
    ...atLeast(10),
  },
  {
    work: 'time-outs cancelled that stay in the queue',
    benchmark: 'event-queue',
    row: { question: 'time-outs that stay after their cancel', variant: 'radix wheel', size: 10_000 },
    figure: value,
    ...atMost(0, '%'),
  },
  {
    work: 'M/M/1, 1,000,000 customers, handlers',
    benchmark: 'single-server',
    row: { question: 'M/M/1', variant: 'handlers', size: 1_000_000 },
    figure: timesBetter('heap-js + closures'),
    ...atLeast(1.4),
  },
  {
    work: 'M/M/1, 1,000,000 customers, handlers',
    benchmark: 'single-server',
    row: { question: 'M/M/1', variant: 'handlers', size: 1_000_000 },
    figure: timesBetter('simjs'),
    ...atLeast(8),
  },
  {
    work: 'M/M/1, 1,000,000 customers, processes',
    benchmark: 'single-server',
    row: { question: 'M/M/1', variant: 'processes', size: 1_000_000 },
    figure: timesBetter('simjs'),
    ...atLeast(3),
  },
  // The proxy core.
  {
    work: 'first-packet lookup, hash, 10,000 Services',
    benchmark: 'lookup',
    row: { question: 'service', variant: 'hash', size: 10_000 },
    figure: value,
    ...atMost(20, 'ns'),
  },
  {
    work: 'first-packet lookup, hash, 50,000 Services against 10',
    benchmark: 'lookup',
    row: { question: 'service', variant: 'hash', size: 50_000 },
    figure: timesTheCost({ size: 10 }),
    ...atMost(3, 'x'),
  },
  {
    work: 'linear walk, 10,000 rules: a rule',
    benchmark: 'lookup',
    row: { question: 'walk, a rule', variant: 'linear', size: 10_000 },
    figure: value,
    ...atMost(0.9, 'ns'),
  },
  {
    work: 'linear walk, 10,000 rules',
    benchmark: 'lookup',
    row: { question: 'service', variant: 'linear', size: 10_000 },
    figure: timesBetter('objects walked, strings compared'),
    ...atLeast(5),
  },
  {
    work: 'pick of the slowest scheduler, 5,000 backends',
    benchmark: 'picks',
    row: { question: 'pick', size: 5000 },
    figure: value,
    ...atMost(300, 'ns'),
  },
  {
    work: 'picks that differ from those of the reference scan',
    benchmark: 'picks',
    row: { question: 'picks that differ from the reference', size: 5000 },
    figure: value,
    ...atMost(0, '%'),
  },
  {
    work: 'connection table, 1,000,000 live: an entry',
    benchmark: 'connections',
    row: { question: 'memory a connection', variant: 'connection table', size: 1_000_000 },
    figure: value,
    ...atMost(100, 'bytes'),
  },
  {
    work: 'connection table, 1,000,000 live',
    benchmark: 'connections',
    row: { question: 'connection step', variant: 'connection table', size: 1_000_000 },
    figure: timesBetter('Map of objects'),
    ...atLeast(2.5),
  },
  {
    work: 'latency recorded',
    benchmark: 'latencies',
    row: { question: 'record', variant: 'histogram' },
    figure: value,
    ...atMost(20, 'ns'),
  },
  {
    work: 'error of a recorded latency',
    benchmark: 'latencies',
    row: { question: 'largest error of a quantile', variant: 'histogram' },
    figure: value,
    ...atMost(1, '%'),
  },
  // Whole requests and clusters.
  {
    work: 'a whole request, 1,000 pods',
    benchmark: 'whole-request',
    row: { question: 'whole request', size: 1000 },
    figure: value,
    ...atMost(2, 'µs'),
  },
  {
    work: 'a whole request, 150,000 pods',
    benchmark: 'whole-request',
    row: { question: 'whole request', size: 150_000 },
    figure: value,
    ...atMost(4, 'µs'),
  },
  {
    work: 'pods to Ready, 1,000 pods on 100 nodes: a pod',
    benchmark: 'end-to-end',
    row: { question: 'pod to Ready', size: 1000 },
    figure: value,
    ...atMost(1, 'ms'),
  },
  {
    work: 'pods to Ready: growth, measured from 100 to 3,000 pods',
    benchmark: 'end-to-end',
    row: { question: 'all pods to Ready' },
    figure: { of: 'exponent' },
    // n log n grows by 150 * (log 150,000 / log 1,000) over this range: n^1.109.
    ...atMost(1.109, 'exponent'),
  },
  {
    work: '5,000 nodes, 150,000 pods, 10,000 Services, 10 min at 1,000 requests a second',
    benchmark: 'large-cluster',
    row: { question: 'full cluster', size: 150_000 },
    figure: value,
    ...atMost(120, 's'),
  },
  {
    work: 'the same: peak memory',
    benchmark: 'large-cluster',
    row: { question: 'full cluster: peak memory', size: 150_000 },
    figure: value,
    ...atMost(3000, 'MB'),
  },
  {
    work: '100 nodes, 1 hour at 1,000 requests a second',
    benchmark: 'long-run',
    row: { question: 'a cluster under load', size: 3_600_000 },
    figure: value,
    ...atMost(15, 's'),
  },
  {
    work: 'peak memory of 10 times the duration',
    benchmark: 'long-run',
    row: { question: 'peak memory', variant: '10 times the duration' },
    figure: timesTheCost({ variant: 'once the duration' }),
    ...atMost(1.1, 'x'),
  },
  // Outputs and runs.
  {
    work: 'raw requests to CSV: rows a CPU-second',
    benchmark: 'raw-export',
    row: { question: 'rows exported', variant: 'csv' },
    figure: value,
    ...atLeast(1_500_000, 'a second'),
  },
  {
    work: 'towtank run of a hello scenario, cold, wall clock',
    benchmark: 'cold-start',
    row: { question: 'first result', variant: 'towtank run' },
    figure: value,
    ...atMost(1, 's'),
  },
  {
    work: 'sweep on 2 workers against 1',
    benchmark: 'sweep',
    row: { question: 'sweep', variant: '2 workers' },
    figure: timesBetter('1 worker'),
    ...atLeast(1.6),
  },
]

/** A figure may miss its target by this factor before the check fails: the same program varies as much from run to run. */
export const TOLERANCE = 1.15

/** The reference machine, to which absolute figures are scaled for a reader: the hold of heap-js with 10,000 pending, ns. Source: our measurement, Node 20.20 on a 2-core virtual Zen 4. */
export const REFERENCE_HOLD = 355
