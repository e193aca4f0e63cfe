import { type Distribution, type DistributionSpec, distribution } from '../engine/distributions.ts'
import type { RandomStream } from '../engine/random-stream.ts'
import type { Simulation } from '../engine/simulation.ts'
import type { Nanos } from '../units.ts'

/** Where packets come from and go to: a machine, or everything outside the cluster. Nodes are first, by their index. */
export type Place = number

/** What a disturbance does to packets of one machine for another. What stays on a machine is never disturbed. */
export interface DisturbanceSpec {
  readonly from: readonly Place[]
  readonly to: readonly Place[]
  /** Only what goes from `from` to `to`; else also what goes back. */
  readonly oneWay: boolean
  /** Share that is lost; 1 cuts the link. */
  readonly loss: number
  /** What is added to the way of each packet. */
  readonly delay: DistributionSpec | null
  /** Called for each packet that was lost or is late by it, and for each connection to an API server that it holds up. */
  readonly touched: (what: 'packet' | 'connection') => void
}

/** A disturbance that is in force, as sets. */
interface Disturbance extends Omit<DisturbanceSpec, 'from' | 'to' | 'delay'> {
  readonly from: ReadonlySet<Place>
  readonly to: ReadonlySet<Place>
  readonly delay: Distribution | null
}

/**
 * What is wrong with the ways between the machines of a cluster and the world outside: which faults hold now, and whom they touch.
 *
 * ```text
 *   fault ─ disturb ─▶ Links ◀─ loses? lateness? ─ Network (packets of requests)
 *                        └─ changed ─▶ connections to the API servers, etcd
 * ```
 *
 * Only runs whose timeline holds such a fault have it. Draws come from streams of its own.
 */
export class Links {
  /** The world outside: clients and their load balancer. */
  readonly outside: Place
  readonly #places = new Map<string, Place>()
  readonly #disturbances: Disturbance[] = []
  readonly #listeners: (() => void)[] = []
  readonly #loss: RandomStream
  readonly #delays: RandomStream

  /** Names of the nodes, by index, and of machines that are no nodes. */
  constructor(sim: Simulation, nodes: readonly string[], machines: readonly string[] = []) {
    for (const name of [...nodes, ...machines]) this.#places.set(name, this.#places.size)
    this.outside = this.#places.size
    this.#loss = sim.rng('network/faults/loss')
    this.#delays = sim.rng('network/faults/delay')
  }

  /** The place of a machine; undefined when it has none. */
  placeOf(name: string): Place | undefined {
    return this.#places.get(name)
  }

  /** Holds until the function that it gives is called. */
  disturb(spec: DisturbanceSpec): () => void {
    const { delay } = spec
    const disturbance = {
      ...spec,
      from: new Set(spec.from),
      to: new Set(spec.to),
      delay: delay === null ? null : distribution(delay),
    }
    this.#disturbances.push(disturbance)
    this.#tell()
    return () => {
      const at = this.#disturbances.indexOf(disturbance)
      if (at < 0) return
      this.#disturbances.splice(at, 1)
      this.#tell()
    }
  }

  /** Called when a disturbance begins or ends. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener)
  }

  /** Nothing comes through. Who finds out by this counts nothing. */
  isCut(from: Place, to: Place): boolean {
    return this.#disturbances.some((one) => one.loss === 1 && concerns(one, from, to))
  }

  /** A connection to an API server is held up by what cuts its link. */
  holdsUp(from: Place, to: Place): void {
    for (const one of this.#disturbances) if (one.loss === 1 && concerns(one, from, to)) one.touched('connection')
  }

  /** Whether a packet that is sent now is lost. */
  loses(from: Place, to: Place): boolean {
    for (const one of this.#disturbances) {
      if (one.loss === 0 || !concerns(one, from, to)) continue
      if (one.loss < 1 && this.#loss.uniform() >= one.loss) continue
      one.touched('packet')
      return true
    }
    return false
  }

  /** How much longer than usual a packet is on its way that is sent now. */
  lateness(from: Place, to: Place): Nanos {
    let late = 0
    for (const one of this.#disturbances) {
      if (one.delay === null || !concerns(one, from, to)) continue
      one.touched('packet')
      late += one.delay.sample(this.#delays)
    }
    return late
  }

  #tell(): void {
    for (const listener of this.#listeners) listener()
  }
}

function concerns({ from, to, oneWay }: Disturbance, a: Place, b: Place): boolean {
  if (a === b) return false
  return (from.has(a) && to.has(b)) || (!oneWay && from.has(b) && to.has(a))
}
