import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { lastShown } from '../../experiment/comparison/last-shown.ts'
import { formatValue } from './values.ts'

const ranges = [
  ['milliseconds', 1e-5, 1e7],
  ['fraction', 1e-4, 0.9998],
  ['ratio', 0.02, 1e6],
  ['perSecond', 0.02, 1e6],
] as const

describe.each(ranges)('the last digit of %s that is shown', (unit, least, most) => {
  const values = fc.double({ min: Math.log(least), max: Math.log(most), noNaN: true }).map((log) => Math.exp(log))

  test('is another one where values differ by more than it, and the same or the next where they differ by less than half', () => {
    fc.assert(
      fc.property(values, (value) => {
        const last = lastShown(value, unit)
        expect(formatValue(value + 1.001 * last, unit)).not.toBe(formatValue(value, unit))
        const near = [-1, 0, 1].map((by) => formatValue(value + by * last, unit))
        expect(near).toContain(formatValue(value + 0.499 * last, unit))
      }),
      { numRuns: 2000 },
    )
  })
})
