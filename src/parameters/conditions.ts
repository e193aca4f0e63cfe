import type { KubernetesMinor } from '../kubernetes-version.ts'
import { IN_FIRST_BLOCK } from '../node/ipam.ts'
import { nodeSeeds } from '../scenario/node-seeds.ts'
import type { Condition } from './parameter.ts'

/** The conditions under which parameters are in force. */
const inMode = (mode: 'iptables' | 'ipvs' | 'nftables'): Condition => ({
  text: `in mode ${mode}`,
  holds: ({ cluster }) => cluster.kubeProxy.mode === mode,
})

export const onIptables = inMode('iptables')
export const onNftables = inMode('nftables')
export const onIpvs = inMode('ipvs')

/** IPVS is in the kernel of the nodes or of a machine before the cluster. */
export const withIpvs: Condition = {
  text: 'in mode ipvs, or with keepalived',
  holds: ({ cluster }) => cluster.kubeProxy.mode === 'ipvs' || cluster.director !== undefined,
}

export const since = (version: KubernetesMinor): Condition => ({
  text: `from Kubernetes 1.${version} on`,
  holds: ({ cluster }) => cluster.version >= version,
})

export const until = (version: KubernetesMinor): Condition => ({
  text: `up to Kubernetes 1.${version}`,
  holds: ({ cluster }) => cluster.version <= version,
})

export const onCriO: Condition = { text: 'with cri-o', holds: ({ cluster }) => cluster.runtime === 'cri-o' }
export const onCriDockerd: Condition = { text: 'with cri-dockerd', holds: ({ cluster }) => cluster.runtime === 'cri-dockerd' }

export const beyondFirstPodBlock: Condition = {
  text: 'with more than 32,768 nodes',
  holds: ({ cluster }) => nodeSeeds(cluster).length > IN_FIRST_BLOCK,
}
export const severalApiServers: Condition = { text: 'with several API servers', holds: ({ cluster }) => cluster.apiServers > 1 }
export const withInstall: Condition = { text: 'with an install', holds: ({ cluster }) => cluster.install !== null }
export const withBootstrap: Condition = { text: 'in runs that begin with the installation', holds: ({ cluster }) => cluster.bootstrap }

export const onOverlay: Condition = { text: 'with cni: overlay', holds: ({ cluster }) => cluster.network.isOverlay === true }
export const withBandwidth: Condition = {
  text: 'where cards have a bandwidth',
  holds: ({ cluster }) => cluster.network.bandwidth !== undefined,
}
export const withCloudBalancer: Condition = { text: 'without keepalived', holds: ({ cluster }) => cluster.director === undefined }
export const withDns: Condition = { text: 'with cluster.dns', holds: ({ cluster }) => cluster.dns !== undefined }
export const withIngress: Condition = {
  text: 'where pods are ingress controllers',
  holds: ({ workloads }) => workloads.some(({ ingressController }) => ingressController !== undefined),
}
