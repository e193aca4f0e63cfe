/** Each balancer against a slow, obvious model that keeps the whole history and works everything out anew at every pick. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MILLISECOND, SECOND } from '../../units.ts'
import { BALANCER_NAMES, BALANCERS, type Balancer, type BalancerName, isBalancerName, NO_ENDPOINT } from './index.ts'
import { DECAY } from './peak-ewma.ts'

/** A small generator of our own: the same numbers for the balancer and for its model. */
function draws(seed: number): (n: number) => number {
  let state = seed | 0
  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    return Math.floor(((state >>> 0) / 4294967296) * n)
  }
}

const make = (name: BalancerName, seed = 1): Balancer => BALANCERS[name]({ below: draws(seed), exp: Math.exp })

interface Event {
  kind: 'add' | 'remove' | 'start' | 'finish'
  endpoint: number
  now: number
  latency?: number
}

/** Events of the endpoint since it was last added. */
function since(history: readonly Event[], endpoint: number): Event[] {
  const own = history.filter((event) => event.endpoint === endpoint)
  return own.slice(own.findLastIndex(({ kind }) => kind === 'add') + 1)
}

function inFlight(history: readonly Event[], endpoint: number): number {
  let count = 0
  for (const { kind } of since(history, endpoint)) {
    if (kind === 'start') count++
    else count = Math.max(0, count - 1)
  }
  return count
}

/** Latency as of `now`, by its definition over all answers; null before the first. */
function decayedLatency(history: readonly Event[], endpoint: number, now: number): number | null {
  let latency: number | null = null
  let at = 0
  for (const event of since(history, endpoint)) {
    if (event.kind !== 'finish') continue
    const weight: number = Math.exp((at - event.now) / DECAY)
    const before: number = latency ?? 0
    latency = event.latency! > before ? event.latency! : before * weight + event.latency! * (1 - weight)
    at = event.now
  }
  return latency === null ? null : latency * Math.exp((at - now) / DECAY)
}

type Cost = (history: readonly Event[], endpoint: number, now: number) => number
const COSTS: Record<'power-of-two' | 'peak-ewma', Cost> = {
  'power-of-two': inFlight,
  'peak-ewma': (history, endpoint, now) => {
    const latency = decayedLatency(history, endpoint, now)
    const pending = inFlight(history, endpoint)
    // Without an answer: free when idle, else dearer than any that has answered.
    return latency === null ? (pending === 0 ? 0 : 1e15 + pending) : latency * (pending + 1)
  },
}

const command = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('pick' as const), wait: fc.integer({ min: 0, max: 3 * SECOND }) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('finish' as const),
      which: fc.nat(),
      wait: fc.integer({ min: 0, max: 3 * SECOND }),
      latency: fc.integer({ min: 1, max: 2 * SECOND }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('toggle' as const), which: fc.integer({ min: 0, max: 4 }) }) },
)

describe.each(['power-of-two', 'peak-ewma'] as const)('%s', (name) => {
  test('takes the cheaper of two different endpoints, the first drawn when they are equal', () => {
    fc.assert(
      fc.property(fc.integer(), fc.array(command, { maxLength: 80 }), (seed, commands) => {
        const balancer = make(name, seed)
        const below = draws(seed)
        const present: number[] = []
        const open: number[] = []
        const history: Event[] = []
        let now = 0
        const toggle = (endpoint: number) => {
          const at = present.indexOf(endpoint)
          if (at === -1) {
            present.push(endpoint)
            balancer.add(endpoint, 1)
            history.push({ kind: 'add', endpoint, now })
          } else {
            present.splice(at, 1)
            balancer.remove(endpoint)
            history.push({ kind: 'remove', endpoint, now })
          }
        }
        for (const endpoint of [0, 1, 2]) toggle(endpoint)
        for (const step of commands) {
          if (step.kind === 'toggle') {
            toggle(step.which)
            continue
          }
          now += step.wait
          if (step.kind === 'finish') {
            if (open.length === 0) continue
            const [endpoint] = open.splice(step.which % open.length, 1)
            balancer.finished(endpoint!, step.latency, now)
            // What was removed has no history; what came back has a new one.
            if (present.includes(endpoint!)) history.push({ kind: 'finish', endpoint: endpoint!, now, latency: step.latency })
            continue
          }
          const got = balancer.pick(now)
          if (present.length === 0) {
            expect(got).toBe(NO_ENDPOINT)
            continue
          }
          const first = present.length === 1 ? 0 : below(present.length)
          const others = present.filter((_endpoint, position) => position !== first)
          const pair = present.length === 1 ? [present[0]!] : [present[first]!, others[below(others.length)]!]
          const costs = pair.map((endpoint) => COSTS[name](history, endpoint, now))
          const expected = pair.length === 2 && costs[1]! < costs[0]! ? pair[1]! : pair[0]!
          expect(got).toBe(expected)
          history.push({ kind: 'start', endpoint: expected, now })
          open.push(expected)
        }
      }),
    )
  })

  test('never takes the busier of two while the other is idle', () => {
    const balancer = make(name)
    balancer.add(0, 1)
    balancer.add(1, 1)
    const first = balancer.pick(0)
    expect(balancer.pick(0)).toBe(1 - first)
  })
})

