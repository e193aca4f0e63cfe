import { forEachLine } from '../lines.ts'
import { Problems } from '../problems.ts'
import { type IptablesRule, isComplaint, parseIptablesRule } from './iptables-rule.ts'
import type { SkippedPart } from './rule-dump.ts'

/** A rule and where it stands. */
export type PlacedRule = IptablesRule & { readonly line: number }

/** What iptables-save says of kube-proxy's chains. */
export interface IptablesSave {
  /** kube-proxy's chains of the tables filter and nat, each with its rules in order; chains without rules too. */
  readonly filter: ReadonlyMap<string, readonly PlacedRule[]>
  readonly nat: ReadonlyMap<string, readonly PlacedRule[]>
  /** Rules of the kernel's own chains that lead into kube-proxy's. */
  readonly hooks: number
  readonly skipped: readonly SkippedPart[]
  readonly problems: Problems
}

/**
 * Reads the output of iptables-save, of the legacy and the nft backend alike.
 *
 * Only rules of chains that begin with KUBE- are taken apart; the others are counted by whose they seem to be. One pass over the text.
 */
export function readIptablesSave(file: string, text: string): IptablesSave {
  const problems = new Problems(file)
  const tables = { filter: new Map<string, PlacedRule[]>(), nat: new Map<string, PlacedRule[]>() }
  const skipped = new Map<string, number>()
  const skip = (what: string): void => {
    skipped.set(what, (skipped.get(what) ?? 0) + 1)
  }
  let hooks = 0
  let table: string | null = null
  forEachLine(text, (line, number) => {
    if (line === '' || line.startsWith('#')) return
    if (line.startsWith('*')) {
      table = line.slice(1).trim()
      if (!/^[a-z]+$/.test(table))
        problems.add(
          { line: number, length: line.length },
          { message: `Cannot read "${clip(line)}" as a table`, accepted: '*filter, *nat, *mangle, *raw or *security' },
        )
      return
    }
    if (line === 'COMMIT') {
      table = null
      return
    }
    const isChain = line.startsWith(':')
    if (!isChain && !/^(\[\d+:\d+\] )?-A /.test(line)) {
      problems.add(
        { line: number, length: line.length },
        {
          message: `Cannot read "${clip(line)}" as a line of iptables-save`,
          accepted: '*TABLE, :CHAIN POLICY [0:0], -A CHAIN …, COMMIT or # comment',
        },
      )
      return
    }
    if (table === null) {
      problems.add(
        { line: number, length: line.length },
        { message: 'The line stands in no table', accepted: 'a line such as *nat before it' },
      )
      return
    }
    const chain = chainIn(line, isChain)
    const chains = table === 'filter' || table === 'nat' ? tables[table] : null
    if (!chain.startsWith('KUBE-') || chains === null) {
      if (isChain) return
      if (chains !== null && / -j KUBE-/.test(line)) hooks += 1
      else skip(ownerOf(chain, table))
      return
    }
    const rules = chains.get(chain) ?? []
    chains.set(chain, rules)
    if (isChain) return
    const rule = parseIptablesRule(line)
    if (isComplaint(rule)) problems.add({ line: number, column: rule.column, length: line.length - rule.column + 1 }, rule)
    else rules.push({ ...rule, line: number })
  })
  if (table !== null && problems.count === 0) {
    problems.add(
      { line: lastLine(text) },
      { message: `The table ${table} does not end: the file is cut off`, accepted: 'COMMIT at the end of a table' },
    )
  }
  return { ...tables, hooks, skipped: [...skipped].map(([what, count]) => ({ what, count })), problems }
}

function chainIn(line: string, isChain: boolean): string {
  const start = isChain ? 1 : line.indexOf('-A ') + 3
  const end = line.indexOf(' ', start)
  return end < 0 ? line.slice(start) : line.slice(start, end)
}

/** By the prefixes that network plugins and runtimes give their chains. */
function ownerOf(chain: string, table: string): string {
  if (/^cali[-:]/.test(chain)) return 'rules of Calico'
  if (/^CILIUM_|^OLD_CILIUM_/.test(chain)) return 'rules of Cilium'
  if (/^FLANNEL-/.test(chain)) return 'rules of Flannel'
  if (/^CNI-/.test(chain)) return 'rules of CNI plugins'
  if (/^DOCKER/.test(chain)) return 'rules of Docker'
  if (/^WEAVE/.test(chain)) return 'rules of Weave'
  return chain.startsWith('KUBE-') ? `rules of KUBE- chains in the table ${table}` : 'other rules'
}

function clip(line: string): string {
  return line.length > 60 ? `${line.slice(0, 60)}…` : line
}

function lastLine(text: string): number {
  let count = 0
  forEachLine(text, (_line, number) => {
    count = number
  })
  return Math.max(1, count)
}
