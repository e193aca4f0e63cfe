import { invariant } from '../invariant.ts'
import { MILLISECOND, type Nanos, SECOND } from '../units.ts'
import { BLAME_PARTS, BlameHistogram, PARTS } from './blame.ts'
import { FAILURE_CAUSES } from './failure-cause.ts'
import { FailureTally } from './failure-tally.ts'
import { Histogram } from './histogram.ts'
import { Intervals } from './intervals.ts'
import { summaryInMilliseconds, toMilliseconds } from './quantile-summary.ts'
import type { TrafficSummary } from './summaries.ts'
import type { Cell, Table } from './table.ts'
import type { UnseenChange } from './unseen-change.ts'

const CAUSES = FAILURE_CAUSES.length

/** Columns of one interval, in {@link TrafficMetrics}'s block, first those that every request writes: counts, and requests that have not ended. */
const SENT = 0
const OK = 1
const WAITING = 2
/** Sums over the answered requests, ns: of latency, then of its parts. */
const LATENCY = 3
const PART = 4
/** By cause. */
const FAILED = PART + PARTS
/** Quantiles in ns; NaN without an answered request. */
const P50 = FAILED + CAUSES
const P90 = P50 + 1
const P99 = P50 + 2
const MAX = P50 + 3
/** Counts again: what came on top of the first tries, and what was done for nothing. */
const RETRIED = P50 + 4
const HEDGED = P50 + 5
const HEDGES_WON = P50 + 6
const DENIED = P50 + 7
const WASTED = P50 + 8
const WIDTH = P50 + 9

const COLUMNS = [
  'interval_start_s',
  'interval_s',
  'phase',
  'traffic',
  'sent',
  'ok',
  ...FAILURE_CAUSES.map((cause) => `failed_${cause.replaceAll('-', '_')}`),
  'latency_ms_mean',
  ...BLAME_PARTS.map((part) => `${part.replaceAll('-', '_')}_ms_mean`),
  'latency_ms_p50',
  'latency_ms_p90',
  'latency_ms_p99',
  'latency_ms_max',
  'retries',
  'hedges',
  'hedges_won',
  'tries_denied',
  'answers_wasted',
]

const FAILURE_COLUMNS = [
  'phase',
  'traffic',
  'cause',
  'failures',
  'first_sent_s',
  'last_sent_s',
  'unseen_change',
  'unseen_revision',
  'written_s',
]

const LATENCY_COLUMNS = ['traffic', 'latency_ms_from', 'latency_ms_to', 'latency_ms', 'requests', 'requests_up_to']

/**
 * What became of every request, by interval and traffic.
 *
 * A request belongs to the interval in which it was meant to be sent, whenever it ends: a stall shows where it hit users, and a slow
 * client does not hide it. Latency is counted from that time too, and only over answered requests.
 */
export class RequestMetrics {
  readonly #intervals: Intervals
  readonly #histograms = new HistogramPool()
  readonly #traffic: TrafficMetrics[] = []

  constructor(options: { interval?: Nanos; measureFrom: Nanos }) {
    this.#intervals = new Intervals({ length: options.interval ?? SECOND, measureFrom: options.measureFrom })
  }

