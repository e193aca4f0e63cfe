import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { holm } from './holm.ts'

/** The definition, slowly: the largest (m − j + 1) · p₍ⱼ₎ up to its own place. */
function slowly(ps: readonly number[]): number[] {
  return ps.map((p, index) => {
    const smaller = ps.map((other, place) => ({ other, place })).filter(({ other, place }) => other < p || (other === p && place <= index))
    return Math.min(
      1,
      Math.max(...smaller.map(({ other, place }) => other * ps.filter((q, at) => q > other || (q === other && at >= place)).length)),
    )
  })
}

describe('the correction of Holm', () => {
  // R: p.adjust(c(0.01, 0.02, 0.03, 0.04, 0.05), "holm").
  test.each([
    [
      [0.01, 0.02, 0.03, 0.04, 0.05],
      [0.05, 0.08, 0.09, 0.09, 0.09],
    ],
    [
      [0.04, 0.001, 0.6],
      [0.08, 0.003, 0.6],
    ],
    [[0.3], [0.3]],
    [[], []],
  ])('of %j', (ps, corrected) => {
    expect(holm(ps).map((p) => Number(p.toFixed(12)))).toEqual(corrected)
  })

  test('is its definition, keeps the order and never lowers a p', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.integer({ min: 0, max: 20 }).map((part) => part / 20),
          { maxLength: 12 },
        ),
        (ps) => {
          const corrected = holm(ps)
          expect(corrected).toEqual(slowly(ps))
          for (const [index, p] of ps.entries()) expect(corrected[index]).toBeGreaterThanOrEqual(p)
        },
      ),
    )
  })
})
