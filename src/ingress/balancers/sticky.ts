import { invariant } from '../../invariant.ts'
import type { EndpointId } from '../../network/addresses.ts'
import { type Nanos, SECOND } from '../../units.ts'
import type { CookieBalancing } from '../balancing.ts'
import { utf8 } from '../crc32.ts'
import { sessionOf, type Visit } from '../visit.ts'
import { type BalancerParts, NO_ENDPOINT, type UpstreamBalancer } from './balancer.ts'
import type { HashRing } from './hash-ring.ts'

/** An endpoint for a client that has none, and the key that leads to it. */
interface Pick {
  readonly endpoint: EndpointId
  readonly key: string
}

/**
 * Cookie affinity: the client's cookie has a key, and the key an endpoint. A request without a key, or with one that leads nowhere, gets an
 * endpoint that it has not tried and, at the paths of the Ingresses that ask for it, a cookie. After a failed try the cookie's endpoint is
 * tried again, unless `session-cookie-change-on-failure`.
 *
 * Source: ingress-nginx rootfs/etc/nginx/lua/balancer/sticky.lua (behaviour).
 */
export abstract class Sticky implements UpstreamBalancer {
  protected readonly parts: BalancerParts
  protected endpoints: readonly EndpointId[] = []
  readonly #upstream: string
  #affinity: CookieBalancing

  constructor(upstream: string, parts: BalancerParts, affinity: CookieBalancing) {
    this.parts = parts
    this.#upstream = upstream
    this.#affinity = affinity
  }

  get isEmpty(): boolean {
    return this.endpoints.length === 0
  }

  sync(endpoints: readonly EndpointId[]): void {
    this.endpoints = endpoints
  }

  /** The annotations say something else. */
  configure(affinity: CookieBalancing): void {
    this.#affinity = affinity
  }

  pick(tried: readonly EndpointId[], now: Nanos, visit?: Visit | null): EndpointId {
    invariant(visit != null, 'A request to an upstream with annotations is looked at')
    if (this.isEmpty) return NO_ENDPOINT
    const { name, maxAge, changeOnFailure, setBy } = this.#affinity
    const cookie = sessionOf(visit, name, now)
    const known = cookie === undefined ? NO_ENDPOINT : this.find(cookie.key)
    if (known !== NO_ENDPOINT && !(changeOnFailure && tried.length > 0)) return known
    const picked = this.choose(tried, now)
    if (picked === null) return NO_ENDPOINT
    if (setBy.includes(visit.ingress))
      visit.given.set(name, { key: picked.key, upstream: this.#upstream, expiresAt: now + maxAge * SECOND })
    return picked.endpoint
  }

  /** Answers do not matter. */
  finished(): void {}

  /** The endpoint of a key; {@link NO_ENDPOINT}: none. */
  protected abstract find(key: string): EndpointId

  /** null: all have been tried. */
  protected abstract choose(tried: readonly EndpointId[], now: Nanos): Pick | null
}

/** Source: ingress-nginx rootfs/etc/nginx/lua/balancer/sticky_balanced.lua, `MAX_UPSTREAM_CHECKS_COUNT`. */
export const CHOICES_MAX = 20

/**
 * `affinity-mode: balanced`: the key is random, and its endpoint the one on a ring of hashes. When endpoints come or go the ring moves some of
 * the keys: those of an endpoint that went, and an even share for one that came.
 */
export class StickyBalanced extends Sticky {
  #ring: HashRing | null = null

  override sync(endpoints: readonly EndpointId[]): void {
    super.sync(endpoints)
    this.#ring = this.parts.ring(endpoints)
  }

  protected find(key: string): EndpointId {
    return this.endpoints[this.#ring!.find(utf8(key))] ?? NO_ENDPOINT
  }

  protected choose(tried: readonly EndpointId[], now: Nanos): Pick | null {
    for (let n = 0; n < CHOICES_MAX; n++) {
      const key = `${Math.floor(now / SECOND) + n}.${this.parts.below(999_999)}`
      const endpoint = this.find(key)
      if (!tried.includes(endpoint)) return { endpoint, key }
    }
    return null
  }
}

/**
 * `affinity-mode: persistent`: the key names the endpoint itself. It holds as long as the endpoint is there; then the client gets another one,
 * at random, for good. So pods that come late in a rollout get few clients, and those that were there first many.
 */
export class StickyPersistent extends Sticky {
  protected find(key: string): EndpointId {
    return this.endpoints.find((endpoint) => this.parts.nameOf(endpoint) === key) ?? NO_ENDPOINT
  }

  protected choose(tried: readonly EndpointId[]): Pick | null {
    const left = this.endpoints.filter((endpoint) => !tried.includes(endpoint))
    if (left.length === 0) return null
    const endpoint = left[this.parts.below(left.length)]!
    return { endpoint, key: this.parts.nameOf(endpoint) }
  }
}
