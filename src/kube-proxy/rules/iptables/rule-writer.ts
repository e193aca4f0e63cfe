import { invariant } from '../../../invariant.ts'
import type { Match, Rule, Table, TableName, Target } from './rule.ts'

/** Collects the chains of both tables in the order they are begun. */
export class RuleWriter {
  readonly #tables = { filter: new Map<string, Rule[]>(), nat: new Map<string, Rule[]>() }

  begin(table: TableName, chain: string): void {
    invariant(!this.#tables[table].has(chain), `Chain ${chain} of ${table} is begun twice`)
    this.#tables[table].set(chain, [])
  }

  append(table: TableName, chain: string, matches: readonly Match[], target: Target | null): void {
    const rules = this.#tables[table].get(chain)
    invariant(rules !== undefined, `Chain ${chain} of ${table} has not been begun`)
    rules.push({ matches, target })
  }

  table(name: TableName, deletedChains: readonly string[] = []): Table {
    return { chains: this.#tables[name], deletedChains }
  }
}
