import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { TIMEOUT } from '../../metrics/failure-cause.ts'
import { Choice, FAILED, NAMED, reasonsOf, SLOWEST, SPREAD } from './choice.ts'

describe('a choice of requests', () => {
  test('takes the first of each of so many equal spans of time', () => {
    const choice = new Choice({ from: 100, until: 200, count: 4 })
    const taken = [90, 99, 100, 101, 124, 125, 126, 180, 199, 200, 240].filter((at) => choice.begins(at) === SPREAD)
    expect(taken).toEqual([100, 125, 180])
  })

  /** A sort is the model. Of equals the earlier stays. */
  test('keeps the slowest', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20), { maxLength: 60 }), fc.integer({ min: 1, max: 6 }), (latencies, count) => {
        const choice = new Choice({ from: 0, until: 1000, count })
        const kept = new Set<number>()
        for (const [span, latency] of latencies.entries()) {
          if (!choice.isSlow(span, latency)) continue
          kept.add(span)
          const out = choice.keepSlow(span, latency)
          if (out >= 0) kept.delete(out)
        }
        const wanted = latencies.map((latency, span) => ({ latency, span })).sort((a, b) => b.latency - a.latency || a.span - b.span)
        expect([...kept].sort((a, b) => a - b)).toEqual(
          wanted
            .slice(0, count)
            .map(({ span }) => span)
            .sort((a, b) => a - b),
        )
      }),
    )
  })

  test('keeps the first of each cause, of those that were to be sent in its time', () => {
    const choice = new Choice({ from: 100, until: 200, count: 2 })
    expect([99, 100, 150, 160].map((at) => choice.keepsFailure(at, TIMEOUT))).toEqual([false, true, true, false])
    expect(choice.keepsFailure(170, TIMEOUT + 1)).toBe(true)
    expect(choice.keepsFailure(200, TIMEOUT + 1)).toBe(false)
    expect([choice.isSlow(99, 5), choice.isSlow(100, 5), choice.isSlow(200, 5)]).toEqual([false, true, false])
  })

  test('of none keeps none', () => {
    const choice = new Choice({ from: 0, until: 100, count: 0 })
    expect([choice.begins(1), choice.isSlow(1, 9), choice.keepsFailure(1, TIMEOUT)]).toEqual([0, false, false])
  })

  test('says why', () => {
    expect(reasonsOf(SPREAD | FAILED)).toBe('spread failed')
    expect(reasonsOf(NAMED | SLOWEST)).toBe('named slowest')
  })
})
