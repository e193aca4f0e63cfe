import type { IntOrString, PodDisruptionBudgetStatus } from '../../api/objects/index.ts'

/** How many pods a budget speaks of, and how many of them must be healthy. */
export interface BudgetExpectation {
  readonly expectedPods: number
  readonly desiredHealthy: number
}

/**
 * What a budget asks for. `pods` are those that it selects; `scale` is the sum of the wished replicas of the controllers that they belong to,
 * each once. A count of minAvailable speaks of the pods there are; everything else of the pods there should be. Percentages round up.
 *
 * Source: Kubernetes pkg/controller/disruption/disruption.go (getExpectedPodCount).
 */
export function budgetExpectation(
  { minAvailable, maxUnavailable }: { readonly minAvailable: IntOrString | null; readonly maxUnavailable: IntOrString | null },
  pods: number,
  scale: number,
): BudgetExpectation {
  if (maxUnavailable !== null) {
    return { expectedPods: scale, desiredHealthy: Math.max(0, scale - share(maxUnavailable, scale)) }
  }
  if (minAvailable === null) return { expectedPods: pods, desiredHealthy: 0 }
  if (typeof minAvailable === 'number') return { expectedPods: pods, desiredHealthy: minAvailable }
  return { expectedPods: scale, desiredHealthy: share(minAvailable, scale) }
}

function share(value: IntOrString, of: number): number {
  return typeof value === 'number' ? value : Math.ceil((Number.parseInt(value, 10) * of) / 100)
}

/** How many more pods may be disrupted. Source: disruption.go (updatePdbStatus). */
export function disruptionsAllowed({ expectedPods, desiredHealthy }: BudgetExpectation, currentHealthy: number): number {
  return expectedPods <= 0 ? 0 : Math.max(0, currentHealthy - desiredHealthy)
}

export function sameBudgetStatus(a: PodDisruptionBudgetStatus, b: PodDisruptionBudgetStatus): boolean {
  return (
    a.observedGeneration === b.observedGeneration &&
    a.disruptionsAllowed === b.disruptionsAllowed &&
    a.currentHealthy === b.currentHealthy &&
    a.desiredHealthy === b.desiredHealthy &&
    a.expectedPods === b.expectedPods &&
    a.conditions === b.conditions &&
    JSON.stringify(a.disruptedPods) === JSON.stringify(b.disruptedPods)
  )
}
