import { Problems } from '../problems.ts'
import type { SkippedPart } from './rule-dump.ts'

type Json = Readonly<Record<string, unknown>>

/** The table kube-proxy of one family, as `nft -j list ruleset` prints it. Names of chains, sets and maps are the kernel's. */
export interface NftTable {
  /** The rules of each chain: their statements, in order, and the comment. Chains without rules too. */
  readonly chains: ReadonlyMap<string, readonly { readonly statements: readonly Json[]; readonly comment: string }[]>
  readonly sets: ReadonlyMap<string, { readonly timeoutSeconds: number | null; readonly elements: readonly unknown[] }>
  /** Verdict maps: their elements as [key, verdict] or, with a comment, [{elem: {val, comment}}, verdict]. */
  readonly maps: ReadonlyMap<string, readonly unknown[]>
  readonly skipped: readonly SkippedPart[]
  readonly problems: Problems
}

/** The name that kube-proxy gives its table, of each family. Source: kubernetes v1.36.2 pkg/proxy/nftables. */
const TABLE = 'kube-proxy'

const ACCEPTED = 'the output of `nft -j list ruleset`'

/** Reads a ruleset. Everything outside the table `ip kube-proxy` is counted; the IPv6 one is, too, since the model has IPv4 only. */
export function readNftJson(file: string, text: string): NftTable {
  const problems = new Problems(file)
  const chains = new Map<string, { statements: Json[]; comment: string }[]>()
  const sets = new Map<string, { timeoutSeconds: number | null; elements: unknown[] }>()
  const maps = new Map<string, unknown[]>()
  const skipped = new Map<string, number>()
  for (const [index, entry] of entriesOf(text, problems).entries()) {
    const [kind, value] = Object.entries(entry)[0] ?? []
    if (kind === undefined || !isMap(value)) {
      problems.add(
        { line: 1, path: `nftables[${index}]` },
        { message: `Entry ${index} of "nftables" is no object of nftables`, accepted: ACCEPTED },
      )
      continue
    }
    if (kind === 'metainfo') continue
    const table = kind === 'table' ? value.name : value.table
    if (table !== TABLE || value.family !== 'ip') {
      if (kind !== 'rule') continue
      const what = table === TABLE ? `rules of the table ${String(value.family)} ${TABLE}` : 'rules of other tables'
      skipped.set(what, (skipped.get(what) ?? 0) + 1)
      continue
    }
    const name = kind === 'rule' ? value.chain : value.name
    if (kind === 'table') continue
    if (typeof name !== 'string') {
      problems.add(
        { line: 1, path: `nftables[${index}].${kind}` },
        { message: `Entry ${index} of "nftables", a ${kind}, has no name`, accepted: ACCEPTED },
      )
      continue
    }
    const comment = typeof value.comment === 'string' ? value.comment : ''
    if (kind === 'chain') chains.set(name, chains.get(name) ?? [])
    else if (kind === 'set') {
      sets.set(name, { timeoutSeconds: typeof value.timeout === 'number' ? value.timeout : null, elements: listOf(value.elem) })
    } else if (kind === 'map') maps.set(name, listOf(value.elem))
    else if (kind === 'rule') {
      const rules = chains.get(name) ?? []
      chains.set(name, rules)
      rules.push({ statements: listOf(value.expr).filter(isMap), comment })
    }
  }
  return { chains, sets, maps, skipped: [...skipped].map(([what, count]) => ({ what, count })), problems }
}

function entriesOf(text: string, problems: Problems): readonly Json[] {
  let ruleset: unknown
  try {
    ruleset = JSON.parse(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text)
  } catch (error) {
    problems.add(placeOfJsonError(text, error), { message: 'This is no JSON: it is cut off or was changed', accepted: ACCEPTED })
    return []
  }
  const entries = isMap(ruleset) ? ruleset.nftables : undefined
  if (Array.isArray(entries)) return entries.map((entry) => (isMap(entry) ? entry : {}))
  problems.add({ line: 1, path: 'nftables' }, { message: '"nftables" is not a list', accepted: ACCEPTED })
  return []
}

/** Where JSON.parse stopped, as far as it says. */
export function placeOfJsonError(text: string, error: unknown): { line: number; column: number } {
  const position = Number(/position (\d+)/.exec(String(error))?.[1] ?? text.length)
  const before = text.slice(0, position)
  return { line: before.split('\n').length, column: position - before.lastIndexOf('\n') }
}

export function isMap(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}
