import { describe, expect, test } from 'vitest'
import { ReseedableStream } from '../engine/random-stream.ts'
import { DEFAULT_LINUX, linux } from '../linux-version.ts'
import { MILLISECOND, type Nanos, SECOND } from '../units.ts'
import { NO_PORT, type PortEnding, SNAT_FIRST, SNAT_PORTS, SnatPorts, UNNAMED } from './snat-ports.ts'
import { INSTANT, TestCluster } from './test-cluster.ts'

const HALF = SNAT_PORTS / 2
const ENDPOINT = 12_345

/** Ports of one pool, and who has them. */
class Slow {
  readonly open: number[] = []
  leaving: { readonly at: Nanos; readonly port: number }[] = []
}

function ports(kernel = DEFAULT_LINUX, seed = 1): SnatPorts {
  return new SnatPorts(new ReseedableStream(seed), kernel)
}

describe('a pool', () => {
  test('only counts up to half of its ports, then names them', () => {
    const pool = ports()
    for (let count = 0; count < HALF; count++) expect(pool.take(0, 0, ENDPOINT, 0)).toBe(UNNAMED)
    const named = Array.from({ length: 100 }, () => pool.take(0, 0, ENDPOINT, 0))
    expect(new Set(named).size).toBe(100)
    expect(named.every((port) => port >= SNAT_FIRST && port < SNAT_FIRST + SNAT_PORTS)).toBe(true)
    expect(pool.inUse(0, ENDPOINT, 0)).toBe(HALF + 100)
  })

  test('is one of a node and an endpoint, and empty after a crash', () => {
    const pool = ports()
    for (let count = 0; count < HALF; count++) pool.take(0, 0, ENDPOINT, 0)
    expect(pool.take(1, 0, ENDPOINT, 0)).toBe(UNNAMED)
    expect(pool.take(0, 0, ENDPOINT + 1, 0)).toBe(UNNAMED)
    expect(pool.take(0, 0, ENDPOINT, 0)).not.toBe(UNNAMED)
    expect(pool.take(0, 1, ENDPOINT, 0)).toBe(UNNAMED)
    expect([pool.inUse(0, ENDPOINT, 0), pool.inUse(1, ENDPOINT, 0)]).toEqual([1, 1])
  })

  test.each([
    ['time-wait', 120],
    ['unanswered', 120],
    ['close', 10],
  ] as const)('keeps a port %s for %i s', (ending, seconds) => {
    const pool = ports()
    for (let count = 0; count < 10; count++) pool.take(0, 0, ENDPOINT, 0)
    pool.end(0, ENDPOINT, UNNAMED, ending, SECOND)
    pool.give(0, ENDPOINT, UNNAMED)
    expect(pool.inUse(0, ENDPOINT, (seconds + 1) * SECOND - 1)).toBe(9)
    expect(pool.inUse(0, ENDPOINT, (seconds + 1) * SECOND)).toBe(8)
  })

  test.each([
    ['6.1', DEFAULT_LINUX],
    ['6.5', linux(6, 5)],
  ])('kernel %s: no port is had twice, and each is free when its time is up: against a list', (_, kernel) => {
    const pool = ports(kernel)
    const dice = new ReseedableStream(7)
    const slow = new Slow()
    let now: Nanos = 0
    for (let step = 0; step < 150_000; step++) {
      now += dice.below(600_000)
      slow.leaving = step % 1024 === 0 ? slow.leaving.filter(({ at }) => at > now) : slow.leaving
      const isOpening = slow.open.length < (step < 70_000 ? HALF + 9000 : 3000) && dice.below(3) > 0
      if (isOpening) {
        const port = pool.take(0, 0, ENDPOINT, now)
        if (port === NO_PORT) continue
        slow.open.push(port)
      } else if (slow.open.length > 0) {
        const [port] = slow.open.splice(dice.below(slow.open.length), 1)
        const ending = (['time-wait', 'close', 'unanswered', 'given'] as const)[dice.below(4)]!
        if (ending === 'given') pool.give(0, ENDPOINT, port!)
        else {
          pool.end(0, ENDPOINT, port!, ending, now)
          slow.leaving.push({ at: now + (ending === 'close' ? 10 : 120) * SECOND, port: port! })
        }
      }
      if (step % 1024 !== 0) continue
      const named = slow.open.filter((port) => port !== UNNAMED)
      if (new Set(named).size !== named.length) expect.fail('a port is had twice')
      const inUse = pool.inUse(0, ENDPOINT, now)
      // Before 6.5 nobody takes over what has ended.
      if (kernel === DEFAULT_LINUX) expect(inUse).toBe(slow.open.length + slow.leaving.length)
      else expect(inUse).toBeLessThanOrEqual(slow.open.length + slow.leaving.length)
    }
    now += 130 * SECOND
    expect(pool.inUse(0, ENDPOINT, now)).toBe(slow.open.length)
  })

  test('that is full has none, and finds the one that comes free with the chance of the kernel’s search', () => {
    const pool = ports()
    for (let count = 0; count < HALF; count++) pool.take(0, 0, ENDPOINT, 0)
    const taken: number[] = []
    let misses = 0
    while (misses < 3000) {
      const port = pool.take(0, 0, ENDPOINT, 0)
      if (port === NO_PORT) misses++
      else taken.push(port)
    }
    while (pool.inUse(0, ENDPOINT, 0) < SNAT_PORTS) {
      const port = pool.take(0, 0, ENDPOINT, 0)
      if (port !== NO_PORT) taken.push(port)
    }
    for (let turn = 0; turn < 100; turn++) expect(pool.take(0, 0, ENDPOINT, 0)).toBe(NO_PORT)
    let found = 0
    const TURNS = 40_000
    const one = taken.pop()!
    pool.give(0, ENDPOINT, one)
    for (let turn = 0; turn < TURNS; turn++) {
      if (pool.take(0, 0, ENDPOINT, 0) === NO_PORT) continue
      found++
      pool.give(0, ENDPOINT, one)
    }
    // Five rows of 128, 64, 32, 16 and 8, each met with its length over 64,512.
    let missed = 1
    for (const row of [128, 64, 32, 16, 8]) missed *= 1 - row / SNAT_PORTS
    const expected = TURNS * (1 - missed)
    expect(Math.abs(found - expected)).toBeLessThan(4 * Math.sqrt(expected))
  })

  /** Connections a second that get a port when 1,000 a second ask, once it has settled, and how many are in use then. */
  function perSecond(kernel: number, ending: PortEnding): number {
    const pool = ports(kernel)
    let given = 0
    for (let step = 0; step < 360_000; step++) {
      const now = step * MILLISECOND
      const port = pool.take(0, 0, ENDPOINT, now)
      if (port === NO_PORT) continue
      pool.end(0, ENDPOINT, port, ending, now)
      if (step >= 240_000) given++
    }
    return given / 120
  }

  test('lets 64,512 connections through in 120 s, and not one more', () => {
    const rate = perSecond(DEFAULT_LINUX, 'time-wait')
    expect(rate).toBeLessThanOrEqual(SNAT_PORTS / 120)
    expect(rate).toBeGreaterThan(0.98 * (SNAT_PORTS / 120))
  })

  test('since 6.5 takes over the ports of connections that have ended, not of those without an answer', () => {
    expect(perSecond(linux(6, 5), 'time-wait')).toBe(1000)
    expect(perSecond(linux(6, 5), 'unanswered')).toBeLessThanOrEqual(SNAT_PORTS / 120)
  })
})

