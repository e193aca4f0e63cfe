import type { RandomStream } from '../../engine/random-stream.ts'
import type { Simulation } from '../../engine/simulation.ts'
import { NO_CAUSE, type Trace } from '../../engine/trace.ts'
import type { Ending } from '../../proxy/ipvs/timeouts.ts'
import { TCP } from '../../proxy/protocol.ts'
import { type CheckSpec, HealthChecker } from './health-checker.ts'
import { type Forwarded, NOT_FORWARDED, type RealServer, VirtualServer, type VirtualServerSpec } from './virtual-server.ts'

/** A machine before the cluster that runs IPVS and keepalived. */
export interface DirectorSpec extends VirtualServerSpec {
  readonly check: CheckSpec
  /** Servers are held for down until their first good check. */
  readonly alpha: boolean
  /** By name of the node; 1 where there is none. */
  readonly weights: ReadonlyMap<string, number>
}

export interface DirectorOptions {
  readonly sim: Simulation
  readonly trace: Trace
  readonly spec: DirectorSpec
  /** The nodes that are its real servers, each by its node port. */
  readonly servers: readonly RealServer[]
  readonly nodeNames: readonly string[]
  /** Begins a check of a node by the node port of a Service port; `ended` is to be called once, not at once. */
  readonly check: (servicePort: number, node: number, ended: (good: boolean) => void) => void
  /** What a Service port is called in the trace. */
  readonly nameOf: (servicePort: number) => string
}

/** (Service port, connection) in one number: connections of a virtual server below 2^22. */
const CONNECTIONS = 4_194_304

/** No connection, also while the director knows no virtual server for it. */
export const NO_PASSAGE = -1

interface Pool {
  readonly server: VirtualServer
  readonly checkers: readonly HealthChecker[]
}

/**
 * The machine before the cluster as a Linux Virtual Server: IPVS chooses a node for each connection of a client outside, and keepalived's checks decide
 * which nodes it may choose. A virtual server for each Service port that clients outside call.
 *
 * ```text
 *   client ── SYN ──▶ director: connect ──▶ node, by its node port ──▶ kube-proxy's rules ──▶ pod
 *                        ▲ setUp
 *   keepalived: check ───┴── a real request to each node's node port, in its turn by kube-proxy to some pod
 * ```
 *
 * A check therefore says whether *some* endpoint answers behind that node: one that is dead makes checks of living nodes fail. Packets pass the director in both
 * directions (NAT) and keep the client's address. IPVS forgets a connection that was silent for 15 minutes; it counts until its client learns of that (*simplified*). Its own CPU, network and failure are not modelled (*assumption*: VRRP has a second one at hand).
 */
export class Director {
  readonly #sim: Simulation
  readonly #trace: Trace
  readonly #spec: DirectorSpec
  readonly #servers: readonly RealServer[]
  readonly #nodeNames: readonly string[]
  readonly #check: DirectorOptions['check']
  readonly #nameOf: (servicePort: number) => string
  readonly #draws: RandomStream
  /** By Service port. */
  readonly #pools: (Pool | undefined)[] = []

  constructor(options: DirectorOptions) {
    this.#sim = options.sim
    this.#trace = options.trace
    this.#spec = options.spec
    this.#servers = options.servers
    this.#nodeNames = options.nodeNames
    this.#check = options.check
    this.#nameOf = options.nameOf
    this.#draws = options.sim.rng('load-balancer/keepalived')
  }

  /** Sets up the virtual server for a Service port, and begins to check; later calls for the same do nothing. */
  watch(servicePort: number): void {
    if (this.#pools[servicePort] !== undefined) return
    const { alpha, check } = this.#spec
    const checkers = this.#servers.map(() => new HealthChecker(check, alpha))
    // Nothing looks at the port but mh, which shuffles its table by that of the real servers: the node port, which is not known yet (*simplified*).
    const virtual = { address: VIRTUAL_ADDRESS, port: 0, protocol: TCP }
    const isUp = (server: number) => checkers[server]!.isUp
    const server = new VirtualServer(this.#spec, this.#servers, virtual, isUp, (n) => this.#draws.below(n))
    this.#pools[servicePort] = { server, checkers }
    for (const index of this.#servers.keys()) {
      const first = check.warmUp === 0 ? 0 : Math.floor(this.#draws.uniform() * check.warmUp)
      this.#sim.after(first, () => this.#begin(servicePort, index))
    }
  }

  /** A client's connection: what it is known by from now on, or {@link NO_PASSAGE}: refused, as no server is in. */
  connect(servicePort: number, client: number, clientPort: number): number {
    const pool = this.#pools[servicePort]
    if (pool === undefined) return NO_PASSAGE
    const connection = pool.server.connect(client, clientPort, this.#sim.now)
    return connection === NOT_FORWARDED ? NO_PASSAGE : servicePort * CONNECTIONS + connection
  }

  nodeOf(passage: number): number {
    return this.#poolOf(passage).server.nodeOf(forwarded(passage))
  }

  /** Whether packets of a connection still reach its node. */
  passes(passage: number): boolean {
    return this.#poolOf(passage).server.passes(forwarded(passage))
  }

  /** A connection has ended. */
  finish(passage: number, ending: Ending): void {
    this.#poolOf(passage).server.finish(forwarded(passage), ending, this.#sim.now)
  }

  isUp(servicePort: number, server: number): boolean {
    return this.#pools[servicePort]?.checkers[server]?.isUp === true
  }

  #begin(servicePort: number, index: number): void {
    const { node } = this.#servers[index]!
    this.#check(servicePort, node, (good) => this.#ended(servicePort, index, good))
  }

  #ended(servicePort: number, index: number, good: boolean): void {
    const { server, checkers } = this.#pools[servicePort]!
    const checker = checkers[index]!
    const change = checker.ended(good)
    if (change !== 'none') {
      server.setUp(index, change === 'up', this.#sim.now)
      this.#trace.record({
        cause: NO_CAUSE,
        actor: 'keepalived',
        action: change === 'up' ? 'real server up' : 'real server down',
        subject: `Node/${this.#nodeNames[this.#servers[index]!.node]!}`,
        detail: this.#nameOf(servicePort),
      })
    }
    this.#sim.after(checker.nextIn, () => this.#begin(servicePort, index))
  }

  #poolOf(passage: number): Pool {
    return this.#pools[Math.floor(passage / CONNECTIONS)]!
  }
}

function forwarded(passage: number): Forwarded {
  return passage % CONNECTIONS
}

/** 192.0.2.1, of a network for examples: only dh, lblc and lblcr look at it. Source: RFC 5737. */
const VIRTUAL_ADDRESS = 0xc000_0201 | 0
