import { exp } from '../../engine/elementary.ts'
import type { EndpointId } from '../../network/addresses.ts'
import { type Nanos, SECOND } from '../../units.ts'
import { type BalancerFactory, type BalancerParts, NO_ENDPOINT, type SharedLatencies, type UpstreamBalancer } from './balancer.ts'

/** After this time without a request a latency weighs 1/e. Source: `DECAY_TIME` there. */
export const DECAY: Nanos = 10 * SECOND

/**
 * Exponentially weighted moving average of the latency over two random choices.
 *
 * Of the endpoints that the request has not tried yet, two are drawn and the one with the smaller score is taken; of equals the first drawn.
 * The score is the average as it has decayed by now, so an endpoint that is not asked becomes cheaper. Unlike peak EWMA neither a slow answer
 * counts at once nor does it matter how many requests are in flight. A new endpoint begins with the mean of the others' averages, as they
 * were stored; without any, with 0. A failed last try counts like an answer: an endpoint that refuses at once looks fast.
 *
 * Source: ingress-nginx rootfs/etc/nginx/lua/balancer/ewma.lua (behaviour). Its times have the resolution of NGINX, 1 ms; here they are exact.
 */
class Ewma implements UpstreamBalancer {
  readonly #below: (n: number) => number
  readonly #latencies: SharedLatencies
  #endpoints: readonly EndpointId[]

  constructor(endpoints: readonly EndpointId[], { below, latencies }: BalancerParts) {
    this.#below = below
    this.#latencies = latencies
    this.#endpoints = endpoints
  }

  get isEmpty(): boolean {
    return this.#endpoints.length === 0
  }

  sync(endpoints: readonly EndpointId[], now: Nanos): void {
    const before = this.#endpoints
    const added = endpoints.filter((endpoint) => !before.includes(endpoint))
    const removed = before.filter((endpoint) => !endpoints.includes(endpoint))
    if (added.length === 0 && removed.length === 0) return
    this.#endpoints = endpoints
    for (const endpoint of removed) this.#latencies.delete(endpoint)
    const known = endpoints.flatMap((endpoint) => this.#latencies.get(endpoint)?.ewma ?? [])
    if (known.length === 0) return
    const mean = known.reduce((sum, ewma) => sum + ewma, 0) / known.length
    for (const endpoint of added) this.#latencies.set(endpoint, { ewma: mean, touchedAt: now })
  }

  pick(tried: readonly EndpointId[], now: Nanos): EndpointId {
    const fresh = tried.length === 0 ? this.#endpoints : this.#endpoints.filter((endpoint) => !tried.includes(endpoint))
    const endpoints = fresh.length === 0 ? this.#endpoints : fresh
    const count = endpoints.length
    if (count < 2) return endpoints[0] ?? NO_ENDPOINT
    const first = this.#below(count)
    const other = this.#below(count - 1)
    const [a, b] = [endpoints[first]!, endpoints[other < first ? other : other + 1]!]
    return this.#score(b, now) < this.#score(a, now) ? b : a
  }

  finished(endpoint: EndpointId, rtt: Nanos, now: Nanos): void {
    const { ewma, touchedAt } = this.#latencies.get(endpoint) ?? NEVER
    const weight = exp(-Math.max(0, now - touchedAt) / DECAY)
    this.#latencies.set(endpoint, { ewma: ewma * weight + rtt * (1 - weight), touchedAt: now })
  }

  #score(endpoint: EndpointId, now: Nanos): number {
    const { ewma, touchedAt } = this.#latencies.get(endpoint) ?? NEVER
    return ewma * exp(-Math.max(0, now - touchedAt) / DECAY)
  }
}

/** What was never asked was last touched long ago: its first answer counts in full. */
const NEVER = { ewma: 0, touchedAt: Number.NEGATIVE_INFINITY }

export const ewma: BalancerFactory = (endpoints, parts) => new Ewma(endpoints, parts)
