import { expect, test } from 'vitest'
import type { Pod } from '../../api/objects/index.ts'
import { SECOND } from '../../units.ts'
import { emptyMeta } from '../empty-meta.ts'
import { feasibleNodesToFind } from './scheduler.ts'
import { SchedulingQueue } from './scheduling-queue.ts'

const pod = (name: string, priority = 0): Pod =>
  ({ apiVersion: 'v1', kind: 'Pod', metadata: emptyMeta(name, 'd'), spec: { priority }, status: {} }) as unknown as Pod

test('pods are tried by priority, then by how long they wait', () => {
  const queue = new SchedulingQueue()
  queue.add(pod('late'), 0, 3)
  queue.add(pod('early'), 0, 1)
  queue.add(pod('urgent', 10), 0, 5)
  expect([queue.pop(), queue.pop(), queue.pop(), queue.pop()].map((queued) => queued?.pod.metadata.name)).toEqual([
    'urgent',
    'early',
    'late',
    undefined,
  ])
})

test('a pod that fits nowhere is tried again after 1, 2, 4, 8, 10, 10 s at the earliest, and only when something changed', () => {
  const queue = new SchedulingQueue()
  queue.add(pod('big'), 0, 0)
  let now = 0
  const waits: number[] = []
  for (let attempt = 0; attempt < 6; attempt++) {
    queue.park(queue.pop()!, now)
    const next = queue.wake(now)!
    waits.push((next - now) / SECOND)
    expect(queue.length).toBe(0)
    now = next
    expect(queue.wake(now)).toBeNull()
    expect(queue.length).toBe(1)
  }
  expect(waits).toEqual([1, 2, 4, 8, 10, 10])
})

test('a pod that is deleted leaves the queue, wherever it waits', () => {
  const queue = new SchedulingQueue()
  queue.add(pod('a'), 0, 0)
  queue.add(pod('b'), 0, 1)
  queue.remove('Pod/d/a')
  queue.park(queue.pop()!, 0)
  queue.remove('Pod/d/b')
  expect([queue.length, queue.parked, queue.pop()]).toEqual([0, 0, undefined])
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
