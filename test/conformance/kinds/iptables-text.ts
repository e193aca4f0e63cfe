/**
 * Texts for iptables-restore, compared by what they say: chains and deletions as sets, each chain's rules in order. In the chains that all
 * Services share, kube-proxy writes the Services in an order of chance, so that only which rule is last is compared.
 */
const SHARED_CHAINS = new Set(['KUBE-SERVICES', 'KUBE-EXTERNAL-SERVICES', 'KUBE-NODEPORTS', 'KUBE-PROXY-FIREWALL'])
const LAST = 'NOTE: this must be the last rule in this chain'

/** The lines of a text in an order that is the same for texts that say the same. */
export function comparableLines(lines: readonly string[]): string[] {
  const sections: string[] = []
  let table: string[] = []
  for (const line of lines) {
    if (line === 'COMMIT') {
      sections.push(...comparableTable(table), line)
      table = []
    } else table.push(line)
  }
  return [...sections, ...table]
}

function comparableTable(lines: readonly string[]): string[] {
  const chains = new Map<string, string[]>()
  const headers: string[] = []
  const declared: string[] = []
  const deletions: string[] = []
  const others: string[] = []
  for (const line of lines) {
    const chain = /^-A (\S+)/.exec(line)?.[1]
    if (chain !== undefined) {
      const rules = chains.get(chain) ?? []
      chains.set(chain, rules)
      rules.push(line)
    } else if (line.startsWith('*')) headers.push(line)
    else if (line.startsWith(':')) declared.push(line)
    else if (line.startsWith('-X ')) deletions.push(line)
    else others.push(line)
  }
  const rules = [...chains].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([chain, inOrder]) => comparableChain(chain, inOrder))
  return [...headers, ...declared.sort(), ...others, ...rules, ...deletions.sort()]
}

/** A text that has the rules which must be last anywhere else differs. */
export function comparableChain(chain: string, rules: readonly string[]): string[] {
  if (!SHARED_CHAINS.has(chain)) return [...rules]
  const tail: string[] = []
  const rest = [...rules]
  while (rest.at(-1)?.includes(LAST) === true) tail.push(rest.pop()!)
  return [...rest.map((line) => (line.includes(LAST) ? `too early: ${line}` : line)).sort(), ...tail.sort()]
}

/** The first line in which two lists differ; null when they are the same. */
export function firstDifference(got: readonly string[], expected: readonly string[]): string | null {
  const index = expected.findIndex((line, at) => line !== got[at])
  if (index === -1 && got.length <= expected.length) return null
  const at = index === -1 ? expected.length : index
  return `line ${at + 1}: expected ${expected[at] ?? 'no more'}\n    got ${got[at] ?? 'no more'}`
}
