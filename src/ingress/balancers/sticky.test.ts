import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ReseedableStream } from '../../engine/random-stream.ts'
import { SECOND } from '../../units.ts'
import type { CookieBalancing } from '../balancing.ts'
import { parseHashKey } from '../hash-key.ts'
import { takeCookies, type Visit } from '../visit.ts'
import { type BalancerParts, balancerOf, NO_ENDPOINT, sharedRings } from './index.ts'

const nameOf = (endpoint: number) => `10.0.0.${endpoint}:80`
const INGRESS = 'Ingress/default/shop'

function parts(seed = 1): BalancerParts {
  const stream = new ReseedableStream(seed)
  return { below: (n) => stream.below(n), latencies: new Map(), nameOf, ring: sharedRings(nameOf) }
}

const affinity = (kind: CookieBalancing['kind'], more: Partial<CookieBalancing> = {}): CookieBalancing => ({
  kind,
  name: 'INGRESSCOOKIE',
  maxAge: Number.POSITIVE_INFINITY,
  changeOnFailure: false,
  setBy: [INGRESS],
  ...more,
})

function visit(of: { headers?: Record<string, string>; cookies?: Record<string, string>; ingress?: string; client?: string } = {}): Visit {
  const { headers, cookies, ingress = INGRESS, client = '9.9.9.9' } = of
  const request = { host: 'shop.example.com', path: '/', isTls: false, headers, cookies }
  return { ingress, request, client, remoteAddress: 0x0a00_0001, jar: new Map(), given: new Map() }
}

describe.each(['sticky_balanced', 'sticky_persistent'] as const)('%s', (kind) => {
  test('brings a client back to where its cookie is from, in every worker, until that is gone', () => {
    fc.assert(
      fc.property(
        fc.array(fc.subarray([1, 2, 3, 4, 5, 6], { minLength: 1 }), { minLength: 1, maxLength: 8 }),
        fc.integer(),
        (lists, seed) => {
          const shared = parts(seed)
          const workers = [1, 2].map(() => balancerOf('a', lists[0]!, affinity(kind), shared))
          const client = visit()
          let last = workers[0]!.pick([], 0, client)
          takeCookies(client)
          for (const [index, endpoints] of lists.entries()) {
            for (const worker of workers) worker.sync(endpoints, 0)
            for (let n = 0; n < 3; n++) {
              const picked = workers[n % 2]!.pick([], 0, client)
              takeCookies(client)
              expect(endpoints).toContain(picked)
              // The balanced ring may move a client to a pod that has come; the persistent one moves nobody.
              const grew = kind === 'sticky_balanced' && endpoints.some((endpoint) => index > 0 && !lists[index - 1]!.includes(endpoint))
              if (endpoints.includes(last) && !(grew && n === 0)) expect(picked).toBe(last)
              last = picked
            }
          }
        },
      ),
    )
  })

  test('tries the endpoint of the cookie again after a failure, unless told otherwise', () => {
    const [stays, changes] = [false, true].map((changeOnFailure) =>
      balancerOf('a', [1, 2, 3], affinity(kind, { changeOnFailure }), parts()),
    )
    const client = visit()
    const first = stays!.pick([], 0, client)
    takeCookies(client)
    expect(stays!.pick([first], 0, client)).toBe(first)
    const other = changes!.pick([first], 0, client)
    expect(other).not.toBe(first)
    takeCookies(client)
    expect(stays!.pick([], 0, client)).toBe(other)
  })

  test('without a cookie never takes one that has been tried, and none when all have', () => {
    const balancer = balancerOf('a', [1, 2, 3], affinity(kind), parts())
    for (let n = 0; n < 50; n++) expect(balancer.pick([1, 3], 0, visit())).toBe(2)
    expect(balancer.pick([1, 2, 3], 0, visit())).toBe(NO_ENDPOINT)
    balancer.sync([], 0)
    expect(balancer.isEmpty).toBe(true)
    expect(balancer.pick([], 0, visit())).toBe(NO_ENDPOINT)
  })

  test('gives no cookie at the path of an Ingress that did not ask for it', () => {
    const balancer = balancerOf('a', [1, 2], affinity(kind), parts())
    const [here, there] = [visit(), visit({ ingress: 'Ingress/default/other' })]
    balancer.pick([], 0, here)
    balancer.pick([], 0, there)
    expect([here.given.size, there.given.size]).toEqual([1, 0])
  })

  test('forgets a cookie that is too old for its client', () => {
    const balancer = balancerOf('a', [1, 2, 3, 4, 5, 6], affinity(kind, { maxAge: 10 }), parts())
    const clients = Array.from({ length: 60 }, () => visit())
    const picksAt = (now: number) =>
      clients.map((client) => {
        const picked = balancer.pick([], now, client)
        takeCookies(client)
        return picked
      })
    const first = picksAt(0)
    expect(picksAt(10 * SECOND - 1)).toEqual(first)
    const later = picksAt(10 * SECOND)
    // Of 60 one in six stays by chance.
    expect(later.filter((picked, index) => picked === first[index]).length).toBeLessThan(30)
    expect(picksAt(19 * SECOND)).toEqual(later)
  })

  test('spreads new clients evenly', () => {
    const balancer = balancerOf('a', [1, 2, 3, 4], affinity(kind), parts(5))
    const counts = [0, 0, 0, 0]
    for (let n = 0; n < 40_000; n++) counts[balancer.pick([], n, visit()) - 1]!++
    // Persistent: binomial, 10000 ± 87. Balanced: 8 % of chance in the ring besides.
    const allowed = kind === 'sticky_persistent' ? 4 * 87 : 3200
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(allowed)
  })
})

test('a cookie that the traffic says is a key like any other', () => {
  const cookies = { INGRESSCOOKIE: '10.0.0.3:80' }
  const persistent = balancerOf('a', [1, 2, 3], affinity('sticky_persistent'), parts())
  expect(persistent.pick([], 0, visit({ cookies }))).toBe(3)
  const balanced = balancerOf('a', [1, 2, 3], affinity('sticky_balanced'), parts())
  const picked = balanced.pick([], 0, visit({ cookies }))
  for (let n = 0; n < 20; n++) expect(balanced.pick([], n, visit({ cookies }))).toBe(picked)
})

describe('chash', () => {
  const hashing = (text: string) => balancerOf('a', [1, 2, 3, 4, 5], { kind: 'chash', key: parseHashKey(text)! }, parts())

  test('takes the same endpoint for the same value of a header, also after a failure, and without the header one for all', () => {
    const balancer = hashing('$http_x_user')
    const of = (user: string) => balancer.pick([], 0, visit({ headers: { 'X-User': user } }))
    const all = new Set<number>()
    for (let user = 0; user < 100; user++) {
      const picked = of(`u${user}`)
      expect(of(`u${user}`)).toBe(picked)
      expect(balancer.pick([picked], 0, visit({ headers: { 'X-User': `u${user}` } }))).toBe(picked)
      all.add(picked)
    }
    expect(all.size).toBe(5)
    const none = balancer.pick([], 0, visit())
    for (let n = 0; n < 10; n++) expect(balancer.pick([], n, visit({ client: `9.9.9.${n}` }))).toBe(none)
  })

  test('of an upstream without endpoints takes none', () => {
    const balancer = hashing('$request_uri')
    balancer.sync([], 0)
    expect(balancer.isEmpty).toBe(true)
    expect(balancer.pick([], 0, visit())).toBe(NO_ENDPOINT)
  })
})
