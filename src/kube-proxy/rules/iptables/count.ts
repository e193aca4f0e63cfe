import type { IptablesRules, Table } from './rule.ts'

/** How much a restore hands over. */
export interface RuleCounts {
  readonly filterChains: number
  readonly filterRules: number
  readonly natChains: number
  readonly natRules: number
}

/** Chains that are deleted count among the chains, since they are named; removing one is no rule. */
export function countRules({ filter, nat }: IptablesRules): RuleCounts {
  return { filterChains: chainsIn(filter), filterRules: rulesIn(filter), natChains: chainsIn(nat), natRules: rulesIn(nat) }
}

function chainsIn({ chains, deletedChains }: Table): number {
  return chains.size + deletedChains.length
}

function rulesIn({ chains }: Table): number {
  let count = 0
  for (const rules of chains.values()) count += rules.length
  return count
}
