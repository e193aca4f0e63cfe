import { describe, expect, test } from 'vitest'
import type { Container, Node, Pod } from '../../src/api/objects/index.ts'
import { emptyMeta } from '../../src/control-plane/empty-meta.ts'
import { MOST_ALLOCATED } from '../../src/control-plane/scheduler/plugins/scoring-strategy.ts'
import type { RuntimeName } from '../../src/node/runtimes/index.ts'
import { MILLISECOND, SECOND } from '../../src/units.ts'
import { containerOf, podSpecOf, Testbed, type TestbedOptions } from './testbed.ts'

/** 200 MB at 100 MB/s: 2 s of transfer, and 300 ms of overhead at the median. */
const PULLED = { preloaded: false, sizeBytes: 200_000_000, bandwidthBytesPerSecond: 100_000_000 } as const

function podOf(name: string, change: Partial<Container> = {}, spec: Partial<Pod['spec']> = {}): Pod {
  const container = containerOf('server', { readinessProbe: null, image: 'registry.example/web:v1', ...change })
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: emptyMeta(name, 'default'),
    spec: { ...podSpecOf([container]), ...spec },
    status: { phase: 'Pending', podIP: '', hostIP: '', startTime: null, conditions: [], containerStatuses: [] },
  }
}

class Cluster extends Testbed {
  readonly reasons: string[] = []

  constructor(options: TestbedOptions = {}) {
    super(options)
    this.plane.server.observeCommits(({ object }) => {
      if (object.kind !== 'Pod') return
      const reason = (object as Pod).status.containerStatuses[0]?.reason ?? ''
      if (this.reasons.at(-1) !== reason) this.reasons.push(reason)
    })
  }
  apply(...pods: readonly Pod[]): void {
    this.plane.kubectl.run({ verb: 'apply', objects: pods }, 'apply')
  }
  nodeOf(pod: string): string {
    return this.plane.server.peek('Pod', 'default', pod)?.spec.nodeName ?? 'gone'
  }
  hops(action: string): { at: number; detail: string }[] {
    return [...this.trace].filter((hop) => hop.action === action).map(({ time, detail }) => ({ at: time, detail }))
  }
}

const until = (cluster: Cluster, seconds: number): void => cluster.sim.run(seconds * SECOND)

describe('an image that the registry does not have', () => {
  test('is asked for again 10, 20, 40, 80, 160, 300, 300 s after each failure, or at the next look', () => {
    const cluster = new Cluster({ nodes: 1, missingImages: ['registry.example/web:v1'] })
    cluster.apply(podOf('p'))
    until(cluster, 1300)
    const failures = cluster.hops('failed to pull image').map(({ at }) => at)
    const delays = failures.slice(1).map((at, i) => (at - failures[i]!) / SECOND)
    // Source: kubelet imageBackOffPeriod 10 s, MaxImageBackOff 300 s; since 1.35 a pod that waits is looked at again after what is left of the wait, 60 s
    // at most, times [1, 1.5): so a wait ends up to half of it late, and 30 s at most. Each attempt itself takes up to 2 s.
    const expected = [10, 20, 40, 80, 160, 300, 300]
    expect(delays.length).toBeGreaterThanOrEqual(7)
    for (const [i, delay] of delays.slice(0, 7).entries()) {
      expect(delay).toBeGreaterThan(expected[i]!)
      expect(delay).toBeLessThan(expected[i]! + Math.min(0.5 * expected[i]!, 30) + 3)
    }
    expect(cluster.reasons.slice(0, 5)).toEqual(['', 'ContainerCreating', 'ErrImagePull', 'ImagePullBackOff', 'ErrImagePull'])
  })
})

describe('imagePullPolicy', () => {
  test('Never: without the image the container waits as ErrImageNeverPull, and never backs off', () => {
    const cluster = new Cluster({ nodes: 1, images: PULLED })
    cluster.apply(podOf('p', { imagePullPolicy: 'Never' }))
    until(cluster, 120)
    expect(cluster.reasons).toEqual(['', 'ContainerCreating', 'ErrImageNeverPull'])
    expect(cluster.hops('pulled image')).toEqual([])
  })

  test('Always asks the registry each time, and transfers the image once', () => {
    const cluster = new Cluster({ nodes: 1, images: PULLED })
    cluster.apply(podOf('p', { imagePullPolicy: 'Always' }))
    until(cluster, 20)
    cluster.apply(podOf('q', { imagePullPolicy: 'Always' }), podOf('r', { imagePullPolicy: 'IfNotPresent' }))
    until(cluster, 40)
    expect(cluster.hops('pulled image').map(({ detail }) => detail)).toEqual(['registry.example/web:v1'])
    expect(cluster.hops('checked image').map(({ detail }) => detail)).toEqual(['registry.example/web:v1 is up to date'])
  })
})

