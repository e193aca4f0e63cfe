import type { StringMap } from '../api/objects/index.ts'
import { invariant } from '../invariant.ts'
import type { KubernetesMinor } from '../kubernetes-version.ts'
import type { Nanos } from '../units.ts'
import { Conntrack, type ConntrackConfig, conntrackMax } from './conntrack.ts'

/** What a kernel needs to know about its machine. */
export interface MachineSpec {
  readonly name: string
  readonly zone: string
  readonly cpuMilli: number
  /** Dotted IPv4. */
  readonly internalIP: string
  /** Those that its Node joined with. */
  readonly labels?: StringMap
  /** Labelled `node.kubernetes.io/exclude-from-external-load-balancers`. */
  readonly excludedFromLoadBalancers?: boolean
  /** What its kube-proxy was told; the defaults when it was told nothing. */
  readonly conntrack?: ConntrackConfig
}

/**
 * The kernels of all nodes, as far as packets meet them: running or not, and how full their connection tracking is.
 *
 * A crash is silent: nobody gets a reset, and what the kernel knew is gone. Columns by node index.
 */
export class Kernels {
  /** Nodes that stand still. While it is 0 nobody needs to ask which. */
  frozen = 0
  readonly #machines: readonly MachineSpec[]
  readonly #version: KubernetesMinor
  readonly #up: Uint8Array
  /** How often the node has crashed: what was known in another epoch is forgotten. */
  readonly #epochs: Int32Array
  readonly #conntracks: Conntrack[]
  /** When a node that stands still goes on; 0 of one that runs. */
  readonly #thawsAt: Float64Array
  /** Places that are left in the ring of its network card meanwhile. */
  readonly #ring: Int32Array
  /** Packets that tables dropped before their node crashed. */
  readonly #droppedBefore: Float64Array

  constructor(machines: readonly MachineSpec[], version: KubernetesMinor) {
    this.#version = version
    this.#machines = machines
    this.#up = new Uint8Array(machines.length).fill(1)
    this.#epochs = new Int32Array(machines.length)
    this.#thawsAt = new Float64Array(machines.length)
    this.#ring = new Int32Array(machines.length)
    this.#droppedBefore = new Float64Array(machines.length)
    this.#conntracks = machines.map(({ cpuMilli, conntrack }) => new Conntrack(conntrackMax(cpuMilli, version, conntrack)))
  }

  isUp(node: number): boolean {
    return this.#up[node] === 1
  }

  epoch(node: number): number {
    return this.#epochs[node]!
  }

  /** Up, and not crashed since `epoch`. */
  remembers(node: number, epoch: number): boolean {
    return this.#up[node] === 1 && this.#epochs[node] === epoch
  }

  conntrack(node: number): Conntrack {
    return this.#conntracks[node]!
  }

  isFrozen(node: number): boolean {
    return this.#thawsAt[node] !== 0
  }

  /** When a node that stands still goes on; 0: it runs. */
  thawsAt(node: number): Nanos {
    return this.#thawsAt[node]!
  }

  /** How long a node still stands still; 0: it runs. */
  thawsIn(node: number, now: Nanos): Nanos {
    const at = this.#thawsAt[node]!
    return at > now ? at - now : 0
  }

  /**
   * A packet comes to a node that stands still, which its sender would send again after `timeout`, doubled each time. How long until it is
   * handled: when the node goes on if the ring of its network card has a place, else with the first that is sent after that.
   */
  handledIn(node: number, now: Nanos, timeout: Nanos): Nanos {
    const left = this.thawsIn(node, now)
    if (left === 0 || this.takes(node)) return left
    let sent = timeout
    for (let wait = 2 * timeout; sent < left; wait *= 2) sent += wait
    return sent
  }

  /** Whether the ring of a node that stands still takes another packet, which has its place then. */
  takes(node: number): boolean {
    if (this.#ring[node] === 0) return false
    this.#ring[node]!--
    return true
  }

  /** The node stands still until then: nothing that comes is handled, and its network card keeps `ring` packets. */
  freeze(node: number, until: Nanos, ring: number): void {
    invariant(this.#thawsAt[node] === 0, `Node ${node} stands still already`)
    this.#thawsAt[node] = until
    this.#ring[node] = ring
    this.frozen++
  }

  /** It goes on. */
  thaw(node: number): void {
    if (this.#thawsAt[node] === 0) return
    this.#thawsAt[node] = 0
    this.frozen--
  }

  /** Packets that found the node's connection tracking full, since the start of the run. */
  conntrackDropped(node: number): number {
    return this.#droppedBefore[node]! + this.#conntracks[node]!.dropped
  }

  crash(node: number): void {
    this.thaw(node)
    this.#droppedBefore[node] = this.conntrackDropped(node)
    this.#up[node] = 0
    this.#epochs[node]!++
    const { cpuMilli, conntrack } = this.#machines[node]!
    this.#conntracks[node] = new Conntrack(conntrackMax(cpuMilli, this.#version, conntrack))
  }

  boot(node: number): void {
    this.#up[node] = 1
  }
}
