import { describe, expect, test } from 'vitest'
import type { TrafficSummary } from '../metrics/summaries.ts'
import { parseIpv4 } from '../network/addresses.ts'
import type { SandboxSpec } from '../node/pod-host.ts'
import { LINUX_6_1 } from '../profiles/cost-profile.ts'
import { MILLISECOND, SECOND } from '../units.ts'
import type { NetworkPlugin, Transport } from './packet-filter.ts'
import { TEST_NETWORK, TestCluster, type TestPod } from './test-cluster.ts'

const FIRST = LINUX_6_1.firstPacketNs('nftables', 0, 0, 1)
const LATER = LINUX_6_1.establishedPacketNs('nftables')
const { sameNode, sameZone } = TEST_NETWORK

/** A plugin that does what it is told, and notes what it was asked. */
class Told implements NetworkPlugin {
  readonly asked: string[] = []
  outward = true
  inward = true
  /** Sources that are let in although nothing is. */
  readonly sources = new Set<number>()

  letsOut(pod: SandboxSpec, address: number, port: number, protocol: Transport): boolean {
    this.#note('out of', pod, address, port, protocol)
    return this.outward
  }

  letsIn(pod: SandboxSpec, address: number, port: number, protocol: Transport): boolean {
    this.#note('into', pod, address, port, protocol)
    return this.inward || this.sources.has(address)
  }

  #note(way: string, { podName, nodeIndex }: SandboxSpec, address: number, port: number, protocol: Transport): void {
    const dotted = [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.')
    this.asked.push(`${way} ${podName} on ${nodeIndex}: ${dotted}, ${protocol} ${port}`)
  }
}

function cluster(options: { podNode: number; mode?: 'nftables' | 'ipvs'; udp?: boolean; local?: boolean }): {
  c: TestCluster
  plugin: Told
  web: TestPod
} {
  const plugin = new Told()
  const c = new TestCluster({ plugin, kubeProxy: { mode: options.mode ?? 'nftables', scheduler: 'rr' } })
  const web = c.pod({ node: options.podNode, app: 'web' })
  c.pod({ node: 0, app: 'client' })
  const protocol = options.udp === true ? 'UDP' : 'TCP'
  c.service('web', { type: 'NodePort', nodePort: 30080, protocol, spec: options.local === true ? { externalTrafficPolicy: 'Local' } : {} })
  c.sliceOf('web', [web], protocol)
  c.startProxies()
  return { c, plugin, web }
}

/** Sends requests and gives the summary as it is then. */
function send(c: TestCluster, options: Partial<Parameters<TestCluster['traffic']>[0]> = {}) {
  const index = c.dataPlane.trafficSummaries().length
  c.traffic({
    service: 'web',
    from: 'client',
    name: `t${index}`,
    arrivals: { kind: 'replay', times: [0] },
    timeout: 2 * SECOND,
    ...options,
  })
  return () => {
    c.dataPlane.checkConservation()
    return c.dataPlane.trafficSummaries()[index]!
  }
}

function run(c: TestCluster, time: number): void {
  c.sim.run(c.sim.now + time)
}

const latency = (summary: TrafficSummary) => Math.round(summary.latencyMs.max! * MILLISECOND)
const socket = { reuse: true }

