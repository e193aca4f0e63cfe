import { expect, test } from 'vitest'
import { measure, measureLargest } from './large-cluster.ts'

test('the smoke size runs a cluster that is full, with a rollout', () => {
  const rows = measure('smoke')
  expect(rows.map(({ nodes, pods }) => [nodes, pods])).toEqual([[2, 60]])
  for (const { events, peakBytes } of rows) expect(Math.min(events, peakBytes)).toBeGreaterThan(1000)
})

test('the largest cluster rolls its Deployment out', () => {
  const { nodes, pods, events, cpuSeconds, wallSeconds } = measureLargest('smoke')
  expect([nodes, pods]).toEqual([3, 6])
  expect(Math.min(events, 1000 * cpuSeconds, 1000 * wallSeconds)).toBeGreaterThan(0)
})
