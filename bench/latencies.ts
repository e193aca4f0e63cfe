/**
 * What does it cost to record a latency, and how far off are quantiles?
 *
 * Log-normal latencies (median 8 ms, p99 60 ms), drawn beforehand. The baseline keeps every sample in an array. The checksum is that of the sample count,
 * the sum and the largest, which both know exactly; the error is the largest of p1 … p99.99 against the sorted samples, in percent of the true sample.
 *
 * Run: `npm run bench -- latencies`
 */
import { distribution } from '../src/engine/distributions.ts'
import { ReseedableStream } from '../src/engine/random-stream.ts'
import { Histogram } from '../src/metrics/histogram.ts'
import { compare, type Variant } from './harness/compare.ts'
import { type Row, rowOf, type Size } from './harness/row.ts'

const SAMPLES = 1 << 16

export default function main(size: Size): Row[] {
  const full = size === 'full'
  const rng = new ReseedableStream(7)
  const latency = distribution({ kind: 'lognormal', p50: 8_000_000, p99: 60_000_000 })
  const samples = Float64Array.from({ length: SAMPLES }, () => latency.sample(rng))
  const rows = compare({
    question: 'record',
    size: SAMPLES,
    rounds: full ? 9 : 1,
    operations: full ? 4_000_000 : SAMPLES,
    baseline: 'array of all samples',
    variants: [intoHistogram(samples), intoArray(samples)],
  })
  const error = largestError(samples)
  rows.push(
    rowOf({ question: 'largest error of a quantile', variant: 'histogram', size: SAMPLES, unit: '%', samples: [error], checksum: null }),
  )
  return rows
}

function intoHistogram(samples: Float64Array): Variant {
  return {
    name: 'histogram',
    prepare() {
      const histogram = new Histogram()
      let turn = 0
      return {
        run(operations) {
          for (let operation = 0; operation < operations; operation++) {
            histogram.record(samples[turn]!)
            turn = (turn + 1) & (SAMPLES - 1)
          }
          return fold(histogram.count, histogram.sum, histogram.max!)
        },
      }
    },
  }
}

function intoArray(samples: Float64Array): Variant {
  return {
    name: 'array of all samples',
    prepare() {
      const kept: number[] = []
      let turn = 0
      let sum = 0
      let max = 0
      return {
        run(operations) {
          for (let operation = 0; operation < operations; operation++) {
            const sample = samples[turn]!
            kept.push(sample)
            sum += sample
            if (sample > max) max = sample
            turn = (turn + 1) & (SAMPLES - 1)
          }
          return fold(kept.length, sum, max)
        },
      }
    },
  }
}

function fold(count: number, sum: number, max: number): number {
  return (Math.imul((Math.imul(count, 31) + (sum % 0x7fff_ffff)) | 0, 31) + (max % 0x7fff_ffff)) | 0
}

/** Percent. */
function largestError(samples: Float64Array): number {
  const histogram = new Histogram()
  for (const sample of samples) histogram.record(sample)
  const sorted = [...samples].sort((x, y) => x - y)
  let largest = 0
  for (let rank = 1; rank <= 9999; rank++) {
    const q = rank / 10_000
    const exact = sorted[Math.max(1, Math.ceil(q * SAMPLES - 1e-6)) - 1]!
    largest = Math.max(largest, Math.abs(histogram.quantile(q)! - exact) / exact)
  }
  return largest * 100
}
