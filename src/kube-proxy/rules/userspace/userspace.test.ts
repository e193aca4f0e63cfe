import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { NamedStream, type RandomStream } from '../../../engine/random-stream.ts'
import { MILLISECOND, SECOND } from '../../../units.ts'
import { readProxyState } from '../../model/proxy-state.ts'
import { build, Dial, print, RoundRobinBalancer, UdpSockets } from './index.ts'

/** `below(n)` gives n - 1: the shuffle then changes nothing, and turns come in the given order. */
const IN_ORDER: RandomStream = { uniform: () => 0, int32: () => 0, below: (n) => n - 1 }

function balancerOf(endpoints: string, affinitySeconds: number | null = null): RoundRobinBalancer {
  const balancer = new RoundRobinBalancer({ random: IN_ORDER, affinitySeconds })
  balancer.setEndpoints([...endpoints])
  return balancer
}

const picks = (balancer: RoundRobinBalancer, count: number, client = 'x') =>
  Array.from({ length: count }, () => balancer.pick(client, 0)).join('')

describe('round robin', () => {
  test('takes turns, and starts anew when endpoints change', () => {
    const balancer = balancerOf('abc')
    expect(picks(balancer, 5)).toBe('abcab')
    balancer.setEndpoints([...'abcd'])
    expect(picks(balancer, 5)).toBe('abcda')
  })

  test('goes on where it was when the same endpoints come in another order', () => {
    const balancer = balancerOf('abc')
    expect(picks(balancer, 1)).toBe('a')
    balancer.setEndpoints([...'cab'])
    expect(picks(balancer, 3)).toBe('bca')
  })

  test('gives nothing without endpoints, and takes turns again when some come', () => {
    const balancer = balancerOf('')
    expect(balancer.pick('x', 0)).toBeNull()
    balancer.setEndpoints(['a'])
    expect(picks(balancer, 2)).toBe('aa')
  })

  test('draws every order of three endpoints equally often', () => {
    // 6,000 draws, six orders: 1,000 each, sd 29; five sd is a chance of 1e-6 an order.
    const random = new NamedStream('0', 'shuffle')
    const counts = new Map<string, number>()
    for (let draw = 0; draw < 6000; draw++) {
      const balancer = new RoundRobinBalancer({ random, affinitySeconds: null })
      balancer.setEndpoints([...'abc'])
      const order = balancer.endpoints.join('')
      counts.set(order, (counts.get(order) ?? 0) + 1)
    }
    expect(counts.size).toBe(6)
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(145)
  })

  test('spreads any number of picks to within one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 0, max: 60 }), (endpoints, count) => {
        const all = picks(balancerOf('abcdefghi'.slice(0, endpoints)), count)
        const each = [...'abcdefghi'.slice(0, endpoints)].map((name) => all.split(name).length - 1)
        expect(Math.max(...each) - Math.min(...each)).toBeLessThanOrEqual(1)
      }),
    )
  })
})

describe('session affinity', () => {
  test('keeps a client with its endpoint, and each connection starts the time again', () => {
    const balancer = balancerOf('abc', 10_800)
    const at = (second: number, client: string) => balancer.pick(client, second * SECOND)
    expect([at(0, 'x'), at(1, 'y'), at(10_799, 'x'), at(21_598, 'x')]).toEqual(['a', 'b', 'a', 'a'])
    expect(at(21_598 + 10_800, 'x')).toBe('c')
    expect(at(21_598 + 10_801, 'x')).toBe('c')
  })

  test('forgets the clients of endpoints that go, and no others', () => {
    const balancer = balancerOf('abc', 10_800)
    expect(['x', 'y', 'z'].map((client) => balancer.pick(client, 0))).toEqual(['a', 'b', 'c'])
    balancer.setEndpoints([...'acd'])
    expect(balancer.clients).toBe(2)
    expect(['x', 'z', 'y'].map((client) => balancer.pick(client, 0))).toEqual(['a', 'c', 'a'])
  })

  test('is cleaned of clients whose time is up', () => {
    const balancer = balancerOf('abc', 10)
    balancer.pick('x', 0)
    balancer.pick('y', 5 * SECOND)
    balancer.forgetExpired(10 * SECOND)
    expect(balancer.clients).toBe(1)
    expect(balancer.pick('y', 10 * SECOND)).toBe('b')
  })
})

