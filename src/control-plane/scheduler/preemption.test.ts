import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { NamedStream } from '../../engine/random-stream.ts'
import { ClusterCache } from './cluster-cache.ts'
import { findFeasible } from './feasible-nodes.ts'
import { NominatedPods } from './nominated-pods.ts'
import { defaultPlugins } from './plugins/index.ts'
import { PodInfo } from './pod-info.ts'
import { type Candidate, type DisruptionBudget, findPreemption, pickCandidate } from './preemption.ts'
import { PreparedPod } from './prepared-pod.ts'
import { nodeInfoOf, nodeOf, podOf, selectorOf, spreadOf, termOf } from './test-objects.ts'

interface Placed {
  readonly name: string
  readonly node: string
  readonly cpu: number
  readonly priority: number
  readonly start?: number
  readonly app?: string
}

function clusterOf(nodes: readonly string[], pods: readonly Placed[]): ClusterCache {
  const cache = new ClusterCache(36)
  for (const name of nodes) cache.setNode(nodeOf({ name, cpu: 1000, labels: { 'kubernetes.io/hostname': name, zone: name } }))
  for (const { name, node, cpu, priority, start = 0, app = '' } of pods) {
    cache.place(podOf({ name, cpu, priority, startTime: start, labels: { app } }), node)
  }
  return cache
}

function preempt(cluster: ClusterCache, incoming: PodInfo, budgets: readonly DisruptionBudget[] = [], nominated = new NominatedPods()) {
  const prepared = new PreparedPod(incoming, cluster, defaultPlugins())
  const { feasible, verdicts } = findFeasible(prepared, cluster, nominated, 0)
  return { feasible, result: findPreemption({ prepared, cluster, nominated, verdicts, budgets, rng: new NamedStream('1', 'offset') }) }
}

const victimsOf = (cluster: ClusterCache, incoming: PodInfo, budgets: readonly DisruptionBudget[] = []): string[] => {
  const { result } = preempt(cluster, incoming, budgets)
  return result.ok ? [result.candidate.node.name, ...result.candidate.victims.map(({ pod }) => pod.metadata.name)] : [result.message]
}
const vip = (cpu: number, change = {}): PodInfo => new PodInfo(podOf({ name: 'vip', cpu, priority: 100, ...change }))
const budgetOf = (app: string, disruptionsAllowed: number): DisruptionBudget => ({
  metadata: { namespace: 'd', name: app },
  spec: { selector: selectorOf({ app }) },
  status: { disruptionsAllowed },
})

test('no more pods go than must, and the more important stay', () => {
  const cluster = clusterOf(
    ['n'],
    [
      { name: 'a', node: 'n', cpu: 300, priority: 3 },
      { name: 'b', node: 'n', cpu: 300, priority: 1 },
      { name: 'c', node: 'n', cpu: 300, priority: 2, start: 5 },
      { name: 'd', node: 'n', cpu: 100, priority: 2, start: 9 },
    ],
  )
  expect(victimsOf(cluster, vip(400))).toEqual(['n', 'd', 'b'])
})

test('a pod whose budget would be broken stays if another can go', () => {
  const pods = [
    { name: 'a', node: 'n', cpu: 500, priority: 1, app: 'kept' },
    { name: 'b', node: 'n', cpu: 500, priority: 2, app: 'free' },
  ]
  expect(victimsOf(clusterOf(['n'], pods), vip(500))).toEqual(['n', 'a'])
  expect(victimsOf(clusterOf(['n'], pods), vip(500), [budgetOf('kept', 0)])).toEqual(['n', 'b'])
  expect(victimsOf(clusterOf(['n'], pods), vip(500), [budgetOf('kept', 1)])).toEqual(['n', 'a'])
})

test('anti-affinity and spread are judged as if the victims were gone', () => {
  const far = { podAntiAffinity: { required: [termOf({ app: 'x' }, 'zone')], preferred: [] } }
  const cluster = clusterOf(['n'], [{ name: 'a', node: 'n', cpu: 0, priority: 1, app: 'x' }])
  expect(victimsOf(cluster, vip(0, { spec: far }))).toEqual(['n', 'a'])
  const even = { topologySpreadConstraints: [spreadOf({ app: 'x' }, 'zone')] }
  const uneven = clusterOf(
    ['m', 'n'],
    [
      { name: 'a', node: 'n', cpu: 0, priority: 1, app: 'x' },
      { name: 'full', node: 'm', cpu: 1000, priority: 100 },
    ],
  )
  expect(victimsOf(uneven, vip(100, { labels: { app: 'x' }, spec: even }))).toEqual(['n', 'a'])
})

