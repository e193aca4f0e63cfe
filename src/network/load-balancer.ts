import type { HandlerId, Simulation } from '../engine/simulation.ts'
import { type Nanos, SECOND } from '../units.ts'

/**
 * Health checks of a pass-through cloud balancer: every 8 s, out after 3 failures, in after 1 success. An *assumption* for clouds in
 * general; they are the values with which the Google cloud provider creates its checks.
 */
export const CHECK_PERIOD: Nanos = 8 * SECOND
export const FAILURES_OUT = 3

/** No node is held healthy. */
export const NO_NODE = -1

export interface LoadBalancerOptions {
  readonly sim: Simulation
  readonly nodes: number
  /**
   * What a node's health check for a Service port answers: kube-proxy's port 10256 says whether it runs and has done its first sync; under
   * `externalTrafficPolicy: Local` the Service's own health-check node port says besides whether the node has a ready endpoint.
   */
  readonly healthy: (node: number, servicePort: number) => boolean
}

/** Whom the balancer holds healthy for one Service port. */
interface Pool {
  readonly servicePort: number
  readonly failures: Int32Array
  readonly in: Uint8Array
  /** Nodes held healthy, ascending; the first `size` count. */
  readonly healthy: Int32Array
  size: number
  /** Whose turn it is. */
  turn: number
}

/**
 * The balancer before the cluster: an external client's connection goes to a node, and enters there by the Service's node port. It passes packets
 * through: they keep the client's address.
 *
 * Nodes are taken in turn among those held healthy, each Service port with a turn and checks of its own. What is held healthy lags behind the truth:
 * a node that dies still gets its share for up to 24 s, and those SYNs are lost. All nodes are checked at the same moments, from time 0
 * on; a check takes no time.
 */
export class LoadBalancer {
  readonly #sim: Simulation
  readonly #isHealthy: (node: number, servicePort: number) => boolean
  readonly #nodes: number
  /** In the order in which they were first watched. */
  readonly #pools: Pool[] = []
  /** By Service port. */
  readonly #poolOf: (Pool | undefined)[] = []
  readonly #check: HandlerId

  constructor(options: LoadBalancerOptions) {
    this.#sim = options.sim
    this.#isHealthy = options.healthy
    this.#nodes = options.nodes
    this.#check = options.sim.handler(() => {
      for (const pool of this.#pools) this.#checkAll(pool)
      options.sim.schedule(CHECK_PERIOD, this.#check)
    })
  }

  /** Begins to check the nodes for a Service port; later calls for the same do nothing. */
  watch(servicePort: number): void {
    if (this.#poolOf[servicePort] !== undefined) return
    const nodes = this.#nodes
    const pool: Pool = {
      servicePort,
      failures: new Int32Array(nodes),
      in: new Uint8Array(nodes),
      healthy: new Int32Array(nodes),
      size: 0,
      turn: 0,
    }
    this.#poolOf[servicePort] = pool
    if (this.#pools.push(pool) > 1) return
    const sincePeriod = this.#sim.now % CHECK_PERIOD
    this.#sim.schedule(sincePeriod === 0 ? 0 : CHECK_PERIOD - sincePeriod, this.#check)
  }

  isIn(node: number, servicePort: number): boolean {
    return this.#poolOf[servicePort]?.in[node] === 1
  }

  /** The node for the next connection to a Service port, or {@link NO_NODE}. */
  next(servicePort: number): number {
    const pool = this.#poolOf[servicePort]
    if (pool === undefined || pool.size === 0) return NO_NODE
    const turn = pool.turn % pool.size
    pool.turn = turn + 1
    return pool.healthy[turn]!
  }

  #checkAll(pool: Pool): void {
    pool.size = 0
    for (let node = 0; node < this.#nodes; node++) {
      if (this.#isHealthy(node, pool.servicePort)) {
        pool.failures[node] = 0
        pool.in[node] = 1
      } else if (++pool.failures[node]! >= FAILURES_OUT) {
        pool.in[node] = 0
      }
      if (pool.in[node] === 1) pool.healthy[pool.size++] = node
    }
  }
}
