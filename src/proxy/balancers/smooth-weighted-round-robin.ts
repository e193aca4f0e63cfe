import { invariant } from '../../invariant.ts'
import { type Balancer, type BalancerFactory, NO_ENDPOINT } from './balancer.ts'
import { EndpointList } from './endpoint-list.ts'

/**
 * Smooth weighted round robin. Not kube-proxy's: its weights are all 1, and the kernel's wrr serves a heavy endpoint in runs.
 *
 * At each pick every endpoint gains its weight; the one that has gathered most is taken, of equals the first, and pays the sum of all
 * weights. In as many picks as that sum each endpoint is taken as often as its weight says, spread out: 5, 1, 1 gives a a b a c a a.
 * A change of endpoints starts anew.
 *
 * Source: NGINX' upstream round robin (I. Sysoev, M. Dounin, 2012).
 */
class SmoothWeightedRoundRobin implements Balancer {
  readonly #list = new EndpointList()
  /** By position: what an endpoint gains at each pick, and what it has. */
  readonly #weights: number[] = []
  readonly #gathered: number[] = []
  #total = 0

  add(endpoint: number, weight: number): void {
    invariant(Number.isInteger(weight) && weight > 0, 'A weight is a positive integer')
    this.#list.add(endpoint)
    this.#weights.push(weight)
    this.#gathered.push(0)
    this.#gathered.fill(0)
    this.#total += weight
  }

  remove(endpoint: number): void {
    const position = this.#list.remove(endpoint)
    this.#total -= this.#weights[position]!
    this.#weights.splice(position, 1)
    this.#gathered.splice(position, 1)
    this.#gathered.fill(0)
  }

  pick(): number {
    if (this.#list.length === 0) return NO_ENDPOINT
    let chosen = 0
    for (let position = 0; position < this.#weights.length; position++) {
      this.#gathered[position]! += this.#weights[position]!
      if (this.#gathered[position]! > this.#gathered[chosen]!) chosen = position
    }
    this.#gathered[chosen]! -= this.#total
    return this.#list.endpoints[chosen]!
  }

  /** Turns do not depend on answers. */
  finished(): void {}
}

export const smoothWeightedRoundRobin: BalancerFactory = () => new SmoothWeightedRoundRobin()
