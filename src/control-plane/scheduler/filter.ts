import type { NodeSelectorRequirement, Pod, Resources } from '../../api/objects/index.ts'
import { tolerates } from '../controllers/taints.ts'
import type { NodeInfo } from './node-info.ts'

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
  const { labels, name } = info.node.metadata
  const { nodeSelector, requiredNodeAffinity } = pod.spec
  const selected = Object.keys(nodeSelector).every((key) => labels[key] === nodeSelector[key])
  const matches = (requirement: NodeSelectorRequirement): boolean => matchesRequirement(requirement, labels, name)
  const wanted =
    requiredNodeAffinity.length === 0 ||
    requiredNodeAffinity.some((term) => {
      const fields = term.matchFields ?? []
      return term.matchExpressions.length + fields.length > 0 && term.matchExpressions.every(matches) && fields.every(matches)
    })
  return selected && wanted ? null : "node(s) didn't match Pod's node affinity/selector"
}

/** Source: Kubernetes component-helpers/scheduling/corev1/nodeaffinity. */
function matchesRequirement(requirement: NodeSelectorRequirement, labels: Readonly<Record<string, string>>, nodeName: string): boolean {
  const value = requirement.key === 'metadata.name' ? nodeName : labels[requirement.key]
  switch (requirement.operator) {
    case 'In':
      return value !== undefined && requirement.values.includes(value)
    case 'NotIn':
      return value === undefined || !requirement.values.includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
    case 'Gt':
      return value !== undefined && Number(value) > Number(requirement.values[0])
    case 'Lt':
      return value !== undefined && Number(value) < Number(requirement.values[0])
  }
}

/** A resource that the pod does not ask for is not looked at. Source: noderesources/fit.go (fitsRequest). */
function nodeResourcesFit(_pod: Pod, info: NodeInfo, requests: Resources): string | null {
  const { allocatable } = info.node.status
  if (info.pods + 1 > allocatable.pods) return 'Too many pods'
  if (requests.cpuMilli > 0 && requests.cpuMilli > allocatable.cpuMilli - info.cpuMilli) return 'Insufficient cpu'
  if (requests.memoryBytes > 0 && requests.memoryBytes > allocatable.memoryBytes - info.memoryBytes) return 'Insufficient memory'
  return null
}
