import { describe, expect, test } from 'vitest'
import type { Node, Pod } from '../../api/objects/index.ts'
import type { KubernetesMinor } from '../../kubernetes-version.ts'
import { SECOND } from '../../units.ts'
import { feasibleNodesToFind } from './feasible-nodes.ts'
import { defaultPlugins } from './plugins/index.ts'
import { SchedulingQueue } from './scheduling-queue.ts'
import { nodeInfoOf, podOf } from './test-objects.ts'

const FIT = new Set(['NodeResourcesFit'])
const TAINT = new Set(['TaintToleration'])

function queueOf(version: KubernetesMinor = 36, gated: ReadonlySet<string> = new Set()): SchedulingQueue {
  return new SchedulingQueue({ version, plugins: defaultPlugins().map(({ plugin }) => plugin), isGated: (key) => gated.has(key) })
}

const named = (name: string, priority = 0): Pod => podOf({ name, priority })
const node = (change: { name?: string; cpu?: number; taint?: boolean } = {}): Node => {
  const { name = 'n', cpu = 8000, taint = false } = change
  const { node } = nodeInfoOf({ name, cpu })
  return taint ? { ...node, spec: { ...node.spec, taints: [{ key: 'k', value: '', effect: 'NoSchedule' }] } } : node
}

test('pods are tried by priority, then by how long they wait', () => {
  const queue = queueOf()
  queue.put(named('late'), 0, 3)
  queue.put(named('early'), 0, 1)
  queue.put(named('urgent', 10), 0, 5)
  expect([queue.pop(), queue.pop(), queue.pop(), queue.pop()].map((queued) => queued?.pod.metadata.name)).toEqual([
    'urgent',
    'early',
    'late',
    undefined,
  ])
})

// Since 1.33 the end is cut to whole seconds: from a full second on nothing changes.
test.each([28, 32, 36] as const)('in 1.%d a pod that fits nowhere backs off for 1, 2, 4, 8, 10, 10 s', (version) => {
  const queue = queueOf(version)
  queue.put(named('big'), 0, 0)
  let now = 0
  const waits: number[] = []
  for (let attempt = 0; attempt < 6; attempt++) {
    queue.fail(queue.pop()!, FIT, now)
    expect([queue.parked, queue.backingOff]).toEqual([1, 0])
    expect(queue.happened({ kind: 'Pod deleted', pod: named('other') }, now)).toBe(true)
    const next = queue.nextBackoffFlush()!
    waits.push((next - now) / SECOND)
    now = next
    expect(queue.flushBackoff(now - 1)).toBe(false)
    expect(queue.flushBackoff(now)).toBe(true)
  }
  expect(waits).toEqual([1, 2, 4, 8, 10, 10])
})

test.each([
  [32, false],
  [33, true],
] as const)('in 1.%d an idle scheduler takes a pod that still backs off: %s', (version, takes) => {
  const queue = queueOf(version)
  queue.put(named('big'), 0, 0)
  queue.fail(queue.pop()!, FIT, 0)
  queue.happened({ kind: 'Pod deleted', pod: named('other') }, 0)
  expect(queue.pop() !== undefined).toBe(takes)
})

test('after an error a pod waits for its time, however idle the scheduler is', () => {
  const queue = queueOf()
  queue.put(named('a'), 0, 0)
  queue.fail(queue.pop()!, new Set(), 0)
  expect([queue.parked, queue.backingOff]).toEqual([0, 1])
  expect(queue.pop()).toBeUndefined()
  queue.flushBackoff(SECOND)
  expect(queue.pop()?.key).toBe('Pod/d/a')
})

