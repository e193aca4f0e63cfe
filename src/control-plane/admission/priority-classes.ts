import type { PriorityClass } from '../../api/objects/index.ts'
import { emptyMeta } from '../empty-meta.ts'

/** Source: Kubernetes pkg/apis/scheduling/{types.go,v1/helpers.go} (SystemPriorityClasses). */
export const SYSTEM_CLASSES = [
  ['system-node-critical', 2_000_001_000],
  ['system-cluster-critical', 2_000_000_000],
] as const

/** The classes that are there as soon as the API server is. */
export function systemPriorityClasses(): PriorityClass[] {
  return SYSTEM_CLASSES.map(([name, value]) => ({
    apiVersion: 'scheduling.k8s.io/v1',
    kind: 'PriorityClass',
    metadata: emptyMeta(name, ''),
    value,
    globalDefault: false,
    preemptionPolicy: 'PreemptLowerPriority',
  }))
}
