import type { StringMap } from '../api/objects/index.ts'
import type { RandomStream } from '../engine/random-stream.ts'
import type { KubernetesMinor } from '../kubernetes-version.ts'
import { DEFAULT_LINUX, type LinuxVersion } from '../linux-version.ts'
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
  /** Of every node. */
  readonly linux: LinuxVersion
  readonly #machines: readonly MachineSpec[]
  readonly #version: KubernetesMinor
  /** For full connection tracking tables. */
  readonly #draws: RandomStream | null
  readonly #up: Uint8Array
  /** How often the node has crashed: what was known in another epoch is forgotten. */
  readonly #epochs: Int32Array
  readonly #conntracks: Conntrack[]

  constructor(
    machines: readonly MachineSpec[],
    version: KubernetesMinor,
    linux: LinuxVersion = DEFAULT_LINUX,
    draws: RandomStream | null = null,
  ) {
    this.#draws = draws
    this.linux = linux
    this.#version = version
    this.#machines = machines
    this.#up = new Uint8Array(machines.length).fill(1)
    this.#epochs = new Int32Array(machines.length)
    this.#conntracks = machines.map(({ cpuMilli, conntrack }) => new Conntrack(conntrackMax(cpuMilli, version, conntrack), draws))
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

  crash(node: number): void {
    this.#up[node] = 0
    this.#epochs[node]!++
    const { cpuMilli, conntrack } = this.#machines[node]!
    this.#conntracks[node] = new Conntrack(conntrackMax(cpuMilli, this.#version, conntrack), this.#draws)
  }

  boot(node: number): void {
    this.#up[node] = 1
  }
}
