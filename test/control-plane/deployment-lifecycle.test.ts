import { expect, test } from 'vitest'
import type { EndpointSlice, Pod, ReplicaSet } from '../../src/api/objects/index.ts'
import { isActive, isReady } from '../../src/control-plane/conditions.ts'
import { MINUTE, SECOND } from '../../src/units.ts'
import { containerOf, deploymentOf, podSpecOf, serviceOf, Testbed } from './testbed.ts'

/** Follows every change of a kind as the watch cache publishes it. */
function record<T>(bed: Testbed, kind: string, onChange: (objects: ReadonlyMap<string, T>, time: number) => void): Map<string, T> {
  const objects = new Map<string, T>()
  bed.plane.server.observe(kind, (event) => {
    if (event.type === 'DELETED') objects.delete(event.object.metadata.name)
    else objects.set(event.object.metadata.name, event.object as T)
    onChange(objects, bed.sim.now)
  })
  return objects
}

test('a Deployment becomes available through ReplicaSet, pods, scheduler and kubelets, and its Service gets ready endpoints', () => {
  const bed = new Testbed()
  const slices = record<EndpointSlice>(bed, 'EndpointSlice', () => {})
  bed.plane.kubectl.run({ verb: 'apply', objects: [serviceOf('web'), deploymentOf('web', 3)] }, 'apply -f web.yaml')
  bed.sim.run(20 * SECOND)
  expect(bed.plane.kubectl.refusals).toEqual([])
  expect(bed.deployment('web')!.status).toMatchObject({ replicas: 3, updatedReplicas: 3, readyReplicas: 3, availableReplicas: 3 })
  const endpoints = [...slices.values()].flatMap((slice) => slice.endpoints)
  expect(endpoints.map((endpoint) => endpoint.conditions)).toEqual(Array(3).fill({ ready: true, serving: true, terminating: false }))
  expect(new Set(endpoints.map((endpoint) => endpoint.nodeName)).size).toBe(3)
  expect(
    bed.host.pods
      .filter((pod) => pod.state === 'listening')
      .map((pod) => pod.spec.address)
      .sort(),
  ).toEqual(endpoints.map((endpoint) => endpoint.address).sort())
})

test('100 pods of one ReplicaSet take at least (100 - 30) / 20 s to create: the controller client has 20 requests a second, burst 30', () => {
  const bed = new Testbed({ nodes: 5 })
  const created: number[] = []
  let first = 0
  record<ReplicaSet>(bed, 'ReplicaSet', (_, time) => {
    first ||= time
  })
  const seen = new Set<string>()
  record<Pod>(bed, 'Pod', (pods, time) => {
    for (const name of pods.keys()) {
      if (seen.has(name)) continue
      seen.add(name)
      created.push((time - first) / SECOND)
    }
  })
  bed.plane.kubectl.run({ verb: 'apply', objects: [deploymentOf('web', 100)] }, 'apply')
  bed.sim.run(60 * SECOND)
  expect(created.length).toBe(100)
  expect(created[99]).toBeGreaterThanOrEqual((100 - 30) / 20)
  expect(created[99]).toBeLessThan(10)
  expect(bed.deployment('web')!.status.availableReplicas).toBe(100)
})

test('a rolling update never has fewer ready pods than the bound, nor more pods than the surge allows, and ends complete', () => {
  const bed = new Testbed({ nodes: 4, onTerminate: 'exit' })
  let watching = false
  let readyMin = Number.POSITIVE_INFINITY
  let activeMax = 0
  record<Pod>(bed, 'Pod', (pods) => {
    if (!watching) return
    const active = [...pods.values()].filter(isActive)
    readyMin = Math.min(readyMin, active.filter(isReady).length)
    activeMax = Math.max(activeMax, active.length)
  })
  const sets = record<ReplicaSet>(bed, 'ReplicaSet', () => {})
  bed.plane.kubectl.run({ verb: 'apply', objects: [deploymentOf('web', 8)] }, 'apply')
  bed.sim.run(30 * SECOND)
  expect(bed.deployment('web')!.status.availableReplicas).toBe(8)
  watching = true
  bed.plane.kubectl.run(
    { verb: 'set image', namespace: 'default', name: 'web', images: [{ container: '*', image: 'example/server:v2' }] },
    'set image',
  )
  bed.sim.run(3 * MINUTE)
  // 25 % of 8: two more, two fewer.
  expect(readyMin).toBeGreaterThanOrEqual(6)
  expect(activeMax).toBe(10)
  expect(bed.deployment('web')!.status).toMatchObject({ observedGeneration: 2, replicas: 8, updatedReplicas: 8, availableReplicas: 8 })
  expect([...sets.values()].map((rs) => rs.spec.replicas)).toEqual([0, 8])
  expect(bed.host.pods.filter((pod) => pod.state === 'listening').length).toBe(8)
})

