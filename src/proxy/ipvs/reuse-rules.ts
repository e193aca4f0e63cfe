import { type LinuxVersion, linux } from '../../linux-version.ts'

/** net.ipv4.vs.conn_reuse_mode. */
export type ConnReuseMode = 0 | 1

/** What IPVS does with a SYN of a client address and port that it still has an entry of. */
export interface ReuseRules {
  /** A SYN that hits an entry in TIME_WAIT or CLOSE is scheduled afresh. Otherwise it goes where the old connection went. */
  readonly reschedulesEnded: boolean
  /** A SYN that hits an entry of a drained destination is scheduled afresh. */
  readonly reschedulesDrained: boolean
  /** Whoever is to be scheduled afresh is first dropped, whatever connection tracking says: the SYN that follows is scheduled. */
  readonly dropsFirst: boolean
}

/** Since then only a SYN that connection tracking has confirmed is dropped. Source: Linux commit f0a5e4d7a594 (ipvs: allow connection reuse for unconfirmed conntrack). */
export const CONFIRMED_ONLY: LinuxVersion = linux(5, 9)
/** Since then drained destinations do not depend on conn_reuse_mode. Source: Linux commit c95c07836fa4 (ipvs: fix reuse connection if RS weight is 0). */
export const DRAINED_ANYWAY: LinuxVersion = linux(5, 16)

/**
 * What kube-proxy leaves behind: it sets 0 on kernels before 5.9, where 1 costs a SYN, and does not touch the kernel's own 1 since then.
 * Source: kubernetes v1.36.2 pkg/proxy/ipvs/proxier.go (connReuseFixedKernelVersion).
 */
export function kubeProxyConnReuseMode(kernel: LinuxVersion): ConnReuseMode {
  return kernel < CONFIRMED_ONLY ? 0 : 1
}

/**
 * The rules of a kernel with vs/conntrack and expire_nodest_conn, as kube-proxy sets both. null: reuse goes unnoticed, as connection tracking replaces its own entry
 * of an ended connection at the SYN, which so counts as new.
 */
export function reuseRules(kernel: LinuxVersion, mode: ConnReuseMode = kubeProxyConnReuseMode(kernel)): ReuseRules | null {
  if (mode === 1 && kernel >= CONFIRMED_ONLY) return null
  return {
    reschedulesEnded: mode === 1,
    reschedulesDrained: mode === 1 || kernel >= DRAINED_ANYWAY,
    dropsFirst: kernel < CONFIRMED_ONLY,
  }
}
