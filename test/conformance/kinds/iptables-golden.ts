import { type ProxyState, readProxyState } from '../../../src/kube-proxy/model/proxy-state.ts'
import { serviceChainNames } from '../../../src/kube-proxy/rules/chain-name.ts'
import { applyRestore, build, buildSync, changedServices, type IptablesRules, print } from '../../../src/kube-proxy/rules/iptables/index.ts'
import { comparableChain, comparableLines, firstDifference } from './iptables-text.ts'
import { type Case, casesIn, type Outcome, Tally } from './outcome.ts'

/** The text that kube-proxy v1.36.2 hands to iptables-restore: whole, of one chain, or of a partial sync. */
export function check(file: unknown): Outcome {
  const tally = new Tally()
  const byId = new Map(casesIn(file).map((row: Case) => [row.id, row]))
  for (const row of casesIn(file)) {
    tally.attempt(row.id, () => {
      const state = stateOf(row)
      if (row.category === 'full-dump') compare(row, linesOf(build(state)), tally)
      else if (row.category === 'chain') compareChain(row, build(state), tally)
      else if (row.category === 'partial-dump') comparePartial(row, state, byId.get(previousId(row.id)), tally)
      else tally.skip(row.id, `"${row.category}" is no form of iptables text`, 'iptables')
    })
  }
  return tally
}

/** Settings that the recorded tests take from their surroundings stand in their names; a fake iptables has no --random-fully by default. */
function stateOf(row: Case): ProxyState {
  return readProxyState({
    ...row,
    config: {
      ...row.config,
      accounting: !row.test.includes('nfacctEnsured_is_false'),
      masqueradeRandomFully: row.test.includes('randomFully_true'),
    },
  })
}

function compare(row: Case, got: readonly string[], tally: Tally): void {
  report(row, firstDifference(comparableLines(got), comparableLines(row.expected)), tally)
}

function report(row: Case, difference: string | null, tally: Tally): void {
  if (difference === null) tally.pass()
  else tally.fail(row.id, difference)
}

function compareChain(row: Case, rules: IptablesRules, tally: Tally): void {
  const ofChain = linesOfTable(rules, row.table).filter((line) => line.startsWith(`-A ${row.chain} `))
  report(row, firstDifference(comparableChain(row.chain, ofChain), comparableChain(row.chain, row.expected)), tally)
}

function linesOf(rules: IptablesRules): string[] {
  return print(rules).trimEnd().split('\n')
}

function linesOfTable(rules: IptablesRules, table: string): string[] {
  const lines = linesOf(rules)
  const start = lines.indexOf(`*${table}`)
  return lines.slice(start, lines.indexOf('COMMIT', start))
}

/** `…Repeated#8` follows `…Repeated#7`. */
function previousId(id: string): string {
  return id.replace(/[0-9]+$/, (step) => String(Number(step) - 1))
}

/**
 * A partial sync depends on what was there before. Where the step before is recorded too, the sync is the one from there, unless the text
 * shows that everything was written (after a failure kube-proxy does a full sync). Where it is not, which Services had changed and which
 * chains were stale is read from the text, and all else is compared.
 */
function comparePartial(row: Case, state: ProxyState, before: Case | undefined, tally: Tally): void {
  const kernel = build(before === undefined ? state : stateOf(before))
  const scopes = before === undefined ? [scopeInText(row, state)] : [changedServices(stateOf(before), state), null]
  const stale = (row.expected as string[]).filter((line) => line.startsWith('-X ')).map((line) => line.slice(3))
  const kernelChains = [...kernel.nat.chains.keys(), ...(before === undefined ? stale : [])]
  const restores = scopes.map((changed) => buildSync(state, { changed, kernelChains, deletesStale: true }))
  const differences = restores.map((rules) => firstDifference(comparableLines(linesOf(rules)), comparableLines(row.expected)))
  const found = differences.indexOf(null)
  report(row, found === -1 ? differences[0]! : null, tally)
  // Over the rules that were there, the restore gives those of a full sync.
  if (found !== -1) {
    const after = applyRestore(kernel, restores[found]!)
    report(row, firstDifference(comparableLines(linesOf(after)), comparableLines(linesOf(build(state)))), tally)
  }
}

/** The Services that have a chain of their own in the text. */
function scopeInText({ expected }: Case, state: ProxyState): Set<string> {
  const lines = expected as readonly string[]
  const declared = new Set(lines.filter((line) => line.startsWith(':')).map((line) => line.slice(1, line.indexOf(' '))))
  const written = state.servicePorts.filter(({ servicePortName, protocol }) =>
    Object.values(serviceChainNames(servicePortName, protocol)).some((chain) => declared.has(chain)),
  )
  return new Set(written.map(({ namespace, name }) => `${namespace}/${name}`))
}
