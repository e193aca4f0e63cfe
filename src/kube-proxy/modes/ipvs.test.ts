import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Nanos, SECOND } from '../../units.ts'
import { READY, TestCluster } from '../../workload/test-cluster.ts'
import { IpvsMode } from './ipvs.ts'
import { CLUSTER_IP, NO_RULE, NODE_PORT, REJECTED } from './mode.ts'

const address = (index: number) => `10.0.0.${index + 1}`

interface Bench {
  c: TestCluster
  mode: IpvsMode
  port: number
}

function bench(scheduler: 'rr' | 'wlc' = 'rr'): Bench {
  const c = new TestCluster({ zones: ['a'], kubeProxy: { mode: 'ipvs', scheduler } })
  const { mode, history } = c.dataPlane
  if (!(mode instanceof IpvsMode)) throw new Error('not IPVS')
  c.service('web', { type: 'NodePort', nodePort: 30080 })
  return { c, mode, port: history.servicePort('shop', 'web', 80, 'TCP') }
}

function setEndpoints({ c }: Bench, members: readonly number[], seconds = 1): void {
  c.slice(
    'web',
    members.map((member) => [address(member), READY] as const),
  )
  c.sim.run(c.sim.now + seconds * SECOND)
}

/** Connects once and gives the letter of the endpoint: A is the first address. */
function connect({ c, mode, port }: Bench, entry: typeof CLUSTER_IP | typeof NODE_PORT = CLUSTER_IP): string {
  const endpoint = mode.connect(0, port, entry, c.sim.now)
  if (endpoint === REJECTED) return '-'
  if (endpoint === NO_RULE) return '?'
  const name = c.dataPlane.history.addresses.endpointName(endpoint)
  return String.fromCharCode(64 + Number(name.split(':')[0]!.split('.')[3]))
}

const connects = (b: Bench, count: number) => Array.from({ length: count }, () => connect(b)).join('')

