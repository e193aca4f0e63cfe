import type { NodeSeed } from '../control-plane/control-plane.ts'
import { INSTALLS } from '../control-plane/installs/index.ts'
import type { ComponentName } from '../control-plane/installs/static-pods.ts'
import { podCidr } from '../node/ipam.ts'
import { nodeNames } from './load-cluster.ts'
import type { ClusterSpec } from './scenario.ts'

/** Node addresses: 172.16.0.0/12, in order. Assumption: one flat network of nodes, apart from pods and Services. */
function nodeAddress(index: number): string {
  const host = index + 1
  return `172.${16 + Math.floor(host / 65_536)}.${Math.floor(host / 256) % 256}.${host % 256}`
}

/** What a control-plane node runs, with etcd or without. */
const STACKED: readonly ComponentName[] = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler']

/** The nodes of a cluster, in order: the control plane's first, where they are nodes of their own. */
export function nodeSeeds(cluster: ClusterSpec): NodeSeed[] {
  const names = nodeNames(cluster)
  const nodes: NodeSeed[] = []
  const { install: name, etcdMembers, controlPlane } = cluster
  const install = name === null ? null : INSTALLS[name]
  const role = (machine: string): Pick<NodeSeed, 'controlPlane'> =>
    install === null || install.controlPlaneNodes === 'none' || !install.controlPlane.includes(machine)
      ? {}
      : {
          controlPlane: {
            tainted: install.controlPlaneNodes === 'separate',
            components: install.etcd(etcdMembers).includes(machine) ? STACKED : STACKED.slice(1),
          },
        }
  const zones = cluster.nodes[0]!.zones
  for (const machine of install?.controlPlaneNodes === 'separate' ? install.controlPlane : []) {
    const index = nodes.length
    nodes.push({
      name: machine,
      zone: zones[index % zones.length] ?? '',
      ...controlPlane,
      maxPods: cluster.nodes[0]!.maxPods,
      podCIDR: podCidr(index),
      internalIP: nodeAddress(index),
      ...role(machine),
    })
  }
  for (const group of cluster.nodes) {
    for (let i = 0; i < group.count; i++) {
      const index = nodes.length
      nodes.push({
        name: names[index]!,
        zone: group.zones[i % group.zones.length] ?? '',
        cpuMilli: group.cpuMilli,
        memoryBytes: group.memoryBytes,
        maxPods: group.maxPods,
        podCIDR: podCidr(index),
        internalIP: nodeAddress(index),
        ...role(names[index]!),
      })
    }
  }
  return nodes
}