describe('what the plugins see of a connection', () => {
  test('of a pod: the address and port after translation at its own node, its own address at the other', () => {
    const { c, plugin } = cluster({ podNode: 1 })
    const summary = send(c)
    run(c, SECOND)
    expect(summary().ok).toBe(1)
    // A first SYN is asked about as it is translated and as it leaves.
    expect([...new Set(plugin.asked)]).toEqual(['out of client-1 on 0: 10.244.0.1, TCP 8080', 'into web-0 on 1: 10.244.0.2, TCP 8080'])
  })

  test('a client outside is the node that masqueraded it, but for policy Local and on the node of the pod', () => {
    const other = cluster({ podNode: 1 })
    send(other.c, { from: 'outside', clients: 1, arrivals: { kind: 'replay', times: [0, SECOND, 2 * SECOND, 3 * SECOND] } })
    run(other.c, 10 * SECOND)
    expect([...new Set(other.plugin.asked)].toSorted()).toEqual([
      'into web-0 on 1: 192.168.0.1, TCP 8080',
      'into web-0 on 1: 198.18.0.0, TCP 8080',
    ])
  })

  test('with policy Local it is the client alone', () => {
    const { c, plugin } = cluster({ podNode: 1, local: true })
    send(c, { from: 'outside', clients: 1, arrivals: { kind: 'replay', times: [0, SECOND, 2 * SECOND, 3 * SECOND] } })
    run(c, 10 * SECOND)
    expect([...new Set(plugin.asked)]).toEqual(['into web-0 on 1: 198.18.0.0, TCP 8080'])
  })

  test('a pod reaches itself, unasked', () => {
    const { c, plugin } = cluster({ podNode: 1 })
    plugin.outward = false
    plugin.inward = false
    const summary = send(c, { from: 'web' })
    run(c, SECOND)
    expect([summary().ok, plugin.asked]).toEqual([1, []])
  })

  test('pods with the host’s network are not asked for, and pods of their node not either', () => {
    const { c, plugin } = cluster({ podNode: 0 })
    plugin.outward = false
    plugin.inward = false
    const { backends } = c.dataPlane
    const client = backends.specOf(1)
    const host = backends.sandboxUp({ ...client, podUid: 'h', labels: { app: 'host' }, address: '192.168.0.1', hostPorts: [9999] })
    backends.listen(host)
    const summary = send(c, { from: 'host' })
    run(c, SECOND)
    expect([summary().ok, plugin.asked]).toEqual([1, []])
  })
})

describe('a denied connection', () => {
  test.each(['outward', 'inward'] as const)('is silence, and fails as policy-denied when the time is over: %s', (way) => {
    const { c, plugin } = cluster({ podNode: 1 })
    plugin[way] = false
    const summary = send(c, { timeout: 2 * SECOND })
    const begin = c.sim.now
    c.sim.run(begin + 2 * SECOND - 1)
    expect(summary().failed).toBe(0)
    c.sim.run(begin + 2 * SECOND)
    expect(summary().failedByCause).toEqual({ 'policy-denied': 1 })
  })

  test.each(['outward', 'inward'] as const)('is let through by its repeated SYN, 1 s later, when the policy has gone: %s', (way) => {
    const { c, plugin } = cluster({ podNode: 1 })
    plugin[way] = false
    const summary = send(c, { timeout: 2 * SECOND })
    run(c, SECOND / 2)
    plugin[way] = true
    run(c, SECOND)
    expect(summary().ok).toBe(1)
    // Of a SYN that was dropped before it left, the node keeps nothing: the next one meets the rules again. Otherwise the entry is known.
    const repeated = way === 'outward' ? FIRST : LATER
    expect(latency(summary())).toBe(SECOND + repeated + 3 * LATER + 4 * sameZone)
  })

  test('leaves an entry at the node that it passed, and none where it was dropped', () => {
    const { c, plugin } = cluster({ podNode: 1 })
    const entries = () => [0, 1].map((node) => c.dataPlane.conntrackEntries(node))
    plugin.inward = false
    send(c, { timeout: SECOND / 2 })
    run(c, SECOND / 4)
    expect(entries()).toEqual([1, 0])
    const out = cluster({ podNode: 1 })
    out.plugin.outward = false
    send(out.c, { timeout: SECOND / 2 })
    run(out.c, SECOND / 4)
    expect([0, 1].map((node) => out.c.dataPlane.conntrackEntries(node))).toEqual([0, 0])
  })

  test('on one node leaves none at all', () => {
    const { c, plugin } = cluster({ podNode: 0 })
    plugin.inward = false
    const summary = send(c, { timeout: SECOND / 2 })
    run(c, SECOND / 4)
    expect(c.dataPlane.conntrackEntries(0)).toBe(0)
    run(c, SECOND)
    expect(summary().failedByCause).toEqual({ 'policy-denied': 1 })
  })

  test('the cause is that of the last SYN', () => {
    const { c, plugin, web } = cluster({ podNode: 1 })
    plugin.inward = false
    const summary = send(c, { timeout: 2 * SECOND })
    run(c, SECOND / 2)
    plugin.inward = true
    c.dataPlane.backends.sandboxDown(web.id)
    run(c, 2 * SECOND)
    expect(summary().failedByCause).toEqual({ 'connect-timeout': 1 })
  })

  test('of ipvs goes on being bound to its server', () => {
    const { c, plugin } = cluster({ podNode: 1, mode: 'ipvs' })
    plugin.outward = false
    const summary = send(c, { timeout: 2 * SECOND })
    run(c, SECOND / 2)
    plugin.outward = true
    run(c, SECOND)
    expect(summary().ok).toBe(1)
    expect(latency(summary())).toBe(SECOND + 4 * LINUX_6_1.establishedPacketNs('ipvs') + 4 * sameZone)
  })
})

