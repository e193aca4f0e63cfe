import { type Install, numbered } from './install.ts'

/**
 * Components as system services: three machines with API server, kube-controller-manager and kube-scheduler that are no nodes, etcd on
 * machines of its own.
 *
 * Source: kubernetes.io docs, "Options for Highly Available Topology" (external etcd); the unit files of "Kubernetes the hard way".
 */
export const binary: Install = {
  controlPlane: numbered('control-plane', 3),
  etcd: (members) => numbered('etcd', members),
  etcdMembers: { standard: 3, free: true },
  controlPlaneNodes: 'none',
  startedBy: 'systemd',
  nodeName: (n) => `worker-${n}`,
  nodesPerGroup: 3,
}