  /** A traffic that sends from `start` until before `stop`. */
  addTraffic(options: { name: string; calledBy?: string; start: Nanos; stop: Nanos }): TrafficMetrics {
    const traffic = new TrafficMetrics({ ...options, intervals: this.#intervals, histograms: this.#histograms })
    this.#traffic.push(traffic)
    return traffic
  }

  /** One row for each traffic and each interval that it was to send in, up to `end`, the end of the run. By traffic, then by time. */
  table(end: Nanos): Table {
    return { columns: COLUMNS, rows: this.#traffic.flatMap((traffic) => [...traffic.rows(end)]) }
  }

  /** One row for each traffic, cause and change that the rules behind the failures had not seen. By traffic, then in the order of the first. */
  failureTable(): Table {
    return { columns: FAILURE_COLUMNS, rows: this.#traffic.flatMap((traffic) => [...traffic.failureRows()]) }
  }

  /** The distribution of the latency of requests sent since measuring began: one row for each traffic and bucket that counted some. */
  latencyTable(): Table {
    return { columns: LATENCY_COLUMNS, rows: this.#traffic.flatMap((traffic) => [...traffic.latencyRows()]) }
  }
}

/** The part of {@link RequestMetrics} that one traffic writes. Recording allocates nothing but when an interval begins. */
export class TrafficMetrics {
  readonly name: string
  readonly #calledBy: string | undefined
  readonly #start: Nanos
  readonly #stop: Nanos
  readonly #intervals: Intervals
  readonly #histograms: HistogramPool
  readonly #first: number
  /** WIDTH numbers an interval. */
  #block = new Float64Array(64 * WIDTH)
  /** Latencies of an interval that may still get some. */
  #open: (Histogram | null)[] = []
  /** Intervals begun so far. */
  #length = 0
  /** Latencies of the measured intervals that are closed. */
  readonly #measured = new Histogram()
  readonly #blame = new BlameHistogram()
  readonly #failures = new FailureTally()

  constructor(options: {
    name: string
    calledBy?: string
    start: Nanos
    stop: Nanos
    intervals: Intervals
    histograms: HistogramPool
  }) {
    this.name = options.name
    this.#calledBy = options.calledBy
    this.#start = options.start
    this.#stop = options.stop
    this.#intervals = options.intervals
    this.#histograms = options.histograms
    this.#first = options.intervals.indexOf(options.start)
  }

  /** A request that was to be sent at `at`, which never goes back. */
  sent(at: Nanos): void {
    const interval = this.#intervals.indexOf(at) - this.#first
    if (interval >= this.#length) this.#begin(interval)
    const block = this.#block
    block[interval * WIDTH + SENT]!++
    block[interval * WIDTH + WAITING]!++
  }

  /** The request that was to be sent at `at` was answered `latency` later, which was spent as `parts` says from `first` on. */
  ok(at: Nanos, latency: Nanos, parts: Float64Array, first: number): void {
    const interval = this.#intervals.indexOf(at) - this.#first
    const block = this.#block
    const row = interval * WIDTH
    block[row + OK]!++
    block[row + LATENCY]! += latency
    for (let part = 0; part < PARTS; part++) {
      const time = parts[first + part]!
      if (time > 0) block[row + PART + part]! += time
    }
    let histogram = this.#open[interval]!
    if (histogram === null) {
      histogram = this.#histograms.take()
      this.#open[interval] = histogram
    }
    const bucket = histogram.record(latency)
    if (at >= this.#intervals.measureFrom) this.#blame.record(bucket, parts, first)
    this.#ended(interval)
  }

  /** The request that was to be sent at `at` failed. `cause` is an index into FAILURE_CAUSES; `unseen` what the rules behind it had not seen. */
  failed(at: Nanos, cause: number, unseen: UnseenChange | null = null): void {
    this.#failures.add(at, at >= this.#intervals.measureFrom ? 'measured' : 'warm-up', cause, unseen)
    const interval = this.#intervals.indexOf(at) - this.#first
    this.#block[interval * WIDTH + FAILED + cause]!++
    this.#ended(interval)
  }

  /** The request that was to be sent at `at` is tried once more after a failure. */
  retried(at: Nanos): void {
    this.#count(at, RETRIED)
  }

  /** … is sent a second time, as its answer takes long. */
  hedged(at: Nanos): void {
    this.#count(at, HEDGED)
  }

  /** … was answered by such a second try. */
  hedgeWon(at: Nanos): void {
    this.#count(at, HEDGES_WON)
  }

  /** … would have been tried once more, and the client's budget did not allow it. */
  denied(at: Nanos): void {
    this.#count(at, DENIED)
  }

  /** A pod has finished one of its tries that its client no longer waited for. */
  wasted(at: Nanos): void {
    this.#count(at, WASTED)
  }

  /** Requests sent so far in the whole run, and what became of them. */
  totals(): { sent: number; ok: number; failed: number } {
    let sent = 0
    let ok = 0
    let failed = 0
    for (let interval = 0; interval < this.#length; interval++) {
      sent += this.#block[interval * WIDTH + SENT]!
      ok += this.#block[interval * WIDTH + OK]!
      for (let cause = 0; cause < CAUSES; cause++) failed += this.#block[interval * WIDTH + FAILED + cause]!
    }
    return { sent, ok, failed }
  }

  /**
   * The measured phase, at `now`. The error rate is failed / (ok + failed): requests in flight count for neither. The rate is requests sent
   * a second of the measured time in which this traffic was to send.
   */
  summary(now: Nanos): TrafficSummary {
    let sent = 0
    let ok = 0
    let failed = 0
    const extra = new Float64Array(WIDTH - RETRIED)
    const byCause = new Array<number>(CAUSES).fill(0)
    for (let interval = 0; interval < this.#length; interval++) {
      if (!this.#intervals.isMeasured(this.#first + interval)) continue
      sent += this.#block[interval * WIDTH + SENT]!
      ok += this.#block[interval * WIDTH + OK]!
      for (let column = RETRIED; column < WIDTH; column++) extra[column - RETRIED]! += this.#block[interval * WIDTH + column]!
      for (let cause = 0; cause < CAUSES; cause++) {
        const count = this.#block[interval * WIDTH + FAILED + cause]!
        failed += count
        byCause[cause]! += count
      }
    }
    const failedByCause: Record<string, number> = {}
    for (const [index, cause] of FAILURE_CAUSES.entries()) if (byCause[index]! > 0) failedByCause[cause] = byCause[index]!
    const measured = this.#allMeasured()
    const sending = Math.min(this.#stop, now) - Math.max(this.#start, this.#intervals.measureFrom)
    return {
      traffic: this.name,
      ...(this.#calledBy === undefined ? {} : { from: this.#calledBy }),
      sent,
      ok,
      failed,
      inFlight: sent - ok - failed,
      failedByCause,
      stale: this.#failures.stale,
      errorRate: ok + failed === 0 ? 0 : failed / (ok + failed),
      retries: extra[0]!,
      hedges: extra[HEDGED - RETRIED]!,
      hedgesWon: extra[HEDGES_WON - RETRIED]!,
      triesDenied: extra[DENIED - RETRIED]!,
      answersWasted: extra[WASTED - RETRIED]!,
      amplification: sent === 0 ? null : (sent + extra[0]! + extra[HEDGED - RETRIED]!) / sent,
      requestsPerSecond: sending > 0 ? sent / (sending / SECOND) : 0,
      latencyMs: summaryInMilliseconds(measured),
      blameMs: this.#blame.summary(measured),
    }
  }

  *failureRows(): Generator<readonly Cell[]> {
    for (const { phase, cause, unseen, failures, firstAt, lastAt } of this.#failures.groups) {
      const revision = unseen === null || unseen.revision === 0 ? null : unseen.revision
      const writtenAt = unseen === null || unseen.committedAt === null ? null : unseen.committedAt / SECOND
      yield [phase, this.name, cause, failures, firstAt / SECOND, lastAt / SECOND, unseen?.object ?? null, revision, writtenAt]
    }
  }

  *latencyRows(): Generator<readonly Cell[]> {
    let upTo = 0
    for (const { from, to, middle, count } of this.#allMeasured().buckets()) {
      upTo += count
      yield [this.name, from / MILLISECOND, to / MILLISECOND, middle / MILLISECOND, count, upTo]
    }
  }

  *rows(end: Nanos): Generator<readonly Cell[]> {
    const until = Math.min(this.#stop, end)
    if (until <= this.#start) return
    const last = this.#intervals.indexOf(until - 1) - this.#first
    if (last >= this.#length) this.#begin(last)
    for (let interval = 0; interval <= last; interval++) {
      const index = this.#first + interval
      const from = this.#intervals.startOf(index)
      const to = Math.min(this.#intervals.endOf(index), end)
      const row: Cell[] = [from / SECOND, (to - from) / SECOND, this.#intervals.isMeasured(index) ? 'measured' : 'warm-up', this.name]
      this.#writeQuantiles(interval)
      const ok = this.#block[interval * WIDTH + OK]!
      row.push(this.#block[interval * WIDTH + SENT]!, ok)
      for (let column = FAILED; column < P50; column++) row.push(this.#block[interval * WIDTH + column]!)
      for (let column = LATENCY; column < FAILED; column++)
        row.push(ok === 0 ? null : toMilliseconds(this.#block[interval * WIDTH + column]! / ok))
      for (let column = P50; column <= MAX; column++) {
        const value = this.#block[interval * WIDTH + column]!
        row.push(Number.isNaN(value) ? null : toMilliseconds(value))
      }
      for (let column = RETRIED; column < WIDTH; column++) row.push(this.#block[interval * WIDTH + column]!)
      yield row
    }
  }

  /** Latencies of all measured intervals. */
  #allMeasured(): Histogram {
    const all = new Histogram()
    all.merge(this.#measured)
    for (let interval = 0; interval < this.#length; interval++) {
      const histogram = this.#open[interval]!
      if (histogram !== null && this.#intervals.isMeasured(this.#first + interval)) all.merge(histogram)
    }
    return all
  }

  #count(at: Nanos, column: number): void {
    this.#block[(this.#intervals.indexOf(at) - this.#first) * WIDTH + column]!++
  }

  #begin(interval: number): void {
    if ((interval + 1) * WIDTH > this.#block.length) {
      const block = new Float64Array(Math.max(2 * this.#block.length, (interval + 1) * WIDTH))
      block.set(this.#block)
      this.#block = block
    }
    const before = this.#length - 1
    while (this.#length <= interval) {
      this.#block.fill(Number.NaN, this.#length * WIDTH + P50, this.#length * WIDTH + MAX + 1)
      this.#open[this.#length] = null
      this.#length++
    }
    // The one before may have had all its answers already; it was kept open because more could have been sent in it.
    if (before >= 0 && this.#block[before * WIDTH + WAITING] === 0) this.#close(before)
  }

  #ended(interval: number): void {
    const waiting = --this.#block[interval * WIDTH + WAITING]!
    if (waiting < 0) invariant(false, `More requests of "${this.name}" ended than were sent`)
    if (waiting === 0 && interval < this.#length - 1) this.#close(interval)
  }

  #close(interval: number): void {
    const histogram = this.#open[interval]!
    if (histogram === null) return
    this.#writeQuantiles(interval)
    if (this.#intervals.isMeasured(this.#first + interval)) this.#measured.merge(histogram)
    this.#open[interval] = null
    this.#histograms.giveBack(histogram)
  }

  #writeQuantiles(interval: number): void {
    const histogram = this.#open[interval]!
    if (histogram === null) return
    const at = interval * WIDTH
    this.#block[at + P50] = histogram.quantile(0.5)!
    this.#block[at + P90] = histogram.quantile(0.9)!
    this.#block[at + P99] = histogram.quantile(0.99)!
    this.#block[at + MAX] = histogram.max!
  }
}

/** Histograms are large; only intervals with requests on their way need one. */
class HistogramPool {
  readonly #free: Histogram[] = []

  take(): Histogram {
    return this.#free.pop() ?? new Histogram()
  }

  giveBack(histogram: Histogram): void {
    histogram.clear()
    this.#free.push(histogram)
  }
}
