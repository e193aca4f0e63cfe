import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LANGUAGES } from '../../language/index.ts'
import { tableFrom } from '../sample-tables.fixture.ts'
import { milliseconds, percent, short, timeLabel } from './format.ts'
import { binOf, binsOf, edges, MinMeanMax } from './intervals.ts'
import { markName, marksOf, placeMarks } from './marks.ts'
import { apart, rowsFor } from './placing.ts'
import { between, fromZero, logarithmic, shareOf } from './scale.ts'

const positive = fc.double({ min: 1e-6, max: 1e9, noNaN: true })

describe('scales', () => {
  test.each([
    [7, [0, 2, 4, 6, 8]],
    [1, [0, 0.5, 1]],
    [0, [0, 0.5, 1]],
    [0.3, [0, 0.1, 0.2, 0.3]],
    [1000, [0, 500, 1000]],
  ])('from zero to %d', (most, ticks) => {
    expect(fromZero(most).ticks).toEqual(ticks)
  })

  test('hold what they are made for, between their ticks', () => {
    fc.assert(
      fc.property(positive, positive, (a, b) => {
        const [least, most] = [Math.min(a, b), Math.max(a, b)]
        for (const scale of [fromZero(most), logarithmic(least, most)]) {
          expect(shareOf(scale, most)).toBeLessThanOrEqual(1 + 1e-9)
          expect(scale.ticks[0]).toBe(scale.min)
          expect(scale.ticks.length).toBeLessThanOrEqual(12)
          expect(scale.ticks).toEqual(scale.ticks.toSorted((x, y) => x - y))
        }
        expect(shareOf(logarithmic(least, most), least)).toBeGreaterThanOrEqual(-1e-9)
      }),
    )
  })

  test('logarithmic: half way is the root of the product', () => {
    const scale = logarithmic(1, 10_000)
    expect([scale.min, scale.max, shareOf(scale, 100)]).toEqual([1, 10_000, 0.5])
  })

  test('between two values: ticks are round, and within', () => {
    expect(between(3, 47, 5)).toEqual({ type: 'value', min: 3, max: 47, ticks: [10, 20, 30, 40] })
    expect(between(0, 600, 10, [1, 60]).ticks).toEqual([0, 60, 120, 180, 240, 300, 360, 420, 480, 540, 600])
  })
})

test('figures have the unit that suits them, and nothing that is not zero looks like it', () => {
  expect([0, 0.0005, 0.25, 63.4, 999.6, 1500, 3_600_000].map(milliseconds)).toEqual([
    '0 ms',
    '500 ns',
    '250 µs',
    '63.4 ms',
    '1 s',
    '1.5 s',
    '60 min',
  ])
  expect([0, 0.00001, 0.0012, 0.5, 0.999999, 1].map(percent)).toEqual(['0%', '<0.01%', '0.12%', '50%', '>99.99%', '100%'])
  expect([0.001234, 1.5, 12.34, 99.96, 12_345].map(short)).toEqual(['0.0012', '1.5', '12.3', '100', '12,345'])
  expect([timeLabel(600)(90), timeLabel(601)(90), timeLabel(86_400)(5400)]).toEqual(['90 s', '1.5 min', '1.5 h'])
})

describe('intervals', () => {
  test('5,000 are 715 bins, with the smallest, the mean by weight and the largest of seven each', () => {
    const starts = Float64Array.from({ length: 5000 }, (_, index) => index)
    const bins = binsOf(starts, new Float64Array(5000).fill(1), starts.keys(), 800)!
    expect(bins).toMatchObject({ count: 715, together: 7, width: 7, from: 0, to: 5000 })
    const values = new MinMeanMax(bins.count)
    for (const start of starts) values.add(binOf(bins, start, 1), start, 1 + (start % 7))
    for (let index = 0; index < bins.count; index++) {
      const own = [...starts].filter((start) => Math.floor(start / 7) === index)
      const weights = own.map((start) => 1 + (start % 7))
      const sum = weights.reduce((a, b) => a + b, 0)
      expect(values.min[index]).toBe(own[0])
      expect(values.max[index]).toBe(own.at(-1))
      expect(values.mean[index]).toBeCloseTo(own.reduce((total, start, at) => total + start * weights[at]!, 0) / sum, 9)
    }
    expect(edges(bins, 714)).toEqual({ start: 4998, end: 5000, middle: 4999 })
  })

  test('a first one that is shorter is a bin of its own, so that all others begin where the table has them', () => {
    const bins = binsOf(Float64Array.of(0, 0.5, 1.5), Float64Array.of(0.5, 1, 1), [0, 1, 2], 100)!
    expect([0, 1, 2].map((index) => edges(bins, index))).toMatchObject([
      { start: 0, end: 0.5 },
      { start: 0.5, end: 1.5 },
      { start: 1.5, end: 2.5 },
    ])
    expect([binOf(bins, 0, 0.5), binOf(bins, 0.5, 1), binOf(bins, 1.5, 1)]).toEqual([0, 1, 2])
  })

  test('nothing gives none, and what is NaN or has no weight does not count', () => {
    expect(binsOf(new Float64Array(), new Float64Array(), [], 10)).toBeNull()
    const values = new MinMeanMax(1)
    values.add(0, Number.NaN, 1)
    values.add(0, 5, 0)
    expect([values.min[0], values.mean[0]]).toEqual([Number.NaN, Number.NaN])
  })
})

