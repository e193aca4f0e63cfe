import { readdirSync, readFileSync } from 'node:fs'
import pico from 'picocolors'
import { describe, expect, test } from 'vitest'
import { diskFiles } from '../../src/cli/disk-files.ts'
import { LANGUAGES } from '../../src/report/language/index.ts'
import { renderSummary } from '../../src/report/terminal-summary.ts'
import { loadScenario } from '../../src/scenario/load-scenario.ts'
import type { VariantSummary } from '../../src/scenario/run-result.ts'
import { simulate } from '../../src/scenario/simulate.ts'

/**
 * Incidents that users had, each with variants in which users suffer and variants that spare them. What is in neither list is there to be
 * compared. An issue is one of kubernetes/kubernetes by its number, or another source by its address.
 */
const INCIDENTS = [
  { name: 'lost-requests', bad: ['no-pre-stop', 'exit'], remedies: ['pre-stop'], issues: [43576, 20473] },
  { name: 'node-death', bad: ['iptables', 'toleration', 'ipvs-rr'], remedies: ['local', 'ipvs-wlc'], issues: [77660, 101101] },
  {
    name: 'half-open',
    bad: ['http2'],
    remedies: ['ping', 'quick-ping', 'lifetime', 'http1'],
    issues: ['https://github.com/istio/istio/issues/33466', 'https://github.com/linkerd/linkerd2/issues/13023'],
  },
  { name: 'sticky-sessions', bad: ['one-by-one', 'ipvs'], remedies: ['surge', 'no-affinity'], issues: [55603] },
  { name: 'zone-overload', bad: ['same-zone'], remedies: ['cluster-wide', 'spread'], issues: [122437] },
  { name: 'conntrack-full', bad: ['defaults'], remedies: ['larger-table', 'more-cores'], issues: [71261, 18604] },
  { name: 'keep-alive', bad: ['kept', 'ipvs-lc'], remedies: ['lifetime', 'lifetime-lc'], issues: [38456, 37932] },
  {
    name: 'port-reuse',
    bad: ['drained', 'one-second'],
    remedies: ['kernel-5.10', 'iptables', 'kept-connections'],
    issues: [81775, 70747, 93297],
  },
  { name: 'slow-sync', bad: ['nftables'], remedies: ['ipvs', 'iptables', '5000-services'], issues: [139513] },
  { name: 'dns-5s', bad: ['defaults', 'one-second'], remedies: ['kept-connections'], issues: [77650, 56903] },
  {
    name: 'dns-race',
    bad: ['linux-4.15', 'linux-5.4'],
    remedies: ['linux-5.6', 'ipvs-5.4', 'reopen', 'kept-connections'],
    issues: [56903, 'https://github.com/weaveworks/weave/issues/3287'],
  },
  { name: 'stale-udp', bad: ['1.31'], remedies: ['1.32', 'ipvs', 'nftables', 'renewed'], issues: [126934, 126130, 48370] },
  {
    name: 'rule-walk',
    bad: ['iptables'],
    remedies: ['ipvs', 'nftables', 'eight-queues', '5000-services'],
    issues: ['https://github.com/kubernetes/enhancements/tree/master/keps/sig-network/3866-nftables-proxy'],
  },
  { name: 'cpu-throttling', bad: ['limit-1', 'one-thread', 'period-5ms'], remedies: ['limit-2', 'no-limit', 'six-pods'], issues: [51135] },
  {
    name: 'retry-storm',
    bad: ['retries'],
    remedies: ['no-retries', 'budget'],
    issues: ['https://finagle.github.io/blog/2016/02/08/retry-budgets'],
  },
] as const

interface Outcome {
  readonly variants: readonly VariantSummary[]
  /** As a terminal of 80 columns shows it. */
  readonly shown: readonly string[]
}

const outcomes = new Map<string, Outcome>()

