import type { Pod, Service } from '../api/objects/index.ts'
import { keyOf } from './object-key.ts'
import { hasLabels } from './pods-by-label.ts'
import { SelectorIndex } from './scheduler/selector-index.ts'

/** A Service with a selector, and its place in the order in which they were first seen. */
interface Entry {
  readonly service: Service
  readonly place: number
}

/** Finds the Services that select a pod without trying them all. */
export class SelectingServices {
  readonly #index = new SelectorIndex<Entry>()
  readonly #entries = new Map<string, Entry>()
  #places = 0

  /** Takes in a Service, or its newest state. One without a selector selects nothing. */
  put(service: Service): void {
    const key = keyOf(service)
    const known = this.#entries.get(key)
    const { selector } = service.spec
    if (known !== undefined) this.#index.remove(known)
    if (selector === null) {
      this.#entries.delete(key)
      return
    }
    const entry = { service, place: known?.place ?? this.#places++ }
    this.#entries.set(key, entry)
    this.#index.add(entry, [service.metadata.namespace], { matchLabels: selector, matchExpressions: [] })
  }

  remove(service: Service): void {
    const key = keyOf(service)
    const known = this.#entries.get(key)
    if (known === undefined) return
    this.#index.remove(known)
    this.#entries.delete(key)
  }

  /** Those that select the pod as it is, or as it was before, in the order in which they were first seen. */
  of(pod: Pod, before: Pod | undefined): Service[] {
    const found = new Set<Entry>()
    this.#collect(pod, found)
    if (before !== undefined && before.metadata.labels !== pod.metadata.labels) this.#collect(before, found)
    return [...found].sort((a, b) => a.place - b.place).map(({ service }) => service)
  }

  #collect(pod: Pod, found: Set<Entry>): void {
    const { namespace, labels } = pod.metadata
    this.#index.forEachCandidate(namespace, labels, (entry) => {
      if (hasLabels(pod, entry.service.spec.selector!)) found.add(entry)
    })
  }
}
