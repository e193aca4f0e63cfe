/** How a cluster was installed: which components stand on which machines. */
export interface Install {
  /** Machines that run kube-apiserver, kube-controller-manager and kube-scheduler, one replica each. The first leads at time 0. */
  readonly controlPlane: readonly string[]
  /** Machines with a member of etcd: the same ones (stacked), or machines of its own. */
  readonly etcd: (members: number) => readonly string[]
  /** Members when the scenario does not say, and whether it may. */
  readonly etcdMembers: { readonly standard: number; readonly free: boolean }
  /**
   * Whether the control plane's machines are Nodes: `separate` ones beside `spec.cluster.nodes`, the `first` of those, or `none`
   * (machines without a kubelet).
   */
  readonly controlPlaneNodes: 'separate' | 'first' | 'none'
  /** Who starts the components of a machine. */
  readonly startedBy: 'kubelet' | 'systemd'
  /** The name of the nth node of `spec.cluster.nodes`, from 1. */
  readonly nodeName: (n: number) => string
  /** Nodes of a group that does not say how many it has. */
  readonly nodesPerGroup: number
}

/** Names that number machines from 1. */
export function numbered(prefix: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}-${index + 1}`)
}
