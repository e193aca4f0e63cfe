import { MILLISECOND, type Nanos, SECOND } from '../../units.ts'

/**
 * The steps of an installation and what each takes beside what is simulated (requests, elections, starts of processes, pulls of images).
 *
 * The order is that of kubeadm's phases. Source: Kubernetes cmd/kubeadm/app/cmd/{init,join}.go. Every duration is an *assumption*: the time of
 * the command on an ordinary virtual machine, where files are written in milliseconds and key pairs take a tenth of a second each.
 */
export const STEP_TIMES = {
  /** minikube start: the virtual machine or container that is the node. */
  machine: 10 * SECOND,
  /** Binary installs: downloads and unit files on each machine. */
  binaries: 10 * SECOND,
  preflight: SECOND,
  /** About a dozen key pairs and certificates. */
  certs: 1500 * MILLISECOND,
  kubeconfig: 500 * MILLISECOND,
  /** Writing the static pod manifest of etcd, and those of the other components. */
  etcd: 50 * MILLISECOND,
  'control-plane': 100 * MILLISECOND,
  /** Download of the certificates, kubeconfigs, manifests of a further control-plane node. */
  'control-plane-prepare': SECOND,
  /** systemctl restart kubelet, from the command to its first work. */
  'kubelet-start': SECOND,
  /** A learner of etcd that has caught up is made a voter. Source for the learner: kubeadm feature EtcdLearnerMode (on since 1.29). */
  'etcd-join': 500 * MILLISECOND,
  'kubelet-finalize': 100 * MILLISECOND,
  /** The administrator applies the network plugin's manifest. */
  'network-plugin': 2 * SECOND,
} as const satisfies Record<string, Nanos>

export type StepName = keyof typeof STEP_TIMES

/** How often kubeadm asks whether something is there. *Assumption*. */
export const POLL: Nanos = 500 * MILLISECOND

/** Compressed images in bytes, of linux/amd64. *Assumption*: sizes of Kubernetes 1.3x images in round numbers. */
export const IMAGE_BYTES = {
  'kube-apiserver': 28e6,
  'kube-controller-manager': 23e6,
  'kube-scheduler': 18e6,
  etcd: 58e6,
  coredns: 19e6,
  'kube-proxy': 31e6,
  pause: 0.3e6,
  'network-plugin': 60e6,
} as const
