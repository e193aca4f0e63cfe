import type { NodeImage } from '../api/objects/index.ts'
import { Completion, type Process, type Wait } from '../engine/process.ts'
import type { Simulation } from '../engine/simulation.ts'
import { TokenBucket } from '../engine/token-bucket.ts'
import type { Nanos } from '../units.ts'
import { taggedImage } from './image-name.ts'
import { RegistryLink } from './registry-link.ts'

/** How images come to a node. */
export interface ImagePolicy {
  /** Size of an image that {@link sizes} does not name, compressed. */
  readonly sizeBytes: number
  /** By name, with its tag. */
  readonly sizes?: ReadonlyMap<string, number> | undefined
  /** Of one node's link to the registry. */
  readonly bandwidthBytesPerSecond: number
  /** Of the registry, for all nodes together; no limit when not given. */
  readonly registryBytesPerSecond?: number | undefined
  /** Every node holds every image from the start. */
  readonly preloaded: boolean
  /** Images that the registry does not have: a pull fails. */
  readonly missing?: readonly string[] | undefined
  /** Pulls that go on at once on a node: 1 (serializeImagePulls) when not given, Infinity for no limit. */
  readonly parallel?: number | undefined
  /** Pulls that a kubelet begins a second, and at once; the kubelet's defaults when not given. */
  readonly pullQps?: number | undefined
  readonly pullBurst?: number | undefined
}

/** Source: kubelet registryPullQPS and registryBurst. */
export const REGISTRY_LIMIT = { qps: 5, burst: 10 } as const
/** Source: kubelet nodeStatusMaxImages. */
export const STATUS_IMAGES_MAX = 50

/** `exceeded`: the kubelet may not ask the registry so often, so the pull fails without having been tried. */
export type PullOutcome = 'pulled' | 'up to date' | 'not found' | 'exceeded'

interface Place {
  readonly turn: Completion<void>
  granted: boolean
}

export interface ImageStoreOptions {
  readonly sim: Simulation
  readonly policy: ImagePolicy
  readonly nodeIndex: number
  /** What the registry's bytes come through; one of its own when the registry sets no limit. */
  readonly link?: RegistryLink | undefined
  /** How the container runtime calls an image. */
  readonly nameOf: (image: string) => string
}

/**
 * The images of one node. Pulls wait for each other (serializeImagePulls), unless the policy lets several go on; two pods that want the same
 * image at a time share one pull (*assumption*: the second would find every layer there).
 *
 * A pull that the kubelet's own rate limit forbids does not wait: it fails, and the back-off of the image follows.
 *
 * Source: Kubernetes pkg/kubelet/images/{image_manager,puller,helpers}.go.
 */
export class ImageStore {
  readonly #sim: Simulation
  readonly #policy: ImagePolicy
  readonly #nodeIndex: number
  readonly #link: RegistryLink
  readonly #nameOf: (image: string) => string
  readonly #limiter: TokenBucket
  readonly #missing: ReadonlySet<string>
  readonly #present = new Set<string>()
  readonly #fetching = new Map<string, Process<PullOutcome>>()
  readonly #parallel: number
  readonly #waiting: Place[] = []
  #busy = 0

  constructor({ sim, policy, nodeIndex, link, nameOf }: ImageStoreOptions) {
    this.#sim = sim
    this.#policy = policy
    this.#nodeIndex = nodeIndex
    this.#link = link ?? new RegistryLink(sim, policy.bandwidthBytesPerSecond)
    this.#nameOf = nameOf
    this.#parallel = policy.parallel ?? 1
    this.#missing = new Set((policy.missing ?? []).map((image) => taggedImage(image)))
    this.#limiter = new TokenBucket(sim, {
      ratePerSecond: policy.pullQps ?? REGISTRY_LIMIT.qps,
      burst: policy.pullBurst ?? REGISTRY_LIMIT.burst,
    })
  }

  /** Whether a container can start without asking the registry. `Always` asks, but transfers nothing it has. */
  has(image: string): boolean {
    const name = taggedImage(image)
    return (this.#policy.preloaded && !this.#missing.has(name)) || this.#present.has(name)
  }

  /**
   * Makes the image present, or asks whether the one that is there is up to date; `overhead` is the time of the registry and of the disk. A pull
   * goes on when whoever asked for it gives up.
   */
  *pull(image: string, overhead: Nanos): Generator<Wait, PullOutcome, unknown> {
    const name = taggedImage(image)
    let fetching = this.#fetching.get(name)
    if (fetching === undefined) {
      fetching = this.#sim.spawn(this.#fetch(name, overhead))
      this.#fetching.set(name, fetching)
    }
    return (yield fetching) as PullOutcome
  }

  /**
   * What the node's status says is there: the largest, 50 at most. A node that holds everything from the start says nothing: all nodes would say
   * the same, and the scheduler would score them alike.
   *
   * Source: Kubernetes pkg/kubelet/nodestatus/setters.go (Images), nodeStatusMaxImages.
   */
  reported(): readonly NodeImage[] {
    return [...this.#present]
      .map((name) => ({ names: [this.#nameOf(name)], sizeBytes: this.#sizeOf(name) }))
      .toSorted((a, b) => b.sizeBytes - a.sizeBytes || (a.names[0]! < b.names[0]! ? -1 : 1))
      .slice(0, STATUS_IMAGES_MAX)
  }

  /** The image has been there for long. */
  put(image: string): void {
    if (!this.has(image)) this.#present.add(taggedImage(image))
  }

  /** What was being pulled when the node died is lost; what was there is still there. */
  interrupt(): void {
    for (const fetching of this.#fetching.values()) fetching.kill()
    this.#fetching.clear()
  }

  *#fetch(name: string, overhead: Nanos): Generator<Wait, PullOutcome, unknown> {
    const place: Place = { turn: new Completion<void>(this.#sim), granted: false }
    this.#waiting.push(place)
    this.#admit()
    try {
      yield place.turn
      if (!this.#limiter.tryTake()) return 'exceeded'
      yield this.#sim.delay(overhead)
      if (this.#missing.has(name)) return 'not found'
      if (this.has(name)) return 'up to date'
      yield* this.#link.transfer(this.#nodeIndex, this.#sizeOf(name))
      this.#present.add(name)
      return 'pulled'
    } finally {
      this.#fetching.delete(name)
      if (place.granted) this.#busy--
      else this.#waiting.splice(this.#waiting.indexOf(place), 1)
      this.#admit()
    }
  }

  #admit(): void {
    while (this.#busy < this.#parallel && this.#waiting.length > 0) {
      const place = this.#waiting.shift()!
      place.granted = true
      this.#busy++
      place.turn.resolve()
    }
  }

  #sizeOf(name: string): number {
    return this.#policy.sizes?.get(name) ?? this.#policy.sizeBytes
  }
}
