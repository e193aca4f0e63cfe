import type { Pod, Resources } from '../../api/objects/index.ts'
import { tolerates } from '../controllers/taints.ts'
import type { NodeInfo } from './node-info.ts'
import { matchesNode } from './node-matching.ts'

/** One filter plugin: why the pod cannot run there, or null. */
export interface FilterPlugin {
  readonly name: string
  readonly reject: (pod: Pod, info: NodeInfo, requests: Resources) => string | null
}

/** In kube-scheduler's order; the first that objects speaks. Source: Kubernetes v1.36.2 default plugins (MultiPoint). */
export const FILTERS: readonly FilterPlugin[] = [
  { name: 'NodeUnschedulable', reject: nodeUnschedulable },
  {
    name: 'NodeName',
    reject: (pod, info) =>
      pod.spec.nodeName === '' || pod.spec.nodeName === info.node.metadata.name ? null : "node(s) didn't match the requested node name",
  },
  { name: 'TaintToleration', reject: taintToleration },
  { name: 'NodeAffinity', reject: nodeAffinity },
  { name: 'NodeResourcesFit', reject: nodeResourcesFit },
]

function nodeUnschedulable(pod: Pod, info: NodeInfo): string | null {
  if (!info.node.spec.unschedulable) return null
  const taint = { key: 'node.kubernetes.io/unschedulable', value: '', effect: 'NoSchedule' } as const
  return pod.spec.tolerations.some((toleration) => tolerates(toleration, taint)) ? null : 'node(s) were unschedulable'
}

function taintToleration(pod: Pod, info: NodeInfo): string | null {
  for (const taint of info.node.spec.taints) {
    if (taint.effect === 'PreferNoSchedule') continue
    if (!pod.spec.tolerations.some((toleration) => tolerates(toleration, taint)))
      return `node(s) had untolerated taint {${taint.key}: ${taint.value}}`
  }
  return null
}

function nodeAffinity(pod: Pod, info: NodeInfo): string | null {
  return matchesNode(pod, info.node) ? null : "node(s) didn't match Pod's node affinity/selector"
}

/** A resource that the pod does not ask for is not looked at. Source: noderesources/fit.go (fitsRequest). */
function nodeResourcesFit(_pod: Pod, info: NodeInfo, requests: Resources): string | null {
  const { allocatable } = info.node.status
  if (info.pods + 1 > allocatable.pods) return 'Too many pods'
  if (requests.cpuMilli > 0 && requests.cpuMilli > allocatable.cpuMilli - info.cpuMilli) return 'Insufficient cpu'
  if (requests.memoryBytes > 0 && requests.memoryBytes > allocatable.memoryBytes - info.memoryBytes) return 'Insufficient memory'
  return null
}
