import { expect, test } from 'vitest'
import { feasibleNodesToFind } from './feasible-nodes.ts'

// Source: Kubernetes pkg/scheduler/schedule_one.go (numFeasibleNodesToFind): below 100 nodes all; at least 100; else the share that was asked for.
test.each([
  [99, 10, 99],
  [500, 10, 100], // 50 are fewer than 100.
  [5000, 10, 500],
  [5000, 100, 5000],
  [5000, 0, 500], // 50 - 5000/125 = 10 %.
  [1000, 0, 420], // 50 - 8 = 42 %.
])('of %i nodes, with percentageOfNodesToScore %i, %i that fit are enough', (nodes, percentage, enough) => {
  expect(feasibleNodesToFind(nodes, percentage)).toBe(enough)
})
