import type { Pod, StringMap } from '../../api/objects/index.ts'
import { meansPod } from './affinity-term.ts'
import type { NodeInfo } from './node-info.ts'
import type { OwnTerm, PodInfo } from './pod-info.ts'
import { SelectorIndex } from './selector-index.ts'

/** A term that placed pods have: how many of them on which node. */
export interface HeldTerm extends OwnTerm {
  readonly nodes: Map<NodeInfo, number>
}

/** The affinity terms of all placed pods, each once, found by the pods that they mean. */
export class TermIndex {
  readonly #held = new Map<string, HeldTerm>()
  readonly #index = new SelectorIndex<HeldTerm>()

  change(info: PodInfo, node: NodeInfo, sign: 1 | -1): void {
    for (const own of info.terms) {
      const { selector, namespaces, namespaceSelector } = own.term
      if (selector === null) continue
      let held = this.#held.get(own.id)
      if (held === undefined) {
        held = { ...own, nodes: new Map() }
        this.#held.set(own.id, held)
        this.#index.add(held, namespaceSelector === null ? namespaces : null, selector)
      }
      const after = (held.nodes.get(node) ?? 0) + sign
      if (after === 0) held.nodes.delete(node)
      else held.nodes.set(node, after)
      if (held.nodes.size > 0) continue
      this.#held.delete(own.id)
      this.#index.remove(held)
    }
  }

  get isEmpty(): boolean {
    return this.#held.size === 0
  }

  /** The terms that mean that pod. */
  meaning(pod: Pod, namespaceLabels: StringMap): HeldTerm[] {
    if (this.isEmpty) return []
    const found: HeldTerm[] = []
    this.#index.forEachCandidate(pod.metadata.namespace, pod.metadata.labels, (held) => {
      if (meansPod(held.term, pod, namespaceLabels)) found.push(held)
    })
    return found
  }
}
