import { expect, test } from 'vitest'
import { budgetExpectation, disruptionsAllowed } from './disruption-budget.ts'

// pods there are, pods there should be, how many must be healthy of how many
test.each([
  [{ minAvailable: 3, maxUnavailable: null }, 4, 10, { expectedPods: 4, desiredHealthy: 3 }],
  [{ minAvailable: '50%', maxUnavailable: null }, 4, 7, { expectedPods: 7, desiredHealthy: 4 }],
  [{ minAvailable: null, maxUnavailable: 1 }, 4, 7, { expectedPods: 7, desiredHealthy: 6 }],
  [{ minAvailable: null, maxUnavailable: '30%' }, 4, 7, { expectedPods: 7, desiredHealthy: 4 }],
  [{ minAvailable: null, maxUnavailable: 9 }, 4, 7, { expectedPods: 7, desiredHealthy: 0 }],
  [{ minAvailable: null, maxUnavailable: null }, 4, 7, { expectedPods: 4, desiredHealthy: 0 }],
] as const)('%o of %i pods, %i wished, expects %o', (spec, pods, scale, expected) => {
  expect(budgetExpectation(spec, pods, scale)).toEqual(expected)
})

test('no disruption is allowed below the wish, nor where no pod is expected', () => {
  expect(disruptionsAllowed({ expectedPods: 4, desiredHealthy: 3 }, 4)).toBe(1)
  expect(disruptionsAllowed({ expectedPods: 4, desiredHealthy: 3 }, 2)).toBe(0)
  expect(disruptionsAllowed({ expectedPods: 0, desiredHealthy: 0 }, 2)).toBe(0)
})
