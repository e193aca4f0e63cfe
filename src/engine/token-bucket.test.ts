import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MILLISECOND, MINUTE, SECOND } from '../units.ts'
import type { Wait } from './process.ts'
import { Simulation } from './simulation.ts'
import { TokenBucket } from './token-bucket.ts'

test('gives the burst at once, then one token every 1 / rate, ahead of time', () => {
  const sim = new Simulation({ seed: '0' })
  const bucket = new TokenBucket(sim, { ratePerSecond: 20, burst: 3 })
  const delays = () => Array.from({ length: 5 }, () => bucket.reserve() / MILLISECOND)
  expect(delays()).toEqual([0, 0, 0, 50, 100])
  sim.run(30 * MILLISECOND)
  expect(bucket.reserve() / MILLISECOND).toBe(120)
  // full again when the 6 tokens are refilled, 300 ms after the start, and never more than full
  sim.run(299 * MILLISECOND)
  expect(delays()).toEqual([0, 0, 1, 51, 101])
  sim.run(MINUTE)
  expect(delays()).toEqual([0, 0, 0, 50, 100])
})

test('never drifts: the millionth token of a rate that does not divide a second is due to the nanosecond', () => {
  const sim = new Simulation({ seed: '0' })
  const bucket = new TokenBucket(sim, { ratePerSecond: 30, burst: 1 })
  let last = 0
  for (let i = 0; i <= 1_000_000; i++) {
    last = bucket.reserve()
    if (i % 1000 === 0) sim.run(sim.now + last - (last % 1000))
  }
  expect(sim.now + bucket.reserve()).toBe(Math.ceil((1_000_001 * SECOND) / 30))
  expect(last).toBeGreaterThanOrEqual(0)
})

test('lets through at most burst + rate * t in any t, and as much as that when asked without pause', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 50 }),
      fc.integer({ min: 1, max: 20 }),
      fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 100 }),
      (ratePerSecond, burst, pauses) => {
        const sim = new Simulation({ seed: '0' })
        const bucket = new TokenBucket(sim, { ratePerSecond, burst })
        // the reference: a balance refilled at every ask, in tokens
        let balance = burst
        let before = 0
        const due: number[] = []
        for (const pause of pauses) {
          sim.run(sim.now + pause * MILLISECOND)
          balance = Math.min(burst, balance + ((sim.now - before) * ratePerSecond) / SECOND) - 1
          before = sim.now
          const delay = bucket.reserve()
          expect(Math.abs(delay - Math.max(0, (-balance * SECOND) / ratePerSecond))).toBeLessThan(2)
          due.push(sim.now + delay)
        }
        for (let from = 0; from + burst < due.length; from++) {
          const span = due[from + burst]! - due[from]!
          expect(span).toBeGreaterThan(SECOND / ratePerSecond - 2)
        }
      },
    ),
    { seed: 5 },
  )
})

test('takers are served in the order of asking and learn how long they waited', () => {
  const sim = new Simulation({ seed: '0' })
  const bucket = new TokenBucket(sim, { ratePerSecond: 5, burst: 2 })
  const log: string[] = []
  function* taker(name: string): Generator<Wait, void, unknown> {
    const waited = yield* bucket.take()
    log.push(`${name} at ${sim.now / MILLISECOND} after ${waited / MILLISECOND}`)
  }
  for (const name of ['a', 'b', 'c', 'd']) sim.spawn(taker(name))
  sim.run(100 * MILLISECOND)
  sim.spawn(taker('e'))
  sim.run(MINUTE)
  expect(log).toEqual(['a at 0 after 0', 'b at 0 after 0', 'c at 200 after 200', 'd at 400 after 400', 'e at 600 after 500'])
})

test('keeps its rate in the long run', () => {
  const sim = new Simulation({ seed: '0' })
  const bucket = new TokenBucket(sim, { ratePerSecond: 100, burst: 25 })
  let taken = 0
  function* greedy(): Generator<Wait, void, unknown> {
    for (;;) {
      yield* bucket.take()
      taken++
    }
  }
  for (let i = 0; i < 3; i++) sim.spawn(greedy())
  sim.run(100 * SECOND)
  expect(taken).toBe(25 + 100 * 100)
})