describe('placing', () => {
  test('labels are apart, in the order of their wishes, and between top and bottom where they fit', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 300, noNaN: true }), { minLength: 1, maxLength: 15 }), (wished) => {
        const places = apart(wished, { gap: 16, top: 0, bottom: 300 })
        const order = wished.map((_, index) => index).sort((a, b) => wished[a]! - wished[b]! || a - b)
        for (let index = 1; index < order.length; index++)
          expect(places[order[index]!]! - places[order[index - 1]!]!).toBeGreaterThanOrEqual(16 - 1e-6)
        expect(Math.min(...places)).toBeGreaterThanOrEqual(-1e-6)
        expect(Math.max(...places)).toBeLessThanOrEqual(300 + 1e-6)
      }),
    )
  })

  test('what has room stays where it wants to be, and two that want the same place share the way', () => {
    expect(apart([100, 10, 50], { gap: 16, top: 0, bottom: 300 })).toEqual([100, 10, 50])
    expect(apart([50, 50], { gap: 16, top: 0, bottom: 300 })).toEqual([42, 58])
  })

  test('labels in a row do not touch; one for which there is no row has none', () => {
    const label = { start: 0, width: 50 }
    expect(rowsFor([label, label, label, { start: 61, width: 5 }], 2, 10)).toEqual([0, 1, null, 0])
  })
})

describe('marks', () => {
  const table = tableFrom(
    'events',
    ['variant', 'started_s', 'ended_s', 'kind', 'name', 'outcome', 'detail'],
    [
      ['a', 0, 0.3, 'command', 'apply of the manifests', 'done', ''],
      ['a', 0.2, 3, 'rollout', 'Deployment/shop/web', 'done', 'created'],
      ['a', 8, 8.1, 'command', 'kubectl set image deployment/web', 'done', ''],
      ['a', 8.1, 11, 'rollout', 'Deployment/shop/web', 'done', 'new template'],
      ['b', 8.2, 12, 'rollout', 'Deployment/shop/web', 'done', 'new template'],
      ['a', 14, '', 'fault', 'node-crash worker-2 for 1m', 'took effect', ''],
      ['a', 15, 16, 'fault', 'node-crash worker-9 for 1s', 'no effect', ''],
      ['a', 20, 20, 'command', 'kubectl scale deployment/web', 'done', ''],
    ],
  )
  const tables = new Map([['events' as const, table]])

  test('are what happened, without what began the run, had no effect, or has led to a rollout', () => {
    const found = marksOf(tables, ['a'])
    expect(found.map((mark) => [markName(mark, LANGUAGES.en.charts), mark.start, mark.end])).toEqual([
      ['rollout of web', 8.1, 11],
      ['node-crash worker-2', 14, Number.POSITIVE_INFINITY],
      ['scale deployment/web', 20, 20],
    ])
  })

  test('of several variants are one from the first start to the last end', () => {
    expect(marksOf(tables, ['a', 'b'])[0]).toMatchObject({ start: 8.1, end: 12 })
    expect(marksOf(new Map(), ['a'])).toEqual([])
  })

  test('that are not in the picture have no label, and others take as many rows as they need', () => {
    const { labels, rows } = placeMarks(marksOf(tables, ['a']), { x: 0, width: 160 }, between(0, 18, 5), LANGUAGES.en.charts)
    expect(labels.map(({ text, row }) => [text, row])).toEqual([
      ['node-crash worker-2', 0],
      ['rollout of web', 1],
    ])
    expect(rows).toBe(2)
  })
})
