import { describe, expect, test } from 'vitest'
import { hasFailed, judge, judgedTable, type Measured } from './check.ts'
import { disagreements, type Row, rowOf } from './harness/row.ts'
import { fitExponent, growthOf } from './scaling.ts'
import type { Figure, Target } from './targets.ts'

const row = (variant: string, size: number, samples: number[], unit: Row['unit'] = 'ns'): Row =>
  rowOf({ question: 'q', variant, size, unit, samples, checksum: '1' })

const target = (figure: Figure, judged: Target['judged'], value: number, variant?: string): Target => ({
  work: 'work',
  benchmark: 'b',
  row: { question: 'q', ...(variant === undefined ? {} : { variant }) },
  figure,
  judged,
  value,
  unit: figure.of === 'value' ? 'ns' : 'x',
})

const measured = (rows: readonly Row[], calibration: number | null = null): Measured[] => [{ benchmark: 'b', rows, calibration }]

test.each([
  ['at most', 100, 'met'],
  ['at most', 114, 'within 15 %'],
  ['at most', 116, 'missed'],
  ['at most', 0, 'met'],
  ['at least', 100, 'met'],
  ['at least', 87, 'within 15 %'],
  ['at least', 86, 'missed'],
] as const)('%s 100: %d is %s', (judged, figure, verdict) => {
  const found = judge(measured([row('a', 1, [figure])]), [target({ of: 'value' }, judged, 100)])
  expect(found[0]!.verdict).toBe(verdict)
  expect(hasFailed(found)).toBe(verdict === 'missed')
})

test('at most 0 is missed by anything above', () => {
  expect(judge(measured([row('a', 1, [0.001])]), [target({ of: 'value' }, 'at most', 0)])[0]!.verdict).toBe('missed')
})

test('what was not measured fails', () => {
  const found = judge([], [target({ of: 'value' }, 'at most', 1)])
  expect(found[0]!.verdict).toBe('not measured')
  expect(hasFailed(found)).toBe(true)
})

describe('figures', () => {
  test('a ratio is the median of the ratios of rounds, which a disturbed round does not move', () => {
    // Round 2 was disturbed for both: medians alone would give 30 / 10.
    const rows = [row('fast', 1, [10, 30, 10]), row('slow', 1, [40, 120, 30])]
    expect(judge(measured(rows), [target({ of: 'times better', than: 'slow' }, 'at least', 1, 'fast')])[0]!.figure).toBe(4)
  })

  test('of a rate more is better', () => {
    const rows = [row('two', 1, [30], 'a second'), row('one', 1, [15], 'a second')]
    expect(judge(measured(rows), [target({ of: 'times better', than: 'one' }, 'at least', 1, 'two')])[0]!.figure).toBe(2)
  })

  test('the cost against another size, and against another variant', () => {
    const rows = [row('a', 10, [5]), row('a', 1000, [15]), row('b', 1000, [10])]
    const against = (than: { size?: number; variant?: string }): Target => ({
      ...target({ of: 'times the cost', than }, 'at most', 9),
      row: { question: 'q', variant: 'a', size: 1000 },
    })
    expect(judge(measured(rows), [against({ size: 10 }), against({ variant: 'b' })]).map(({ figure }) => figure)).toEqual([3, 1.5])
  })

  test('where a target names no variant the worst counts', () => {
    const rows = [row('a', 1, [5]), row('b', 1, [7])]
    expect(judge(measured(rows), [target({ of: 'value' }, 'at most', 6)])[0]).toMatchObject({
      figure: 7,
      verdict: 'missed',
      row: { variant: 'b' },
    })
  })

  test('a time is scaled to the reference machine, a ratio is not', () => {
    const rows = [row('a', 1, [20]), row('b', 1, [40])]
    const found = judge(measured(rows, 710), [
      target({ of: 'value' }, 'at most', 25, 'a'),
      target({ of: 'times better', than: 'b' }, 'at least', 2, 'a'),
    ])
    expect(found.map(({ scaled }) => scaled)).toEqual([10, null])
    expect(judgedTable(found)).toContain('heap-js hold: 710 ns')
  })
})

test('variants that answer differently are told, but for those whose answers are their own', () => {
  const rows = [row('a', 1, [1]), { ...row('b', 1, [1]), checksum: '2' }, { ...row('c', 1, [1]), checksum: '3', answersAlone: true }]
  expect(disagreements(rows)).toEqual(['The variants of "q" at 1 do not agree'])
  expect(disagreements([rows[0]!, rows[2]!])).toEqual([])
})

describe('growth', () => {
  const sizes = [10, 100, 1000, 10_000]
  test.each([0, 0.5, 1, 2])('finds the exponent %d of a power law', (exponent) => {
    const points = sizes.map((size) => ({ size, value: 3 * Math.exp(exponent * Math.log(size)) }))
    expect(fitExponent(points)).toBeCloseTo(exponent, 10)
  })

  test('n log n from 1,000 to 150,000 is steeper than 1 and at most 1.11', () => {
    const exponent = fitExponent([1000, 5000, 30_000, 150_000].map((size) => ({ size, value: size * Math.log(size) })))!
    expect(exponent).toBeGreaterThan(1.05)
    expect(exponent).toBeLessThan(1.112)
  })

  test('needs two sizes, and values above 0', () => {
    expect(fitExponent([{ size: 5, value: 1 }])).toBeNull()
    expect(
      fitExponent([
        { size: 5, value: 1 },
        { size: 6, value: 0 },
      ]),
    ).toBeNull()
  })

  test('takes the curves that have sizes enough', () => {
    const rows = [10, 100, 1000, 10_000].map((size) =>
      rowOf({ question: 'hold', variant: 'radix wheel', size, unit: 'ns', samples: [size], checksum: null }),
    )
    expect(growthOf('event-queue', rows)).toMatchObject([{ variant: 'radix wheel', exponent: expect.closeTo(1, 9) }])
    expect(growthOf('event-queue', rows.slice(1))).toEqual([])
  })
})
