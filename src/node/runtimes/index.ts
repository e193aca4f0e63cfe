import { type Distribution, distribution } from '../../engine/distributions.ts'
import type { RandomStream } from '../../engine/random-stream.ts'
import type { Nanos } from '../../units.ts'
import { containerd } from './containerd.ts'
import { criDockerd } from './cri-dockerd.ts'
import { criO } from './cri-o.ts'
import type { CriCall, RuntimeProfile } from './runtime.ts'

export type { CriCall, RuntimeProfile } from './runtime.ts'

/**
 * Every container runtime: one more is a file beside this one and a line here. The kubelet asks all of them by the same relist (PLEG) once a
 * second, so that is no difference; evented PLEG is off by default in every version here.
 */
export const RUNTIMES = { containerd, 'cri-o': criO, 'cri-dockerd': criDockerd } as const satisfies Record<string, RuntimeProfile>

export type RuntimeName = keyof typeof RUNTIMES

export const RUNTIME_NAMES = Object.keys(RUNTIMES) as readonly RuntimeName[]

/** How much longer than with containerd the calls of one node's runtime take. */
export class CriTimes {
  readonly #longer = new Map<string, Distribution>()
  readonly #stream: RandomStream

  constructor(profile: RuntimeProfile, stream: RandomStream) {
    this.#stream = stream
    for (const [call, spec] of Object.entries(profile.longer)) this.#longer.set(call, distribution(spec))
  }

  /** Draws nothing for a call that takes no longer. */
  longer(call: CriCall): Nanos {
    return this.#longer.get(call)?.sample(this.#stream) ?? 0
  }
}
