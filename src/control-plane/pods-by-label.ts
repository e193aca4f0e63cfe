import type { Pod, StringMap } from '../api/objects/index.ts'
import { keyOf } from './object-key.ts'

/** A pod, and its place in the order in which they were first seen. */
interface Entry {
  pod: Pod
  readonly place: number
}

/** The pods of one namespace. */
interface Shelf {
  readonly entries: Map<string, Entry>
  /** By `key=value` of a label, then by the pod's key. */
  readonly byPair: Map<string, Map<string, Entry>>
}

/** Finds the pods that a map of labels selects, without a look at all the others: each is kept under every label that it has. */
export class PodsByLabel {
  readonly #shelves = new Map<string, Shelf>()
  /** Pods of one template share their labels, so these are made once for all of them. */
  readonly #pairs = new WeakMap<StringMap, readonly string[]>()
  #places = 0

  /** Takes in a pod, or its newest state. */
  put(pod: Pod): void {
    const { namespace, labels } = pod.metadata
    const key = keyOf(pod)
    let shelf = this.#shelves.get(namespace)
    if (shelf === undefined) {
      shelf = { entries: new Map(), byPair: new Map() }
      this.#shelves.set(namespace, shelf)
    }
    const known = shelf.entries.get(key)
    if (known !== undefined) {
      const before = known.pod.metadata.labels
      known.pod = pod
      if (before === labels) return
      this.#withdraw(shelf, key, before)
      this.#list(shelf, key, known)
      return
    }
    const entry = { pod, place: this.#places++ }
    shelf.entries.set(key, entry)
    this.#list(shelf, key, entry)
  }

  remove(pod: Pod): void {
    const shelf = this.#shelves.get(pod.metadata.namespace)
    const key = keyOf(pod)
    const entry = shelf?.entries.get(key)
    if (shelf === undefined || entry === undefined) return
    shelf.entries.delete(key)
    this.#withdraw(shelf, key, entry.pod.metadata.labels)
  }

  /** Pods that have all these labels, in the order in which they were first seen. An empty selector selects every one. */
  selected(namespace: string, selector: StringMap): Pod[] {
    const shelf = this.#shelves.get(namespace)
    if (shelf === undefined) return []
    let fewest: Map<string, Entry> | undefined = shelf.entries
    for (const pair of this.#pairsOf(selector)) {
      const entries = shelf.byPair.get(pair)
      if (entries === undefined) return []
      if (entries.size < fewest.size) fewest = entries
    }
    const found: Entry[] = []
    for (const entry of fewest.values()) if (hasLabels(entry.pod, selector)) found.push(entry)
    return found.sort((a, b) => a.place - b.place).map(({ pod }) => pod)
  }

  #list({ byPair }: Shelf, key: string, entry: Entry): void {
    for (const pair of this.#pairsOf(entry.pod.metadata.labels)) {
      const entries = byPair.get(pair)
      if (entries === undefined) byPair.set(pair, new Map([[key, entry]]))
      else entries.set(key, entry)
    }
  }

  #withdraw({ byPair }: Shelf, key: string, labels: StringMap): void {
    for (const pair of this.#pairsOf(labels)) {
      const entries = byPair.get(pair)
      entries?.delete(key)
      if (entries?.size === 0) byPair.delete(pair)
    }
  }

  #pairsOf(labels: StringMap): readonly string[] {
    let pairs = this.#pairs.get(labels)
    if (pairs === undefined) {
      pairs = Object.keys(labels).map((key) => `${key}=${labels[key]}`)
      this.#pairs.set(labels, pairs)
    }
    return pairs
  }
}

/** Whether a pod has all of these labels. */
export function hasLabels({ metadata: { labels } }: Pod, selector: StringMap): boolean {
  for (const key of Object.keys(selector)) if (labels[key] !== selector[key]) return false
  return true
}
