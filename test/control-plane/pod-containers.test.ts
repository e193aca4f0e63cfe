import { describe, expect, test } from 'vitest'
import type { Pod } from '../../src/api/objects/index.ts'
import { ApiClient } from '../../src/control-plane/api-client.ts'
import { conditionOf, withCondition } from '../../src/control-plane/conditions.ts'
import { emptyMeta } from '../../src/control-plane/empty-meta.ts'
import { ADMINISTRATOR } from '../../src/control-plane/identity.ts'
import { MILLISECOND, type Nanos, SECOND } from '../../src/units.ts'
import { containerOf, podSpecOf, Testbed } from './testbed.ts'

/** One pod of these containers, bound by hand to the only node, run for so long. */
function podOf(spec: Pod['spec'], seconds: number, meanwhile: (bed: Testbed) => void = () => {}) {
  const bed = new Testbed({ nodes: 1 })
  const status = { phase: 'Pending', podIP: '', hostIP: '', startTime: null, conditions: [], containerStatuses: [] } as const
  const pod: Pod = { apiVersion: 'v1', kind: 'Pod', metadata: emptyMeta('p', 'default'), spec, status }
  bed.plane.kubectl.run({ verb: 'apply', objects: [pod] }, 'apply')
  meanwhile(bed)
  bed.sim.run(seconds * SECOND)
  const hops = [...bed.trace]
  const at = (action: string, detail: string): Nanos => hops.find((hop) => hop.action === action && hop.detail === detail)!.time
  return { bed, at, pod: bed.plane.server.peek('Pod', 'default', 'p')! }
}

const plain = (name: string, change = {}) => containerOf(name, { readinessProbe: null, ...change })

describe('the containers of one pod', () => {
  test('share one sandbox, and so one address', () => {
    const { bed, pod } = podOf(podSpecOf([plain('a'), plain('b', { ports: [] }), plain('c', { ports: [] })]), 20)
    expect(bed.host.pods).toHaveLength(1)
    expect(pod.status.podIP).toBe(bed.host.pods[0]!.spec.address)
    expect(pod.status.containerStatuses.map(({ state }) => state)).toEqual(['running', 'running', 'running'])
  })

  test('start in the order of the spec, and a postStart hook holds back the next', () => {
    const { at } = podOf(podSpecOf([plain('a', { postStartSleepSeconds: 5 }), plain('b')]), 20)
    expect(at('started container', 'b') - at('started container', 'a')).toBeGreaterThan(5 * SECOND)
    expect(at('started container', 'b') - at('started container', 'a')).toBeLessThan(6 * SECOND)
    const without = podOf(podSpecOf([plain('a'), plain('b')]), 20)
    expect(without.at('started container', 'b') - without.at('started container', 'a')).toBeLessThan(SECOND)
  })

  test('that are ready one by one make the pod ready when all are', () => {
    const { pod } = podOf(podSpecOf([plain('a'), containerOf('b', { ports: [] })]), 20)
    expect(conditionOf(pod.status.conditions, 'Ready')?.status).toBe('True')
    const slow = containerOf('b', { readinessProbe: { ...containerOf('x').readinessProbe!, initialDelaySeconds: 100 } })
    const { pod: waits } = podOf(podSpecOf([plain('a'), slow]), 20)
    expect(conditionOf(waits.status.conditions, 'Ready')).toMatchObject({ status: 'False', reason: 'ContainersNotReady' })
  })
})

/** Between a container's start and the next look at the runtime the worker notices by itself, later the relist does: both must start everything anew. */
test('a pod whose sandbox dies at any moment after its start is Ready again, with one restart', () => {
  const spec = podSpecOf([containerOf('a')])
  const started = podOf(spec, 20).at('started container', 'a')
  for (let after = 5; after < 1000; after += 15) {
    const { pod } = podOf(spec, 90, (bed) => {
      bed.sim.after(started + after * MILLISECOND, () => {
        for (const worker of bed.kubelets[0]!.workers()) worker.killSandbox(-1)
      })
    })
    expect(conditionOf(pod.status.conditions, 'Ready')?.status, `${after} ms`).toBe('True')
    expect(pod.status.containerStatuses[0]!.restartCount, `${after} ms`).toBe(1)
  }
})

test('a readiness gate opens when somebody writes its condition, and shuts when they take it back', () => {
  const set = (bed: Testbed, status: 'True' | 'False'): void => {
    const client = new ApiClient(bed.plane.access, { actor: 'lb', identity: ADMINISTRATOR, limit: null, network: 'nodeNetwork' })
    const change = (pod: Pod): Pod => {
      const conditions = withCondition(pod.status.conditions, 'example.com/lb', status, 'Said', bed.sim.now)
      return { ...pod, status: { ...pod.status, conditions } }
    }
    bed.sim.spawn(client.patch('Pod', 'default', 'p', change, { cause: -1, why: 'gate' }))
  }
  const spec = { ...podSpecOf([plain('a')]), readinessGates: ['example.com/lb'] }
  const ready = (seconds: number): string | undefined => {
    const { pod } = podOf(spec, seconds, (bed) => {
      bed.sim.after(20 * SECOND, () => set(bed, 'True'))
      bed.sim.after(40 * SECOND, () => set(bed, 'False'))
    })
    return conditionOf(pod.status.conditions, 'Ready')?.status
  }
  expect([ready(19), ready(22), ready(42)]).toEqual(['False', 'True', 'False'])
})

test('no more pods than maxPods are on a node', () => {
  // Source: kubelet maxPods 110.
  const bed = new Testbed({ nodes: 1 })
  const pods = Array.from({ length: 115 }, (_, i): Pod => {
    const spec = podSpecOf([plain('a', { requests: { cpuMilli: 1, memoryBytes: 0 } })])
    const status = { phase: 'Pending', podIP: '', hostIP: '', startTime: null, conditions: [], containerStatuses: [] } as const
    return { apiVersion: 'v1', kind: 'Pod', metadata: emptyMeta(`p${i}`, 'default'), spec, status }
  })
  bed.plane.kubectl.run({ verb: 'apply', objects: pods }, 'apply')
  bed.sim.run(60 * SECOND)
  const stored = pods.map(({ metadata }) => bed.plane.server.peek('Pod', 'default', metadata.name)!)
  expect(stored.filter(({ status }) => status.phase === 'Running')).toHaveLength(110)
  const waiting = stored.filter(({ spec }) => spec.nodeName === '')
  expect(waiting).toHaveLength(5)
  expect(conditionOf(waiting[0]!.status.conditions, 'PodScheduled')?.message).toContain('Too many pods')
})
