import { expect, test } from 'vitest'
import { exponent, measure } from './large-cluster.ts'

test('the smoke size fills a cluster, and runs one that is full, with a rollout', () => {
  const rows = measure('smoke')
  expect(rows.map(({ question, nodes, pods }) => [question, nodes, pods])).toEqual([
    ['pods to Ready', 2, 20],
    ['full cluster', 2, 60],
  ])
  for (const { events, peakBytes } of rows) expect(Math.min(events, peakBytes)).toBeGreaterThan(1000)
})

test('the exponent is that of the growth from the smallest to the largest', () => {
  const row = { question: '', nodes: 0, peakBytes: 0, events: 0, checksum: '' }
  expect(exponent([10, 100].map((pods) => ({ ...row, pods, cpuSeconds: pods * pods })))).toBeCloseTo(2)
})
