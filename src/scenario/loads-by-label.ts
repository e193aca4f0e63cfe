import { type LabelSelector, matchesSelector } from '../api/labels.ts'
import type { StringMap } from '../api/objects/index.ts'

/** Something that a pod of a namespace with labels has had to do. */
interface OfPod {
  readonly pod: { readonly namespace: string; readonly labels: StringMap }
}

/** What pods have had to do, to be found by a selector without a look at every pod for every one. */
export class LoadsByLabel<T extends OfPod> {
  readonly #all: readonly T[]
  /** By namespace and `key=value`, in the order of all. */
  readonly #byPair = new Map<string, T[]>()

  constructor(all: readonly T[]) {
    this.#all = all
    for (const one of all) {
      const { namespace, labels } = one.pod
      for (const key of Object.keys(labels)) {
        const pair = pairOf(namespace, key, labels[key]!)
        const found = this.#byPair.get(pair)
        if (found === undefined) this.#byPair.set(pair, [one])
        else found.push(one)
      }
    }
  }

  /** Those whose pods the selector matches, in the order of all. */
  selected(namespace: string, selector: LabelSelector): T[] {
    return this.#candidates(namespace, selector).filter(({ pod }) => pod.namespace === namespace && matchesSelector(selector, pod.labels))
  }

  #candidates(namespace: string, { matchLabels }: LabelSelector): readonly T[] {
    let fewest = this.#all
    for (const key of Object.keys(matchLabels)) {
      const found = this.#byPair.get(pairOf(namespace, key, matchLabels[key]!)) ?? []
      if (found.length < fewest.length) fewest = found
    }
    return fewest
  }
}

function pairOf(namespace: string, key: string, value: string): string {
  return `${namespace}\n${key}=${value}`
}
