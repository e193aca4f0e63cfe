import type { NftFamily } from './family.ts'
import type { Chain, MapElement, NftMap, NftSet, Rule } from './ruleset.ts'
import { chainText, mapText, ruleText, setText, verdictText } from './text.ts'

/** The one table that all is in. */
const TABLE = 'kube-proxy'

/** One step of a transaction, in nftables' vocabulary. Elements name their set or map. */
export type Command =
  | { readonly kind: 'add-table' }
  | { readonly kind: 'add-set'; readonly set: NftSet }
  | { readonly kind: 'delete-set'; readonly name: string }
  | { readonly kind: 'add-map'; readonly map: NftMap }
  | { readonly kind: 'add-chain'; readonly chain: Chain }
  | { readonly kind: 'flush-chain'; readonly name: string }
  | { readonly kind: 'delete-chain'; readonly name: string }
  | { readonly kind: 'add-rule'; readonly chain: string; readonly rule: Rule }
  | { readonly kind: 'add-element'; readonly container: string; readonly key: string; readonly value: MapElement | null }
  | { readonly kind: 'delete-element'; readonly container: string; readonly key: string }

/** Takes effect as a whole or not at all, in the order of its commands. */
export interface Transaction {
  readonly family: NftFamily
  readonly commands: readonly Command[]
}

/** A transaction as `nft -f` reads it, a command a line. */
export function printTransaction({ family, commands }: Transaction): string {
  return commands.map((command) => `${commandText(command, family)}\n`).join('')
}

function commandText(command: Command, family: NftFamily): string {
  const inTable = `${family} ${TABLE}`
  switch (command.kind) {
    case 'add-table':
      return `add table ${inTable} { comment "rules for kube-proxy" ; }`
    case 'add-set':
      return `add set ${inTable} ${command.set.name} ${setText(command.set, family)}`
    case 'delete-set':
      return `delete set ${inTable} ${command.name}`
    case 'add-map':
      return `add map ${inTable} ${command.map.name} ${mapText(command.map, family)}`
    case 'add-chain':
      return `add chain ${inTable} ${command.chain.name} ${chainText(command.chain)}`.trimEnd()
    case 'flush-chain':
      return `flush chain ${inTable} ${command.name}`
    case 'delete-chain':
      return `delete chain ${inTable} ${command.name}`
    case 'add-rule':
      return `add rule ${inTable} ${command.chain} ${ruleText(command.rule, family)}`
    case 'add-element': {
      const comment = command.value?.comment ?? null
      const key = comment === null ? command.key : `${command.key} comment "${comment}"`
      const element = command.value === null ? key : `${key} : ${verdictText(command.value.verdict)}`
      return `add element ${inTable} ${command.container} { ${element} }`
    }
    case 'delete-element':
      return `delete element ${inTable} ${command.container} { ${command.key} }`
  }
}
