import { expect, test } from 'vitest'
import { compareInTurns, median, nsInRounds, nsPerOperation } from './stopwatch.ts'

test('the median is the middle, or between the two middle ones, and sorts numbers as numbers', () => {
  expect(median([100, 9, 20])).toBe(20)
  expect(median([4, 1, 3, 2])).toBe(2.5)
  expect(() => median([])).toThrow('a median is of one value at least')
})

/** A clock that only work moves, and work that takes so many ns an operation of it. */
function machine() {
  let ms = 0
  return {
    clock: () => ms,
    work: (ns: number) => (operations: number) => {
      ms += (operations * ns) / 1e6
      return operations
    },
  }
}

test('asks for so many operations at a time that a sample takes 20 µs, and tells what each takes', () => {
  const { clock, work } = machine()
  const asked: number[] = []
  const run = (operations: number): number => {
    asked.push(operations)
    return work(40)(operations)
  }
  expect(nsPerOperation(run, { warmUpMs: 1, measureMs: 5, turns: 1, steadyMs: 0 }, clock)).toBeCloseTo(40, 6)
  // 4 times a power of two, at 40 ns each: 512 take 20.5 µs.
  expect(asked.at(-1)).toBe(512)
  expect(asked.filter((operations) => operations === 512).length).toBeGreaterThan(5e6 / 20_480)
})

test('ends with work that takes no longer for more operations', () => {
  expect(nsPerOperation(() => 1, { warmUpMs: 0, measureMs: 0, turns: 1, steadyMs: 0 })).toBeLessThan(1)
})

test('measures both sides in every turn, the other one first in every second', () => {
  const { clock, work } = machine()
  const order: string[] = []
  const side = (name: string, ns: number) => (operations: number) => {
    if (order.at(-1) !== name) order.push(name)
    return work(ns)(operations)
  }
  const { ratio } = compareInTurns(side('a', 90), side('b', 30), { warmUpMs: 0, measureMs: 0, turns: 3, steadyMs: 0 }, clock)
  // Once each for the size of the batch, then a b, b a, a b; the same name twice in a row is told once.
  expect(order.join(' ')).toBe('a b a b a b')
  expect(ratio).toBeCloseTo(3, 6)
})

test('tells dear work from cheap in rounds, each in its place', () => {
  const { clock, work } = machine()
  const [cheap, dear, cheapAgain] = nsInRounds(
    [work(20), work(1000), work(20)],
    { warmUpMs: 0, measureMs: 0, turns: 1, steadyMs: 30 },
    clock,
  )
  expect(cheap).toBeCloseTo(20, 6)
  expect(dear).toBeCloseTo(1000, 6)
  expect(cheapAgain).toBeCloseTo(20, 6)
})
