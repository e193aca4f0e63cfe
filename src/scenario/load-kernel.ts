import { isKernelSince, type KernelVersion, OLDEST_KERNEL, PROFILE_KERNEL, parseKernelVersion } from '../node/kernel-version.ts'
import type { LoadContext } from './load-context.ts'
import type { Path } from './parse-yaml.ts'

const ACCEPTED = `a version of Linux from ${OLDEST_KERNEL.major}.${OLDEST_KERNEL.minor} on, in quotes, such as "5.4" or "5.15.0"`

/** The kernel of every node; that of the profile where none is given. */
export function loadKernel(context: LoadContext, path: Path, text: string | undefined): KernelVersion {
  if (text === undefined) return PROFILE_KERNEL
  const version = parseKernelVersion(text)
  if (version === null) {
    const leading = /^\s*v?(\d+\.\d+(?:\.\d+)?)\D/.exec(text)?.[1] ?? null
    context.mistake(path, `Cannot read "${text}" as a version of Linux`, ACCEPTED, leading)
    return PROFILE_KERNEL
  }
  if (!isKernelSince(version, OLDEST_KERNEL.major, OLDEST_KERNEL.minor))
    context.mistake(path, `Linux ${text} is older than what is modelled`, ACCEPTED)
  return version
}
