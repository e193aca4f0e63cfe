import type { EndpointId } from '../../network/addresses.ts'
import { type BalancerFactory, type BalancerParts, NO_ENDPOINT, sameEndpoints, type UpstreamBalancer } from './balancer.ts'

/**
 * Takes turns, from a random start. Every worker has turns of its own, so the pods of a Service are not taken in turns over the whole
 * controller. Another set of endpoints begins anew, at a random one.
 *
 * Source: ingress-nginx rootfs/etc/nginx/lua/balancer/{resty,round_robin}.lua and lua-resty-balancer's roundrobin, all weights 1. The order
 * of turns is there that of a Lua table; here that of the endpoints, an *assumption* that changes which one is next, not how often each is.
 */
class RoundRobin implements UpstreamBalancer {
  readonly #below: (n: number) => number
  #endpoints: readonly EndpointId[]
  #next = 0

  constructor(endpoints: readonly EndpointId[], { below }: BalancerParts) {
    this.#below = below
    this.#endpoints = endpoints
    this.#start()
  }

  get isEmpty(): boolean {
    return this.#endpoints.length === 0
  }

  sync(endpoints: readonly EndpointId[]): void {
    if (sameEndpoints(endpoints, this.#endpoints)) return
    this.#endpoints = endpoints
    this.#start()
  }

  pick(): EndpointId {
    if (this.#endpoints.length === 0) return NO_ENDPOINT
    const picked = this.#endpoints[this.#next]!
    this.#next = (this.#next + 1) % this.#endpoints.length
    return picked
  }

  /** Turns do not depend on answers. */
  finished(): void {}

  #start(): void {
    this.#next = this.#endpoints.length === 0 ? 0 : this.#below(this.#endpoints.length)
  }
}

export const roundRobin: BalancerFactory = (endpoints, parts) => new RoundRobin(endpoints, parts)
