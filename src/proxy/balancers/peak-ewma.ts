import { type Nanos, SECOND } from '../../units.ts'
import { type Balancer, type BalancerFactory, type BalancerOptions, NO_ENDPOINT } from './balancer.ts'
import { EndpointList } from './endpoint-list.ts'

/** After this time without an answer a latency weighs 1/e. Source: the default of Finagle and Linkerd. */
export const DECAY: Nanos = 10 * SECOND

/** Cost of an endpoint that is serving its first requests and has not answered any: 13 days, and more with each request. */
const UNKNOWN: Nanos = 1_125_899_906_842_624

/** What a balancer knows of one endpoint. */
interface Load {
  inFlight: number
  /** Latency, ns: jumps up to a slow answer at once, and moves down to fast ones over DECAY. 0 before the first answer. */
  latency: number
  /** When `latency` was true. */
  at: Nanos
}

/**
 * Peak EWMA over power of two choices. Not kube-proxy's: it needs to see answers.
 *
 * Draws two different endpoints and takes the cheaper one; of equals the first drawn. Cost = latency * (requests in flight + 1), where
 * latency is an exponentially weighted moving average over time that a slow answer raises at once. A silent endpoint's latency decays
 * towards 0, so that it is tried again.
 *
 * Source: Finagle's PeakEwma (com.twitter.finagle.loadbalancer), in our own words; ingress-nginx' `ewma` is of the same family.
 */
class PeakEwma implements Balancer {
  readonly #options: BalancerOptions
  readonly #list = new EndpointList()
  /** By position. */
  readonly #loads: Load[] = []

  constructor(options: BalancerOptions) {
    this.#options = options
  }

  add(endpoint: number): void {
    this.#list.add(endpoint)
    this.#loads.push({ inFlight: 0, latency: 0, at: 0 })
  }

  remove(endpoint: number): void {
    this.#loads.splice(this.#list.remove(endpoint), 1)
  }

  pick(now: Nanos): number {
    if (this.#list.length === 0) return NO_ENDPOINT
    const [first, second] = this.#list.twoPositions(this.#options.below)
    const chosen = this.#cost(this.#loads[second]!, now) < this.#cost(this.#loads[first]!, now) ? second : first
    this.#loads[chosen]!.inFlight++
    return this.#list.endpoints[chosen]!
  }

  finished(endpoint: number, latency: Nanos, now: Nanos): void {
    const position = this.#list.positionOf(endpoint)
    if (position === undefined) return
    const load = this.#loads[position]!
    if (load.inFlight > 0) load.inFlight--
    const weight = this.#options.exp((load.at - now) / DECAY)
    load.latency = latency > load.latency ? latency : load.latency * weight + latency * (1 - weight)
    load.at = now
  }

  #cost({ inFlight, latency, at }: Load, now: Nanos): number {
    if (latency === 0 && inFlight > 0) return UNKNOWN + inFlight
    return latency * this.#options.exp((at - now) / DECAY) * (inFlight + 1)
  }
}

export const peakEwma: BalancerFactory = (options) => new PeakEwma(options)
