import type { Node } from '../../api/objects/index.ts'
import type { PodInfo } from './pod-info.ts'

/** The scheduler's picture of one node: what it has and what is promised on it. Changed in place. */
export class NodeInfo {
  node: Node
  /** By key, in the order in which they came. */
  readonly pods = new Map<string, PodInfo>()
  cpuMilli = 0
  memoryBytes = 0
  readonly others = new Map<string, number>()
  scoredCpuMilli = 0
  scoredMemoryBytes = 0
  /** Pods here that take ports of the node. */
  readonly withHostPorts = new Set<PodInfo>()

  /** Pods here by priority. */
  readonly #priorities = new Map<number, number>()

  constructor(node: Node) {
    this.node = node
  }

  get name(): string {
    return this.node.metadata.name
  }

  label(key: string): string | undefined {
    const value = this.node.metadata.labels[key]
    // what an object inherits under a label's name, such as "constructor", is no text
    return typeof value === 'string' ? value : undefined
  }

  /** Counts a pod that is bound here, or that has just been assumed to be. */
  add(info: PodInfo): void {
    this.pods.set(info.key, info)
    if (info.ports.length > 0) this.withHostPorts.add(info)
    this.#count(info, 1)
  }

  remove(info: PodInfo): void {
    if (!this.pods.delete(info.key)) return
    this.withHostPorts.delete(info)
    this.#count(info, -1)
  }

  /** The same node with the same pods, to try something on. */
  copy(): NodeInfo {
    const copy = new NodeInfo(this.node)
    for (const info of this.pods.values()) copy.add(info)
    return copy
  }

  /** Whether some pod here has a lower priority. */
  hasLower(priority: number): boolean {
    for (const held of this.#priorities.keys()) if (held < priority) return true
    return false
  }

  #count(info: PodInfo, sign: 1 | -1): void {
    const { priority } = info.pod.spec
    const held = (this.#priorities.get(priority) ?? 0) + sign
    if (held === 0) this.#priorities.delete(priority)
    else this.#priorities.set(priority, held)
    this.cpuMilli += sign * info.requests.cpuMilli
    this.memoryBytes += sign * info.requests.memoryBytes
    this.scoredCpuMilli += sign * info.scored.cpuMilli
    this.scoredMemoryBytes += sign * info.scored.memoryBytes
    for (const [name, amount] of info.requests.others) this.others.set(name, (this.others.get(name) ?? 0) + sign * amount)
  }
}
