import { describe, expect, test } from 'vitest'
import type { Pod } from '../../src/api/objects/index.ts'
import { isReady } from '../../src/control-plane/conditions.ts'
import { LATENCIES, type LatencyName, type LatencyOverrides } from '../../src/control-plane/latencies.ts'
import { type Hop, NO_CAUSE } from '../../src/engine/trace.ts'
import { type Nanos, SECOND } from '../../src/units.ts'
import { deploymentOf, Testbed, type TestbedOptions } from './testbed.ts'

/** Of own work; so that each can be read from a sum of a few of each. */
const OWN = {
  authentication: 1_000_000,
  authorization: 20_000,
  admission: 300_000,
  read: 5_000_000,
  watchCache: 700,
  watchDelivery: 11_000,
  controllerSync: 900_000,
  schedulingCycle: 1_300_000,
  kubeletSync: 2_100_000,
  pleg: 3_700_000,
  // Writes share fsyncs: one that takes no time is never waited for.
  etcdFsync: 0,
  etcdApply: 0,
} as const satisfies Partial<Record<LatencyName, Nanos>>

/** Everything takes the same time whenever it is done. */
const CONSTANT: LatencyOverrides = Object.fromEntries(
  (Object.keys(LATENCIES) as LatencyName[]).map((name) => [
    name,
    { kind: 'constant', value: (OWN as Partial<Record<LatencyName, Nanos>>)[name] ?? 500_000 },
  ]),
)

type Slow = (bed: Testbed, onUse: () => void) => void

/** One pod from the wish of an administrator to Ready; and how often something took longer. */
function create(slow: Slow, options: TestbedOptions = {}): { took: Nanos; uses: number; hops: readonly Hop[] } {
  const bed = new Testbed({ nodes: 1, latencies: CONSTANT, ...options })
  let uses = 0
  slow(bed, () => uses++)
  const at = 20 * SECOND
  bed.sim.after(at, () => bed.plane.kubectl.run({ verb: 'apply', objects: [deploymentOf('web', 1)] }, 'apply'))
  let readyAt = 0
  bed.plane.server.observeCommits(({ object }) => {
    if (object.kind !== 'Pod' || readyAt > 0) return
    if (isReady(object as Pod)) readyAt = bed.sim.now
  })
  bed.sim.run(40 * SECOND)
  expect(readyAt).toBeGreaterThan(0)
  return { took: readyAt - at, uses, hops: [...bed.trace] }
}

const FACTOR = 3
const plain = create(() => {})
/** How much later the pod is Ready, for each time that work is done once more. */
const perUse = (slowed: { took: Nanos }, of = plain): Nanos => (slowed.took - of.took) / (FACTOR - 1)
const server: Slow = ({ plane }, onUse) => plane.server.processes[0]!.slowness.begin({ factor: FACTOR, onUse })
const kubelet: Slow = ({ kubelets }, onUse) => kubelets[0]!.slowness.begin({ factor: FACTOR, onUse })

/** Durations of the hops with that action, one after the other. */
const durations = (hops: readonly Hop[], action: string): Nanos[] =>
  hops.filter((hop) => hop.action === action && hop.time > 20 * SECOND).map(({ time, started }) => time - started)

describe('a pod is Ready later by what was slow on its way, and by nothing else', () => {
  test('API server: one read of kubectl, five writes, four events', () => {
    const { authentication, authorization, admission, read, watchCache, watchDelivery } = OWN
    const known = authentication + authorization
    // Deployment, ReplicaSet, pod, binding, status; the first three and the binding come to somebody by a watch.
    const expected = known + read + 5 * (known + admission) + 4 * (watchCache + watchDelivery)
    const slowed = create(server)
    expect(perUse(slowed)).toBe(expected)
    expect(slowed.uses).toBeGreaterThan(1 + 5 * 3 + 4 * 2)
    expect(new Set(durations(slowed.hops, 'authenticated'))).toEqual(new Set([FACTOR * authentication]))
    expect(new Set(durations(slowed.hops, 'authorised'))).toEqual(new Set([FACTOR * authorization]))
    expect(durations(plain.hops, 'admitted')[0]).toBe(admission)
    expect(durations(slowed.hops, 'admitted')[0]).toBe(FACTOR * admission)
    // The way of 0.5 ms is as long as ever.
    expect(durations(plain.hops, 'observed')[0]).toBe(watchCache + watchDelivery + 500_000)
    expect(durations(slowed.hops, 'observed')[0]).toBe(FACTOR * (watchCache + watchDelivery) + 500_000)
  })

  test('kube-controller-manager: a reconcile of the Deployment and one of the ReplicaSet', () => {
    const slowed = create(({ plane }, onUse) => plane.controllerManagers[0]!.slow(FACTOR, onUse))
    expect(perUse(slowed)).toBe(2 * OWN.controllerSync)
    expect(slowed.uses).toBeGreaterThan(2)
  })

  test('kube-scheduler: one cycle', () => {
    const slowed = create(({ plane }, onUse) => plane.schedulers[0]!.slow(FACTOR, onUse))
    expect(perUse(slowed)).toBe(OWN.schedulingCycle)
    expect(slowed.uses).toBe(1)
    expect(durations(slowed.hops, 'chose')).toEqual([FACTOR * OWN.schedulingCycle])
  })

  test('kubelet: a sync and a relist; before 1.36 a sync, as the relist is a period there', () => {
    const slowed = create(kubelet)
    expect(perUse(slowed)).toBe(OWN.kubeletSync + OWN.pleg)
    expect(slowed.uses).toBe(2)
    expect(durations(slowed.hops, 'created sandbox')).toEqual(durations(plain.hops, 'created sandbox'))
    const before = { version: 35 } as const
    const old = create(kubelet, before)
    expect(
      perUse(
        old,
        create(() => {}, before),
      ),
    ).toBe(OWN.kubeletSync)
    expect(old.uses).toBe(1)
  })
})

