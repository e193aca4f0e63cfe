import { expect, test } from 'vitest'
import { SECOND } from '../../units.ts'
import { RetryAfter } from './retry-after.ts'

function rejections(retryAfter: RetryAfter, from: number, to: number, perSecond: number): number[] {
  const seen: number[] = []
  for (let second = from; second < to; second++) {
    for (let i = 0; i < perSecond; i++) retryAfter.reject(second * SECOND)
    seen.push(retryAfter.seconds)
  }
  return seen
}

test('Retry-After is 1 while few are rejected', () => {
  expect(rejections(new RetryAfter(), 0, 10, 2)).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 1, 1])
})

test('many rejections double it, not sooner than it says after the last time, up to 32', () => {
  // Doubled in second 1 (to 2), two seconds later (to 4), four later (to 8): 10 a second are always over 3 for each of its seconds.
  expect(rejections(new RetryAfter(), 0, 8, 10)).toEqual([1, 2, 2, 4, 4, 4, 4, 8])
  expect(rejections(new RetryAfter(), 0, 100, 1000).at(-1)).toBe(32)
})

test('fewer rejections than its seconds take one off in each second', () => {
  const retryAfter = new RetryAfter()
  rejections(retryAfter, 0, 8, 10)
  expect(retryAfter.seconds).toBe(8)
  // 100 s later nothing of that counts: one rejection a second, of which the last 8 s hold at most 7.
  expect(rejections(retryAfter, 100, 104, 1)).toEqual([7, 6, 5, 4])
})
