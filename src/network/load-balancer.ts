import type { HandlerId, Simulation } from '../engine/simulation.ts'
import { type Nanos, SECOND } from '../units.ts'

/**
 * Health checks of a pass-through cloud balancer: every 8 s, out after 3 failures, in after 1 success. An *assumption* for clouds in
 * general; they are the values with which the Google cloud provider creates its checks.
 */
const CHECK_PERIOD: Nanos = 8 * SECOND
const FAILURES_OUT = 3

/** No node is held healthy. */
export const NO_NODE = -1

export interface LoadBalancerOptions {
  readonly sim: Simulation
  readonly nodes: number
  /** What a node's health check answers: kube-proxy's port 10256 says whether it runs and has done its first sync. */
  readonly healthy: (node: number) => boolean
}

/**
 * The balancer before the cluster: an external client's connection goes to a node, and enters there by the Service's node port.
 *
 * Nodes are taken in turn among those held healthy, each Service port with a turn of its own. What is held healthy lags behind the truth:
 * a node that dies still gets its share for up to 24 s, and those SYNs are lost. All nodes are checked at the same moments, from time 0
 * on; a check takes no time.
 */
export class LoadBalancer {
  readonly #sim: Simulation
  readonly #isHealthy: (node: number) => boolean
  readonly #failures: Int32Array
  readonly #in: Uint8Array
  /** Nodes held healthy, ascending; the first `#size` count. */
  readonly #healthy: Int32Array
  #size = 0
  /** By Service port: whose turn it is. */
  #turns = new Int32Array(64)
  readonly #check: HandlerId
  #checking = false

  constructor(options: LoadBalancerOptions) {
    this.#sim = options.sim
    this.#isHealthy = options.healthy
    this.#failures = new Int32Array(options.nodes)
    this.#in = new Uint8Array(options.nodes)
    this.#healthy = new Int32Array(options.nodes)
    this.#check = options.sim.handler(() => {
      this.#checkAll()
      options.sim.schedule(CHECK_PERIOD, this.#check)
    })
  }

  /** Begins to check. Called once there is somebody outside; later calls do nothing. */
  start(): void {
    if (this.#checking) return
    this.#checking = true
    const sincePeriod = this.#sim.now % CHECK_PERIOD
    this.#sim.schedule(sincePeriod === 0 ? 0 : CHECK_PERIOD - sincePeriod, this.#check)
  }

  isIn(node: number): boolean {
    return this.#in[node] === 1
  }

  /** The node for the next connection to a Service port, or {@link NO_NODE}. */
  next(servicePort: number): number {
    if (this.#size === 0) return NO_NODE
    if (servicePort >= this.#turns.length) {
      const turns = new Int32Array(2 * servicePort)
      turns.set(this.#turns)
      this.#turns = turns
    }
    const turn = this.#turns[servicePort]! % this.#size
    this.#turns[servicePort] = turn + 1
    return this.#healthy[turn]!
  }

  #checkAll(): void {
    this.#size = 0
    for (let node = 0; node < this.#in.length; node++) {
      if (this.#isHealthy(node)) {
        this.#failures[node] = 0
        this.#in[node] = 1
      } else if (++this.#failures[node]! >= FAILURES_OUT) {
        this.#in[node] = 0
      }
      if (this.#in[node] === 1) this.#healthy[this.#size++] = node
    }
  }
}
