import { invariant } from '../../../invariant.ts'
import type { Chain, MapElement, NftMap, NftSet, Rule, Ruleset } from './ruleset.ts'
import type { Command, Transaction } from './transaction.ts'

interface Tables {
  readonly chains: Map<string, Chain>
  readonly sets: Map<string, NftSet>
  readonly maps: Map<string, NftMap>
  /** Chains, sets and maps that are this transaction's own copies and may be written to. */
  readonly owned: Set<unknown>
}

/**
 * What the kernel holds after a transaction. Unchanged chains, sets and maps are shared with `before`.
 *
 * `before` is null when there is no table; the transaction then adds it. What the kernel would refuse (a second `add` of an element with
 * another verdict, deleting what is not there) is a bug of ours.
 */
export function apply(before: Ruleset | null, transaction: Transaction, localAddresses = before?.localAddresses): Ruleset {
  const tables: Tables = {
    chains: new Map(before?.chains),
    sets: new Map(before?.sets),
    maps: new Map(before?.maps),
    owned: new Set(),
  }
  for (const command of transaction.commands) run(command, tables)
  const { chains, sets, maps } = tables
  return { family: transaction.family, chains, sets, maps, localAddresses: localAddresses ?? new Set() }
}

function run(command: Command, tables: Tables): void {
  const { chains, sets, maps } = tables
  switch (command.kind) {
    case 'add-table':
      invariant(chains.size === 0, 'the table is there already')
      return
    case 'add-set':
      sets.set(command.set.name, { ...command.set, elements: sets.get(command.set.name)?.elements ?? new Set() })
      return
    case 'add-map':
      if (!maps.has(command.map.name)) maps.set(command.map.name, { ...command.map, elements: new Map() })
      return
    case 'add-chain':
      if (!chains.has(command.chain.name)) chains.set(command.chain.name, { ...command.chain, rules: [] })
      return
    case 'delete-set':
      invariant(sets.delete(command.name), `set "${command.name}" is deleted and was not there`)
      return
    case 'delete-chain':
      invariant(chains.delete(command.name), `chain "${command.name}" is deleted and was not there`)
      return
    case 'flush-chain':
      writableChain(tables, command.name).length = 0
      return
    case 'add-rule':
      writableChain(tables, command.chain).push(command.rule)
      return
    case 'add-element':
      addElement(tables, command.container, command.key, command.value)
      return
    case 'delete-element': {
      const elements = sets.has(command.container) ? writableSet(tables, command.container) : writableMap(tables, command.container)
      invariant(elements.delete(command.key), `element "${command.key}" of "${command.container}" is deleted and was not there`)
      return
    }
  }
}

function addElement(tables: Tables, container: string, key: string, value: MapElement | null): void {
  if (value === null) {
    writableSet(tables, container).add(key)
    return
  }
  const elements = writableMap(tables, container)
  invariant(!elements.has(key), `element "${key}" of "${container}" is added twice`)
  elements.set(key, value)
}

function writableChain(tables: Tables, name: string): Rule[] {
  const chain = tables.chains.get(name)
  invariant(chain !== undefined, `there is no chain "${name}"`)
  if (tables.owned.has(chain.rules)) return chain.rules as Rule[]
  const rules = [...chain.rules]
  tables.owned.add(rules)
  tables.chains.set(name, { ...chain, rules })
  return rules
}

function writableSet(tables: Tables, name: string): Set<string> {
  const set = tables.sets.get(name)
  invariant(set !== undefined, `there is no set "${name}"`)
  if (tables.owned.has(set.elements)) return set.elements as Set<string>
  const elements = new Set(set.elements)
  tables.owned.add(elements)
  tables.sets.set(name, { ...set, elements })
  return elements
}

function writableMap(tables: Tables, name: string): Map<string, MapElement> {
  const map = tables.maps.get(name)
  invariant(map !== undefined, `there is no map "${name}"`)
  if (tables.owned.has(map.elements)) return map.elements as Map<string, MapElement>
  const elements = new Map(map.elements)
  tables.owned.add(elements)
  tables.maps.set(name, { ...map, elements })
  return elements
}
