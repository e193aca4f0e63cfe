import type { PodInfo } from './pod-info.ts'

const NONE: readonly PodInfo[] = []

/** Pods for which room is being made: which of them on which node. Source: Kubernetes pkg/scheduler/backend/queue/nominator.go. */
export class NominatedPods {
  readonly #nodeOf = new Map<string, string>()
  readonly #onNode = new Map<string, Map<string, PodInfo>>()

  set(info: PodInfo, node: string): void {
    this.remove(info.key)
    this.#nodeOf.set(info.key, node)
    const pods = this.#onNode.get(node)
    if (pods === undefined) this.#onNode.set(node, new Map([[info.key, info]]))
    else pods.set(info.key, info)
  }

  remove(key: string): void {
    const node = this.#nodeOf.get(key)
    if (node === undefined) return
    this.#nodeOf.delete(key)
    const pods = this.#onNode.get(node)!
    pods.delete(key)
    if (pods.size === 0) this.#onNode.delete(node)
  }

  nodeOf(key: string): string | undefined {
    return this.#nodeOf.get(key)
  }

  on(node: string): readonly PodInfo[] {
    if (this.#onNode.size === 0) return NONE
    const pods = this.#onNode.get(node)
    return pods === undefined ? NONE : [...pods.values()]
  }
}
