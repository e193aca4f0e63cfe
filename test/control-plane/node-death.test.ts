import { expect, test } from 'vitest'
import type { EndpointSlice, Node, Pod } from '../../src/api/objects/index.ts'
import { isActive } from '../../src/control-plane/conditions.ts'
import type { KubernetesMinor } from '../../src/kubernetes-version.ts'
import { MINUTE, type Nanos, SECOND } from '../../src/units.ts'
import { deploymentOf, serviceOf, Testbed } from './testbed.ts'

/** A Service of 8 pods on 4 nodes; worker-2 dies at 60 s. */
function afterNodeDeath(
  seed: string,
  version: KubernetesMinor = 36,
): { bed: Testbed; endpointsGoneAt: Nanos; replacedAt: Nanos; taints: string[] } {
  const bed = new Testbed({ nodes: 4, seed, version })
  const diedAt = 60 * SECOND
  let endpointsGoneAt = 0
  let replacedAt = 0
  const taints: string[] = []
  bed.plane.server.observe('EndpointSlice', (event) => {
    const slice = event.object as EndpointSlice
    const ready = slice.endpoints.some((endpoint) => endpoint.nodeName === 'worker-2' && endpoint.conditions.ready)
    if (bed.sim.now > diedAt && !ready && endpointsGoneAt === 0) endpointsGoneAt = bed.sim.now - diedAt
  })
  bed.plane.server.observe('Pod', (event) => {
    if (event.type === 'ADDED' && bed.sim.now > diedAt && isActive(event.object as Pod)) replacedAt ||= bed.sim.now - diedAt
  })
  bed.plane.server.observe('Node', (event) => {
    const node = event.object as Node
    if (node.metadata.name === 'worker-2') taints.push(node.spec.taints.map((taint) => taint.effect).join('+'))
  })
  bed.plane.kubectl.run({ verb: 'apply', objects: [serviceOf('web'), deploymentOf('web', 8)] }, 'apply')
  bed.sim.run(diedAt)
  bed.kubelets[1]!.crash()
  return {
    bed,
    get endpointsGoneAt() {
      return endpointsGoneAt
    },
    get replacedAt() {
      return replacedAt
    },
    taints,
  }
}

// Lease every 10 s, seen by a 5 s loop, 50 s of grace: 40 to 62 s. Then the tolerations of 300 s.
test.each(['1', '2', '3', '4', '5'])(
  'endpoints of a dead node leave after 40-62 s and replacements come after 340-362 s (seed %s)',
  (seed) => {
    const run = afterNodeDeath(seed)
    run.bed.sim.run(8 * MINUTE)
    expect(run.endpointsGoneAt / SECOND).toBeGreaterThan(40)
    expect(run.endpointsGoneAt / SECOND).toBeLessThan(62)
    expect(run.replacedAt / SECOND).toBeGreaterThan(340)
    expect(run.replacedAt / SECOND).toBeLessThan(362)
    expect(run.bed.deployment('web')!.status.availableReplicas).toBe(8)
    expect(run.taints).toContain('NoSchedule')
    expect(run.taints.at(-1)).toBe('NoSchedule+NoExecute')
  },
)

test('a node that comes back within the tolerations keeps its pods, which start again, and loses its taints', () => {
  const run = afterNodeDeath('back')
  run.bed.sim.run(3 * MINUTE)
  expect(run.bed.deployment('web')!.status.availableReplicas).toBe(6)
  run.bed.kubelets[1]!.boot(-1)
  run.bed.sim.run(4 * MINUTE)
  expect(run.taints.at(-1)).toBe('')
  expect(run.replacedAt).toBe(0)
  expect(run.bed.deployment('web')!.status.availableReplicas).toBe(8)
  expect(run.bed.host.pods.filter((pod) => pod.state === 'listening' && pod.spec.nodeIndex === 1).length).toBe(4)
})

// Ten seconds less of grace.
test.each(['1', '2', '3'])('up to 1.31 the endpoints of a dead node leave after 30-52 s (seed %s)', (seed) => {
  const run = afterNodeDeath(seed, 31)
  run.bed.sim.run(3 * MINUTE)
  expect(run.endpointsGoneAt / SECOND).toBeGreaterThan(30)
  expect(run.endpointsGoneAt / SECOND).toBeLessThan(52)
})
