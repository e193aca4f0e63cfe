/**
 * A version of the Linux kernel as one integer that compares as the version does: 1000 × major + minor.
 *
 * A third number, such as the 17 of 5.4.17, is not looked at: every kernel is the first release of its series, though later ones may carry fixes of newer kernels.
 */
export type LinuxVersion = number

export function linux(major: number, minor: number): LinuxVersion {
  return 1000 * major + minor
}

/** Before it IPVS treated drained destinations in yet another way. Source: Linux commit dc7b3eb900aa (ipvs: Fix reuse connection if real server is dead), 4.15. */
export const OLDEST_LINUX: LinuxVersion = linux(4, 15)

/** That of the cost profile and of most sources here. */
export const DEFAULT_LINUX: LinuxVersion = linux(6, 1)

/** kube-proxy refuses to start in mode nftables below it. Source: kubernetes v1.36 pkg/proxy/nftables/proxier.go. */
export const NFTABLES_LINUX: LinuxVersion = linux(5, 13)

/** From `5.4` or `5.4.17`; null for any other text. */
export function parseLinux(text: string): LinuxVersion | null {
  const match = /^(\d{1,2})\.(\d{1,3})(?:\.\d{1,4})?$/.exec(text)
  return match === null ? null : linux(Number(match[1]), Number(match[2]))
}
