import type { Node, Pod } from '../../../api/objects/index.ts'
import { tolerates } from '../../controllers/taints.ts'
import type { SchedulerPlugin } from '../plugin.ts'

const CORDON = { key: 'node.kubernetes.io/unschedulable', value: '', effect: 'NoSchedule' } as const

/** A cordoned node takes only pods that tolerate it. Source: Kubernetes plugins/nodeunschedulable. */
export const nodeUnschedulable: SchedulerPlugin = {
  name: 'NodeUnschedulable',
  filter: ({ pod }) => ({
    reject: ({ node }) => (accepts(pod, node) ? null : { code: 'UnschedulableAndUnresolvable', reasons: ['node(s) were unschedulable'] }),
  }),
  requeue: [
    { on: ['Node added'], mayHelp: (pod, event) => event.kind === 'Node added' && accepts(pod, event.node) },
    {
      on: ['Node updated'],
      mayHelp: (pod, event) => event.kind === 'Node updated' && accepts(pod, event.node) && !accepts(pod, event.before),
    },
    { on: ['own update'], mayHelp: (pod) => isTolerated(pod) },
  ],
}

function accepts(pod: Pod, node: Node): boolean {
  return !node.spec.unschedulable || isTolerated(pod)
}

function isTolerated(pod: Pod): boolean {
  return pod.spec.tolerations.some((toleration) => tolerates(toleration, CORDON))
}
