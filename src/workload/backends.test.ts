import { describe, expect, test } from 'vitest'
import { Simulation } from '../engine/simulation.ts'
import { FAILURE_CAUSES } from '../metrics/failure-cause.ts'
import { Addresses } from '../network/addresses.ts'
import { MILLISECOND, SECOND } from '../units.ts'
import { Backends, NO_BACKEND, NO_HANDSHAKE, type RequestKeeper } from './backends.ts'
import { INSTANT } from './test-cluster.ts'

function setUp() {
  const sim = new Simulation({ seed: '1' })
  const addresses = new Addresses()
  const log: string[] = []
  const requests: RequestKeeper = {
    seedOf: (request) => request,
    trySeedOf: (request) => request,
    begun: () => {},
    throttled: () => {},
    handshakeOf: () => NO_HANDSHAKE,
    handshaken: () => {},
    calls: () => {},
    passedOn: () => {},
    drains: () => {},
    processEnded: () => {},
    served: (request) => log.push(`${sim.now / MILLISECOND} served ${request}`),
    refused: (request, cause) => log.push(`${sim.now / MILLISECOND} ${FAILURE_CAUSES[cause]} ${request}`),
    dropped: (request, withReset) => log.push(`${sim.now / MILLISECOND} ${withReset ? 'reset' : 'vanished'} ${request}`),
  }
  const workload = { ...INSTANT, cpuMilli: 250, serviceTime: { kind: 'constant', value: SECOND }, queue: 1 } as const
  const backends = new Backends({ sim, addresses, workloadOf: () => workload, requests })
  const up = (name: string, address: string, nodeIndex = 0) =>
    backends.sandboxUp({ podUid: name, podName: name, namespace: 'shop', labels: { app: name }, address, nodeIndex })
  return { sim, addresses, backends, log, up }
}

