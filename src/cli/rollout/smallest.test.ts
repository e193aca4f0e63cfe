import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { smallest } from './smallest.ts'

async function search(limit: number, holds: (value: number) => boolean) {
  const asked: number[] = []
  const value = await smallest(limit, async (candidate) => {
    asked.push(candidate)
    return holds(candidate)
  })
  return { value, asked }
}

describe('the smallest value that holds', () => {
  test('is found wherever it is, as trying one after the other finds it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 70 }), fc.integer({ min: 1, max: 60 }), async (threshold, limit) => {
        const { value } = await search(limit, (candidate) => candidate >= threshold)
        expect(value).toBe(threshold <= limit ? threshold : null)
      }),
    )
  })

  test('was asked for itself, and so were its neighbours', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 58 }), async (threshold) => {
        const { asked } = await search(60, (candidate) => candidate >= threshold)
        expect(asked).toEqual(expect.arrayContaining([threshold - 1, threshold, threshold + 1]))
      }),
    )
  })

  test('never is above the limit, which is asked for last', async () => {
    const { value, asked } = await search(10, () => false)
    expect(value).toBeNull()
    expect(asked).toEqual([0, 1, 3, 7, 10])
  })

  test('is no value whose successor does not hold: a lucky one is passed over', async () => {
    const { value } = await search(60, (candidate) => candidate === 1 || candidate >= 9)
    expect(value).toBe(9)
  })
})