test('a connection that is there stays when a policy comes, and the next one fails', () => {
  const { c, plugin } = cluster({ podNode: 1 })
  const kept = send(c, { connection: { keepAlive: 60 * SECOND, pool: 1 }, arrivals: { kind: 'replay', times: [0, 5 * SECOND] } })
  run(c, SECOND)
  plugin.inward = false
  plugin.outward = false
  const late = send(c)
  run(c, 10 * SECOND)
  expect([kept().ok, late().failedByCause]).toEqual([2, { 'policy-denied': 1 }])
})

describe('over UDP', () => {
  test.each(['outward', 'inward'] as const)('a denied datagram is lost, and its request fails as policy-denied: %s', (way) => {
    for (const podNode of [0, 1]) {
      const { c, plugin } = cluster({ podNode, udp: true })
      plugin[way] = false
      const summary = send(c, { socket })
      run(c, 5 * SECOND)
      expect(summary().failedByCause).toEqual({ 'policy-denied': 1 })
      expect(plugin.asked.at(-1)).toMatch(way === 'outward' ? /^out of .*UDP 8080$/ : /^into .*UDP 8080$/)
    }
  })

  test('a flow that was answered goes on, one that was not is asked about each time', () => {
    for (const podNode of [0, 1]) {
      const { c, plugin } = cluster({ podNode, udp: true })
      const answered = send(c, { socket, arrivals: { kind: 'replay', times: [0, 5 * SECOND] } })
      run(c, SECOND)
      plugin.outward = false
      plugin.inward = false
      run(c, 10 * SECOND)
      expect(answered().ok).toBe(2)
      const late = send(c, { socket, arrivals: { kind: 'replay', times: [0, 5 * SECOND] } })
      run(c, 10 * SECOND)
      expect(late().failedByCause).toEqual({ 'policy-denied': 2 })
    }
  })

  test('an answered request takes no longer than without a plugin', () => {
    const { c } = cluster({ podNode: 0, udp: true })
    const summary = send(c, { socket })
    run(c, SECOND)
    expect(latency(summary())).toBe(FIRST + LATER + 2 * sameNode)
  })
})

test('a source that is let in is that of the node: an ipBlock of a client outside does not help', () => {
  const { c, plugin } = cluster({ podNode: 1 })
  c.dataPlane.loadBalancer.watch(c.dataPlane.history.servicePort('shop', 'web', 80, 'TCP'))
  run(c, 30 * SECOND)
  plugin.inward = false
  plugin.sources.add(parseIpv4('198.18.0.0')!)
  const summary = send(c, { from: 'outside', clients: 1, arrivals: { kind: 'replay', times: [0, SECOND, 2 * SECOND, 3 * SECOND] } })
  run(c, 10 * SECOND)
  // The load balancer takes the nodes in turn: on the pod's own the client is seen as it is.
  expect([summary().ok, summary().failedByCause]).toEqual([2, { 'policy-denied': 2 }])
})
