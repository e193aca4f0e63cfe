import { expect, test } from 'vitest'
import type { Node } from '../../src/api/objects/index.ts'
import { evictionRate } from '../../src/control-plane/controllers/node-lifecycle.ts'
import { MINUTE, type Nanos, SECOND } from '../../src/units.ts'
import { Testbed } from './testbed.ts'

/** When each node was first tainted NoExecute, and which nodes have such a taint now. Nodes take the zones a, b, c in turn. */
function watchTaints(bed: Testbed): { readonly at: Nanos[]; readonly held: Set<string> } {
  const at: Nanos[] = []
  const held = new Set<string>()
  bed.plane.server.observe('Node', ({ object }) => {
    const { metadata, spec } = object as Node
    if (!spec.taints.some((taint) => taint.effect === 'NoExecute')) held.delete(metadata.name)
    else if (!held.has(metadata.name)) {
      held.add(metadata.name)
      at.push(bed.sim.now)
    }
  })
  return { at, held }
}

// flows.md §4: a bucket of 0.1 nodes a second with burst 1 in each zone.
test('ten dead nodes of one zone are tainted one every 10 s, which takes 90 to 100 s', () => {
  const bed = new Testbed({ nodes: 60 })
  const taints = watchTaints(bed)
  bed.sim.run(20 * SECOND)
  for (let i = 0; i < 10; i++) bed.kubelets[3 * i]!.crash()
  bed.sim.run(5 * MINUTE)
  expect(taints.at).toHaveLength(10)
  expect((taints.at[9]! - taints.at[0]!) / SECOND).toBeGreaterThanOrEqual(90)
  expect((taints.at[9]! - taints.at[0]!) / SECOND).toBeLessThan(100)
})

test('in a small zone of which 55 % are silent nobody is tainted, while another zone goes on', () => {
  const bed = new Testbed({ nodes: 18 })
  const taints = watchTaints(bed)
  bed.sim.run(20 * SECOND)
  for (const i of [0, 3, 6, 9, 1]) bed.kubelets[i]!.crash()
  bed.sim.run(4 * MINUTE)
  // Four of six in zone a: at most the one that was noticed before the others. worker-2 is in zone b.
  expect(taints.held.has('worker-2')).toBe(true)
  expect(taints.at.length).toBeLessThanOrEqual(2)
})

test('when every node falls silent no pod is evicted, and nodes that are back have no taint', () => {
  const bed = new Testbed({ nodes: 6 })
  const taints = watchTaints(bed)
  bed.sim.run(20 * SECOND)
  for (const kubelet of bed.kubelets) kubelet.crash()
  bed.sim.run(6 * MINUTE)
  expect([...taints.held]).toEqual([])
  for (const kubelet of bed.kubelets) kubelet.boot(-1)
  bed.sim.run(8 * MINUTE)
  for (let i = 1; i <= 6; i++) expect(bed.plane.server.peek('Node', '', `worker-${i}`)!.spec.taints).toEqual([])
})

test.each([
  [10, 2, 0.1],
  [1, 2, 0.1],
  [0, 9, 0.1],
  [5, 5, 0.1],
  [9, 11, 0],
  [22, 28, 0],
  [22, 29, 0.01],
])('a zone of %i ready and %i silent nodes has the rate %f', (ready, silent, rate) => {
  expect(evictionRate(ready, silent)).toBe(rate)
})
