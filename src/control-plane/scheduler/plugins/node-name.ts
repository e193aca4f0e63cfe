import type { SchedulerPlugin } from '../plugin.ts'

/** A pod that names its node runs there or nowhere. Source: Kubernetes plugins/nodename. */
export const nodeName: SchedulerPlugin = {
  name: 'NodeName',
  filter: ({ pod }) =>
    pod.spec.nodeName === ''
      ? null
      : {
          reject: (node) =>
            node.name === pod.spec.nodeName
              ? null
              : { code: 'UnschedulableAndUnresolvable', reasons: ["node(s) didn't match the requested node name"] },
        },
  requeue: [{ on: ['Node added'], mayHelp: (pod, event) => event.kind === 'Node added' && event.node.metadata.name === pod.spec.nodeName }],
}
