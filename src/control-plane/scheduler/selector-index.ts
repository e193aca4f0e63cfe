import type { LabelSelector } from '../../api/labels.ts'
import type { StringMap } from '../../api/objects/index.ts'

/**
 * Finds the selectors that may match a pod without trying them all: each is kept under one `key=value` that it asks for, if
 * there is such a one, and otherwise in a list of its namespace. What comes out has still to be matched.
 */
export class SelectorIndex<T> {
  readonly #byPair = new Map<string, Set<T>>()
  readonly #byNamespace = new Map<string, Set<T>>()
  readonly #everywhere = new Set<T>()
  readonly #places = new Map<T, { sets: Map<string, Set<T>>; key: string }[]>()

  /** `namespaces` null: pods of any namespace. */
  add(item: T, namespaces: readonly string[] | null, selector: LabelSelector): void {
    if (namespaces === null) {
      this.#everywhere.add(item)
      return
    }
    const pairs = askedPairs(selector)
    const places = namespaces.map((namespace) => {
      if (pairs.length === 0) return { sets: this.#byNamespace, key: namespace }
      let best = pairKey(namespace, pairs[0]!)
      for (const pair of pairs) {
        const key = pairKey(namespace, pair)
        if ((this.#byPair.get(key)?.size ?? 0) < (this.#byPair.get(best)?.size ?? 0)) best = key
      }
      return { sets: this.#byPair, key: best }
    })
    this.#places.set(item, places)
    for (const { sets, key } of places) {
      const set = sets.get(key)
      if (set === undefined) sets.set(key, new Set([item]))
      else set.add(item)
    }
  }

  remove(item: T): void {
    this.#everywhere.delete(item)
    for (const { sets, key } of this.#places.get(item) ?? []) {
      const set = sets.get(key)
      set?.delete(item)
      if (set?.size === 0) sets.delete(key)
    }
    this.#places.delete(item)
  }

  /** In an order that depends on nothing but the order of adding and the order of the labels. */
  forEachCandidate(namespace: string, labels: StringMap, visit: (item: T) => void): void {
    if (this.#byPair.size > 0) {
      for (const key of Object.keys(labels)) {
        const set = this.#byPair.get(pairKey(namespace, `${key}=${labels[key]}`))
        if (set !== undefined) for (const item of set) visit(item)
      }
    }
    const general = this.#byNamespace.get(namespace)
    if (general !== undefined) for (const item of general) visit(item)
    for (const item of this.#everywhere) visit(item)
  }
}

function askedPairs(selector: LabelSelector): string[] {
  const pairs = Object.keys(selector.matchLabels).map((key) => `${key}=${selector.matchLabels[key]}`)
  for (const { key, operator, values } of selector.matchExpressions) {
    if (operator === 'In' && values.length === 1) pairs.push(`${key}=${values[0]}`)
  }
  return pairs
}

function pairKey(namespace: string, pair: string): string {
  return `${namespace}\n${pair}`
}