describe('IpvsMode', () => {
  test('round robin goes from the endpoint added last to the one added first', () => {
    const b = bench()
    b.c.startProxies()
    setEndpoints(b, [0])
    setEndpoints(b, [0, 1])
    setEndpoints(b, [0, 1, 2])
    expect(connects(b, 7)).toBe('CBACBAC')
  })

  test('an endpoint added later stands at the head, which the cursor reaches after the wrap', () => {
    const b = bench()
    b.c.startProxies()
    for (const members of [[0], [0, 1], [0, 1, 2]]) setEndpoints(b, members)
    expect(connect(b)).toBe('C')
    setEndpoints(b, [0, 1, 2, 3])
    expect(connects(b, 4)).toBe('BADC')
  })

  test('a removed endpoint gets no new connections and goes when its last one is forgotten, at a check', () => {
    const b = bench()
    b.c.startProxies()
    setEndpoints(b, [0])
    setEndpoints(b, [0, 1])
    expect(connects(b, 2)).toBe('BA')
    const binding = b.mode.binding
    setEndpoints(b, [1])
    expect(connects(b, 3)).toBe('BBB')
    const snapshot = () => b.mode.inspect(0, b.port, CLUSTER_IP, b.c.sim.now)!.snapshot()
    expect(snapshot().map(({ weight, active }) => [weight, active])).toEqual([
      [1, 4],
      [0, 1],
    ])
    b.mode.release(binding, 'time-wait', b.c.sim.now)
    // 120 s of TIME_WAIT (and up to 2 s more, as the kernel's timers are coarse), then the next check, which come every 60 s.
    b.c.sim.run(b.c.sim.now + 119 * SECOND)
    expect(snapshot()).toHaveLength(2)
    b.c.sim.run(b.c.sim.now + 64 * SECOND)
    expect(snapshot()).toHaveLength(1)
  })

  test('a removed endpoint whose connections are forgotten already goes at once', () => {
    const b = bench()
    b.c.startProxies()
    setEndpoints(b, [0])
    setEndpoints(b, [0, 1])
    expect(connect(b)).toBe('B')
    b.mode.release(b.mode.binding, 'close', b.c.sim.now)
    b.c.sim.run(b.c.sim.now + 11 * SECOND)
    setEndpoints(b, [0], 0.1)
    expect(b.mode.inspect(0, b.port, CLUSTER_IP, b.c.sim.now)!.snapshot()).toHaveLength(1)
  })

  test('an endpoint that returns while it drains is added anew, at the head, with its connections', () => {
    const b = bench()
    b.c.startProxies()
    for (const members of [[0], [0, 1], [0, 1, 2]]) setEndpoints(b, members)
    expect(connects(b, 3)).toBe('CBA')
    setEndpoints(b, [1, 2])
    setEndpoints(b, [0, 1, 2])
    const rows = b.mode.inspect(0, b.port, CLUSTER_IP, b.c.sim.now)!.snapshot()
    expect(rows.map(({ weight, active }) => [weight, active])).toEqual([
      [1, 1],
      [1, 1],
      [1, 1],
    ])
    expect(b.c.dataPlane.history.addresses.endpointName(rows[0]!.endpoint)).toBe('10.0.0.1:8080')
  })

  test('least connection counts what this node has open, and the node port has counters of its own', () => {
    const b = bench('wlc')
    b.c.startProxies()
    for (const members of [[0], [0, 1]]) setEndpoints(b, members)
    expect(connect(b)).toBe('B')
    expect(connect(b)).toBe('A')
    const binding = b.mode.binding
    b.mode.release(binding, 'close', b.c.sim.now)
    expect(connect(b)).toBe('A')
    expect(connect(b, NODE_PORT)).toBe('B')
  })

  test('when the Service is deleted and made again, old connections mean nothing to it', () => {
    const b = bench('wlc')
    b.c.startProxies()
    setEndpoints(b, [0, 1])
    connects(b, 4)
    const { binding } = b.mode
    b.c.service('web', { deleted: true })
    b.c.sim.run(b.c.sim.now + SECOND)
    b.c.service('web', { type: 'NodePort', nodePort: 30080 })
    b.c.sim.run(b.c.sim.now + SECOND)
    b.mode.release(binding, 'close', b.c.sim.now)
    const rows = b.mode.inspect(0, b.port, CLUSTER_IP, b.c.sim.now)!.snapshot()
    expect(rows.map(({ active, inactive }) => active + inactive)).toEqual([0, 0])
  })

  test('a node that crashed has forgotten its connections, and its old syncs', () => {
    const b = bench('wlc')
    b.c.startProxies()
    setEndpoints(b, [0])
    setEndpoints(b, [0, 1])
    expect(connects(b, 5)).toBe('BABAB')
    b.c.dataPlane.crashNode(0)
    b.c.dataPlane.bootNode(0)
    expect(connect(b)).toBe('?')
    b.c.startProxy(0)
    b.c.sim.run(b.c.sim.now + SECOND)
    const rows = () => b.mode.inspect(0, b.port, CLUSTER_IP, b.c.sim.now)!.snapshot()
    connect(b)
    expect(rows().map(({ active }) => active)).toEqual([1, 0])
  })

  test('rejects when every endpoint drains', () => {
    const b = bench()
    b.c.startProxies()
    setEndpoints(b, [0])
    expect(connect(b)).toBe('A')
    setEndpoints(b, [])
    expect(connect(b)).toBe('-')
  })

  /**
   * Two runs of the same story: one looks at the virtual service all the time, so every sync is replayed when it happens; the other looks
   * only when a connection is made or ends. All picks and counters must agree.
   */
  test.each(['rr', 'wlc'] as const)('%s: syncs replayed late are the same as syncs replayed at once', (scheduler) => {
    const action = fc.oneof(
      {
        weight: 3,
        arbitrary: fc.record({ kind: fc.constant('endpoints' as const), members: fc.uniqueArray(fc.nat(5), { maxLength: 6 }) }),
      },
      { weight: 3, arbitrary: fc.record({ kind: fc.constant('connect' as const), count: fc.integer({ min: 1, max: 5 }) }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('release' as const), which: fc.nat(100) }) },
      { weight: 3, arbitrary: fc.record({ kind: fc.constant('wait' as const), seconds: fc.constantFrom(1, 10, 45, 70, 130) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('service' as const), deleted: fc.boolean() }) },
    )
    fc.assert(
      fc.property(fc.array(action, { maxLength: 40 }), (actions) => {
        const story = (eager: boolean) => {
          const b = bench(scheduler)
          const { c, mode } = b
          c.startProxies()
          setEndpoints(b, [0, 1])
          mode.connect(0, b.port, CLUSTER_IP, c.sim.now)
          const open = [mode.binding]
          const log: unknown[] = []
          const runFor = (time: Nanos) => {
            const end = c.sim.now + time
            while (eager && c.sim.now + SECOND / 2 < end) {
              c.sim.run(c.sim.now + SECOND / 2)
              mode.inspect(0, b.port, CLUSTER_IP, c.sim.now)
            }
            c.sim.run(end)
          }
          for (const step of actions) {
            if (step.kind === 'endpoints') setEndpoints(b, step.members)
            else if (step.kind === 'wait') runFor(step.seconds * SECOND)
            else if (step.kind === 'service') {
              c.service('web', { type: 'NodePort', nodePort: 30080, deleted: step.deleted })
              c.sim.run(c.sim.now + SECOND)
            } else if (step.kind === 'release') {
              const [binding] = open.splice(step.which % Math.max(1, open.length), 1)
              if (binding !== undefined) mode.release(binding, 'close', c.sim.now)
            } else {
              for (let index = 0; index < step.count; index++) {
                log.push(connect(b))
                if (mode.binding >= 0) open.push(mode.binding)
              }
            }
            if (eager) mode.inspect(0, b.port, CLUSTER_IP, c.sim.now)
          }
          log.push(mode.inspect(0, b.port, CLUSTER_IP, c.sim.now)!.snapshot())
          return log
        }
        expect(story(false)).toEqual(story(true))
      }),
      { numRuns: 150 },
    )
  })

  test('made late, a virtual service has the order that the syncs before gave it', () => {
    const picks = (early: boolean) => {
      const b = bench()
      b.c.startProxies()
      for (const members of [[3], [0, 3], [0, 1, 2, 3, 4], [0, 2, 3, 4], [0, 2, 3, 4, 5]]) {
        setEndpoints(b, members)
        if (early) b.mode.connect(0, b.port, NODE_PORT, b.c.sim.now)
      }
      return connects(b, 10)
    }
    expect(picks(true)).toBe(picks(false))
    const b = bench()
    b.c.startProxies()
    for (const members of [[3], [0, 3], [0, 3, 5]]) setEndpoints(b, members)
    expect(connects(b, 3)).toBe('FAD')
  })

  test('endpoints of one sync are added in an order that differs from node to node', () => {
    const c = new TestCluster({ zones: Array.from({ length: 20 }, () => 'a'), kubeProxy: { mode: 'ipvs', scheduler: 'rr' } })
    c.service('web')
    c.slice(
      'web',
      [0, 1, 2, 3].map((member) => [address(member), READY] as const),
    )
    c.startProxies()
    const port = c.dataPlane.history.servicePort('shop', 'web', 80, 'TCP')
    const firsts = new Set(Array.from({ length: 20 }, (_, node) => c.dataPlane.mode.connect(node, port, CLUSTER_IP, c.sim.now)))
    expect(firsts.size).toBe(4)
  })
})