/** 1,000 connections a second for 70 s to one pod by one node's port, or from that node, or from a pod on it. */
function busy(
  from: 'outside' | 'client' | { readonly nodes: readonly string[] },
  options: { local?: boolean; kernel?: number; mode?: 'iptables' | 'ipvs' } = {},
) {
  const c = new TestCluster({
    kernel: options.kernel ?? DEFAULT_LINUX,
    kubeProxy: { mode: options.mode ?? 'iptables', scheduler: 'rr' },
    cpuMilli: 64_000,
  })
  const pod = c.pod({ node: 1, app: 'web', workload: { ...INSTANT, concurrency: 64 } })
  c.pod({ node: 0, app: 'client' })
  c.service('web', { type: 'NodePort', nodePort: 30_080, ...(options.local ? { spec: { externalTrafficPolicy: 'Local' } } : {}) })
  c.sliceOf('web', [pod])
  c.startProxies()
  const outside = from === 'outside' ? { node: options.local ? 1 : 0, clients: 1000 } : {}
  c.traffic({
    service: 'web',
    from,
    ...outside,
    ratePerSecond: 1000,
    stop: c.sim.now + 70 * SECOND,
    timeout: 500 * MILLISECOND,
  })
  c.sim.run(c.sim.now + 70 * SECOND + 20 * SECOND)
  c.dataPlane.checkConservation()
  return c.dataPlane.trafficSummaries()[0]!
}

describe('1,000 connections a second through one node to one pod', { timeout: 600_000 }, () => {
  test.each([
    ['outside', 'outside'],
    ['that node', { nodes: ['worker-0'] }],
  ] as const)('from %s run out of source ports after 64 s', (_, from) => {
    const { ok, failedByCause } = busy(from)
    expect(ok).toBeLessThanOrEqual(SNAT_PORTS)
    expect(ok).toBeGreaterThan(0.99 * SNAT_PORTS)
    expect(failedByCause).toEqual({ 'snat-exhausted': 70_000 - ok })
  })

  test('from outside in mode ipvs do so too', () => {
    const { ok, failedByCause } = busy('outside', { mode: 'ipvs' })
    expect(ok).toBeGreaterThan(0.99 * SNAT_PORTS)
    expect(failedByCause).toEqual({ 'snat-exhausted': 70_000 - ok })
  })

  test('from outside under externalTrafficPolicy Local keep their addresses', () => {
    expect(busy('outside', { local: true })).toMatchObject({ ok: 70_000, failedByCause: {} })
  })

  test('from a pod keep their address', () => {
    expect(busy('client')).toMatchObject({ ok: 70_000, failedByCause: {} })
  })

  test('from outside do not fail since Linux 6.5', () => {
    expect(busy('outside', { kernel: linux(6, 5) })).toMatchObject({ ok: 70_000, failedByCause: {} })
  })
})