test('a pull beyond the rate limit fails, and comes again after the back-off', () => {
  const cluster = new Cluster({ nodes: 1, images: { ...PULLED, sizeBytes: 0, parallel: 10, pullQps: 0.01, pullBurst: 1 } })
  cluster.apply(podOf('p', { image: 'a.example/a:v1' }), podOf('q', { image: 'a.example/b:v1' }))
  until(cluster, 9)
  expect(cluster.hops('pulled image')).toHaveLength(1)
  expect(cluster.hops('failed to pull image').map(({ detail }) => detail)).toEqual([
    expect.stringMatching(/^a\.example\/[ab]:v1: pull QPS exceeded$/),
  ])
  // The bucket has its next token 100 s after the first. Back-offs of 10, 20, 40 and 80 s, each ending up to half late: two attempts come before it, a later one finds it.
  until(cluster, 99)
  expect(cluster.hops('pulled image')).toHaveLength(1)
  expect(cluster.hops('failed to pull image').length).toBeGreaterThanOrEqual(3)
  until(cluster, 240)
  expect(cluster.hops('pulled image')).toHaveLength(2)
})

describe("a node's status", () => {
  const images = (cluster: Cluster, node: string) => (cluster.plane.server.peek('Node', '', node) as Node).status.images ?? []

  test('says what images it has, within 30 s of the list and 10 s of the status', () => {
    const cluster = new Cluster({ nodes: 2, images: PULLED })
    cluster.apply(podOf('p', {}, { nodeName: 'worker-1' }))
    until(cluster, 50)
    expect(images(cluster, 'worker-1')).toEqual([{ names: ['registry.example/web:v1'], sizeBytes: 200_000_000 }])
    expect(images(cluster, 'worker-2')).toEqual([])
  })

  test('is written every 5 min though nothing has changed', () => {
    const cluster = new Cluster({ nodes: 3 })
    const writes: { node: string; at: number }[] = []
    cluster.plane.server.observeCommits(({ object, type }) => {
      if (object.kind === 'Node' && type === 'MODIFIED') writes.push({ node: object.metadata.name, at: cluster.sim.now / SECOND })
    })
    until(cluster, 2000)
    for (const name of ['worker-1', 'worker-2', 'worker-3']) {
      const times = writes.filter(({ node }) => node === name).map(({ at }) => at)
      expect(times.length).toBeGreaterThanOrEqual(6)
      expect(times[0]).toBeLessThan(311)
      for (const [i, at] of times.slice(1).entries()) expect(Math.abs(at - times[i]! - 300)).toBeLessThan(0.1)
    }
  })

  test('leads the scheduler to a node that has the image, if the pod calls it by its whole name', () => {
    // 800 MB of one container's 23 to 1,000 MB on 1 of 2 nodes: (400 - 23) / 977 of 100 points are 38. The first pod costs its node less than that.
    const chosen = (image: string, runtime: RuntimeName): string => {
      const cluster = new Cluster({
        nodes: 2,
        runtime,
        images: { ...PULLED, sizeBytes: 800 * 1024 * 1024, bandwidthBytesPerSecond: 800 * 1024 * 1024 },
      })
      cluster.apply(podOf('first', { image }, { nodeName: 'worker-1' }))
      until(cluster, 60)
      cluster.apply(podOf('second', { image }))
      until(cluster, 70)
      return cluster.nodeOf('second')
    }
    expect(chosen('registry.example/web:v1', 'containerd')).toBe('worker-1')
    expect(chosen('docker.io/library/nginx:1.25', 'containerd')).toBe('worker-1')
    // Source: kubernetes/kubernetes issue 112699: containerd lists `docker.io/library/nginx:1.25`, which is not what the pod says.
    expect(chosen('nginx:1.25', 'containerd')).toBe('worker-2')
    expect(chosen('nginx:1.25', 'cri-dockerd')).toBe('worker-1')
  })
})

describe('a container runtime with more in the way', () => {
  test('takes longer to start a pod: three calls of 30 ms with cri-dockerd', () => {
    const median = (runtime: RuntimeName): number => {
      const cluster = new Cluster({ nodes: 1, runtime })
      cluster.apply(...Array.from({ length: 60 }, (_, i) => podOf(`p${i}`)))
      until(cluster, 60)
      const started = cluster.hops('created sandbox').map(({ at }, i) => {
        const hop = [...cluster.trace].filter(({ action }) => action === 'created sandbox')[i]!
        return at - hop.started
      })
      return started.toSorted((a, b) => a - b)[30]! / MILLISECOND
    }
    // RunPodSandbox alone: 120 ms at the median of the table, 30 ms more through two daemons.
    const more = median('cri-dockerd') - median('containerd')
    expect(more).toBeGreaterThan(20)
    expect(more).toBeLessThan(60)
  })
})

describe('the scoring strategy', () => {
  const spread = (options: TestbedOptions): number => {
    const cluster = new Cluster({ nodes: 4, ...options })
    const pods = Array.from({ length: 8 }, (_, i) => podOf(`p${i}`, { requests: { cpuMilli: 900, memoryBytes: 900 * 1024 * 1024 } }))
    cluster.apply(...pods)
    until(cluster, 20)
    return new Set(pods.map(({ metadata }) => cluster.nodeOf(metadata.name))).size
  }

  test('LeastAllocated spreads over the nodes, MostAllocated fills one after the other', () => {
    // 8 pods of 900 m are 7.2 of 8 cores: all fit on one node.
    expect(spread({})).toBe(4)
    expect(spread({ scheduler: { strategy: MOST_ALLOCATED, percentageOfNodesToScore: 0 } })).toBe(1)
  })
})
