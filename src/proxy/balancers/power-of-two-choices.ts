import { type Balancer, type BalancerFactory, NO_ENDPOINT } from './balancer.ts'
import { EndpointList } from './endpoint-list.ts'

/**
 * Power of two choices. Not kube-proxy's: no mode of it counts requests like this.
 *
 * Draws two different endpoints and takes the one that is serving fewer requests of this balancer; of equals the first drawn.
 *
 * Source: M. Mitzenmacher, The power of two choices in randomized load balancing, IEEE TPDS 12 (2001); as Envoy's and NGINX's `random two
 * least_conn` do it.
 */
class PowerOfTwoChoices implements Balancer {
  readonly #below: (n: number) => number
  readonly #list = new EndpointList()
  /** By position: requests that have not finished. */
  readonly #inFlight: number[] = []

  constructor(below: (n: number) => number) {
    this.#below = below
  }

  add(endpoint: number): void {
    this.#list.add(endpoint)
    this.#inFlight.push(0)
  }

  remove(endpoint: number): void {
    this.#inFlight.splice(this.#list.remove(endpoint), 1)
  }

  pick(): number {
    if (this.#list.length === 0) return NO_ENDPOINT
    const [first, second] = this.#list.twoPositions(this.#below)
    const chosen = this.#inFlight[second]! < this.#inFlight[first]! ? second : first
    this.#inFlight[chosen]!++
    return this.#list.endpoints[chosen]!
  }

  finished(endpoint: number): void {
    const position = this.#list.positionOf(endpoint)
    // An endpoint that was removed and came back knows nothing of what it served before.
    if (position !== undefined && this.#inFlight[position]! > 0) this.#inFlight[position]!--
  }
}

export const powerOfTwoChoices: BalancerFactory = ({ below }) => new PowerOfTwoChoices(below)
