import type { Node, Pod, Resources } from '../../api/objects/index.ts'
import { controllerOf } from '../owner-index.ts'

/** What a container without requests counts for when nodes are scored. Source: Kubernetes pkg/scheduler/util/pod_resources.go. */
const DEFAULT_CPU_MILLI = 100
const DEFAULT_MEMORY_BYTES = 200 * 1024 * 1024

/** What a pod asks for: the sum of its containers, or its largest init container where that is more. */
export function podRequests(pod: Pod): Resources {
  let cpuMilli = 0
  let memoryBytes = 0
  for (const container of pod.spec.containers) {
    cpuMilli += container.requests.cpuMilli
    memoryBytes += container.requests.memoryBytes
  }
  for (const container of pod.spec.initContainers) {
    cpuMilli = Math.max(cpuMilli, container.requests.cpuMilli)
    memoryBytes = Math.max(memoryBytes, container.requests.memoryBytes)
  }
  return { cpuMilli, memoryBytes }
}

/** The same with the default for every container that asks for nothing. */
export function scoredRequests(pod: Pod): Resources {
  let cpuMilli = 0
  let memoryBytes = 0
  for (const container of pod.spec.containers) {
    cpuMilli += container.requests.cpuMilli || DEFAULT_CPU_MILLI
    memoryBytes += container.requests.memoryBytes || DEFAULT_MEMORY_BYTES
  }
  return { cpuMilli, memoryBytes }
}

/** The scheduler's picture of one node: what it has and what is promised on it. Changed in place. */
export class NodeInfo {
  node: Node
  pods = 0
  cpuMilli = 0
  memoryBytes = 0
  scoredCpuMilli = 0
  scoredMemoryBytes = 0
  readonly #byOwner = new Map<string, number>()

  constructor(node: Node) {
    this.node = node
  }

  /** Counts a pod that is bound here, or that has just been assumed to be. */
  add(pod: Pod): void {
    this.#count(pod, 1)
  }

  remove(pod: Pod): void {
    this.#count(pod, -1)
  }

  /** Pods here of that owner (a ReplicaSet's uid). */
  ownedBy(ownerUid: string): number {
    return this.#byOwner.get(ownerUid) ?? 0
  }

  #count(pod: Pod, sign: 1 | -1): void {
    const requests = podRequests(pod)
    const scored = scoredRequests(pod)
    this.pods += sign
    this.cpuMilli += sign * requests.cpuMilli
    this.memoryBytes += sign * requests.memoryBytes
    this.scoredCpuMilli += sign * scored.cpuMilli
    this.scoredMemoryBytes += sign * scored.memoryBytes
    const owner = controllerOf(pod.metadata)
    if (owner !== undefined) this.#byOwner.set(owner.uid, this.ownedBy(owner.uid) + sign)
  }
}
