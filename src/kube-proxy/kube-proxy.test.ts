import { describe, expect, test } from 'vitest'
import { NO_CAUSE } from '../engine/trace.ts'
import { LINUX_6_1 } from '../profiles/cost-profile.ts'
import { HOUR, MILLISECOND, type Nanos, SECOND } from '../units.ts'
import { READY, TEST_NETWORK, TestCluster, type TestClusterOptions } from '../workload/test-cluster.ts'
import { CLUSTER_IP } from './modes/mode.ts'

const IPVS = { mode: 'ipvs', scheduler: 'rr' } as const

interface Row {
  start: number
  ms: number
  node: string
  kind: string
  rules: number
  changes: number
  endpoints: number
  age: number
}

function syncs(c: TestCluster): Row[] {
  return [...c.dataPlane.proxyTable().rows].map(([start, ms, node, kind, , endpoints, rules, changes, age]) => ({
    start: start as number,
    ms: ms as number,
    node: node as string,
    kind: kind as string,
    endpoints: endpoints as number,
    rules: rules as number,
    changes: changes as number,
    age: age as number,
  }))
}

const ns = (milliseconds: number): Nanos => Math.round(milliseconds * MILLISECOND)

describe('kube-proxy', () => {
  test('the first sync starts when both lists are there, and writes everything', () => {
    const c = new TestCluster({ zones: ['a'] })
    c.service('web')
    c.slice('web', [['10.0.0.1', READY]])
    const proxy = c.dataPlane.proxy(0)
    proxy.start()
    proxy.listed('Service', c.revision, NO_CAUSE)
    c.sim.run(SECOND)
    expect(syncs(c)).toEqual([])
    expect(proxy.healthy).toBe(false)
    proxy.listed('EndpointSlice', c.revision, NO_CAUSE)
    c.sim.run(2 * SECOND)
    const [first] = syncs(c)
    expect(first).toMatchObject({ start: 1, kind: 'full', rules: 5 + 2 + 3 + 4, endpoints: 1 })
    expect(ns(first!.ms)).toBe(LINUX_6_1.programFullNs('iptables-legacy', 1, 1) + LINUX_6_1.syncOwnNs('iptables-legacy', 1))
    expect(proxy.healthy).toBe(true)
  })

  test('iptables: a change waits until 1 s after the END of the last sync; changes in the wait share a sync', () => {
    const c = new TestCluster({ zones: ['a'] })
    c.service('web')
    c.startProxies()
    const start = c.sim.now
    c.slice('web', [['10.0.0.1', READY]])
    c.sim.run(start + MILLISECOND)
    c.slice('web', [['10.0.0.2', READY]])
    c.sim.run(start + 500 * MILLISECOND)
    c.slice('web', [['10.0.0.3', READY]])
    c.sim.run(start + 10 * SECOND)
    const [, second, third] = syncs(c)
    expect(second).toMatchObject({ start: start / SECOND, kind: 'partial', changes: 1 })
    expect(third).toMatchObject({ changes: 2 })
    expect(ns(third!.start * 1000)).toBe(start + ns(second!.ms) + SECOND)
    // The older of the two was written 1 ms after the start.
    expect(ns(third!.age)).toBe(ns(second!.ms) + SECOND - MILLISECOND + ns(third!.ms))
    expect(syncs(c)).toHaveLength(3)
  })

  test('iptables up to 1.33: the second of two changes does not wait, the third does', () => {
    const c = new TestCluster({ zones: ['a'], version: 33 })
    c.service('web')
    c.startProxies()
    const start = c.sim.now
    for (const [index, after] of [0, 200 * MILLISECOND, 400 * MILLISECOND].entries()) {
      c.sim.run(start + after)
      c.slice('web', [[`10.0.0.${index + 1}`, READY]])
    }
    c.sim.run(start + 10 * SECOND)
    const [, first, second, third] = syncs(c)
    expect([first!.start, second!.start]).toEqual([start / SECOND, start / SECOND + 0.2])
    expect(ns(third!.start * 1000)).toBe(ns(second!.start * 1000) + ns(second!.ms) + SECOND)
  })

  test.each(['iptables', 'ipvs', 'nftables'] as const)(
    '%s: a sync that begins while it is slow takes exactly so many times as long',
    (mode) => {
      const run = (factors: readonly number[]) => {
        const c = new TestCluster({ zones: ['a', 'a'], kubeProxy: { mode, scheduler: 'rr' } })
        c.service('web')
        c.startProxies()
        const start = c.sim.now + SECOND
        c.sim.run(start)
        const before = syncs(c).length
        let uses = 0
        const ends = factors.map((factor) => c.dataPlane.proxy(0).slowness.begin({ factor, onUse: () => uses++ }))
        c.slice('web', [['10.0.0.1', READY]])
        c.sim.run(start + MILLISECOND)
        // The sync that has begun goes on as it was.
        for (const end of ends) end()
        c.sim.run(start + 10 * SECOND)
        c.slice('web', [['10.0.0.2', READY]])
        c.sim.run(start + 20 * SECOND)
        const after = syncs(c).slice(before)
        const of = (node: string) => after.filter((row) => row.node === node).map(({ ms }) => ns(ms))
        return { slow: of('worker-0'), other: of('worker-1'), uses }
      }
      const plain = run([])
      expect(plain.uses).toBe(0)
      expect(plain.slow.length).toBeGreaterThanOrEqual(2)
      const slowed = run([7])
      expect(slowed.slow).toEqual([7 * plain.slow[0]!, ...plain.slow.slice(1)])
      expect(slowed.other).toEqual(plain.other)
      expect(slowed.uses).toBe(1)
      expect(run([7, 2]).slow[0]).toBe(14 * plain.slow[0]!)
      expect(run([7, 2]).uses).toBe(2)
      // However large the product: a sync on a busy core takes up to twice its time.
      expect(run([1e6, 1e6, 1e6]).slow).toEqual([])
    },
  )

  test('iptables: while it is slow a packet slips through for so many times as long, before the end of the sync', () => {
    const slips = (factor: number): { ends: Nanos; slips: Nanos } => {
      const c = new TestCluster({ zones: ['a'] })
      c.service('web')
      c.startProxies()
      const proxy = c.dataPlane.proxy(0)
      const start = c.sim.now + 5 * SECOND
      c.sim.run(start)
      proxy.slowness.begin({ factor, onUse: () => {} })
      c.slice('web', [['10.0.0.1', READY]])
      const step = MILLISECOND / 10
      let count = 0
      let ends = 0
      for (let at = start; ends === 0; at += step) {
        c.sim.run(at)
        if (proxy.slipsThrough(0, CLUSTER_IP)) count++
        if (syncs(c).length === 2) ends = at
      }
      return { ends: ends - start, slips: count * step }
    }
    const plain = slips(1)
    const slow = slips(8)
    expect(plain.slips).toBeGreaterThan(MILLISECOND)
    expect(Math.abs(slow.slips - 8 * plain.slips)).toBeLessThanOrEqual(MILLISECOND)
    expect(slow.slips).toBeLessThan(slow.ends)
  })

  test('ipvs: the next sync follows at once', () => {
    const c = new TestCluster({ zones: ['a'], kubeProxy: IPVS })
    c.service('web')
    c.startProxies()
    const start = c.sim.now + SECOND
    c.sim.run(start)
    const before = syncs(c).length
    c.slice('web', [['10.0.0.1', READY]])
    c.sim.run(start + MILLISECOND)
    c.slice('web', [['10.0.0.2', READY]])
    c.sim.run(start + SECOND)
    const [first, second] = syncs(c).slice(before)
    expect(ns(second!.start * 1000)).toBe(start + ns(first!.ms))
  })

  test('what a sync programs is the state of its start, in effect at its end', () => {
    const c = new TestCluster({ zones: ['a'] })
    const [old, young] = [c.pod({ node: 0, app: 'web' }), c.pod({ node: 0, app: 'web' })]
    c.pod({ node: 0, app: 'client' })
    c.service('web')
    c.sliceOf('web', [old])
    c.startProxies()
    c.dataPlane.backends.stopListening(old.id)
    const start = c.sim.now
    c.sliceOf('web', [young])
    const took = LINUX_6_1.programUpdateNs('iptables-legacy', 1, 1) + LINUX_6_1.syncOwnNs('iptables-legacy', 1)
    c.traffic({ service: 'web', from: 'client', ratePerSecond: 1, start: start + took - 1, stop: start + took, name: 'before' })
    c.traffic({ service: 'web', from: 'client', ratePerSecond: 1, start: start + took + 1, stop: start + took + 2, name: 'after' })
    c.sim.run(start + SECOND)
    expect(c.dataPlane.trafficSummaries().map(({ ok, failedByCause }) => [ok, failedByCause])).toEqual([
      [0, { refused: 1 }],
      [1, {}],
    ])
  })

  test('a write that changes no rule starts no sync', () => {
    const c = new TestCluster({ zones: ['a'] })
    c.service('web')
    c.slice('web', [['10.0.0.1', READY]])
    c.startProxies()
    c.slice('web', [['10.0.0.1', READY]])
    c.service('web')
    c.sim.run(c.sim.now + 10 * SECOND)
    expect(syncs(c)).toHaveLength(1)
  })

  test('each change that a sync brought is a hop with its cause, and a sample of the propagation time', () => {
    const c = new TestCluster({ zones: ['a', 'a'] })
    c.startProxies()
    c.service('web')
    const start = c.sim.now
    const revision = c.slice('web', [['10.0.0.1', READY]])
    c.sim.run(start + 10 * SECOND)
    const hops = [...c.trace].filter((hop) => hop.subject === 'EndpointSlice/shop/web-1')
    expect(hops.map((hop) => [hop.actor, hop.action, hop.revision])).toEqual([
      ['kube-proxy/worker-0', 'programmed', revision],
      ['kube-proxy/worker-1', 'programmed', revision],
    ])
    const propagation = c.dataPlane.propagation('all')
    expect(propagation.count).toBe(2)
    expect(ns(propagation.max!)).toBe(hops[1]!.time - start)
  })

  test('the propagation of the measured phase leaves out what was written before it', () => {
    const c = new TestCluster({ zones: ['a'], measureFrom: 60 * SECOND })
    c.service('web')
    c.startProxies()
    c.slice('web', [['10.0.0.1', READY]])
    c.sim.run(70 * SECOND)
    c.slice('web', [['10.0.0.2', READY]])
    c.sim.run(80 * SECOND)
    expect([c.dataPlane.propagation('measured').count, c.dataPlane.propagation('all').count]).toEqual([1, 2])
  })

  test('iptables: all rules are written again once an hour, but not above 1,000 endpoints', () => {
    for (const [endpoints, kind] of [
      [1000, 'full'],
      [1001, 'partial'],
    ] as const) {
      const c = new TestCluster({ zones: ['a'] })
      c.service('web')
      c.slice(
        'web',
        Array.from({ length: endpoints }, (_, index) => [`10.0.${index >> 8}.${index & 255}`, READY] as const),
      )
      c.startProxies()
      c.sim.run(HOUR + 60 * SECOND)
      expect(syncs(c).map((sync) => sync.kind)).toEqual(['full', kind])
    }
  })

  test('ipvs: everything is compared at least every 30 s', () => {
    const c = new TestCluster({ zones: ['a'], kubeProxy: IPVS })
    c.service('web')
    c.startProxies()
    c.sim.run(100 * SECOND)
    expect(syncs(c).map((sync) => Math.floor(sync.start))).toEqual([0, 30, 60, 90])
  })

  test('a process that stops leaves its rules in the kernel; started again, it lists and writes everything', () => {
    const c = new TestCluster({ zones: ['a'] })
    const [old, young] = [c.pod({ node: 0, app: 'web' }), c.pod({ node: 0, app: 'web' })]
    c.pod({ node: 0, app: 'client' })
    c.service('web')
    c.sliceOf('web', [old])
    c.startProxies()
    c.dataPlane.proxy(0).stop()
    c.sliceOf('web', [young])
    c.sim.run(c.sim.now + 10 * SECOND)
    c.dataPlane.backends.stopListening(old.id)
    c.traffic({ service: 'web', from: 'client', ratePerSecond: 1, stop: c.sim.now + 1, name: 'stale' })
    c.sim.run(c.sim.now + 10 * SECOND)
    c.startProxy(0)
    c.sim.run(c.sim.now + 10 * SECOND)
    c.traffic({ service: 'web', from: 'client', ratePerSecond: 1, stop: c.sim.now + 1, name: 'fresh' })
    c.sim.run(c.sim.now + 10 * SECOND)
    expect(c.dataPlane.trafficSummaries().map(({ ok, failedByCause }) => [ok, failedByCause])).toEqual([
      [0, { refused: 1 }],
      [1, {}],
    ])
    expect(syncs(c).map((sync) => sync.kind)).toEqual(['full', 'full'])
  })

  test('a second list makes up for the events that a broken watch missed', () => {
    const c = new TestCluster({ zones: ['a'] })
    c.service('web')
    c.startProxies()
    c.dataPlane.history.apply(c.revision + 1, {
      object: {
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSlice',
        metadata: { ...EMPTY_META, name: 'web-1', namespace: 'shop', labels: { 'kubernetes.io/service-name': 'web' } },
        endpoints: [{ address: '10.0.0.1', conditions: READY, nodeName: '', zone: '', podName: '', podUid: '' }],
        ports: [{ name: 'p80', protocol: 'TCP', port: 8080 }],
      },
      deleted: false,
      committedAt: c.sim.now,
    })
    c.dataPlane.proxy(0).listed('EndpointSlice', c.revision + 1, NO_CAUSE)
    c.sim.run(c.sim.now + SECOND)
    expect(syncs(c).at(-1)).toMatchObject({ endpoints: 1, rules: 5 + 2 + 3 + 4 })
  })

  test.each([
    ['ClusterIP', 10, 2, 85, 4],
    ['ClusterIP', 10, 0, 5, 14],
    ['ClusterIP', 10, 10, 325, 4],
    ['NodePort', 10, 3, 155, 4],
    ['NodePort', 10, 0, 5, 24],
    ['LoadBalancer', 10, 3, 165, 4],
    ['LoadBalancer', 1, 0, 5, 7],
  ] as const)('%s: %d Services with %d endpoints have %d nat and %d filter rules', (type, services, endpoints, nat, filter) => {
    const c = new TestCluster({ zones: ['a'] })
    c.startProxies()
    const members = Array.from({ length: endpoints }, (_, index) => [`10.0.0.${index + 1}`, READY] as const)
    for (let index = 0; index < services; index++) {
      c.service(`s${index}`, { type, nodePort: type === 'ClusterIP' ? 0 : 30000 + index })
      c.slice(`s${index}`, members)
      c.sim.run(c.sim.now + 300 * MILLISECOND)
    }
    c.sim.run(c.sim.now + 10 * SECOND)
    expect(syncs(c).at(-1)!.rules).toBe(nat + filter)
  })
})

