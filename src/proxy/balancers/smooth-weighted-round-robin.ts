import { invariant } from '../../invariant.ts'
import { type Balancer, type BalancerFactory, NO_ENDPOINT } from './balancer.ts'
import { EndpointList } from './endpoint-list.ts'

/** Endpoints of one weight: they take turns. */
interface Peers {
  readonly weight: number
  /** Positions in the list, ascending. */
  readonly positions: number[]
  /** Whose turn it is, an index into the positions. */
  turn: number
  /** How often each has been taken whose turn is still to come. */
  rounds: number
}

/**
 * Smooth weighted round robin. Not kube-proxy's: its weights are all 1, and the kernel's wrr serves a heavy endpoint in runs.
 *
 * At each pick every endpoint gains its weight; the one that has gathered most is taken, of equals the first, and pays the sum of all
 * weights. In as many picks as that sum each endpoint is taken as often as its weight says, spread out: 5, 1, 1 gives a a b a c a a.
 * A change of endpoints starts anew.
 *
 * What an endpoint has gathered by pick t is weight * t less what it has paid, so nothing need be added up: of equal weights the one that was taken least,
 * and first in the list, has most, which is to say that they take turns. So only the next of each weight is looked at.
 *
 * Source: NGINX' upstream round robin (I. Sysoev, M. Dounin, 2012).
 */
class SmoothWeightedRoundRobin implements Balancer {
  readonly #list = new EndpointList()
  /** By position. */
  readonly #weights: number[] = []
  #total = 0
  /** By weight; null after a change. */
  #peers: Peers[] | null = null
  /** Picks since the start, modulo the sum of all weights: after so many all has been paid back. */
  #picks = 0

  add(endpoint: number, weight: number): void {
    invariant(Number.isInteger(weight) && weight > 0, 'A weight is a positive integer')
    this.#list.add(endpoint)
    this.#weights.push(weight)
    this.#total += weight
    this.#peers = null
  }

  remove(endpoint: number): void {
    const position = this.#list.remove(endpoint)
    this.#total -= this.#weights[position]!
    this.#weights.splice(position, 1)
    this.#peers = null
  }

  pick(): number {
    if (this.#list.length === 0) return NO_ENDPOINT
    if (this.#peers === null || this.#picks === this.#total) this.#start()
    const peers = this.#peers!
    this.#picks++
    let chosen = peers[0]!
    let most = Number.NEGATIVE_INFINITY
    let first = 0
    for (let index = 0; index < peers.length; index++) {
      const next = peers[index]!
      const gathered = next.weight * this.#picks - this.#total * next.rounds
      const position = next.positions[next.turn]!
      if (gathered < most || (gathered === most && position > first)) continue
      chosen = next
      most = gathered
      first = position
    }
    chosen.turn++
    if (chosen.turn === chosen.positions.length) {
      chosen.turn = 0
      chosen.rounds++
    }
    return this.#list.endpoints[first]!
  }

  /** Turns do not depend on answers. */
  finished(): void {}

  #start(): void {
    const peers = new Map<number, Peers>()
    for (const [position, weight] of this.#weights.entries()) {
      const same = peers.get(weight) ?? { weight, positions: [], turn: 0, rounds: 0 }
      same.positions.push(position)
      peers.set(weight, same)
    }
    this.#peers = [...peers.values()]
    this.#picks = 0
  }
}

export const smoothWeightedRoundRobin: BalancerFactory = () => new SmoothWeightedRoundRobin()
