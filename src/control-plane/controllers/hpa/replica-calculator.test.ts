import { expect, test } from 'vitest'
import { SECOND } from '../../../units.ts'
import { limited } from './normalize.ts'
import { replicasFor } from './replica-calculator.ts'
import { READINESS_RULES, type TargetPod } from './target-pod.ts'

const NOW = 10_000 * SECOND

function podNamed(name: string): TargetPod {
  return { name, phase: 'Running', deleting: false, startTime: 0, ready: { status: 'True', lastTransitionTime: 0 }, requestMilli: 1000 }
}

/** Five pods that ask for a core each; those that are named use so many thousandths of it. */
function replicas(target: number, usages: Readonly<Record<string, number>>) {
  const samples = new Map(Object.entries(usages).map(([name, usageMilli]) => [name, { usageMilli, timestamp: NOW, window: 15 * SECOND }]))
  return replicasFor(
    { resource: 'cpu', container: '', target: { type: 'Utilization', averageUtilization: target } },
    {
      pods: ['a', 'b', 'c', 'd', 'e'].map(podNamed),
      samples,
      currentReplicas: 5,
      tolerances: { up: 0.1, down: 0.1 },
      readiness: READINESS_RULES,
      now: NOW,
    },
  )
}

/**
 * Four pods use 10 % of 50 %. The fifth is taken to use all that it requests, not just the target: (4 × 100 + 1000) / 5000 = 28 %,
 * ceil(28 / 50 × 5) = 3. With the target in its place it would be (4 × 100 + 500) / 5000 = 18 %, and 2.
 */
test('on the way down a pod without a sample counts as using the whole of its request', () => {
  expect(replicas(50, { a: 100, b: 100, c: 100, d: 100 })).toMatchObject({ ok: true, replicas: 3, status: { averageUtilization: 10 } })
})

test('a pod that requests no CPU makes a utilization impossible', () => {
  const pods = [{ ...podNamed('a'), requestMilli: null }]
  const samples = new Map([['a', { usageMilli: 100, timestamp: NOW, window: 15 * SECOND }]])
  const usage = { pods, samples, currentReplicas: 1, tolerances: { up: 0.1, down: 0.1 }, readiness: READINESS_RULES, now: NOW }
  expect(replicasFor({ resource: 'cpu', container: '', target: { type: 'Utilization', averageUtilization: 50 } }, usage)).toMatchObject({
    ok: false,
  })
  expect(replicasFor({ resource: 'cpu', container: '', target: { type: 'AverageValue', averageMilli: 50 } }, usage)).toMatchObject({
    ok: true,
    replicas: 2,
  })
})

test('without a behaviour replicas at most double, but four are always within reach', () => {
  const range = { min: 1, max: 100 }
  expect([1, 2, 3, 10].map((current) => limited(current, 50, range).replicas)).toEqual([4, 4, 6, 20])
})
