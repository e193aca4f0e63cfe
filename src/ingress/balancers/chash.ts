import { invariant } from '../../invariant.ts'
import type { EndpointId } from '../../network/addresses.ts'
import type { HashBalancing } from '../balancing.ts'
import { type HashKey, hashKeyOf } from '../hash-key.ts'
import type { Visit } from '../visit.ts'
import { type BalancerParts, NO_ENDPOINT, type UpstreamBalancer } from './balancer.ts'
import type { HashRing } from './hash-ring.ts'

/**
 * Consistent hashing (`upstream-hash-by`): a request's key decides, whatever has been tried before, so a retry meets the same endpoint again.
 * Workers and controller pods agree. The annotation's text is read when the balancer is made: another text acts from the next reload on.
 *
 * Source: ingress-nginx rootfs/etc/nginx/lua/balancer/chash.lua (behaviour).
 */
export class Chash implements UpstreamBalancer {
  readonly #parts: BalancerParts
  readonly #key: HashKey
  #endpoints: readonly EndpointId[]
  #ring: HashRing

  constructor(endpoints: readonly EndpointId[], parts: BalancerParts, { key }: HashBalancing) {
    this.#parts = parts
    this.#key = key
    this.#endpoints = endpoints
    this.#ring = parts.ring(endpoints)
  }

  get isEmpty(): boolean {
    return this.#endpoints.length === 0
  }

  sync(endpoints: readonly EndpointId[]): void {
    this.#endpoints = endpoints
    this.#ring = this.#parts.ring(endpoints)
  }

  pick(_tried: readonly EndpointId[], _now: number, visit?: Visit | null): EndpointId {
    invariant(visit != null, 'A request to an upstream with annotations is looked at')
    return this.#endpoints[this.#ring.find(hashKeyOf(this.#key, visit))] ?? NO_ENDPOINT
  }

  /** The key alone decides. */
  finished(): void {}
}