describe('among nodes the least harm is done, by one criterion after the other', () => {
  const candidate = (name: string, violations: number, victims: readonly (readonly [priority: number, start: number])[]): Candidate => ({
    node: nodeInfoOf({ name }),
    violations,
    victims: victims.map(([priority, startTime], i) => new PodInfo(podOf({ name: `${name}-${i}`, priority, startTime }))),
  })
  test.each([
    [
      'fewest broken budgets',
      candidate('x', 1, [[1, 0]]),
      candidate('y', 0, [
        [9, 0],
        [9, 0],
      ]),
    ],
    [
      'lowest priority of the most important victim',
      candidate('x', 0, [[5, 0]]),
      candidate('y', 0, [
        [4, 0],
        [4, 0],
      ]),
    ],
    [
      'smallest sum of priorities',
      candidate('x', 0, [
        [5, 0],
        [4, 0],
      ]),
      candidate('y', 0, [
        [5, 0],
        [3, 0],
      ]),
    ],
    [
      'negative priorities do not make more victims cheaper',
      candidate('x', 0, [
        [-5, 0],
        [-6, 0],
      ]),
      candidate('y', 0, [[-5, 0]]),
    ],
    ['latest start of the most important', candidate('x', 0, [[5, 3]]), candidate('y', 0, [[5, 7]])],
  ] as const)('%s', (_name, worse, better) => {
    expect(pickCandidate([worse, better])?.node.name).toBe('y')
    expect(pickCandidate([better, worse])?.node.name).toBe('y')
  })
})

// Whatever it decides: victims are of lower priority, the pod fits without them, and with any one of them back it does not.
test('victims are enough, and none of them is needless', () => {
  const seen = { preempted: 0, none: 0 }
  const pod = fc.record({
    on: fc.nat(2),
    cpu: fc.constantFrom(100, 200, 400),
    priority: fc.integer({ min: 0, max: 8 }),
    app: fc.constantFrom('x', 'y'),
  })
  fc.assert(
    fc.property(fc.array(pod, { minLength: 6, maxLength: 12 }), fc.boolean(), fc.integer({ min: 0, max: 2 }), (pods, far, allowed) => {
      const nodes = ['n0', 'n1', 'n2']
      const placed = pods.map(({ on, cpu, priority, app }, i) => ({ name: `p${i}`, node: nodes[on]!, cpu, priority, app }))
      const cluster = clusterOf(nodes, placed)
      const spec = far ? { podAntiAffinity: { required: [termOf({ app: 'x' }, 'zone')], preferred: [] } } : {}
      const incoming = new PodInfo(podOf({ name: 'in', cpu: 900, priority: 4, spec }))
      const before = cluster.nodes.map((node) => [node.cpuMilli, [...node.pods.keys()]])
      const { feasible, result } = preempt(cluster, incoming, [budgetOf('y', allowed)])
      expect(cluster.nodes.map((node) => [node.cpuMilli, [...node.pods.keys()]])).toEqual(before)
      if (feasible.length > 0) return
      const fits = (without: readonly string[]): boolean => {
        const rest = clusterOf(
          nodes,
          placed.filter(({ name }) => !without.includes(name)),
        )
        return new PreparedPod(incoming, rest, defaultPlugins()).verdictOn(rest.node(chosen)!) === null
      }
      let chosen = ''
      if (!result.ok) {
        seen.none++
        for (chosen of nodes) expect(fits(placed.filter(({ priority }) => priority < 4).map(({ name }) => name))).toBe(false)
        return
      }
      seen.preempted++
      chosen = result.candidate.node.name
      const names = result.candidate.victims.map((info) => info.pod.metadata.name)
      expect(result.candidate.victims.every((info) => info.pod.spec.priority < 4)).toBe(true)
      expect(fits(names)).toBe(true)
      for (const name of names) expect(fits(names.filter((other) => other !== name))).toBe(false)
    }),
    { numRuns: 500, seed: 1 },
  )
  expect(Math.min(seen.preempted, seen.none)).toBeGreaterThan(10)
})

test('room that is promised to a pod of the same priority is not promised again', () => {
  const cluster = clusterOf(['n'], [])
  const nominated = new NominatedPods()
  nominated.set(new PodInfo(podOf({ name: 'first', cpu: 800, priority: 100 })), 'n')
  expect(preempt(cluster, vip(400), [], nominated).feasible).toEqual([])
  const lower = new NominatedPods()
  lower.set(new PodInfo(podOf({ name: 'first', cpu: 800, priority: 99 })), 'n')
  expect(preempt(cluster, vip(400), [], lower).feasible).toHaveLength(1)
})
