import { type Install, numbered } from './install.ts'

const MACHINES = numbered('control-plane', 3)

/**
 * `kubeadm init --control-plane-endpoint` and two `kubeadm join --control-plane`: three control-plane nodes with everything, stacked
 * etcd, the API servers behind a load balancer. kube-controller-manager and kube-scheduler speak to the load balancer too, as the
 * kubeconfigs of kubeadm up to 1.35 say (*assumption* for later versions).
 *
 * Source: kubernetes.io docs, "Options for Highly Available Topology" (stacked etcd).
 */
export const kubeadmHa: Install = {
  controlPlane: MACHINES,
  etcd: () => MACHINES,
  etcdMembers: { standard: 3, free: false },
  controlPlaneNodes: 'separate',
  startedBy: 'kubelet',
  nodeName: (n) => `worker-${n}`,
  nodesPerGroup: 3,
}
