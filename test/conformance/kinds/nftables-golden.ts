import { readProxyState } from '../../../src/kube-proxy/model/proxy-state.ts'
import { nameHash } from '../../../src/kube-proxy/rules/chain-name.ts'
import { apply, build, type Chain, diff, print, type Ruleset } from '../../../src/kube-proxy/rules/nftables/index.ts'
import { type Case, casesIn, type Outcome, Tally } from './outcome.ts'

/**
 * The table that kube-proxy v1.36.2 leaves in the kernel.
 *
 * A Service port's chain without rules was emptied by the last sync, because nothing leads to it any more: it stands in the table that was
 * there before, and the sync from there to the state must leave it so.
 */
export function check(file: unknown): Outcome {
  const tally = new Tally()
  for (const row of casesIn(file)) {
    tally.attempt(row.id, () => {
      const expected = tableOf(row.expected)
      const difference = firstDifference(tableOf(print(synced(row, staleChains(expected))).split('\n')), expected)
      if (difference === null) tally.pass()
      else tally.fail(row.id, difference)
    })
  }
  return tally
}

/** What the kernel holds after a sync of the case's state over a table that has further chains. */
function synced(row: Case, stale: readonly string[]): Ruleset {
  const wanted = build(readProxyState(row))
  if (stale.length === 0) return apply(null, diff(null, wanted), wanted.localAddresses)
  const chains = new Map(wanted.chains)
  for (const name of stale) chains.set(name, formerChain(name))
  const before = { ...wanted, chains }
  return apply(before, diff(before, wanted))
}

/** A chain as it may have been before it was emptied. Its name must be one that kube-proxy gives. */
function formerChain(name: string): Chain {
  const [, hash, path] = /^[a-z]+-([A-Z2-7]{8})-(.*)$/.exec(name) ?? []
  if (path === undefined || nameHash(path, 8) !== hash) throw new Error(`"${name}" is no name of a Service port's chain`)
  return { name, base: null, comment: null, rules: [{ matches: [], statements: [{ kind: 'drop' }], comment: null }] }
}

/** A table as text, in the form in which two are compared: the rules of a chain in order, all else as a set. */
interface TableText {
  /** Each once: tables, sets, maps, chains, elements. */
  readonly declarations: ReadonlySet<string>
  readonly rules: ReadonlyMap<string, readonly string[]>
}

function tableOf(lines: readonly string[]): TableText {
  const declarations = new Set<string>()
  const rules = new Map<string, string[]>()
  for (const line of lines.map(comparable)) {
    if (line === '' || line.startsWith('#')) continue
    const chain = /^add rule ip6? kube-proxy (\S+)/.exec(line)?.[1]
    if (chain === undefined) declarations.add(line)
    else rules.set(chain, [...(rules.get(chain) ?? []), line])
  }
  return { declarations, rules }
}

/** Spaces do not count, nor the order of the addresses in braces. */
function comparable(line: string): string {
  const spaced = line.trim().replace(/\s+/g, ' ')
  return spaced.replace(/( [sd]addr (?:!= )?)\{([^}]*)\}/, (_, before: string, ranges: string) => {
    const sorted = ranges.split(',').map((range) => range.trim())
    return `${before}{ ${sorted.sort().join(', ')} }`
  })
}

function staleChains({ declarations, rules }: TableText): string[] {
  const names = [...declarations].map((line) => /^add chain ip6? kube-proxy (\S+\/\S*)$/.exec(line)?.[1])
  return names.filter((name) => name !== undefined).filter((name) => !rules.has(name))
}

function firstDifference(got: TableText, expected: TableText): string | null {
  for (const line of expected.declarations) if (!got.declarations.has(line)) return `lacks ${line}`
  for (const line of got.declarations) if (!expected.declarations.has(line)) return `has, beyond what is expected, ${line}`
  for (const chain of new Set([...expected.rules.keys(), ...got.rules.keys()])) {
    const [wanted, found] = [expected.rules.get(chain) ?? [], got.rules.get(chain) ?? []]
    for (let index = 0; index < Math.max(wanted.length, found.length); index++) {
      if (wanted[index] !== found[index]) {
        return `rule ${index + 1} of ${chain}: expected ${wanted[index] ?? 'no more'}, got ${found[index] ?? 'no more'}`
      }
    }
  }
  return null
}