test('power-of-two: an answer from before an endpoint came back counts for nothing', () => {
  const balancer = make('power-of-two')
  balancer.add(0, 1)
  balancer.add(1, 1)
  balancer.finished(0, 1, 0)
  balancer.finished(0, 1, 0)
  balancer.finished(7, 1, 0)
  const picks = [0, 1, 2, 3].map(() => balancer.pick(0)).sort()
  expect(picks).toEqual([0, 0, 1, 1])
})

describe('peak-ewma', () => {
  const pair = () => {
    const balancer = make('peak-ewma')
    balancer.add(0, 1)
    balancer.add(1, 1)
    return balancer
  }

  test('avoids an endpoint after one slow answer, and tries it again when it has been silent for long', () => {
    const balancer = pair()
    balancer.finished(0, 1000 * MILLISECOND, 0)
    balancer.finished(1, 10 * MILLISECOND, 0)
    const one = (now: number) => {
      const endpoint = balancer.pick(now)
      balancer.finished(endpoint, 10 * MILLISECOND, now)
      return endpoint
    }
    // The other one answers every second, so its 10 ms have decayed to 9.05 ms when it is asked; 1000 ms do in 47.05 s.
    for (let now = 0; now <= 47 * SECOND; now += SECOND) expect(one(now)).toBe(1)
    expect(one(48 * SECOND)).toBe(0)
  })

  test('multiplies the latency by the requests that would be in flight: 10 ms with three is worse than 30 ms with none', () => {
    const chosen = (slower: number): number => {
      const balancer = pair()
      balancer.finished(0, 10 * MILLISECOND, 0)
      balancer.finished(1, 1000 * MILLISECOND, 0)
      for (let n = 0; n < 3; n++) expect(balancer.pick(0)).toBe(0)
      balancer.remove(1)
      balancer.add(1, 1)
      balancer.finished(1, slower, 0)
      return balancer.pick(0)
    }
    expect(chosen(39 * MILLISECOND)).toBe(1)
    expect(chosen(41 * MILLISECOND)).toBe(0)
  })

  test('comes down to fast answers slowly: after 10 s of them the peak weighs 1/e', () => {
    const latencyAfter = (answers: readonly [latency: number, at: number][], other: number): number => {
      const balancer = pair()
      for (const [latency, at] of answers) balancer.finished(0, latency, at)
      balancer.finished(1, other, DECAY)
      return balancer.pick(DECAY)
    }
    // 1000 / e + 100 (1 - 1/e) = 431.09
    const answers: [number, number][] = [
      [1000 * MILLISECOND, 0],
      [100 * MILLISECOND, DECAY],
    ]
    expect(latencyAfter(answers, 431 * MILLISECOND)).toBe(1)
    expect(latencyAfter(answers, 432 * MILLISECOND)).toBe(0)
  })
})

