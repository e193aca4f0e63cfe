import { binary } from './binary.ts'
import type { Install } from './install.ts'
import { kubeadm } from './kubeadm.ts'
import { kubeadmHa } from './kubeadm-ha.ts'
import { minikube } from './minikube.ts'

export type { Install } from './install.ts'

export const INSTALL_NAMES = ['minikube', 'kubeadm', 'kubeadm-ha', 'binary'] as const
export type InstallName = (typeof INSTALL_NAMES)[number]

/** Every way to install a cluster: one more is a file beside this one, its name above, and a line here. */
export const INSTALLS: { readonly [K in InstallName]: Install } = { minikube, kubeadm, 'kubeadm-ha': kubeadmHa, binary }

/** Machines with components of the control plane or of etcd, each once. */
export function machinesOf(install: Install, etcdMembers: number): readonly string[] {
  return [...new Set([...install.controlPlane, ...install.etcd(etcdMembers)])]
}

/** The machines among them that are no Nodes. */
export function bareMachinesOf(install: Install, etcdMembers: number): readonly string[] {
  const nodes = install.controlPlaneNodes === 'none' ? [] : install.controlPlane
  return machinesOf(install, etcdMembers).filter((name) => !nodes.includes(name))
}
