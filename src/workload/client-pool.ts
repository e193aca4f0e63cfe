import { type LabelSelector, matchesSelector } from '../api/labels.ts'
import type { StringMap } from '../api/objects/index.ts'

/** Pods that a traffic comes from: those of one namespace that a selector matches, while they run. */
export class ClientPool {
  readonly #namespace: string
  readonly #selector: LabelSelector
  /** Running members, in no particular but a reproducible order. */
  readonly #members: number[] = []
  readonly #places = new Map<number, number>()
  /** How often a pod came or went. */
  changes = 0

  constructor(namespace: string, selector: LabelSelector) {
    this.#namespace = namespace
    this.#selector = selector
  }

  get size(): number {
    return this.#members.length
  }

  member(index: number): number {
    return this.#members[index]!
  }

  matches(namespace: string, labels: StringMap): boolean {
    return namespace === this.#namespace && matchesSelector(this.#selector, labels)
  }

  add(pod: number): void {
    if (this.#places.has(pod)) return
    this.changes++
    this.#places.set(pod, this.#members.push(pod) - 1)
  }

  /** The last member takes the place that becomes free. */
  remove(pod: number): void {
    const place = this.#places.get(pod)
    if (place === undefined) return
    this.changes++
    this.#places.delete(pod)
    const last = this.#members.pop()!
    if (last === pod) return
    this.#members[place] = last
    this.#places.set(last, place)
  }
}
