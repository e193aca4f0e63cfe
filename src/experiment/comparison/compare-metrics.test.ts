import { describe, expect, test } from 'vitest'
import { NamedStream } from '../../engine/random-stream.ts'
import { normalQuantile } from '../statistics/normal.ts'
import { compareMetrics } from './compare-metrics.ts'
import type { MetricComparison } from './comparison.ts'
import type { PairedMetric } from './pair-measures.ts'
import { parseTolerance, type Tolerance } from './tolerance.ts'
import { tooFewPairs } from './too-few-pairs.ts'

type Values = readonly (number | null)[] | undefined

function metric(metric: string, a: Values, b: Values, traffic = 'shoppers'): PairedMetric {
  const unit = metric.includes('latency') ? 'milliseconds' : metric.includes('rate') ? 'fraction' : 'count'
  const measure = { name: `${metric}{traffic=${traffic}}`, metric, labels: { traffic }, unit } as const
  return { variantA: 'x', variantB: 'y', measure, a, b }
}

function tolerance(text: string): Tolerance {
  const read = parseTolerance(text)
  if (!read.ok) throw new Error(read.complaint.message)
  return read.value
}

function compare(metrics: readonly PairedMetric[], tolerances: readonly string[] = []): readonly MetricComparison[] {
  return compareMetrics(metrics, { seed: '0', tolerances: tolerances.map(tolerance) })
}

const only = (found: PairedMetric, ...tolerances: readonly string[]): MetricComparison => compare([found], tolerances)[0]!

/** Around 100, and the same moved by `by`, give or take a little. */
const A = [100, 103, 98, 101, 99, 102, 97, 104, 100, 101, 99, 102]
const moved = (by: number): number[] =>
  A.map((value, index) => value + by + [0.4, -0.3, 0.1, -0.5, 0.6, -0.2, 0.3, -0.4, 0.2, -0.1, 0.5, -0.6][index]!)

describe('what is said of a metric', () => {
  test('more latency is worse, less is better; fewer answers are worse, more are better', () => {
    expect(only(metric('requests.latency.p99', A, moved(5)))).toMatchObject({
      verdict: 'worse',
      method: 't',
      pairs: 12,
      toleranceVerdict: null,
    })
    expect(only(metric('requests.latency.p99', A, moved(-5))).verdict).toBe('better')
    expect(only(metric('requests.ok', A, moved(-5))).verdict).toBe('worse')
    expect(only(metric('requests.ok', A, moved(5))).verdict).toBe('better')
    expect(only(metric('requests.sent', A, moved(5))).verdict).toBe('different')
  })

  test('what differs by chance is not found to differ, and how much there could be is told', () => {
    const found = only(metric('requests.latency.p99', A, moved(0.1)))
    expect(found.verdict).toBe('none-found')
    expect(found.low!).toBeLessThan(0)
    expect(found.high!).toBeGreaterThan(0)
    // s of the noise is 0.4, so that the interval is 2.2 · 0.4 / √12 = 0.25 to each side, and the bound below it.
    expect(found.high! - found.low!).toBeCloseTo((2 * 2.201 * 0.409) / Math.sqrt(12), 2)
    expect(found.bound!).toBeLessThan(0.4)
  })

  test('the same in every pair is identical, and tested by nothing', () => {
    expect(only(metric('requests.ok', A, A), '0%')).toMatchObject({
      verdict: 'identical',
      p: null,
      toleranceVerdict: 'within',
      difference: 0,
    })
  })

  test('a change from nothing has no share of it', () => {
    const zeros = A.map(() => 0)
    const found = only(metric('requests.failed', zeros, moved(-90)))
    expect(found).toMatchObject({ a: 0, relative: null, verdict: 'worse' })
    expect(only(metric('requests.failed', zeros, moved(-90)), '50%').verdict).toBe('regression')
  })

  test('differences that are large and few of the pairs large enough to draw the mean over are no direction', () => {
    // Eleven pairs are 1 faster, one is 1000 slower: the mean is slower.
    const b = A.map((value, index) => (index === 5 ? value + 1000 : value - 1 - index / 100))
    expect(only(metric('requests.latency.max', A, b)).verdict).toBe('different')
  })

  test('each pair counts once: runs that move together are told apart', () => {
    // Seeds differ by far more than the sides: unpaired, nothing could be seen.
    const wide = A.map((_, index) => 1000 * (index + 1))
    expect(
      only(
        metric(
          'requests.latency.p50',
          wide,
          wide.map((value, index) => value + 6 + (index % 3) / 10),
        ),
      ).verdict,
    ).toBe('worse')
  })
})

