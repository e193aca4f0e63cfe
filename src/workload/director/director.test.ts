import { describe, expect, test } from 'vitest'
import type { TrafficSummary } from '../../metrics/summaries.ts'
import { LINUX_6_1 } from '../../profiles/cost-profile.ts'
import { MILLISECOND, SECOND } from '../../units.ts'
import { INSTANT, NOT_READY, READY, TEST_NETWORK, TestCluster, type TestPod } from '../test-cluster.ts'
import type { DirectorSpec } from './director.ts'
import type { CheckSpec } from './health-checker.ts'

const FIRST = LINUX_6_1.firstPacketNs('iptables-legacy', 1, 0, 1)
const LATER = LINUX_6_1.establishedPacketNs('iptables-legacy')
const { sameNode, sameZone, external } = TEST_NETWORK
const SERVICE = 7 * MILLISECOND
const WORKLOAD = { ...INSTANT, serviceTime: { kind: 'constant', value: SERVICE }, concurrency: 1000 } as const

const CHECK: CheckSpec = {
  kind: 'tcp',
  host: '',
  path: '/',
  delayLoop: 10 * SECOND,
  connectTimeout: 5 * SECOND,
  retry: 1,
  delayBeforeRetry: SECOND,
  warmUp: 0,
}

const DIRECTOR: DirectorSpec = {
  scheduler: 'rr',
  persistence: null,
  inhibitOnFailure: false,
  alpha: false,
  weights: new Map(),
  check: CHECK,
}

/** Two nodes, a pod on the first. */
function cluster(director: Partial<Omit<DirectorSpec, 'check'>> & { check?: Partial<CheckSpec> } = {}): { c: TestCluster; pod: TestPod } {
  const c = new TestCluster({ director: { ...DIRECTOR, ...director, check: { ...CHECK, ...director.check } } })
  const pod = c.pod({ node: 0, app: 'web', workload: WORKLOAD })
  c.service('web', { type: 'NodePort', nodePort: 30080 })
  c.sliceOf('web', [pod])
  c.startProxies()
  return { c, pod }
}

function send(c: TestCluster, times: readonly number[], options: Partial<Parameters<TestCluster['traffic']>[0]> = {}): void {
  c.traffic({ service: 'web', from: 'outside', arrivals: { kind: 'replay', times }, ...options })
}

function settled(c: TestCluster, time: number): TrafficSummary {
  c.sim.run(c.sim.now + time)
  c.dataPlane.checkConservation()
  return c.dataPlane.trafficSummaries()[0]!
}

const nanos = (ms: number | null) => Math.round(ms! * MILLISECOND)

/** Which nodes are in, as the traffic's Service port has it, by how many of 2 n new connections each gets. */
function shares(c: TestCluster, count = 4): number[] {
  const before = [0, 1].map((node) => c.dataPlane.conntrackEntries(node))
  const now = c.sim.now
  c.traffic({
    name: `probe-${now}`,
    service: 'web',
    from: 'outside',
    arrivals: { kind: 'replay', times: Array.from({ length: count }, (_, at) => at) },
  })
  c.sim.run(now + external + MILLISECOND)
  // The pod's own node, the first, has an entry for what comes by the other one as well.
  const [first, second] = [0, 1].map((node) => c.dataPlane.conntrackEntries(node) - before[node]!)
  return [first! - second!, second!]
}

