import { expect, test } from 'vitest'
import { measure } from './large-cluster.ts'

test('the smoke size runs a cluster that is full, with a rollout', () => {
  const rows = measure('smoke')
  expect(rows.map(({ nodes, pods }) => [nodes, pods])).toEqual([[2, 60]])
  for (const { events, peakBytes } of rows) expect(Math.min(events, peakBytes)).toBeGreaterThan(1000)
})