async function outcomeOf(name: string): Promise<Outcome> {
  const done = outcomes.get(name)
  if (done !== undefined) return done
  const loaded = await loadScenario(`scenarios/incidents/${name}.yaml`, diskFiles)
  if (!loaded.ok) return expect.fail(loaded.problems.map(({ message }) => message).join('\n'))
  expect(loaded.warnings.filter(({ kind }) => kind !== 'inert-field')).toEqual([])
  const variants = loaded.variants.map(({ name: variant, scenario }) => simulate(scenario, { variant }).summary)
  const summary = { schemaVersion: 1, tool: { name: 'towtank', version: '' }, scenario: name, seed: '', inputHash: '', variants } as const
  const text = renderSummary(summary, LANGUAGES.en.summary, { colors: pico.createColors(false), width: 80, folder: null })
  const outcome = { variants, shown: text.split('\n') }
  outcomes.set(name, outcome)
  return outcome
}

describe.each(INCIDENTS)('$name', ({ name, bad, remedies, issues }) => {
  const page = readFileSync(`docs/incidents/${name}.md`, 'utf8')

  test.each(bad)('%s: users suffer', async (variant) => {
    const { variants } = await outcomeOf(name)
    const { thresholds } = variants.find((candidate) => candidate.variant === variant)!
    expect(thresholds.some(({ passed }) => !passed)).toBe(true)
  })

  test.each(remedies)('%s: they do not', async (variant) => {
    const { variants } = await outcomeOf(name)
    const { thresholds } = variants.find((candidate) => candidate.variant === variant)!
    expect(thresholds.filter(({ passed }) => !passed)).toEqual([])
  })

  test('each threshold fails somewhere, so each one says something', async () => {
    const { variants } = await outcomeOf(name)
    const failed = variants.flatMap(({ thresholds }) => thresholds.filter(({ passed }) => !passed).map(({ expression }) => expression))
    expect([...new Set(failed)].toSorted()).toEqual(variants[0]!.thresholds.map(({ expression }) => expression).toSorted())
  })

  test('its faults take effect, and nothing is refused', async () => {
    const { variants } = await outcomeOf(name)
    expect(variants.flatMap(({ faults }) => faults.filter(({ tookEffect }) => !tookEffect))).toEqual([])
    expect(variants.flatMap(({ refusals }) => refusals)).toEqual([])
  })

  test('what its page shows of the summary is so, line by line', async () => {
    const { shown } = await outcomeOf(name)
    const blocks = [...page.matchAll(/^```text\n([\s\S]*?)^```$/gm)].map((match) => match[1]!.split('\n').filter((line) => line !== ''))
    expect(blocks.length).toBeGreaterThan(0)
    for (const lines of blocks) {
      let from = 0
      for (const line of lines) {
        if (line.trim() === '…') continue
        const at = shown.indexOf(line, from)
        expect(at, `"${line}" in:\n${shown.join('\n')}`).toBeGreaterThanOrEqual(0)
        from = at + 1
      }
    }
  })

  test('its page says how to run it, and names the source', () => {
    expect(page).toContain(`npx towtank run scenarios/incidents/${name}.yaml`)
    for (const issue of issues)
      expect(page).toContain(typeof issue === 'string' ? issue : `https://github.com/kubernetes/kubernetes/issues/${issue}`)
  })
})

test('every incident has a scenario, a page and a line in the tables', () => {
  const names = INCIDENTS.map(({ name }) => name).toSorted()
  const named = (folder: string, end: string) =>
    readdirSync(folder).flatMap((file) => (file.endsWith(end) ? [file.slice(0, -end.length)] : []))
  expect(named('scenarios/incidents', '.yaml').toSorted()).toEqual(names)
  expect(
    named('docs/incidents', '.md')
      .filter((name) => name !== 'README')
      .toSorted(),
  ).toEqual(names)
  const table = readFileSync('docs/incidents/README.md', 'utf8')
  const scenarios = readFileSync('scenarios/README.md', 'utf8')
  for (const name of names) {
    expect(table).toContain(`](${name}.md)`)
    expect(scenarios).toContain(`](incidents/${name}.yaml)`)
  }
})