test('a controller whose cache is a second behind still creates and deletes each pod once: it waits for what it asked for', () => {
  const bed = new Testbed({ nodes: 3, latencies: { watchDelivery: { kind: 'constant', value: SECOND } } })
  const created = new Set<string>()
  const deleted = new Set<string>()
  record<Pod>(bed, 'Pod', (pods) => {
    for (const pod of pods.values()) {
      created.add(pod.metadata.name)
      if (pod.metadata.deletionTimestamp !== null) deleted.add(pod.metadata.name)
    }
  })
  bed.plane.kubectl.run({ verb: 'apply', objects: [deploymentOf('web', 7)] }, 'apply')
  bed.sim.run(60 * SECOND)
  expect(created.size).toBe(7)
  bed.plane.kubectl.run({ verb: 'scale', kind: 'Deployment', namespace: 'default', name: 'web', replicas: 3 }, 'scale')
  bed.sim.run(2 * MINUTE)
  expect([created.size, deleted.size]).toEqual([7, 4])
})

test('scaling down removes pods, scaling during a rollout shares the replicas in proportion', () => {
  const bed = new Testbed({ nodes: 4 })
  bed.plane.kubectl.run({ verb: 'apply', objects: [deploymentOf('web', 10)] }, 'apply')
  bed.sim.run(30 * SECOND)
  bed.plane.kubectl.run(
    { verb: 'set image', namespace: 'default', name: 'web', images: [{ container: 'server', image: 'v2' }] },
    'set image',
  )
  bed.sim.run(31 * SECOND)
  bed.plane.kubectl.run({ verb: 'scale', kind: 'Deployment', namespace: 'default', name: 'web', replicas: 20 }, 'scale')
  bed.sim.run(2 * MINUTE)
  expect(bed.deployment('web')!.status).toMatchObject({ replicas: 20, updatedReplicas: 20, availableReplicas: 20 })
  bed.plane.kubectl.run({ verb: 'scale', kind: 'Deployment', namespace: 'default', name: 'web', replicas: 2 }, 'scale')
  bed.sim.run(3 * MINUTE)
  expect(bed.deployment('web')!.status).toMatchObject({ replicas: 2, availableReplicas: 2 })
  expect(bed.host.pods.filter((pod) => pod.state !== 'gone').length).toBe(2)
})

test('Recreate makes no new pod before the last old one has stopped', () => {
  const bed = new Testbed({ nodes: 3 })
  const pods = record<Pod>(bed, 'Pod', (all) => {
    const running = [...all.values()].filter((pod) => pod.status.phase !== 'Succeeded')
    const images = new Set(running.map((pod) => pod.spec.containers[0]!.image))
    expect(images.size).toBeLessThanOrEqual(1)
  })
  bed.plane.kubectl.run(
    { verb: 'apply', objects: [deploymentOf('web', 4, { strategy: { type: 'Recreate', maxSurge: 0, maxUnavailable: 0 } })] },
    'apply',
  )
  bed.sim.run(20 * SECOND)
  bed.plane.kubectl.run(
    { verb: 'set image', namespace: 'default', name: 'web', images: [{ container: 'server', image: 'v2' }] },
    'set image',
  )
  bed.sim.run(60 * SECOND)
  expect(bed.deployment('web')!.status).toMatchObject({ updatedReplicas: 4, availableReplicas: 4 })
  expect([...pods.values()].every((pod) => pod.spec.containers[0]!.image === 'v2')).toBe(true)
})

test('deleting a Deployment takes its ReplicaSet, its pods and in the end their sandboxes', () => {
  const bed = new Testbed()
  const sets = record<ReplicaSet>(bed, 'ReplicaSet', () => {})
  const pods = record<Pod>(bed, 'Pod', () => {})
  const slices = record<EndpointSlice>(bed, 'EndpointSlice', () => {})
  bed.plane.kubectl.run({ verb: 'apply', objects: [deploymentOf('web', 3), serviceOf('web')] }, 'apply')
  bed.sim.run(20 * SECOND)
  bed.plane.kubectl.run({ verb: 'delete', kind: 'Deployment', namespace: 'default', name: 'web', gracePeriodSeconds: null }, 'delete')
  bed.plane.kubectl.run({ verb: 'delete', kind: 'Service', namespace: 'default', name: 'web', gracePeriodSeconds: null }, 'delete')
  bed.sim.run(60 * SECOND)
  expect([bed.deployment('web'), sets.size, pods.size, slices.size]).toEqual([undefined, 0, 0, 0])
  expect(bed.host.pods.every((pod) => pod.state === 'gone')).toBe(true)
})