describe('Backends', () => {
  test('an address belongs to one pod at a time', () => {
    const { addresses, backends, up } = setUp()
    const endpoint = addresses.endpoint('10.0.0.1', 80)
    expect(backends.owner(endpoint)).toBe(NO_BACKEND)
    const first = up('a', '10.0.0.1')
    expect(backends.owner(endpoint)).toBe(first)
    expect(() => up('b', '10.0.0.1')).toThrow('Address 10.0.0.1 is given to two pods')
    backends.sandboxDown(first)
    expect(backends.owner(endpoint)).toBe(NO_BACKEND)
    const second = up('c', '10.0.0.1')
    expect(backends.owner(endpoint)).toBe(second)
    expect(second).not.toBe(first)
  })

  test('with the host’s network a port belongs to one pod, and the node refuses it when the pod is gone', () => {
    const { addresses, backends, log } = setUp()
    const up = (name: string, hostPorts: number[]) =>
      backends.sandboxUp({ podUid: name, podName: name, namespace: 'shop', labels: {}, address: '192.168.0.1', nodeIndex: 0, hostPorts })
    const [web, metrics, other] = [80, 9100, 22].map((port) => addresses.endpoint('192.168.0.1', port))
    const a = up('a', [80])
    const b = up('b', [9100])
    expect([web, metrics, other].map((endpoint) => backends.owner(endpoint!))).toEqual([a, b, NO_BACKEND])
    backends.listen(a)
    backends.accept(a)
    backends.enter(a, 1)
    backends.sandboxDown(a)
    expect(log).toEqual(['0 reset 1'])
    expect([backends.owner(web!), backends.isListening(a)]).toEqual([a, false])
    const next = up('a2', [80])
    expect(backends.owner(web!)).toBe(next)
    backends.crashNode(0)
    expect([web, metrics].map((endpoint) => backends.owner(endpoint!))).toEqual([NO_BACKEND, NO_BACKEND])
    backends.bootNode(0)
    expect([web, metrics].map((endpoint) => backends.owner(endpoint!))).toEqual([next, b])
    expect([backends.isListening(next), backends.isListening(b)]).toEqual([false, false])
  })

  test('one is served, one waits, more are refused; the queue moves on', () => {
    const { sim, backends, log, up } = setUp()
    const pod = up('a', '10.0.0.1')
    backends.listen(pod)
    for (let connection = 0; connection < 3; connection++) backends.accept(pod)
    expect([1, 2, 3].map((request) => backends.enter(pod, request))).toEqual([true, true, false])
    expect(backends.inFlight(pod)).toBe(2)
    expect([backends.inFlightOfNode(0), backends.inFlightOfNode(1)]).toEqual([2, 0])
    sim.run(5 * SECOND)
    expect(log).toEqual(['1000 served 1', '2000 served 2'])
    expect(backends.inFlight(pod)).toBe(0)
  })

  // Half a second of a server that uses a quarter of a core.
  test('a server uses CPU while it is busy, and a process that is killed uses no more', () => {
    const { sim, backends, up } = setUp()
    const pod = up('a', '10.0.0.1')
    expect(backends.cpuTime(pod)).toBe(0)
    backends.listen(pod)
    backends.accept(pod)
    backends.enter(pod, 1)
    sim.run(SECOND / 2)
    expect(backends.cpuTime(pod)).toBe(125 * MILLISECOND)
    backends.kill(pod)
    sim.run(5 * SECOND)
    expect(backends.cpuTime(pod)).toBe(125 * MILLISECOND)
  })

  test('a killed process resets what it had, a vanished one is silent; after a restart the old connections mean nothing', () => {
    const { backends, log, up } = setUp()
    const pod = up('a', '10.0.0.1')
    backends.listen(pod)
    const incarnation = backends.incarnation(pod)
    backends.accept(pod)
    backends.enter(pod, 1)
    backends.kill(pod)
    expect(log).toEqual(['0 reset 1'])
    backends.listen(pod)
    expect(backends.runs(pod, incarnation)).toBe(false)
    expect(backends.runs(pod, backends.incarnation(pod))).toBe(true)
    backends.accept(pod)
    backends.enter(pod, 2)
    backends.sandboxDown(pod)
    expect(log).toEqual(['0 reset 1', '0 vanished 2'])
  })

  test('what the kubelet still does to a pod of a crashed node has no effect', () => {
    const { backends, up } = setUp()
    const [pod, other] = [up('a', '10.0.0.1', 0), up('b', '10.0.0.2', 1)]
    backends.listen(pod)
    backends.listen(other)
    backends.crashNode(0)
    backends.listen(pod)
    backends.stopListening(pod)
    backends.kill(pod)
    backends.sandboxDown(pod)
    expect([backends.isListening(pod), backends.isListening(other)]).toEqual([false, true])
  })

  test('idle happens once, after the last answer, and at once when nothing is in flight', () => {
    const { sim, backends, up } = setUp()
    const pod = up('a', '10.0.0.1')
    backends.listen(pod)
    const times: number[] = []
    backends.whenIdle(pod).subscribe(() => times.push(sim.now))
    sim.run(0)
    backends.accept(pod)
    backends.enter(pod, 1)
    backends.whenIdle(pod).subscribe(() => times.push(sim.now))
    sim.run(10 * SECOND)
    expect(times).toEqual([0, SECOND])
  })

  test('a pool holds the matching pods that run', () => {
    const { backends, up } = setUp()
    const early = up('client', '10.0.0.1')
    backends.listen(early)
    const pool = backends.clientPool('shop', { matchLabels: { app: 'client' }, matchExpressions: [] })
    expect(pool.size).toBe(1)
    const late = up('client', '10.0.0.2')
    expect(pool.size).toBe(1)
    backends.listen(late)
    backends.listen(up('server', '10.0.0.3'))
    expect([pool.member(0), pool.member(1), pool.size]).toEqual([early, late, 2])
    backends.stopListening(early)
    expect([pool.member(0), pool.size]).toEqual([late, 1])
    backends.crashNode(0)
    expect(pool.size).toBe(0)
  })

  test('who asks for the same pods shares their pool, but not once it could have another order', () => {
    const { backends, up } = setUp()
    const all = (key: string) => ({ matchLabels: {}, matchExpressions: [{ key, operator: 'Exists' as const, values: [] }] })
    const clients = { matchLabels: { app: 'client' }, matchExpressions: [] }
    const first = backends.clientPool('shop', clients)
    expect(backends.clientPool('shop', clients)).toBe(first)
    expect(backends.clientPool('other', clients)).not.toBe(first)
    const labelled = backends.clientPool('shop', all('app'))
    const [a, b, c] = [up('client', '10.0.0.1'), up('server', '10.0.0.2'), up('client', '10.0.0.3')]
    for (const pod of [a, b, c]) backends.listen(pod)
    backends.stopListening(a)
    expect([first.size, first.member(0)]).toEqual([1, c])
    expect([labelled.size, labelled.member(0), labelled.member(1)]).toEqual([2, c, b])
    const second = backends.clientPool('shop', clients)
    expect(second).not.toBe(first)
    backends.listen(up('client', '10.0.0.4'))
    expect([first.size, second.size, labelled.size]).toEqual([2, 2, 3])
  })
})
