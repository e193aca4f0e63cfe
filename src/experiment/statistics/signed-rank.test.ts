import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { signedRank } from './signed-rank.ts'

/** Every one of the 2^n ways to throw signs, and ranks by counting what is smaller and what is equal. */
function byEnumeration(differences: readonly number[]): { positive: number; pGreater: number; pLess: number } {
  const sizes = differences.filter((difference) => difference !== 0)
  const ranks = sizes.map((one) => {
    const smaller = sizes.filter((other) => Math.abs(other) < Math.abs(one)).length
    const equal = sizes.filter((other) => Math.abs(other) === Math.abs(one)).length
    return smaller + (equal + 1) / 2
  })
  const positive = ranks.reduce((sum, rank, place) => (sizes[place]! > 0 ? sum + rank : sum), 0)
  let [above, below] = [0, 0]
  for (let signs = 0; signs < 1 << sizes.length; signs++) {
    const sum = ranks.reduce((total, rank, place) => ((signs >> place) & 1 ? total + rank : total), 0)
    if (sum >= positive) above++
    if (sum <= positive) below++
  }
  return { positive, pGreater: above / (1 << sizes.length), pLess: below / (1 << sizes.length) }
}

describe('the signed-rank test', () => {
  // Recorded from SciPy 1.17.1, wilcoxon(method='exact'). The first are C. Darwin's 15 pairs of cross- and self-fertilised maize.
  test.each([
    [[6, 8, 14, 16, 23, 24, 28, 29, 41, -48, 49, 56, 60, -67, 75], 96, 0.041259765625, 0.0206298828125, 0.982330322265625],
    [[0.5, -1.2, 2.3, 3.1, -0.7, 4.4, 1.9, 2.2], 31, 0.078125, 0.0390625, 0.97265625],
  ])('is exact: %j', (differences, positive, pTwoSided, pGreater, pLess) => {
    expect(signedRank(differences)).toEqual({ count: differences.length, positive, pGreater, pLess, pTwoSided, exact: true })
  })

  test('is what counting out all signs gives, with ties and zeros', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -4, max: 4 }), { maxLength: 11 }), (differences) => {
        const { positive, pGreater, pLess } = signedRank(differences)
        expect({ positive, pGreater, pLess }).toEqual(byEnumeration(differences))
      }),
    )
  })

  test('cannot fall below 2 in 2^n: five pairs never reach 5 %, six do', () => {
    expect(signedRank([1, 2, 3, 4, 5]).pTwoSided).toBe(2 / 32)
    expect(signedRank([-1, -2, -3, -4, -5, -6]).pTwoSided).toBe(2 / 64)
  })

  test('says nothing of pairs without any difference', () => {
    expect(signedRank([0, 0, 0])).toMatchObject({ count: 0, pTwoSided: 1, pGreater: 1, pLess: 1 })
  })

  test('above fifty pairs the distribution of ranks is taken for normal, corrected for its steps', () => {
    // wilcoxon(method='asymptotic', correction=True) of the same 60 numbers: 0.6089089992671246, 0.3044544996335623, 0.6981171927047168.
    const sixty = [
      -0.5019, -1.0244, 0.0516, 0.7204, 1.436, 0.4097, -0.2526, -0.4848, 1.0487, 1.9348, 0.5728, -0.9333, -0.6583, 1.9, 0.5029, -1.4321,
      0.2163, -0.8632, -0.3293, -0.188, -0.4133, 0.8534, 0.2369, -0.2894, 0.7096, 1.1299, -1.343, 0.0433, -0.6807, 0.1268, -0.9894, 0.3207,
      0.2621, -0.0043, -0.7479, -0.0962, -0.7913, -1.0552, 0.5248, -0.8093, 1.4703, 1.0166, -1.6978, 0.5721, -0.8017, 0.3331, 0.3436,
      -1.6884, 0.0666, 0.0442, 1.262, -0.8814, 1.038, -0.799, -0.0313, -0.5405, 1.7487, 0.8682, 2.7317, 0.9419,
    ]
    const { exact, pTwoSided, pGreater, pLess } = signedRank(sixty)
    expect(exact).toBe(false)
    expect(pTwoSided).toBeCloseTo(0.6089089992671246, 12)
    expect(pGreater).toBeCloseTo(0.3044544996335623, 12)
    expect(pLess).toBeCloseTo(0.6981171927047168, 12)
  })
})
