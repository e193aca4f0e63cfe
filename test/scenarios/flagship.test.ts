import { readFileSync } from 'node:fs'
import pico from 'picocolors'
import { describe, expect, test } from 'vitest'
import { diskFiles } from '../../src/cli/disk-files.ts'
import { LANGUAGES } from '../../src/report/language/index.ts'
import { renderSummary } from '../../src/report/terminal-summary.ts'
import { loadScenario } from '../../src/scenario/load-scenario.ts'
import type { RunResult } from '../../src/scenario/run-result.ts'
import type { Variant } from '../../src/scenario/scenario.ts'
import { type SimulatedRun, simulate } from '../../src/scenario/simulate.ts'
import { storyOf } from '../../src/scenario/story.ts'

async function variants(path = 'scenarios/rollout-under-load.yaml'): Promise<readonly Variant[]> {
  const loaded = await loadScenario(path, diskFiles)
  if (!loaded.ok) throw new Error(loaded.problems.map((problem) => problem.message).join('\n'))
  return loaded.variants
}

const run = ({ name, scenario }: Variant): SimulatedRun => simulate(scenario, { variant: name })

/** Every cell of a result, as text. */
function everything(result: RunResult): string {
  const tables = [result.requests, result.objects, result.proxy].map((table) => [...table.rows].map((row) => row.join(',')).join('\n'))
  return [...tables, JSON.stringify(result.summary)].join('\n\n')
}

describe('the flagship scenario', async () => {
  const results = (await variants()).map(run)
  const [iptables, ipvs] = results as [SimulatedRun, SimulatedRun]

  test('sends at least 200,000 requests in each mode, passes its thresholds, and its fault takes effect', () => {
    for (const { summary } of results) {
      expect(summary.traffic.reduce((sum, traffic) => sum + traffic.sent, 0)).toBeGreaterThan(200_000)
      expect(summary.thresholds.filter((threshold) => !threshold.passed)).toEqual([])
      expect(summary.faults.map((fault) => fault.tookEffect)).toEqual([true])
      expect(summary.refusals).toEqual([])
    }
  })

  test('prints what the README shows, line by line', () => {
    const scenario = 'rollout-under-load'
    const summary = { schemaVersion: 1, tool: { name: 'towtank', version: '' }, scenario, seed: '42', inputHash: '' } as const
    const all = { ...summary, variants: results.map((result) => result.summary) }
    const text = renderSummary(all, LANGUAGES.en.summary, { colors: pico.createColors(false), width: 80, folder: `results/${scenario}` })
    const printed = text.split('\n').filter((line) => line !== '')
    const [block] = readFileSync('README.md', 'utf8').match(/^✓ rollout-under-load: [\s\S]*?^```$/m)!
    // The first line has a hash of the files that were read; what stands for more has an ellipsis, and the last is the end of the block.
    let from = 0
    let isGap = false
    for (const line of block.split('\n').slice(1, -1)) {
      if (line === '') continue
      if (line.startsWith('…')) {
        isGap = true
        continue
      }
      const at = printed.indexOf(line, from)
      expect(at, line).toBeGreaterThanOrEqual(0)
      if (from > 0 && !isGap) expect(printed.slice(from, at), `left out before "${line}"`).toEqual([])
      from = at + 1
      isGap = false
    }
    expect(printed.slice(from)).toEqual([])
  })

  test('is what the reference results have', () => {
    const { variants: kept } = JSON.parse(readFileSync('results/reference/rollout-under-load.summary.json', 'utf8')) as {
      variants: unknown
    }
    expect(JSON.parse(JSON.stringify(results.map(({ summary }) => summary)))).toEqual(kept)
  })

  test('conserves requests, in the summary and in every row', () => {
    for (const { summary, requests } of results) {
      for (const { traffic, sent, ok, failed, inFlight, failedByCause } of summary.traffic) {
        expect(ok + failed + inFlight, traffic).toBe(sent)
        expect(
          Object.values(failedByCause).reduce((sum, count) => sum + count, 0),
          traffic,
        ).toBe(failed)
      }
      const at = (name: string): number => requests.columns.indexOf(name)
      const causes = requests.columns.flatMap((column, i) => (column.startsWith('failed_') ? [i] : []))
      const lateRows: string[] = []
      for (const row of requests.rows) {
        const outcomes = Number(row[at('ok')]) + causes.reduce((sum, i) => sum + Number(row[i]), 0)
        const missing = Number(row[at('sent')]) - outcomes
        expect(missing).toBeGreaterThanOrEqual(0)
        if (missing > 0) lateRows.push(String(row[at('interval_start_s')]))
      }
      // Only what was sent in the last seconds may still be in flight.
      for (const start of lateRows) expect(Number(start)).toBeGreaterThanOrEqual(297)
    }
  })

  test('gives every variant the same arrivals', () => {
    const sent = (result: SimulatedRun): string => result.summary.traffic.map((traffic) => traffic.sent).join()
    expect(sent(iptables)).toBe(sent(ipvs))
  })

  test('fails requests only through the rollout, the crash, and what follows from them', () => {
    for (const { requests } of results) {
      const columns = requests.columns
      for (const row of requests.rows) {
        const start = Number(row[columns.indexOf('interval_start_s')])
        const failed = columns.reduce((sum, column, i) => (column.startsWith('failed_') ? sum + Number(row[i]) : sum), 0)
        const rollout = start >= 60 && start <= 100
        // From just before the crash (what was in flight) until the node is Ready again and its endpoints are back everywhere.
        const crash = start >= 147 && start <= 225
        if (!rollout && !crash) expect(failed, `second ${start}`).toBe(0)
      }
    }
  })

  test('tells the whole chain, from kubectl to the last node programmed', () => {
    const [applied, rollout, ...rest] = storyOf(iptables.hops, 'Deployment/shop/frontend', { all: false })
    expect(applied!.hops.map((hop) => hop.actor)).toEqual(
      expect.arrayContaining([
        'kubectl',
        'kube-apiserver, etcd',
        'deployment-controller',
        'replicaset-controller',
        'kube-scheduler',
        expect.stringMatching(/^kubelet\/worker-\d+$/),
        'endpointslice-controller',
      ]),
    )
    const programmed = applied!.hops.filter((hop) => hop.action === 'programmed')
    expect(new Set(programmed.map((hop) => hop.actor)).size).toBe(10)
    expect(rollout!.beginning.detail).toContain('set image deployment/frontend')
    expect(rest.length).toBeGreaterThanOrEqual(1)
    // Every hop but the first of a chapter has its cause before it.
    const { hops } = iptables
    for (let id = 0; id < hops.length; id++) expect(hops.hop(id).cause).toBeLessThan(id)
  })

  test('is the same to the last byte on a second run', async () => {
    const again = run((await variants())[1]!)
    expect(everything(again)).toBe(everything(ipvs))
  })

  test('is another run with another seed', async () => {
    const [first] = await variants()
    const other = simulate({ ...first!.scenario, seed: '43' }, { variant: 'iptables' })
    expect(everything(other)).not.toBe(everything(iptables))
  })
})
