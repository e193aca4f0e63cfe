import type { Taint, Toleration } from '../../api/objects/index.ts'

/** Given by an administrator who knows that the machine is off. */
export const OUT_OF_SERVICE = 'node.kubernetes.io/out-of-service'
/** Of a node that is cordoned. */
export const UNSCHEDULABLE = 'node.kubernetes.io/unschedulable'
export const UNREACHABLE = 'node.kubernetes.io/unreachable'

/** Whether the toleration covers the taint. Source: Kubernetes component-helpers/scheduling/corev1 (ToleratesTaint). */
export function tolerates(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect !== '' && toleration.effect !== taint.effect) return false
  if (toleration.key === '') return toleration.operator === 'Exists'
  if (toleration.key !== taint.key) return false
  return toleration.operator === 'Exists' || toleration.value === taint.value
}

/**
 * How long a pod with these tolerations stays on a node with these NoExecute taints, in seconds: 0 when a taint is not
 * tolerated, null for ever, otherwise the smallest `tolerationSeconds` among the matching tolerations.
 *
 * Source: Kubernetes pkg/controller/tainteviction/taint_eviction.go (getMinTolerationTime).
 */
export function stayOnTaintedNode(tolerations: readonly Toleration[], taints: readonly Taint[]): number | null {
  let seconds: number | null = null
  for (const taint of taints) {
    if (taint.effect !== 'NoExecute') continue
    const matching = tolerations.filter((toleration) => tolerates(toleration, taint))
    if (matching.length === 0) return 0
    for (const { tolerationSeconds } of matching) {
      if (tolerationSeconds === null) continue
      seconds = Math.max(0, seconds === null ? tolerationSeconds : Math.min(seconds, tolerationSeconds))
    }
  }
  return seconds
}