test('preStop holds SIGTERM back, while the endpoint has left the Service at once', () => {
  const bed = new Testbed()
  const deletedAt: number[] = []
  const notReadyAt: number[] = []
  record<Pod>(bed, 'Pod', (pods, time) => {
    if (deletedAt.length === 0 && [...pods.values()].some((pod) => pod.metadata.deletionTimestamp !== null)) deletedAt.push(time)
  })
  record<EndpointSlice>(bed, 'EndpointSlice', (slices, time) => {
    const terminating = [...slices.values()].some((slice) => slice.endpoints.some((endpoint) => endpoint.conditions.terminating))
    if (terminating && notReadyAt.length === 0) notReadyAt.push(time)
  })
  const template = { labels: { app: 'web' }, annotations: {}, spec: podSpecOf([containerOf('server', { preStopSleepSeconds: 5 })]) }
  bed.plane.kubectl.run({ verb: 'apply', objects: [serviceOf('web'), deploymentOf('web', 2, { template })] }, 'apply')
  bed.sim.run(20 * SECOND)
  bed.plane.kubectl.run({ verb: 'scale', kind: 'Deployment', namespace: 'default', name: 'web', replicas: 1 }, 'scale')
  bed.sim.run(60 * SECOND)
  const sigterm = Array.from({ length: bed.trace.length }, (_, i) => bed.trace.hop(i)).filter((hop) => hop.action === 'sent SIGTERM')
  expect(sigterm.length).toBe(1)
  expect((sigterm[0]!.time - deletedAt[0]!) / SECOND).toBeGreaterThan(5)
  expect((sigterm[0]!.time - deletedAt[0]!) / SECOND).toBeLessThan(5.3)
  expect((notReadyAt[0]! - deletedAt[0]!) / SECOND).toBeLessThan(0.1)
})

test('a pod that fits nowhere waits, says so, and is bound when room comes', () => {
  const bed = new Testbed({ nodes: 1 })
  const big = containerOf('server', { requests: { cpuMilli: 5000, memoryBytes: 1024 } })
  const template = { labels: { app: 'big' }, annotations: {}, spec: podSpecOf([big]) }
  const spec = { template, selector: { matchLabels: { app: 'big' }, matchExpressions: [] } }
  bed.plane.kubectl.run({ verb: 'apply', objects: [deploymentOf('first', 1, spec)] }, 'apply')
  bed.sim.run(10 * SECOND)
  const second = deploymentOf('second', 1, {
    template: { ...template, labels: { app: 'two' } },
    selector: { matchLabels: { app: 'two' }, matchExpressions: [] },
  })
  bed.plane.kubectl.run({ verb: 'apply', objects: [second] }, 'apply')
  bed.sim.run(30 * SECOND)
  expect(bed.deployment('second')!.status.availableReplicas).toBe(0)
  bed.plane.kubectl.run({ verb: 'delete', kind: 'Deployment', namespace: 'default', name: 'first', gracePeriodSeconds: null }, 'delete')
  bed.sim.run(60 * SECOND)
  expect(bed.deployment('second')!.status.availableReplicas).toBe(1)
})

test('set image changes the container of that name, an init container too, and * all of them', () => {
  const bed = new Testbed()
  const spec = { ...podSpecOf([containerOf('server'), containerOf('log')]), initContainers: [containerOf('migrate')] }
  const template = { labels: { app: 'web' }, annotations: {}, spec }
  const images = (): string[] => {
    const { initContainers, containers } = bed.deployment('web')!.spec.template.spec
    return [...initContainers, ...containers].map((container) => container.image)
  }
  const set = (container: string, image: string): void =>
    bed.plane.kubectl.run({ verb: 'set image', namespace: 'default', name: 'web', images: [{ container, image }] }, 'set image')
  bed.plane.kubectl.run({ verb: 'apply', objects: [deploymentOf('web', 1, { template })] }, 'apply')
  bed.sim.run(10 * SECOND)
  set('migrate', 'm:2')
  bed.sim.run(20 * SECOND)
  expect(images()).toEqual(['m:2', 'example/server:v1', 'example/log:v1'])
  set('*', 'x:3')
  bed.sim.run(30 * SECOND)
  expect(images()).toEqual(['x:3', 'x:3', 'x:3'])
})

test('what the API server refuses is told: a name that exists nowhere, a namespace that is not there', () => {
  const bed = new Testbed()
  bed.plane.kubectl.run({ verb: 'scale', kind: 'Deployment', namespace: 'default', name: 'nobody', replicas: 2 }, 'scale deployment/nobody')
  const lost = deploymentOf('lost', 1)
  bed.plane.kubectl.run(
    { verb: 'apply', objects: [{ ...lost, metadata: { ...lost.metadata, namespace: 'nowhere' } }] },
    'apply -f lost.yaml',
  )
  bed.sim.run(10 * SECOND)
  expect(bed.plane.kubectl.refusals).toEqual([
    { command: 'scale deployment/nobody', reason: '404 Deployment/default/nobody not found' },
    { command: 'apply -f lost.yaml', reason: '404 namespaces "nowhere" not found' },
  ])
})
