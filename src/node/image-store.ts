import type { Process, Wait } from '../engine/process.ts'
import type { Simulation } from '../engine/simulation.ts'
import { TokenBucket } from '../engine/token-bucket.ts'
import { type Nanos, SECOND } from '../units.ts'

/** How images come to a node. */
export interface ImagePolicy {
  /** Size of every image, compressed. */
  readonly sizeBytes: number
  readonly bandwidthBytesPerSecond: number
  /** Every node holds every image from the start. */
  readonly preloaded: boolean
  /** Images that the registry does not have: a pull fails. */
  readonly missing?: readonly string[] | undefined
}

/** Source: kubelet registryPullQPS and registryBurst. */
const REGISTRY_LIMIT = { ratePerSecond: 5, burst: 10 } as const

/**
 * The images of one node. Pulls wait for each other (serializeImagePulls), and two pods that want the same image share one pull.
 *
 * Source: Kubernetes pkg/kubelet/images/{image_manager,puller}.go.
 */
export class ImageStore {
  readonly #sim: Simulation
  readonly #policy: ImagePolicy
  readonly #limiter: TokenBucket
  readonly #present = new Set<string>()
  readonly #fetching = new Map<string, Process<void>>()
  #freeAt: Nanos = 0

  constructor(sim: Simulation, policy: ImagePolicy) {
    this.#sim = sim
    this.#policy = policy
    this.#limiter = new TokenBucket(sim, REGISTRY_LIMIT)
  }

  /** Whether a container can start without asking the registry. `Always` asks, but transfers nothing it has. */
  has(image: string): boolean {
    return (this.#policy.preloaded && !this.#isMissing(image)) || this.#present.has(image)
  }

  /**
   * Makes the image present; `overhead` is the registry's own time. Returns when it is, or false when the registry has no such image. A pull
   * goes on when whoever asked for it gives up.
   */
  *pull(image: string, overhead: Nanos): Generator<Wait, boolean, unknown> {
    let fetching = this.#fetching.get(image)
    if (fetching === undefined) {
      fetching = this.#sim.spawn(this.#fetch(image, overhead))
      this.#fetching.set(image, fetching)
    }
    yield fetching
    return this.has(image)
  }

  *#fetch(image: string, overhead: Nanos): Generator<Wait, void, unknown> {
    yield* this.#limiter.take()
    if (this.#isMissing(image)) yield this.#sim.delay(overhead)
    else {
      const transfer = Math.round((this.#policy.sizeBytes / this.#policy.bandwidthBytesPerSecond) * SECOND)
      this.#freeAt = Math.max(this.#freeAt, this.#sim.now) + overhead + transfer
      yield this.#sim.delay(this.#freeAt - this.#sim.now)
      this.#present.add(image)
    }
    this.#fetching.delete(image)
  }

  #isMissing(image: string): boolean {
    return this.#policy.missing?.includes(image) ?? false
  }

  /** What was being pulled when the node died is lost; what was there is still there. */
  interrupt(): void {
    for (const fetching of this.#fetching.values()) fetching.kill()
    this.#fetching.clear()
    this.#freeAt = 0
  }
}
