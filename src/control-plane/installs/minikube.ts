import type { Install } from './install.ts'

/**
 * Everything on one node, which takes pods as well; further nodes are workers.
 *
 * Source: minikube pkg/minikube/config (names `minikube`, `minikube-m02`, …), pkg/minikube/bootstrapper/kubeadm (kubeadm without the taint).
 */
export const minikube: Install = {
  controlPlane: ['minikube'],
  etcd: () => ['minikube'],
  etcdMembers: { standard: 1, free: false },
  controlPlaneNodes: 'first',
  startedBy: 'kubelet',
  nodeName: (n) => (n === 1 ? 'minikube' : `minikube-m${n < 10 ? '0' : ''}${n}`),
  nodesPerGroup: 1,
}
