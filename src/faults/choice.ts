import type { LabelSelector } from '../api/labels.ts'
import type { RandomStream } from '../engine/random-stream.ts'
import type { Fault } from './index.ts'

/** How many of those that match: all, so many, or a share from 0 to 1 of them, rounded up. */
export type HowMany = 'all' | number | { readonly share: number }

/** Nodes by their labels, as the API server has them when the fault strikes; whether they are up makes no difference. */
export interface NodeChoice {
  /** null: every node. */
  readonly selector: LabelSelector | null
  readonly count: HowMany
  /** The selector as it is written. */
  readonly text: string
}

/** A fault of a node which is chosen when it strikes. */
export type ChoosingFault = Fault extends infer F
  ? F extends { readonly node: string }
    ? Omit<F, 'node'> & { readonly node: NodeChoice }
    : never
  : never

export function chooses(fault: Fault | ChoosingFault): fault is ChoosingFault {
  return 'node' in fault && typeof fault.node !== 'string'
}

/** The fault, on the node that was chosen. */
export function on(node: string, fault: ChoosingFault): Fault {
  return { ...fault, node } as Fault
}

/** How many that is of `there`. A share above 0 is one at least, as Kubernetes rounds the `maxUnavailable` of a PodDisruptionBudget. */
export function countOf(count: HowMany, there: number): number {
  if (count === 'all') return there
  return Math.min(there, typeof count === 'number' ? count : Math.ceil(count.share * there))
}

/**
 * So many of them, each set as likely as the other, in the order in which they stand. Takes as many draws as it chooses, and none for all: the
 * steps of a shuffle (Fisher and Yates) that is stopped early.
 */
export function choose<T>(there: readonly T[], count: HowMany, dice: RandomStream): readonly T[] {
  if (count === 'all') return there
  const places = there.map((_, index) => index)
  const chosen = new Set<number>()
  for (let taken = countOf(count, there.length); taken > 0; taken--) {
    const at = Math.floor(dice.uniform() * places.length)
    chosen.add(places[at]!)
    places[at] = places.at(-1)!
    places.pop()
  }
  return there.filter((_, index) => chosen.has(index))
}
