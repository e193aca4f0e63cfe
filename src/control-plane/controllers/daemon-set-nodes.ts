import type { Node, Pod, PodSpec, PodTemplate, Toleration } from '../../api/objects/index.ts'
import { matchesNode } from '../scheduler/plugins/node-affinity.ts'
import { tolerates } from './taints.ts'

function tolerated(key: string, effect: Toleration['effect']): Toleration {
  return { key: `node.kubernetes.io/${key}`, operator: 'Exists', value: '', effect, tolerationSeconds: null }
}

/**
 * What every pod of a DaemonSet bears: it stays on nodes that others leave.
 *
 * Source: Kubernetes pkg/controller/daemon/util/daemonset_util.go (AddOrUpdateDaemonPodTolerations).
 */
const TOLERATIONS: readonly Toleration[] = [
  tolerated('not-ready', 'NoExecute'),
  tolerated('unreachable', 'NoExecute'),
  tolerated('disk-pressure', 'NoSchedule'),
  tolerated('memory-pressure', 'NoSchedule'),
  tolerated('pid-pressure', 'NoSchedule'),
  tolerated('unschedulable', 'NoSchedule'),
]
const HOST_NETWORK_TOLERATION = tolerated('network-unavailable', 'NoSchedule')

/** The template's tolerations and the automatic ones; an automatic one takes the place of its own kind. */
export function daemonTolerations(spec: PodSpec): Toleration[] {
  const added = spec.hostNetwork ? [...TOLERATIONS, HOST_NETWORK_TOLERATION] : TOLERATIONS
  const same = (a: Toleration, b: Toleration): boolean =>
    a.key === b.key && a.effect === b.effect && a.operator === b.operator && a.value === b.value
  return [...spec.tolerations.filter((toleration) => !added.some((other) => same(toleration, other))), ...added]
}

/**
 * The spec of the pod for one node: the default scheduler puts it there, since its node affinity names the node.
 *
 * Source: as above (ReplaceDaemonSetPodNodeNameNodeAffinity): every term of the template's gets that field instead of its own.
 */
export function daemonPodSpec(template: PodTemplate, nodeName: string): PodSpec {
  const matchFields = [{ key: 'metadata.name', operator: 'In' as const, values: [nodeName] }]
  const terms = template.spec.requiredNodeAffinity
  const requiredNodeAffinity =
    terms.length === 0 ? [{ matchExpressions: [], matchFields }] : terms.map((term) => ({ ...term, matchFields }))
  return { ...template.spec, requiredNodeAffinity, tolerations: daemonTolerations(template.spec) }
}

/** The node that a pod of a DaemonSet is on or meant for; '' when it is meant for none. */
export function nodeOfDaemonPod(pod: Pod): string {
  if (pod.spec.nodeName !== '') return pod.spec.nodeName
  const term = pod.spec.requiredNodeAffinity.find((candidate) => candidate.matchFields !== undefined)
  return term?.matchFields?.[0]?.values[0] ?? ''
}

/**
 * Whether a pod of the template shall be on the node, and whether one that is there may stay: a NoSchedule taint keeps new ones off only.
 *
 * Source: Kubernetes pkg/controller/daemon/daemon_controller.go (NodeShouldRunDaemonPod).
 */
export function fitsNode(template: PodTemplate, node: Node): { readonly run: boolean; readonly stay: boolean } {
  const { spec } = template
  if (spec.nodeName !== '' && spec.nodeName !== node.metadata.name) return { run: false, stay: false }
  if (!matchesNode(template, node)) return { run: false, stay: false }
  const tolerations = daemonTolerations(spec)
  const untolerated = node.spec.taints.filter(
    (taint) => taint.effect !== 'PreferNoSchedule' && !tolerations.some((toleration) => tolerates(toleration, taint)),
  )
  return { run: untolerated.length === 0, stay: untolerated.every((taint) => taint.effect !== 'NoExecute') }
}