describe('a sync and the packets on its core', () => {
  const UPDATE = LINUX_6_1.programUpdateNs('iptables-legacy', 1, 1) + LINUX_6_1.syncOwnNs('iptables-legacy', 1)
  /** The four packets of a request to one Service with one endpoint. */
  const REQUEST = LINUX_6_1.firstPacketNs('iptables-legacy', 0, 0, 1) + 3 * LINUX_6_1.establishedPacketNs('iptables-legacy')

  /** A node of that many cores, a pod on it, its rules, and a client; a change that a sync takes up now, and `requests` in the middle of it. */
  function changing(requests: number, options: TestClusterOptions): { c: TestCluster; start: Nanos } {
    const c = new TestCluster({ zones: ['a'], ...options })
    const [old, young] = [c.pod({ node: 0, app: 'web' }), c.pod({ node: 0, app: 'web' })]
    c.pod({ node: 0, app: 'client' })
    c.service('web')
    c.sliceOf('web', [old])
    c.startProxies()
    const start = c.sim.now
    c.sliceOf('web', [young])
    for (let request = 0; request < requests; request++) {
      const at = start + UPDATE / 2 + request * 1000
      c.traffic({
        name: `request ${request}`,
        service: 'web',
        from: 'client',
        ratePerSecond: 1,
        start: Math.floor(at),
        stop: Math.floor(at) + 1,
      })
    }
    return { c, start }
  }

  test.each([0, 1, 7])('%i requests on its only core: it ends by their CPU time later, and its rules are in effect then', (requests) => {
    const { c, start } = changing(requests, { cpuMilli: 1000 })
    const end = start + UPDATE + requests * REQUEST
    c.sim.run(end - 1)
    expect(syncs(c)).toHaveLength(1)
    expect(c.dataPlane.rules.sliceRevisions[0]).toBe(c.revision - 1)
    c.sim.run(end)
    expect(c.dataPlane.rules.sliceRevisions[0]).toBe(c.revision)
    expect(ns(syncs(c)[1]!.ms)).toBe(UPDATE + requests * REQUEST)
    expect(c.dataPlane.trafficSummaries().every(({ ok }) => ok === 1)).toBe(true)
    // The next change waits from that end on.
    c.slice('web', [['10.0.0.9', READY]])
    c.sim.run(end + 10 * SECOND)
    expect(ns(syncs(c)[2]!.start * 1000)).toBe(end + SECOND)
  })

  test('one that is slow needs so many times the CPU time of its core', () => {
    const { c, start } = changing(0, { cpuMilli: 1000 })
    const end = c.dataPlane.proxy(0).slowness.begin({ factor: 5, onUse: () => {} })
    c.slice('web', [['10.0.0.8', READY]])
    c.sim.run(start + 4 * SECOND)
    end()
    // One was written, and the other waited for it; the first may have begun before.
    const [first, ...rest] = syncs(c).map(({ ms }) => ns(ms))
    const sum = rest.reduce((all, ms) => all + ms, 0)
    expect(rest.at(-1)).toBe(5 * UPDATE)
    expect(syncTimeUntilNow(c)).toBe(first! + sum)
  })

  test('on a node with a core that handles no packets it takes its time', () => {
    const { c, start } = changing(7, { cpuMilli: 2000, softirq: { cores: 1 } })
    c.sim.run(start + UPDATE)
    expect(ns(syncs(c)[1]!.ms)).toBe(UPDATE)
  })

  test('nor do packets wait for a sync', () => {
    const { c, start } = changing(1, { cpuMilli: 1000 })
    c.sim.run(start + SECOND)
    expect(ns(c.dataPlane.trafficSummaries()[0]!.latencyMs.max!)).toBe(REQUEST + 4 * TEST_NETWORK.sameNode)
  })

  test.each(['stop', 'crash'] as const)('a sync that a %s cuts short has had its CPU time until then, and the next one is whole', (how) => {
    const { c, start } = changing(3, { cpuMilli: 1000 })
    c.sim.run(start + UPDATE)
    if (how === 'stop') c.dataPlane.proxy(0).stop()
    else c.dataPlane.crashNode(0)
    const before = ns(syncs(c)[0]!.ms)
    expect(syncTimeUntilNow(c)).toBe(before + UPDATE - 3 * REQUEST)
    if (how === 'crash') c.dataPlane.bootNode(0)
    c.sim.run(start + SECOND)
    c.startProxy(0)
    c.sim.run(start + 3 * SECOND)
    expect(syncs(c)).toHaveLength(2)
    expect(ns(syncs(c)[1]!.ms)).toBe(before)
    expect(syncTimeUntilNow(c)).toBe(before + UPDATE - 3 * REQUEST + before)
  })
})

/** CPU time of the first node's syncs until now, as the table of nodes has it when its last interval ends now. */
function syncTimeUntilNow(c: TestCluster): Nanos {
  while (c.dataPlane.nextIntervalEnd < c.sim.now) c.dataPlane.endInterval(c.dataPlane.nextIntervalEnd)
  c.dataPlane.endInterval(c.sim.now)
  const { columns, rows } = c.dataPlane.nodeTable()
  return [...rows].reduce((sum, row) => sum + ns(row[columns.indexOf('sync_ms')] as number), 0)
}

const EMPTY_META = {
  uid: '',
  annotations: {},
  resourceVersion: 0,
  generation: 1,
  creationTimestamp: 0,
  deletionTimestamp: null,
  deletionGracePeriodSeconds: null,
  ownerReferences: [],
  finalizers: [],
}
