/** A version of Linux, such as 5.4.0. */
export interface KernelVersion {
  readonly major: number
  readonly minor: number
  readonly patch: number
}

/** The kernel whose costs the profile measured, and whose behaviour the model has where nothing else is said. */
export const PROFILE_KERNEL: KernelVersion = { major: 6, minor: 1, patch: 0 }

/** The oldest that is accepted. *Assumption*: that of the oldest distribution on which Kubernetes was common (CentOS 7). */
export const OLDEST_KERNEL: KernelVersion = { major: 3, minor: 10, patch: 0 }

/** Reads `MAJOR.MINOR` or `MAJOR.MINOR.PATCH`; null: it is neither. */
export function parseKernelVersion(text: string): KernelVersion | null {
  const match = /^(\d{1,3})\.(\d{1,4})(?:\.(\d{1,4}))?$/.exec(text.trim())
  return match === null ? null : { major: Number(match[1]), minor: Number(match[2]), patch: Number(match[3] ?? 0) }
}

/** Whether a kernel has what came with `major.minor`. Of 5.10 and 5.9 the first is the newer. */
export function isKernelSince(kernel: KernelVersion, major: number, minor: number): boolean {
  return kernel.major === major ? kernel.minor >= minor : kernel.major > major
}
