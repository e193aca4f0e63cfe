import type { Install } from './install.ts'

/**
 * `kubeadm init`: one control-plane node, with static pods, that takes no other pods.
 *
 * Source: Kubernetes cmd/kubeadm/app/phases/{etcd,controlplane,markcontrolplane}.
 */
export const kubeadm: Install = {
  controlPlane: ['control-plane-1'],
  etcd: () => ['control-plane-1'],
  etcdMembers: { standard: 1, free: false },
  controlPlaneNodes: 'separate',
  startedBy: 'kubelet',
  nodeName: (n) => `worker-${n}`,
  nodesPerGroup: 3,
}
