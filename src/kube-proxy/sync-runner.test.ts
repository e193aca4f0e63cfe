import { describe, expect, test } from 'vitest'
import { MILLISECOND, SECOND } from '../units.ts'
import { syncRunner } from './sync-runner.ts'

/** Starts of syncs that are always wanted, each taking 100 ms, in ms. */
function starts(version: 33 | 34, minSyncPeriod: number, count: number): number[] {
  const runner = syncRunner(version, minSyncPeriod)
  const times: number[] = []
  let now = 10 * SECOND
  for (let i = 0; i < count; i++) {
    now = runner.earliest(now)
    times.push(now / MILLISECOND - 10_000)
    runner.started(now)
    now += 100 * MILLISECOND
    runner.ended(now)
  }
  return times
}

describe('when the next sync may start', () => {
  test('from 1.34 on: a second after the END of the last one', () => {
    expect(starts(34, SECOND, 4)).toEqual([0, 1100, 2200, 3300])
  })

  test('up to 1.33: two at once, then a second after the end of the last one, which leaves a token now and then', () => {
    expect(starts(33, SECOND, 4)).toEqual([0, 100, 1200, 2300])
  })

  test('up to 1.33 after a rest: two at once again', () => {
    const runner = syncRunner(33, SECOND)
    for (const at of [0, 1, 2]) {
      runner.started(at * SECOND)
      runner.ended(at * SECOND)
    }
    const after = 60 * SECOND
    runner.started(after)
    runner.ended(after)
    expect(runner.earliest(after)).toBe(after)
  })

  test.each([33, 34] as const)('without a period (ipvs) at once, 1.%d', (version) => {
    expect(starts(version, 0, 3)).toEqual([0, 100, 200])
  })
})
