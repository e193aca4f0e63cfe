import type { Node, Pod, Taint } from '../../../api/objects/index.ts'
import { tolerates } from '../../controllers/taints.ts'
import { normalised, type SchedulerPlugin } from '../plugin.ts'

/** The reason names the taint up to 1.34. Source: Kubernetes v1.36.2 for the newer text; assumption: changed in 1.35. */
export const SHORT_REASON_SINCE = 35

/**
 * NoSchedule and NoExecute taints must be tolerated; fewer PreferNoSchedule taints that are not tolerated are better.
 *
 * Source: Kubernetes plugins/tainttoleration/taint_toleration.go.
 */
export const taintToleration: SchedulerPlugin = {
  name: 'TaintToleration',
  filter: ({ pod }, { version }) => ({
    reject: ({ node }) => {
      if (node.spec.taints.length === 0) return null
      const taint = untolerated(pod, node)
      if (taint === undefined) return null
      const reason =
        version >= SHORT_REASON_SINCE ? 'node(s) had untolerated taint(s)' : `node(s) had untolerated taint {${taint.key}: ${taint.value}}`
      return { code: 'UnschedulableAndUnresolvable', reasons: [reason] }
    },
  }),
  score: ({ pod }, nodes) =>
    normalised(
      nodes.map(({ node }) => (node.spec.taints.length === 0 ? 0 : unwelcome(pod, node))),
      true,
    ),
  requeue: [
    { on: ['Node added'], mayHelp: (pod, event) => event.kind === 'Node added' && untolerated(pod, event.node) === undefined },
    {
      on: ['Node updated'],
      mayHelp: (pod, event) =>
        event.kind === 'Node updated' && untolerated(pod, event.before) !== undefined && untolerated(pod, event.node) === undefined,
    },
    {
      on: ['own update'],
      mayHelp: (_pod, event) => event.kind === 'own update' && event.pod.spec.tolerations !== event.before.spec.tolerations,
    },
  ],
}

/** The first taint that keeps the pod away. */
export function untolerated(pod: Pod, node: Node): Taint | undefined {
  return node.spec.taints.find(
    (taint) => taint.effect !== 'PreferNoSchedule' && !pod.spec.tolerations.some((toleration) => tolerates(toleration, taint)),
  )
}

function unwelcome(pod: Pod, node: Node): number {
  return node.spec.taints.filter(
    (taint) => taint.effect === 'PreferNoSchedule' && !pod.spec.tolerations.some((toleration) => tolerates(toleration, taint)),
  ).length
}