describe('what was not measured', () => {
  const none = A.map(() => null)
  test('on one side alone, on neither, or not in every run', () => {
    expect(only(metric('requests.latency.p99', A, none))).toMatchObject({ verdict: 'lost', pairsOnlyA: 12, pairs: 0, difference: null })
    expect(only(metric('requests.latency.p99', none, A)).verdict).toBe('gained')
    expect(only(metric('requests.latency.p99', none, none), '5%')).toMatchObject({ verdict: 'unmeasured', toleranceVerdict: null })
    expect(only(metric('requests.latency.p99', A, undefined), '5%')).toMatchObject({ verdict: 'only-a', toleranceVerdict: null })
    expect(only(metric('requests.latency.p99', undefined, A), '5%')).toMatchObject({ verdict: 'only-b', toleranceVerdict: null })
  })

  test('what is judged and no longer measured has failed', () => {
    expect(only(metric('requests.latency.p99', A, none), '5%')).toMatchObject({ verdict: 'lost', toleranceVerdict: 'beyond' })
  })

  test('a pair with one side is left out, and then nothing is shown to be within', () => {
    const b: (number | null)[] = moved(0)
    expect(only(metric('requests.latency.p99', A, b), '5%')).toMatchObject({ toleranceVerdict: 'within', pairs: 12 })
    b[3] = null
    expect(only(metric('requests.latency.p99', A, b), '5%')).toMatchObject({ toleranceVerdict: 'undecided', pairs: 11, pairsOnlyA: 1 })
  })
})

describe('a tolerance', () => {
  test('is exceeded, kept, or neither', () => {
    expect(only(metric('requests.latency.p99', A, moved(8)), '5%')).toMatchObject({ verdict: 'regression', toleranceVerdict: 'beyond' })
    expect(only(metric('requests.latency.p99', A, moved(2)), '5%')).toMatchObject({ verdict: 'worse', toleranceVerdict: 'within' })
    // 5 % of 100.5 is 5.025; the interval of the excess reaches to both sides of it.
    expect(only(metric('requests.latency.p99', A, moved(5.1)), '5%')).toMatchObject({ verdict: 'worse', toleranceVerdict: 'undecided' })
  })

  test('is of the direction that is worse', () => {
    expect(only(metric('requests.ok', A, moved(-8)), '5%').verdict).toBe('regression')
    expect(only(metric('requests.ok', A, moved(8)), '5%')).toMatchObject({ verdict: 'better', toleranceVerdict: 'within' })
    expect(only(metric('requests.sent', A, moved(8)), '5%')).toMatchObject({ verdict: 'different', toleranceVerdict: null })
  })

  test('may be an amount', () => {
    expect(only(metric('requests.latency.p99', A, moved(8)), 'requests.latency.p99=10ms').toleranceVerdict).toBe('within')
    expect(only(metric('requests.latency.p99', A, moved(12)), 'requests.latency.p99=10ms').toleranceVerdict).toBe('beyond')
  })

  test('of one pair is exact for its seed', () => {
    expect(only(metric('requests.latency.p99', [100], [106]), '5%')).toMatchObject({ verdict: 'regression', method: 'single', pHolm: null })
    expect(only(metric('requests.latency.p99', [100], [105]), '5%')).toMatchObject({ verdict: 'worse', toleranceVerdict: 'within' })
    expect(only(metric('requests.latency.p99', [100], [105])).low).toBeNull()
  })

  test('of nothing is exceeded only by what is found to differ', () => {
    const stream = new NamedStream('0', 'noise')
    for (let sample = 0; sample < 200; sample++) {
      const b = A.map((value) => value + 0.35 + normalQuantile(stream.uniform()))
      const others = [1, 2, 3].map((n) =>
        metric(
          'requests.latency.max',
          A,
          A.map((value) => value + normalQuantile(stream.uniform())),
          `t${n}`,
        ),
      )
      const [free, judged] = [[], ['0%']].map(
        (tolerances) =>
          compare([metric('requests.latency.p99', A, b), ...others], tolerances).find(({ metric }) => metric === 'requests.latency.p99')!,
      )
      expect(judged!.verdict === 'regression').toBe(free!.difference! > 0 && free!.pHolm! <= 0.05)
    }
  })
})

test('the worst stands first, and of equals the larger change', () => {
  const found = compare(
    [
      metric('requests.ok', A, A),
      metric('requests.latency.p50', A, moved(-9)),
      metric('requests.latency.p90', A, moved(2)),
      metric('requests.latency.p99', A, moved(20)),
      metric('requests.latency.max', A, moved(3)),
      metric('requests.sent', A, moved(1)),
    ],
    ['requests.latency.p99=5%'],
  )
  expect(found.map((one) => [one.metric.replace('requests.', ''), one.verdict])).toEqual([
    ['latency.p99', 'regression'],
    ['latency.max', 'worse'],
    ['latency.p90', 'worse'],
    ['sent', 'different'],
    ['latency.p50', 'better'],
    ['ok', 'identical'],
  ])
})

