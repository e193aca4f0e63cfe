import type { Nanos } from '../units.ts'
import type { NetworkSpec } from './network-spec.ts'

/**
 * How long a packet is on its way, by where its two ends are: one node, one zone, two zones. Links never lose or reorder packets and have no
 * bandwidth limit yet.
 */
export class Network {
  /** One way, between a client outside the cluster and a node. */
  readonly external: Nanos
  readonly #sameNode: Nanos
  readonly #sameZone: Nanos
  readonly #crossZone: Nanos
  /** By node. */
  readonly #zones: Int32Array

  constructor(spec: NetworkSpec, zoneOfNode: readonly string[]) {
    this.external = spec.external
    this.#sameNode = spec.sameNode
    this.#sameZone = spec.sameZone
    this.#crossZone = spec.crossZone
    const names = [...new Set(zoneOfNode)]
    this.#zones = Int32Array.from(zoneOfNode, (zone) => names.indexOf(zone))
  }

  /** One way, from a pod or port of one node to a pod of another or the same. */
  delay(from: number, to: number): Nanos {
    if (from === to) return this.#sameNode
    return this.#zones[from] === this.#zones[to] ? this.#sameZone : this.#crossZone
  }
}