describe('a dial', () => {
  test('waits 250 ms, 500 ms, 1 s and 2 s for four endpoints in turn, then gives up', () => {
    const dial = new Dial(balancerOf('abcde'), 'x', 0)
    const tried: [string | null, number][] = []
    while (dial.endpoint !== null) {
      tried.push([dial.endpoint, dial.deadline / MILLISECOND])
      dial.failed(dial.deadline)
    }
    expect(tried).toEqual([
      ['a', 250],
      ['b', 750],
      ['c', 1750],
      ['d', 3750],
    ])
    expect(dial.attempts).toBe(4)
    expect(() => dial.failed(dial.deadline)).toThrow('A dial that has ended cannot fail')
  })

  test('goes on at once when an endpoint refuses', () => {
    const dial = new Dial(balancerOf('ab'), 'x', SECOND)
    dial.failed(SECOND + MILLISECOND)
    expect([dial.endpoint, dial.deadline, dial.attempts]).toEqual(['b', SECOND + 501 * MILLISECOND, 2])
    dial.failed(SECOND + 2 * MILLISECOND)
    expect(dial.endpoint).toBe('a')
  })

  test('moves the client with session affinity to the endpoint that answers', () => {
    const balancer = balancerOf('abc', 10_800)
    const first = new Dial(balancer, 'x', 0)
    first.failed(0)
    expect(first.endpoint).toBe('b')
    expect(new Dial(balancer, 'x', SECOND).endpoint).toBe('b')
  })

  test('ends at once where there is no endpoint, or the last has gone', () => {
    expect(new Dial(balancerOf(''), 'x', 0).endpoint).toBeNull()
    expect(new Dial(balancerOf(''), 'x', 0).attempts).toBe(0)
    const balancer = balancerOf('a')
    const dial = new Dial(balancer, 'x', 0)
    balancer.setEndpoints([])
    dial.failed(0)
    expect([dial.endpoint, dial.attempts]).toEqual([null, 1])
  })
})

describe('UDP', () => {
  test('a client keeps its endpoint while packets pass either way within 250 ms of each other', () => {
    const balancer = balancerOf('abc')
    const sockets = new UdpSockets(balancer)
    const at = (ms: number, port = 1) => sockets.fromClient('x', port, ms * MILLISECOND)
    expect([at(0), at(249), at(498)]).toEqual(['a', 'a', 'a'])
    expect(sockets.fromEndpoint('x', 1, 700 * MILLISECOND)).toBe(true)
    expect(at(949)).toBe('a')
    expect(at(949, 2)).toBe('b')
    expect(at(1199)).toBe('c')
    expect(sockets.fromEndpoint('x', 2, 1199 * MILLISECOND)).toBe(false)
  })

  test('an open socket outlives its endpoint, and idle ones are closed', () => {
    const balancer = balancerOf('a')
    const sockets = new UdpSockets(balancer)
    sockets.fromClient('x', 1, 0)
    balancer.setEndpoints([])
    expect(sockets.fromClient('x', 1, 100 * MILLISECOND)).toBe('a')
    sockets.closeIdle(349 * MILLISECOND)
    expect(sockets.size).toBe(1)
    sockets.closeIdle(350 * MILLISECOND)
    expect(sockets.size).toBe(0)
    expect(sockets.fromClient('x', 1, 350 * MILLISECOND)).toBeNull()
  })
})

test('the rules lead every address of a Service to its proxy port', () => {
  const state = readProxyState({
    config: { ipFamily: 'IPv4', nodeName: 'here', nodeIP: '10.9.0.1' },
    services: [
      {
        metadata: { name: 'web', namespace: 'shop' },
        spec: {
          type: 'NodePort',
          clusterIP: '172.16.0.1',
          ports: [{ name: 'http', port: 80, nodePort: 30080 }],
          externalIPs: ['198.51.100.9'],
        },
      },
    ],
    endpointSlices: [],
  })
  const lines = print(build(state, () => 41234)).split('\n')
  expect(lines.filter((line) => line.includes('shop/web:http'))).toEqual([
    '-A KUBE-NODEPORT-NON-LOCAL -m comment --comment shop/web:http -p tcp -m tcp --dport 41234 -m conntrack --ctstate NEW -j ACCEPT',
    '-A KUBE-PORTALS-CONTAINER -m comment --comment shop/web:http -p tcp -m tcp --dport 80 -d 172.16.0.1/32 -j REDIRECT --to-ports 41234',
    '-A KUBE-PORTALS-HOST -m comment --comment shop/web:http -p tcp -m tcp --dport 80 -d 172.16.0.1/32 -j DNAT --to-destination 10.9.0.1:41234',
    '-A KUBE-PORTALS-CONTAINER -m comment --comment shop/web:http -p tcp -m tcp --dport 80 -d 198.51.100.9/32 -m physdev ! --physdev-is-in -j REDIRECT --to-ports 41234',
    '-A KUBE-PORTALS-CONTAINER -m comment --comment shop/web:http -p tcp -m tcp --dport 80 -d 198.51.100.9/32 -m addrtype --dst-type LOCAL -j REDIRECT --to-ports 41234',
    '-A KUBE-PORTALS-HOST -m comment --comment shop/web:http -p tcp -m tcp --dport 80 -d 198.51.100.9/32 -m addrtype --dst-type LOCAL -j DNAT --to-destination 10.9.0.1:41234',
    '-A KUBE-NODEPORT-CONTAINER -m comment --comment shop/web:http -p tcp -m tcp --dport 30080 -j REDIRECT --to-ports 41234',
    '-A KUBE-NODEPORT-HOST -m comment --comment shop/web:http -p tcp -m tcp --dport 30080 -j DNAT --to-destination 10.9.0.1:41234',
  ])
  const chains = lines.filter((line) => line.startsWith(':')).map((line) => line.slice(1).split(' ')[0])
  for (const line of lines) {
    const target = /-j (KUBE-\S+)/.exec(line)?.[1]
    if (target !== undefined) expect(chains).toContain(target)
  }
})
