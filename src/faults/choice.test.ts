import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { NamedStream } from '../engine/random-stream.ts'
import { choose, countOf } from './choice.ts'

describe('how many are chosen', () => {
  test.each([
    ['all', 7, 7],
    [3, 7, 3],
    [9, 7, 7],
    [{ share: 0.3 }, 7, 3],
    [{ share: 0.01 }, 7, 1],
    [{ share: 1 }, 7, 7],
    [{ share: 0.5 }, 0, 0],
  ] as const)('%j of %d: %d', (count, there, expected) => expect(countOf(count, there)).toBe(expected))
})

describe('a choice', () => {
  test('has as many as were asked for, each once, in their order', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 1, max: 14 }), fc.string(), (size, count, seed) => {
        const there = Array.from({ length: size }, (_, i) => i)
        const chosen = choose(there, count, new NamedStream(seed, 'x'))
        expect(chosen).toHaveLength(Math.min(size, count))
        expect(chosen.toSorted((a, b) => a - b)).toEqual(chosen)
        expect(new Set(chosen).size).toBe(chosen.length)
      }),
    )
  })

  // 10 pairs of 5, 20,000 draws: chi-square with 9 degrees of freedom is above 27.88 once in 1,000 times, and was fixed by the seed.
  test('takes each pair as often as the other', () => {
    const dice = new NamedStream('pairs', 'x')
    const counts = new Map<string, number>()
    for (let n = 0; n < 20_000; n++) {
      const pair = choose([1, 2, 3, 4, 5], 2, dice).join()
      counts.set(pair, (counts.get(pair) ?? 0) + 1)
    }
    expect(counts.size).toBe(10)
    const chiSquare = [...counts.values()].reduce((sum, count) => sum + ((count - 2000) * (count - 2000)) / 2000, 0)
    expect(chiSquare).toBeLessThan(27.88)
  })

  test('of all draws nothing', () => {
    const [dice, other] = [new NamedStream('s', 'x'), new NamedStream('s', 'x')]
    expect(choose([1, 2, 3], 'all', dice)).toEqual([1, 2, 3])
    expect(dice.uniform()).toBe(other.uniform())
  })
})
