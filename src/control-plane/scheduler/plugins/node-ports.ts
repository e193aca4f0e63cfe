import { hostPortsOf, portsConflict } from '../host-ports.ts'
import type { SchedulerPlugin } from '../plugin.ts'

/** A port of a node is taken once. Source: Kubernetes plugins/nodeports/node_ports.go. */
export const nodePorts: SchedulerPlugin = {
  name: 'NodePorts',
  filter: ({ ports }) =>
    ports.length === 0
      ? null
      : {
          reject(node) {
            for (const held of node.withHostPorts) {
              for (const taken of held.ports) {
                if (ports.some((port) => portsConflict(port, taken))) {
                  return { code: 'Unschedulable', reasons: ["node(s) didn't have free ports for the requested pod ports"] }
                }
              }
            }
            return null
          },
        },
  requeue: [
    {
      on: ['Pod deleted'],
      mayHelp(pod, event) {
        if (event.kind !== 'Pod deleted') return false
        const freed = hostPortsOf(event.pod)
        return freed.length > 0 && hostPortsOf(pod).some((port) => freed.some((other) => portsConflict(port, other)))
      },
    },
    { on: ['Node added'] },
  ],
}
