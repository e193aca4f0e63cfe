import { BUCKETS, bucketOf, type Histogram } from './histogram.ts'
import { toMilliseconds } from './quantile-summary.ts'

/**
 * What the time of a request was spent on, from when it was to be sent to its end. The parts of a request sum to its latency exactly.
 *
 * - `network`: on its way, by the network's delays.
 * - `rules`: CPU of first packets, which pay for the rules of the node.
 * - `packets`: CPU of later packets.
 * - `retransmit`: a packet was lost, and its sender's timer had not yet expired.
 * - `pod-queue`: in the pod, all its servers being busy.
 * - `service`: in the hands of a server.
 * - `upstream`: passed on by an Ingress controller, until that has an answer.
 * - `client-queue`: all connections of its client were in use.
 * - `tls`: the handshake, from the client's hello at the pod until the request itself is there: queue and CPU in the pod, and round trips.
 * - `dns`: its client looked the Service's name up.
 * - `retries`: until the try that was answered was sent: earlier tries, and the waits between them.
 * - `calls`: its server waited for other Services that it had called.
 * - `softirq`: its packets waited, as the core of the node that handles them was busy with others.
 * - `throttled`: its server needed CPU time and got none, as its container had used up what its limit allows.
 */
export const BLAME_PARTS = [
  'network',
  'rules',
  'packets',
  'retransmit',
  'pod-queue',
  'service',
  'upstream',
  'client-queue',
  'tls',
  'dns',
  'retries',
  'calls',
  'softirq',
  'throttled',
] as const

export type BlamePart = (typeof BLAME_PARTS)[number]

/** Index of each part in {@link BLAME_PARTS}, for columns. */
export const NETWORK = 0
export const RULES = 1
export const PACKETS = 2
export const RETRANSMIT = 3
export const POD_QUEUE = 4
export const SERVICE = 5
export const UPSTREAM = 6
export const CLIENT_QUEUE = 7
export const TLS = 8
export const DNS = 9
export const RETRIES = 10
export const CALLS = 11
export const SOFTIRQ = 12
export const THROTTLED = 13
export const PARTS = BLAME_PARTS.length

/** Mean milliseconds a request by part; null without requests. */
export type BlameMs = Readonly<Record<BlamePart, number>> | null

export interface BlameSummary {
  /** Over all answered requests. */
  readonly mean: BlameMs
  /** Over the answered requests that took as long as the 99th percentile, or longer. */
  readonly p99: BlameMs
}

/**
 * Sums of the parts by bucket of latency, as {@link Histogram} has them: so the parts of the slowest share of requests can be asked for afterwards.
 *
 * A bucket has a row from its first request on, so that what is never seen takes no room.
 */
export class BlameHistogram {
  /** By bucket: its row, from 1; 0: it has none. */
  readonly #rows = new Uint16Array(BUCKETS)
  /** By row, then by part, ns. */
  #sums = new Float64Array(16 * ROW)
  #length = 1

  /** A request whose latency is in `bucket`, with the {@link PARTS} parts in `parts` from `at` on. */
  record(bucket: number, parts: Float64Array, at: number): void {
    let row = this.#rows[bucket]!
    if (row === 0) row = this.#newRow(bucket)
    const sums = this.#sums
    const first = row * ROW
    for (let part = 0; part < PARTS; part++) {
      const time = parts[at + part]!
      if (time > 0) sums[first + part]! += time
    }
  }

  /** `latencies` are those of the requests recorded here. */
  summary(latencies: Histogram): BlameSummary {
    const p99 = latencies.quantile(0.99)
    return { mean: this.#meanFrom(0, latencies), p99: p99 === null ? null : this.#meanFrom(bucketOf(p99), latencies) }
  }

  #newRow(bucket: number): number {
    const row = this.#length++
    if (row * ROW === this.#sums.length) {
      const grown = new Float64Array(2 * this.#sums.length)
      grown.set(this.#sums)
      this.#sums = grown
    }
    this.#rows[bucket] = row
    return row
  }

  #meanFrom(first: number, latencies: Histogram): BlameMs {
    const count = latencies.countFrom(first)
    if (count === 0) return null
    const sums = new Float64Array(PARTS)
    for (let bucket = first; bucket < BUCKETS; bucket++) {
      const row = this.#rows[bucket]!
      if (row === 0) continue
      for (let part = 0; part < PARTS; part++) sums[part]! += this.#sums[row * ROW + part]!
    }
    const means = BLAME_PARTS.map((name, part) => [name, toMilliseconds(sums[part]! / count)])
    return Object.fromEntries(means) as Exclude<BlameMs, null>
  }
}

/** Numbers of a row: two cache lines. */
const ROW = 16
