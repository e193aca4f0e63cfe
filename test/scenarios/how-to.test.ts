import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { diskFiles } from '../../src/cli/disk-files.ts'
import type { Table } from '../../src/metrics/table.ts'
import { loadScenario } from '../../src/scenario/load-scenario.ts'
import { type SimulatedRun, simulate } from '../../src/scenario/simulate.ts'

/**
 * The scenarios of docs/how-to: their faults take effect, each has its page and its line in the lists, and the tables of figures in the pages are those of the
 * runs. What the commands of the pages print is held by test/docs-commands.test.ts.
 */
const page = (name: string): string => readFileSync(`docs/how-to/${name}.md`, 'utf8')

async function runsOf(name: string): Promise<ReadonlyMap<string, SimulatedRun>> {
  const loaded = await loadScenario(`scenarios/how-to/${name}.yaml`, diskFiles)
  if (!loaded.ok) return expect.fail(loaded.problems.map(({ message }) => message).join('\n'))
  expect(loaded.warnings.filter(({ kind }) => kind !== 'inert-field')).toEqual([])
  return new Map(loaded.variants.map((variant) => [variant.name, simulate(variant.scenario, { variant: variant.name })]))
}

/** Numbers of a column, of the rows that a condition on other columns picks. */
function column(table: Table, name: string, isWanted: (cell: (name: string) => unknown) => boolean): readonly number[] {
  const at = (wanted: string): number => {
    const index = table.columns.indexOf(wanted)
    if (index < 0) expect.fail(`There is no column "${wanted}"`)
    return index
  }
  return [...table.rows].filter((row) => isWanted((wanted) => row[at(wanted)])).map((row) => Number(row[at(name)]))
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)
const median = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]!

/** As the terminal writes a time: three digits, in the unit that makes them readable. */
function time(ms: number): string {
  if (ms < 1) return `${(ms * 1000).toPrecision(3)} µs`
  return ms < 1000 ? `${ms.toPrecision(3)} ms` : `${(ms / 1000).toPrecision(3)} s`
}

const NAMES = ['balancing', 'failures', 'many-services']

describe.each(NAMES)('%s', (name) => {
  let runs: ReadonlyMap<string, SimulatedRun>

  test('its faults and commands take effect', async () => {
    runs = await runsOf(name)
    for (const { summary } of runs.values()) {
      expect(summary.faults.filter(({ tookEffect }) => !tookEffect)).toEqual([])
      expect(summary.refusals).toEqual([])
    }
  })

  test('the figures in the tables of its page are those of the run', () => {
    const rows: string[] = []
    for (const [variant, run] of runs) {
      const { traffic, propagation } = run.summary
      if (name === 'balancing') {
        const requests = (isWanted: (pod: string) => boolean) => sum(column(run.pods, 'requests', (cell) => isWanted(String(cell('pod')))))
        const share = requests((pod) => pod.startsWith('api-old-')) / requests((pod) => pod.startsWith('api-'))
        rows.push(`| \`${variant}\` | ${time(traffic[0]!.latencyMs.p99!)} | ${(share * 100).toFixed(1)} % |`)
      }
      if (name === 'many-services') {
        const firstSyncs = column(run.proxy, 'sync_ms', (cell) => cell('kind') === 'full')
        const changes = column(run.proxy, 'sync_ms', (cell) => Number(cell('changes')) > 0 && Number(cell('sync_start_s')) > 300)
        const cells = [traffic[0]!.blameMs.mean!.rules, Math.max(...firstSyncs), median(changes), propagation.p50!, propagation.p99!]
        rows.push(`| \`${variant}\` | ${cells.map(time).join(' | ')} |`)
      }
    }
    const text = page(name)
    expect(rows.length > 0).toBe(name !== 'failures')
    expect(rows.filter((row) => !text.includes(`${row}\n`))).toEqual([])
  })
})

test('every scenario has a page and its line in the lists', () => {
  const named = (folder: string, end: string) =>
    readdirSync(folder).flatMap((file) => (file.endsWith(end) ? [file.slice(0, -end.length)] : []))
  expect(named('scenarios/how-to', '.yaml').toSorted()).toEqual(NAMES)
  const scenarios = readFileSync('scenarios/README.md', 'utf8')
  const index = readFileSync('docs/how-to/README.md', 'utf8')
  for (const name of NAMES) {
    expect(page(name)).toContain(`](../../scenarios/how-to/${name}.yaml)`)
    expect(scenarios).toContain(`](how-to/${name}.yaml)`)
  }
  for (const name of named('docs/how-to', '.md').filter((name) => name !== 'README')) expect(index).toContain(`](${name}.md)`)
})