describe('a parked pod comes back', () => {
  test('when an event may help it, and only by a plugin that turned it away', () => {
    const queue = queueOf()
    queue.put(named('a'), 0, 0)
    queue.fail(queue.pop()!, TAINT, 0)
    expect(queue.happened({ kind: 'Pod deleted', pod: named('other') }, 20 * SECOND)).toBe(false)
    const event = { kind: 'Node updated', node: node(), before: node({ taint: true }) } as const
    expect(queue.happened(event, 20 * SECOND)).toBe(true)
    expect(queue.length).toBe(1)
  })

  test.each([
    [31, true],
    [32, false],
  ] as const)('in 1.%d by a node that is too small for it: %s', (version, comes) => {
    const queue = queueOf(version)
    queue.put(podOf({ name: 'big', cpu: 4000 }), 0, 0)
    queue.fail(queue.pop()!, FIT, 0)
    expect(queue.happened({ kind: 'Node added', node: node({ cpu: 1000 }) }, 20 * SECOND)).toBe(comes)
  })

  test('after five minutes at the latest', () => {
    const queue = queueOf()
    queue.put(named('a'), 0, 0)
    queue.fail(queue.pop()!, FIT, 0)
    expect(queue.flushParked(300 * SECOND)).toBe(false)
    expect(queue.nextParkedFlush(300 * SECOND)).toBe(330 * SECOND)
    expect(queue.flushParked(330 * SECOND)).toBe(true)
    expect(queue.length).toBe(1)
  })

  test('not while room is still being made for it', () => {
    const gated = new Set(['Pod/d/a'])
    const queue = queueOf(36, gated)
    queue.put(named('a'), 0, 0)
    queue.fail(queue.pop()!, FIT, 0)
    expect(queue.happened({ kind: 'Pod deleted', pod: named('other') }, 20 * SECOND)).toBe(false)
    gated.clear()
    expect(queue.happened({ kind: 'Pod deleted', pod: named('other') }, 20 * SECOND)).toBe(true)
  })

  test('when it is changed itself so that it asks for less', () => {
    const queue = queueOf()
    const before = podOf({ name: 'a', cpu: 4000 })
    queue.put(before, 0, 0)
    queue.fail(queue.pop()!, FIT, 0)
    expect(queue.put({ ...before, status: { ...before.status } }, 0, 20 * SECOND)).toBe(false)
    expect(queue.put(podOf({ name: 'a', cpu: 5000 }), 0, 20 * SECOND)).toBe(false)
    expect(queue.put(podOf({ name: 'a', cpu: 1000 }), 0, 20 * SECOND)).toBe(true)
  })
})

describe('an event that comes while the pod is being tried is not lost', () => {
  test('with hints it is asked about when the try is over', () => {
    const queue = queueOf()
    queue.put(named('a'), 0, 0)
    queue.put(named('b'), 0, 1)
    const a = queue.pop()!
    queue.happened({ kind: 'Pod deleted', pod: named('other') }, 1)
    const b = queue.pop()!
    queue.fail(a, FIT, 2)
    queue.fail(b, FIT, 2)
    // b was taken up after the event
    expect([queue.backingOff, queue.parked]).toEqual([1, 1])
  })

  test.each([
    [31, 1],
    [32, 0],
  ] as const)('in 1.%d an event that helps nobody sends %d to the back-off queue', (version, backingOff) => {
    const queue = queueOf(version)
    queue.put(named('a'), 0, 0)
    const a = queue.pop()!
    queue.happened({ kind: 'Namespace changed' }, 1)
    queue.fail(a, FIT, 2)
    expect(queue.backingOff).toBe(backingOff)
  })
})

test('a pod that is deleted leaves the queue, wherever it waits', () => {
  const queue = queueOf()
  for (const [i, name] of ['a', 'b', 'c', 'd'].entries()) queue.put(named(name), 0, i)
  queue.remove('Pod/d/a')
  const [b, c, d] = [queue.pop()!, queue.pop()!, queue.pop()!]
  queue.fail(b, FIT, 5)
  queue.remove('Pod/d/b')
  queue.fail(c, new Set(), 5)
  queue.remove('Pod/d/c')
  queue.remove('Pod/d/d')
  queue.fail(d, FIT, 5)
  expect([queue.length, queue.backingOff, queue.parked, queue.pop(), queue.nextBackoffFlush()]).toEqual([0, 0, 0, undefined, null])
})

// Kubernetes v1.36: all below 100 nodes; 1,000 nodes: 42 %, 5,000: 10 %, from 5,625 on: 5 %.
test.each([
  [10, 10],
  [99, 99],
  [100, 100],
  [1000, 420],
  [5000, 500],
  [6000, 300],
])('of %d nodes %d that fit are enough', (nodes, enough) => {
  expect(feasibleNodesToFind(nodes)).toBe(enough)
})