test('one of two API servers is slow, the other is not', () => {
  const { hops } = create(({ plane }, onUse) => plane.server.processes[1]!.slowness.begin({ factor: FACTOR, onUse }), { apiServers: 2 })
  const of = (actor: string) =>
    new Set(
      durations(
        hops.filter((hop) => hop.actor === actor),
        'authenticated',
      ),
    )
  expect(of('kube-apiserver-1')).toEqual(new Set([OWN.authentication]))
  expect(of('kube-apiserver-2')).toEqual(new Set([FACTOR * OWN.authentication]))
})

test('pods queue before a slow scheduler, one cycle each', () => {
  const chosen = (factor: number): Nanos[] => {
    const bed = new Testbed({ nodes: 3, latencies: CONSTANT })
    bed.plane.schedulers[0]!.slow(factor, () => {})
    bed.sim.after(20 * SECOND, () => bed.plane.kubectl.run({ verb: 'apply', objects: [deploymentOf('web', 12)] }, 'apply'))
    bed.sim.run(60 * SECOND)
    return [...bed.trace].filter(({ action }) => action === 'chose').map(({ time }) => time)
  }
  const slow = chosen(1000)
  expect(slow).toHaveLength(12)
  for (const [i, time] of slow.slice(1).entries()) expect(time - slow[i]!).toBe(1000 * OWN.schedulingCycle)
})

test('a slow leader that cannot renew its lease in 10 s ends itself', () => {
  const bed = new Testbed({ nodes: 1, latencies: CONSTANT })
  const end = bed.plane.server.processes[0]!.slowness.begin({ factor: 10_000, onUse: () => {} })
  bed.sim.run(30 * SECOND)
  expect([...bed.trace].filter(({ action }) => action === 'lost the lease').map(({ actor }) => actor)).toEqual(
    expect.arrayContaining(['kube-controller-manager', 'kube-scheduler']),
  )
  end()
  bed.sim.run(120 * SECOND)
  expect(bed.plane.controllerManagers[0]!.leads).toBe(true)
})

test('it is as slow after a crash, and so is its start', () => {
  const served = (factor: number): Nanos => {
    const bed = new Testbed({ nodes: 1, latencies: CONSTANT })
    const { server } = bed.plane
    server.processes[0]!.slowness.begin({ factor, onUse: () => {} })
    let at = 0
    bed.sim.after(10 * SECOND, () => {
      server.crash(0)
      server.start(0, () => (at = bed.sim.now))
    })
    bed.sim.run(20 * SECOND)
    return at - 10 * SECOND
  }
  // 0.5 ms for the process, and the list from etcd.
  expect(served(1)).toBe(500_000 + OWN.read)
  expect(served(7)).toBe(7 * (500_000 + OWN.read))

  const bed = new Testbed({ nodes: 1, latencies: CONSTANT })
  let cycles = 0
  const [scheduler] = bed.plane.schedulers
  scheduler!.slow(2, () => cycles++)
  bed.sim.after(10 * SECOND, () => {
    scheduler!.crash()
    scheduler!.start(NO_CAUSE)
  })
  bed.sim.after(40 * SECOND, () => bed.plane.kubectl.run({ verb: 'apply', objects: [deploymentOf('web', 3)] }, 'apply'))
  bed.sim.run(60 * SECOND)
  expect(cycles).toBe(3)
})

test('a kubelet that starts meanwhile takes as many times as long', () => {
  const back = (factor: number): Nanos => {
    const bed = new Testbed({ nodes: 1, latencies: CONSTANT })
    const [kubelet] = bed.kubelets
    kubelet!.slowness.begin({ factor, onUse: () => {} })
    bed.sim.after(21 * SECOND, () => {
      kubelet!.stop()
      kubelet!.boot(NO_CAUSE)
    })
    bed.sim.run(30 * SECOND)
    return durations([...bed.trace], 'started')[0]!
  }
  expect(back(1)).toBe(500_000)
  expect(back(9)).toBe(9 * 500_000)
})
