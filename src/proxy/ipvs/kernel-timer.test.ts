import { expect, test } from 'vitest'
import { timerLevel } from './kernel-timer.ts'

test.each([
  [0, 0],
  [62, 0],
  [63, 1],
  [63 * 8 - 1, 1],
  [63 * 8, 2],
  [63 * 64, 3],
  [Number.MAX_SAFE_INTEGER, 8],
])('a timer of %d ticks is kept on level %d', (ticks, level) => {
  expect(timerLevel(ticks)).toBe(level)
})
