/** The wheel against a list of (tick, timer) kept in order. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MILLISECOND, type Nanos, SECOND } from '../../units.ts'
import { firingTick, TICK, tickAt } from './kernel-timer.ts'
import { TimerWheel } from './timer-wheel.ts'

describe('firingTick', () => {
  test.each([
    // Below 63 ticks (252 ms): the next tick after the time is up.
    [0, 0, 1],
    [0, 4 * MILLISECOND, 2],
    [5 * MILLISECOND, 40 * MILLISECOND, 12],
    // 1 s = 250 ticks: buckets of 8 ticks. (0 + 250) / 8 = 31.25, the next is 32.
    [0, SECOND, 256],
    // 10 s = 2,500 ticks: buckets of 64. 39.06 -> 40.
    [0, 10 * SECOND, 2560],
    // 120 s = 30,000 ticks: buckets of 512, about 2 s. 58.6 -> 59.
    [0, 120 * SECOND, 30_208],
    [10 * SECOND, 120 * SECOND, 32_768],
    // 900 s = 225,000 ticks: buckets of 4,096, about 16 s.
    [0, 900 * SECOND, 225_280],
  ])('a timer set at %i ns for %i ns fires at tick %i', (now, timeout, expected) => {
    expect(firingTick(now, timeout)).toBe(expected)
  })

  test('is never early, and late by at most a seventh of the time-out and a tick or two', () => {
    fc.assert(
      fc.property(fc.nat(1_000_000), fc.nat(20_000), (nowMs, timeoutMs) => {
        const due = nowMs * MILLISECOND + timeoutMs * MILLISECOND
        const fires = firingTick(nowMs * MILLISECOND, timeoutMs * MILLISECOND) * TICK
        expect(fires).toBeGreaterThan(due - TICK)
        expect(fires - due).toBeLessThanOrEqual((timeoutMs * MILLISECOND) / 7 + 2 * TICK)
      }),
    )
  })
})

test('fires what a sorted list would fire, in order of ticks, whatever is armed, set anew and disarmed', () => {
  const step = fc.record({
    timer: fc.nat(30),
    // From below a tick to half a day: all levels that matter.
    timeout: fc.oneof(fc.nat(50), fc.nat(5000), fc.nat(400_000), fc.nat(40_000_000)),
    wait: fc.oneof({ weight: 4, arbitrary: fc.nat(20) }, fc.nat(3000), fc.nat(3_000_000)),
    disarm: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120, size: 'max' }), (steps) => {
      const wheel = new TimerWheel(31)
      const model = new Map<number, number>()
      let now: Nanos = 0
      for (const { timer, timeout, wait, disarm } of steps) {
        if (disarm && timer % 3 === 0) {
          wheel.disarm(timer)
          model.delete(timer)
        } else {
          wheel.arm(timer, now, timeout * MILLISECOND)
          model.set(timer, firingTick(now, timeout * MILLISECOND))
        }
        now += wait * MILLISECOND
        const fired: [number, number][] = []
        wheel.fire(now, (expired, firedAt) => fired.push([firedAt / TICK, expired]))
        const expected = [...model].filter(([, tick]) => tick <= tickAt(now)).map(([expired, tick]): [number, number] => [tick, expired])
        for (const [, expired] of expected) model.delete(expired)
        expect(fired.map(([tick]) => tick)).toEqual(expected.map(([tick]) => tick).sort((a, b) => a - b))
        expect(fired.sort(byTickThenTimer)).toEqual(expected.sort(byTickThenTimer))
      }
    }),
    { numRuns: 200 },
  )
})

function byTickThenTimer(a: [number, number], b: [number, number]): number {
  return a[0] - b[0] || a[1] - b[1]
}

test('a timer set anew while it fires, fires again in the same call when its time has passed, too', () => {
  const wheel = new TimerWheel(1)
  const fired: number[] = []
  wheel.arm(0, 0, 10 * MILLISECOND)
  wheel.fire(SECOND, (timer, firedAt) => {
    fired.push(firedAt)
    if (fired.length < 3) wheel.arm(timer, firedAt, 10 * MILLISECOND)
  })
  // 10 ms are 3 ticks, rounded up; each firing is at the tick after: 4, 8, 12.
  expect(fired).toEqual([16 * MILLISECOND, 32 * MILLISECOND, 48 * MILLISECOND])
})