describe('many metrics', () => {
  /** Metrics that differ by noise alone, of any shape that is the same to both sides. */
  function noise(stream: NamedStream, count: number): readonly PairedMetric[] {
    return Array.from({ length: count }, (_, index) => {
      const draw = (): number => {
        const x = normalQuantile(stream.uniform())
        return index % 3 === 0 ? Math.exp(1.5 * x) : index % 3 === 1 ? x : Math.round(x)
      }
      return metric('requests.latency.p99', A.map(draw), A.map(draw), `t${index}`)
    })
  }

  test('do not cry wolf: even one false difference is found in at most 5 % of comparisons, and without correction in most', () => {
    const stream = new NamedStream('0', 'family')
    let [wolves, uncorrected] = [0, 0]
    const FAMILIES = 80
    for (let family = 0; family < FAMILIES; family++) {
      const found = compareMetrics(noise(stream, 30), { seed: String(family), tolerances: [] })
      if (found.some(({ verdict }) => verdict !== 'none-found' && verdict !== 'identical')) wolves++
      if (found.some(({ p }) => p !== null && p <= 0.05)) uncorrected++
    }
    // 5 % of 80 is 4; more than 10 would have a chance of 0.2 %.
    expect(wolves).toBeLessThan(11)
    expect(uncorrected).toBeGreaterThan(FAMILIES * 0.6)
  })

  test('hide a real difference no more than they must', () => {
    const found = compareMetrics([...noise(new NamedStream('1', 'family'), 60), metric('requests.ok', A, moved(-2))], {
      seed: '0',
      tolerances: [],
    })
    expect(found[0]).toMatchObject({ metric: 'requests.ok', verdict: 'worse' })
  })
})

test('ranks of too few pairs could not have found anything, which is said', () => {
  const few = A.slice(0, 6)
  const jump = few.map((value, index) => value + (index === 2 ? 50 : 1 + index / 1000))
  const many = Array.from({ length: 40 }, (_, index) => metric('requests.latency.max', few, jump, `t${index}`))
  // 40 · 2/2^n ≤ 0.05 from n = 11 on: 40 · 2/2048 = 0.039.
  expect(tooFewPairs(compare(many))).toEqual([{ kind: 'too-few-pairs', pairs: 6, needed: 11, metrics: 40 }])
  expect(tooFewPairs(compare([metric('requests.latency.max', A, moved(0))]))).toEqual([])
})

describe('what is not chance and cannot be seen', () => {
  const times = (share: number) => A.map((value) => value * (1 + share))

  test('is less than half of the last digit that A is shown with, in either direction', () => {
    // 100.5 ms are shown as 101 ms.
    expect(only(metric('requests.latency.p99', A, times(0.0049)))).toMatchObject({ verdict: 'negligible', toleranceVerdict: null })
    expect(only(metric('requests.latency.p99', A, times(0.0051))).verdict).toBe('worse')
    expect(only(metric('requests.latency.p99', A, times(-0.0049))).verdict).toBe('negligible')
    expect(only(metric('requests.ok', A, times(-0.004))).verdict).toBe('negligible')
    expect(only(metric('requests.sent', A, times(0.004))).verdict).toBe('negligible')
    // It was told apart all the same.
    expect(only(metric('requests.latency.p99', A, times(0.0049))).pHolm!).toBeLessThan(0.01)
  })

  test('is one request of many thousands, and no share of them', () => {
    const many = A.map((value) => 240 * value)
    const fewer = (by: number) => many.map((value) => value - by)
    expect(only(metric('requests.ok', many, fewer(0.4))).verdict).toBe('negligible')
    expect(only(metric('requests.ok', many, fewer(1))).verdict).toBe('worse')
  })

  test('is none of a tolerance that is smaller still, and none of nothing in A', () => {
    expect(only(metric('requests.latency.p99', A, times(0.004)), '5%')).toMatchObject({ verdict: 'negligible', toleranceVerdict: 'within' })
    expect(only(metric('requests.latency.p99', A, times(0.004)), '0.1%').verdict).toBe('regression')
    const none = A.map(() => 0)
    expect(only(metric('requests.failed', none, moved(-90))).verdict).toBe('worse')
  })

  test('of one run a side is said as of many', () => {
    expect(only(metric('requests.latency.p99', [100], [100.4])).verdict).toBe('negligible')
    expect(only(metric('requests.latency.p99', [100], [101])).verdict).toBe('worse')
  })
})
