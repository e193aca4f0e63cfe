import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ReseedableStream } from '../../engine/random-stream.ts'
import { MILLISECOND, SECOND } from '../../units.ts'
import { DECAY } from './ewma.ts'
import { type BalancerParts, NO_ENDPOINT, sharedRings, UPSTREAM_BALANCERS } from './index.ts'

function parts(seed = 1): BalancerParts {
  const stream = new ReseedableStream(seed)
  const nameOf = (endpoint: number) => `10.0.0.${endpoint}:80`
  return { below: (n) => stream.below(n), latencies: new Map(), nameOf, ring: sharedRings(nameOf) }
}

describe('round_robin', () => {
  const sizes = fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 6 })

  test('goes through all endpoints in turns from wherever it starts, and begins anew when they change', () => {
    fc.assert(
      fc.property(sizes, fc.integer(), (counts, seed) => {
        const balancer = UPSTREAM_BALANCERS.round_robin([], parts(seed))
        for (const count of counts) {
          const endpoints = Array.from({ length: count }, (_, index) => 10 * count + index)
          balancer.sync(endpoints, 0)
          const picks = Array.from({ length: 3 * count }, () => balancer.pick([], 0))
          // The slow model: some rotation of the list, three times over.
          const start = endpoints.indexOf(picks[0] ?? NO_ENDPOINT)
          const rotated = [...endpoints.slice(start), ...endpoints.slice(0, start)]
          expect(picks).toEqual(count === 0 ? [] : [...rotated, ...rotated, ...rotated])
          if (count === 0) expect(balancer.pick([], 0)).toBe(NO_ENDPOINT)
        }
      }),
    )
  })

  test('goes on where it was when it is told the same endpoints again', () => {
    const balancer = UPSTREAM_BALANCERS.round_robin([1, 2, 3], parts())
    const first = balancer.pick([], 0)
    balancer.sync([1, 2, 3], 0)
    expect(balancer.pick([], 0)).toBe((first % 3) + 1)
  })

  test('starts at any endpoint, each as likely', () => {
    const shared = parts(7)
    const starts = [0, 0, 0, 0]
    for (let worker = 0; worker < 4000; worker++) starts[UPSTREAM_BALANCERS.round_robin([0, 1, 2, 3], shared).pick([], 0)]!++
    // Binomial with n = 4000, p = 1/4: mean 1000, standard deviation 27; 5 of them are 137.
    for (const count of starts) expect(Math.abs(count - 1000)).toBeLessThan(137)
  })
})

describe('ewma', () => {
  test('is the moving average that a sum over all answers gives', () => {
    const answers = fc.array(fc.record({ gap: fc.integer({ min: 0, max: 30 }), rtt: fc.integer({ min: 1, max: 1000 }) }), {
      minLength: 1,
      maxLength: 20,
    })
    fc.assert(
      fc.property(answers, (given) => {
        const shared = parts()
        const balancer = UPSTREAM_BALANCERS.ewma([1, 2], shared)
        let now = 0
        const times = given.map(({ gap }) => {
          now += gap * SECOND
          return now
        })
        for (const [index, { rtt }] of given.entries()) balancer.finished(1, rtt * MILLISECOND, times[index]!)
        // The first counts in full; each later one with 1 - exp(-gap / 10 s); and all fade by exp(-t / 10 s) afterwards.
        let slow = 0
        for (const [index, { rtt, gap }] of given.entries()) {
          const share = index === 0 ? 1 : 1 - Math.exp((-gap * SECOND) / DECAY)
          slow += rtt * MILLISECOND * share * Math.exp(-(now - times[index]!) / DECAY)
        }
        expect(shared.latencies.get(1)!.ewma).toBeCloseTo(slow, 0)
      }),
    )
  })

  test('takes the one of two that has been faster, and the slower one again after long silence', () => {
    const balancer = UPSTREAM_BALANCERS.ewma([1, 2], parts())
    balancer.finished(1, 100 * MILLISECOND, 0)
    balancer.finished(2, 10 * MILLISECOND, 0)
    expect(balancer.pick([], 0)).toBe(2)
    // 100 ms fade to 10 ms in 10 s × ln 10 = 23.03 s, while the other one stays at 10 ms.
    balancer.finished(2, 10 * MILLISECOND, 23 * SECOND)
    expect(balancer.pick([], 23 * SECOND)).toBe(2)
    balancer.finished(2, 10 * MILLISECOND, 24 * SECOND)
    expect(balancer.pick([], 24 * SECOND)).toBe(1)
  })

  test('avoids a slow endpoint among ten, which round robin does not', () => {
    const endpoints = Array.from({ length: 10 }, (_, index) => index)
    const slowShare = (name: 'ewma' | 'round_robin'): number => {
      const balancer = UPSTREAM_BALANCERS[name](endpoints, parts(3))
      let slow = 0
      for (let n = 0; n < 10_000; n++) {
        const now = n * 10 * MILLISECOND
        const endpoint = balancer.pick([], now)
        if (endpoint === 0) slow++
        balancer.finished(endpoint, (endpoint === 0 ? 200 : 10) * MILLISECOND, now)
      }
      return slow / 10_000
    }
    expect(slowShare('round_robin')).toBe(0.1)
    // It is drawn in 1 of 5 pairs and is the better one only when it has been silent for 10 s × ln 20 = 30 s of the 100 s.
    expect(slowShare('ewma')).toBeLessThan(0.005)
  })

  test('does not try again what the request has tried, as long as there is another', () => {
    const balancer = UPSTREAM_BALANCERS.ewma([1, 2, 3], parts())
    balancer.finished(1, 1 * MILLISECOND, 0)
    balancer.finished(2, 2 * MILLISECOND, 0)
    balancer.finished(3, 3 * MILLISECOND, 0)
    for (let n = 0; n < 20; n++) expect(balancer.pick([1], 0)).toBe(2)
    expect(balancer.pick([1, 2], 0)).toBe(3)
    expect([1, 2]).toContain(balancer.pick([1, 2, 3], 0))
  })

  test('gives a new endpoint the mean of the others, and forgets one that goes', () => {
    const shared = parts()
    const balancer = UPSTREAM_BALANCERS.ewma([1, 2], shared)
    balancer.finished(1, 10 * MILLISECOND, 0)
    balancer.finished(2, 30 * MILLISECOND, 0)
    balancer.sync([1, 2, 3], SECOND)
    expect(shared.latencies.get(3)).toEqual({ ewma: 20 * MILLISECOND, touchedAt: SECOND })
    balancer.sync([1, 3], SECOND)
    expect(shared.latencies.has(2)).toBe(false)
    expect(UPSTREAM_BALANCERS.ewma([], shared).pick([], 0)).toBe(NO_ENDPOINT)
  })
})
