import type { RandomStream } from '../../engine/random-stream.ts'
import type { Simulation } from '../../engine/simulation.ts'

/** A random stream for each node, made when the node first draws: what one node draws never shifts another's. */
export class NodeStreams {
  readonly #sim: Simulation
  readonly #nodeNames: readonly string[]
  readonly #purpose: string
  readonly #streams: (RandomStream | undefined)[]

  constructor(sim: Simulation, nodeNames: readonly string[], purpose: string) {
    this.#sim = sim
    this.#nodeNames = nodeNames
    this.#purpose = purpose
    this.#streams = new Array<RandomStream | undefined>(nodeNames.length).fill(undefined)
  }

  of(node: number): RandomStream {
    let stream = this.#streams[node]
    if (stream === undefined) {
      stream = this.#sim.rng(`node/${this.#nodeNames[node]}/${this.#purpose}`)
      this.#streams[node] = stream
    }
    return stream
  }
}
