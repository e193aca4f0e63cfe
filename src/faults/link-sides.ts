import type { RandomStream } from '../engine/random-stream.ts'
import { choose, type NodeChoice } from './choice.ts'
import type { FaultTarget } from './fault.ts'

/**
 * Machines at one end of links: those of these names, nodes by their labels, the machines of the control plane, the world outside (clients and
 * their load balancer), or everything that is not at the other end.
 */
export type LinkSide =
  | { readonly kind: 'named'; readonly names: readonly string[] }
  | { readonly kind: 'nodes'; readonly nodes: NodeChoice }
  | { readonly kind: 'control-plane' | 'outside' | 'others' }

/** What faults of links have in common. */
export interface LinkFault {
  readonly from: LinkSide
  readonly to: LinkSide
  /** Only what goes from `from` to `to`; else also what goes back. */
  readonly oneWay: boolean
}

/** How the world outside is called among machines. */
export const OUTSIDE = 'outside'

/** Who stands at the two ends now: names of machines, and {@link OUTSIDE}. Nobody is at both. */
export function endsOf({ from, to }: LinkFault, target: FaultTarget): { readonly from: readonly string[]; readonly to: readonly string[] } {
  const first = namesOf(from, target, target.dice)
  const second = to.kind === 'others' ? [...target.links.machines, OUTSIDE] : namesOf(to, target, target.dice)
  const isFirst = new Set(first)
  return { from: first, to: second.filter((name) => !isFirst.has(name)) }
}

function namesOf(side: LinkSide, { links, nodesMatching }: FaultTarget, dice: RandomStream): readonly string[] {
  switch (side.kind) {
    case 'named':
      return side.names
    case 'nodes':
      return choose(nodesMatching(side.nodes.selector), side.nodes.count, dice)
    case 'control-plane':
      return links.controlPlane
    case 'outside':
      return [OUTSIDE]
    case 'others':
      return []
  }
}

/** How reports call so many machines. */
export function listEnds(names: readonly string[]): string {
  if (names.length === 0) return 'nobody'
  return names.length <= 3 ? names.join(', ') : `${names[0]}, ${names[1]} and ${names.length - 2} others`
}
