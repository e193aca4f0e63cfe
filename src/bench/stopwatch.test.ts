import { expect, test } from 'vitest'
import { compareInTurns, median, nsInRounds, nsPerOperation } from './stopwatch.ts'

test('the median is the middle, or between the two middle ones, and sorts numbers as numbers', () => {
  expect(median([100, 9, 20])).toBe(20)
  expect(median([4, 1, 3, 2])).toBe(2.5)
  expect(() => median([])).toThrow('a median is of one value at least')
})

const work = (operations: number): number => {
  let sum = 0
  for (let operation = 0; operation < operations * 20; operation += 1) sum = (Math.imul(sum, 31) + operation) | 0
  return sum
}

test('asks for so many operations at a time that a sample takes 10 µs at least', () => {
  const asked: number[] = []
  const run = (operations: number): number => {
    asked.push(operations)
    return work(operations)
  }
  const ns = nsPerOperation(run, { warmUpMs: 20, measureMs: 5, turns: 1, steadyMs: 0 })
  expect(ns).toBeGreaterThan(0)
  expect(ns * asked.at(-1)!).toBeGreaterThan(10_000)
})

test('ends with work that takes no longer for more operations', () => {
  expect(nsPerOperation(() => 1, { warmUpMs: 0, measureMs: 0, turns: 1, steadyMs: 0 })).toBeLessThan(1)
})

test('measures both sides in every turn, the other one first in every second', () => {
  const order: string[] = []
  const side = (name: string) => (operations: number) => {
    if (order.at(-1) !== name) order.push(name)
    return work(operations)
  }
  const { ratio } = compareInTurns(side('a'), side('b'), { warmUpMs: 0, measureMs: 0, turns: 3, steadyMs: 0 })
  // Once each for the size of the batch, then a b, b a, a b; the same name twice in a row is told once.
  expect(order.join(' ')).toBe('a b a b a b')
  expect(ratio).toBeGreaterThan(0)
})

test('tells dear work from cheap in rounds, each in its place', () => {
  const [cheap, dear, cheapAgain] = nsInRounds([work, (operations) => work(operations * 50), work], {
    warmUpMs: 0,
    measureMs: 0,
    turns: 1,
    steadyMs: 30,
  })
  // 50 times the work; no time is judged closer than that.
  expect(dear! / cheap!).toBeGreaterThan(5)
  expect(dear! / cheapAgain!).toBeGreaterThan(5)
})