describe('smooth-wrr', () => {
  const sequence = (weights: readonly number[], count: number): string => {
    const balancer = make('smooth-wrr')
    for (const [endpoint, weight] of weights.entries()) balancer.add(endpoint, weight)
    return Array.from({ length: count }, () => 'abcdefgh'[balancer.pick(0)]).join('')
  }

  test("spreads 5, 1, 1 as NGINX' own example does", () => {
    expect(sequence([5, 1, 1], 14)).toBe('aabacaaaabacaa')
  })

  test('takes turns when all weights are equal', () => {
    expect(sequence([3, 3, 3], 7)).toBe('abcabca')
  })

  const weights = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8 })

  test('takes whoever has gathered most, as an obvious model adds it up, through changes', () => {
    const change = fc.record({ endpoint: fc.nat({ max: 11 }), weight: fc.integer({ min: 1, max: 6 }), picks: fc.nat({ max: 40 }) })
    fc.assert(
      fc.property(fc.array(change, { maxLength: 20 }), (changes) => {
        const balancer = make('smooth-wrr')
        let model: { endpoint: number; weight: number; gathered: number }[] = []
        for (const { endpoint, weight, picks } of changes) {
          if (model.some((known) => known.endpoint === endpoint)) {
            balancer.remove(endpoint)
            model = model.filter((known) => known.endpoint !== endpoint)
          } else {
            balancer.add(endpoint, weight)
            model.push({ endpoint, weight, gathered: 0 })
          }
          for (const known of model) known.gathered = 0
          const total = model.reduce((sum, known) => sum + known.weight, 0)
          for (let count = 0; count < picks && model.length > 0; count++) {
            for (const known of model) known.gathered += known.weight
            const most = model.reduce((best, known) => (known.gathered > best.gathered ? known : best))
            most.gathered -= total
            expect(balancer.pick(0)).toBe(most.endpoint)
          }
        }
      }),
    )
  })

  test('takes each endpoint as often as its weight says in every round', () => {
    fc.assert(
      fc.property(weights, (given) => {
        const total = given.reduce((sum, weight) => sum + weight, 0)
        const twice = sequence(given, 2 * total)
        expect(twice.slice(total)).toBe(twice.slice(0, total))
        expect(given.map((_weight, endpoint) => twice.slice(0, total).split('abcdefgh'[endpoint]!).length - 1)).toEqual(given)
      }),
    )
  })

  test("is never a whole pick ahead of an endpoint's share", () => {
    fc.assert(
      fc.property(weights, (given) => {
        const total = given.reduce((sum, weight) => sum + weight, 0)
        const picks = sequence(given, total)
        for (let count = 1; count <= total; count++) {
          for (const [endpoint, weight] of given.entries()) {
            const taken = picks.slice(0, count).split('abcdefgh'[endpoint]!).length - 1
            expect(taken * total - weight * count).toBeLessThan(total)
          }
        }
      }),
    )
  })

  test('starts anew when endpoints change, as if the rest had been there alone', () => {
    fc.assert(
      fc.property(weights, fc.nat(), fc.nat({ max: 20 }), (given, which, before) => {
        const removed = which % given.length
        const changed = make('smooth-wrr')
        const fresh = make('smooth-wrr')
        for (const [endpoint, weight] of given.entries()) {
          changed.add(endpoint, weight)
          if (endpoint !== removed) fresh.add(endpoint, weight)
        }
        for (let count = 0; count < before; count++) changed.pick(0)
        changed.remove(removed)
        const picks = (balancer: Balancer, count: number) => Array.from({ length: count }, () => balancer.pick(0))
        expect(picks(changed, 60)).toEqual(picks(fresh, 60))
        changed.add(removed, 2)
        fresh.add(removed, 2)
        expect(picks(changed, 60)).toEqual(picks(fresh, 60))
      }),
    )
  })

  test('refuses weights that are no positive integers', () => {
    const balancer = make('smooth-wrr')
    for (const weight of [0, -1, 1.5]) expect(() => balancer.add(1, weight)).toThrow('A weight is a positive integer')
  })
})

describe.each(BALANCER_NAMES)('%s', (name) => {
  test('gives nothing without endpoints, and the only one there is', () => {
    const balancer = make(name)
    expect(balancer.pick(0)).toBe(NO_ENDPOINT)
    balancer.add(7, 1)
    expect([balancer.pick(0), balancer.pick(0)]).toEqual([7, 7])
    balancer.remove(7)
    balancer.finished(7, 1, 1)
    expect(balancer.pick(1)).toBe(NO_ENDPOINT)
  })

  test('knows each endpoint once', () => {
    const balancer = make(name)
    balancer.add(7, 1)
    expect(() => balancer.add(7, 1)).toThrow('An endpoint is added once')
    expect(() => balancer.remove(8)).toThrow('Only an endpoint that was added can be removed')
  })

  test('is in the table under its name', () => {
    expect(isBalancerName(name)).toBe(true)
    expect(isBalancerName(`${name} `)).toBe(false)
  })
})