describe('a director before the cluster', () => {
  test('sends connections to the nodes in turn; they take as long as by any balancer', () => {
    const { c } = cluster()
    send(c, [0, SECOND])
    const { ok, latencyMs } = settled(c, 3 * SECOND)
    expect(ok).toBe(2)
    expect(nanos(latencyMs.max)).toBe(FIRST + 3 * LATER + 4 * (external + sameZone) + SERVICE)
    expect(nanos(latencyMs.mean)).toBe(Math.round(FIRST + 3 * LATER + 4 * external + 2 * (sameNode + sameZone) + SERVICE))
  })

  test('goes by weights', () => {
    const { c } = cluster({ scheduler: 'wrr', weights: new Map([['worker-1', 3]]) })
    send(c, [])
    c.sim.run(c.sim.now + SECOND)
    expect(shares(c, 8)).toEqual([2, 6])
  })

  test('takes a dead node out once the check and its retry have had no answer', () => {
    const { c } = cluster()
    send(c, [])
    // The first check of both is over at once; the next begins 10 s after its end.
    c.sim.run(c.sim.now + SECOND)
    c.dataPlane.crashNode(1)
    const checkAt = c.sim.now - SECOND + firstCheck() + 10 * SECOND
    c.sim.run(checkAt + 5 * SECOND + SECOND + 5 * SECOND - 1)
    expect(down(c)).toEqual([])
    c.sim.run(c.sim.now + 1)
    expect(down(c)).toEqual(['real server down Node/worker-1'])
    expect(shares(c)).toEqual([4, 0])
  })

  test('takes it back at the first good check', () => {
    const { c } = cluster()
    send(c, [])
    c.dataPlane.crashNode(1)
    c.sim.run(c.sim.now + 30 * SECOND)
    c.dataPlane.bootNode(1)
    c.startProxy(1)
    c.sim.run(c.sim.now + 20 * SECOND)
    expect(down(c)).toEqual(['real server down Node/worker-1', 'real server up Node/worker-1'])
    expect(shares(c)).toEqual([2, 2])
  })

  test('takes living nodes out for a dead endpoint behind them', () => {
    const { c, pod } = cluster({ check: { retry: 0 } })
    send(c, [])
    c.slice('web', [
      [pod.address, READY],
      ['10.244.9.9', READY],
    ])
    c.sim.run(c.sim.now + 200 * SECOND)
    const changes = down(c)
    expect(changes.filter((change) => change.startsWith('real server down')).length).toBeGreaterThan(3)
    expect(changes).toContain('real server down Node/worker-0')
    expect(changes).toContain('real server down Node/worker-1')
  })

  test('refuses at once where no node is in', () => {
    const { c, pod } = cluster()
    c.slice('web', [[pod.address, NOT_READY]])
    c.sim.run(c.sim.now + 30 * SECOND)
    send(c, [])
    c.sim.run(c.sim.now + 2 * SECOND)
    expect(down(c)).toHaveLength(2)
    send(c, [0], { name: 'late' })
    c.sim.run(c.sim.now + 2 * external - 1)
    expect(c.dataPlane.trafficSummaries()[1]!.failed).toBe(0)
    c.sim.run(c.sim.now + 1)
    expect(c.dataPlane.trafficSummaries()[1]!.failedByCause).toEqual({ refused: 1 })
    c.dataPlane.checkConservation()
  })

  test('with alpha nothing gets in before the first good check', () => {
    const { c } = cluster({ alpha: true })
    send(c, [0, SECOND])
    expect(settled(c, 3 * SECOND)).toMatchObject({ ok: 1, failedByCause: { refused: 1 } })
  })

  test.each([
    ['http: takes the pod a whole request', 'http', 4 * external + SERVICE],
    ['tcp: is over when the connection is open', 'tcp', 2 * external],
  ] as const)('a check by %s', (_, kind, time) => {
    const { c } = cluster({ alpha: true, check: { kind } })
    const ways = kind === 'http' ? 4 : 2
    send(c, [])
    const begin = c.sim.now
    const onFirst = begin + time + ways * sameNode + FIRST + (ways - 1) * LATER
    c.sim.run(onFirst - 1)
    expect(down(c)).toEqual([])
    c.sim.run(onFirst)
    expect(down(c)).toEqual(['real server up Node/worker-0'])
  })

  test('counts a connection as active until it is closed', () => {
    const { c } = cluster({ scheduler: 'lc' })
    send(c, [0], { clients: 1, connection: { keepAlive: 600 * SECOND, pool: 1 } })
    c.sim.run(c.sim.now + SECOND)
    const [first] = nodesOf(c, 1)
    // Connections that are over weigh 1, the one that is kept 256: its node gets none of these.
    expect(nodesOf(c, 4)).toEqual([first, first, first, first])
  })

  test('its checks leave nothing at the pod', () => {
    for (const kind of ['tcp', 'http'] as const) {
      const { c, pod } = cluster({ check: { kind } })
      send(c, [])
      c.sim.run(c.sim.now + 9 * SECOND)
      expect(c.dataPlane.backends.inFlight(pod.id)).toBe(0)
    }
  })

  test('forgets a connection that its client has closed, also while something of it is still to be sent again', () => {
    const loss = { sameNode: 0, sameZone: 0, crossZone: 0, external: 0.7 }
    const c = new TestCluster({ network: { ...TEST_NETWORK, loss }, director: { ...DIRECTOR, persistence: SECOND } })
    const pod = c.pod({ node: 0, app: 'web', workload: WORKLOAD })
    c.service('web', { type: 'NodePort', nodePort: 30080 })
    c.sliceOf('web', [pod])
    c.startProxies()
    const connection = { keepAlive: SECOND, pool: 1 }
    c.traffic({
      service: 'web',
      from: 'outside',
      clients: 200,
      ratePerSecond: 20,
      connection,
      timeout: 5 * SECOND,
      stop: c.sim.now + 60 * SECOND,
    })
    c.sim.run(c.sim.now + 1200 * SECOND)
    c.dataPlane.checkConservation()
    expect(c.dataPlane.trafficSummaries()[0]).toMatchObject({ sent: 1200, inFlight: 0 })
  })

  test.each([
    ['is known', 899, []],
    ['is answered with RST after exactly two ways', 901, ['reset']],
  ])('a kept connection that was silent for so long %s: %i s', (_, seconds, causes) => {
    const { c } = cluster()
    const begin = c.sim.now
    send(c, [0, seconds * SECOND], { clients: 1, connection: { keepAlive: 3600 * SECOND, pool: 1 } })
    c.sim.run(begin + seconds * SECOND + 2 * external - 1)
    expect(c.dataPlane.trafficSummaries()[0]!.failed).toBe(0)
    c.sim.run(begin + seconds * SECOND + 2 * external)
    expect(Object.keys(c.dataPlane.trafficSummaries()[0]!.failedByCause)).toEqual(causes)
    c.sim.run(begin + 2 * seconds * SECOND)
    c.dataPlane.checkConservation()
    expect(c.dataPlane.trafficSummaries()[0]).toMatchObject({ sent: 2, ok: 2 - causes.length })
  })

  describe('kept connections by a node that has been taken out', () => {
    function kept(inhibitOnFailure: boolean): TrafficSummary {
      const { c } = cluster({ inhibitOnFailure, check: { retry: 0 } })
      // One client with one connection. Then the checks of both nodes fail, as the Service has no endpoint any more.
      const times = [0, 1, 2, 3].map((at) => at * 25 * SECOND)
      send(c, times, { clients: 1, connection: { keepAlive: 120 * SECOND, pool: 1 } })
      c.sim.run(c.sim.now + 15 * SECOND)
      c.slice('web', [])
      return settled(c, 100 * SECOND)
    }

    test('get nothing through', () => {
      const { ok, failedByCause } = kept(false)
      expect(ok).toBe(1)
      expect(failedByCause).toEqual({ timeout: 1, refused: 2 })
    })

    test('go on with inhibit_on_failure', () => {
      expect(kept(true)).toMatchObject({ ok: 4, failed: 0 })
    })
  })
})

/** Where connections one after the other go. */
function nodesOf(c: TestCluster, count: number): number[] {
  return Array.from({ length: count }, () => {
    const [first] = shares(c, 1)
    c.sim.run(c.sim.now + 100 * MILLISECOND)
    return first === 1 ? 0 : 1
  })
}

/** Network and CPU time of a good TCP check of the second node. */
function firstCheck(): number {
  return 2 * (external + sameZone) + FIRST + LATER
}

function down(c: TestCluster): string[] {
  return [...c.trace].filter(({ actor }) => actor === 'keepalived').map(({ action, subject }) => `${action} ${subject}`)
}
