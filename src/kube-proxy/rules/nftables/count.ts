import type { Ruleset } from './ruleset.ts'

/** How much there is in a table. */
export interface RuleCounts {
  readonly rules: number
  readonly chains: number
  /** Of sets and maps together. */
  readonly elements: number
}

export function countRules({ chains, sets, maps }: Ruleset): RuleCounts {
  let rules = 0
  for (const chain of chains.values()) rules += chain.rules.length
  let elements = 0
  for (const container of [...sets.values(), ...maps.values()]) elements += container.elements.size
  return { rules, chains: chains.size, elements }
}
