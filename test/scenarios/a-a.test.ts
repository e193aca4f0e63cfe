import { readdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { diskFiles } from '../../src/cli/disk-files.ts'
import type { Table } from '../../src/metrics/table.ts'
import { loadScenario } from '../../src/scenario/load-scenario.ts'
import type { RunResult } from '../../src/scenario/run-result.ts'
import { simulate } from '../../src/scenario/simulate.ts'

/** A variant compared with itself: whatever differs would be noise of our own making. */
const SCENARIOS = [
  'scenarios/hello.yaml',
  ...readdirSync('scenarios/incidents')
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => `scenarios/incidents/${file}`),
]

const texts = (table: Table): readonly string[] => [table.columns, ...table.rows].map((row) => JSON.stringify(row))

async function runs(file: string): Promise<readonly [RunResult, RunResult]> {
  const loaded = await loadScenario(file, diskFiles)
  if (!loaded.ok) return expect.fail(loaded.problems.map(({ message }) => message).join('\n'))
  const { scenario } = loaded.variants[0]!
  return [simulate(scenario, { variant: 'a' }), simulate(scenario, { variant: 'a' })]
}

describe.each(SCENARIOS)('%s against itself', (file) => {
  test('differs in nothing: not in a row of a table, nor in a figure of the summary', async () => {
    const [a, b] = await runs(file)
    for (const name of ['requests', 'objects', 'proxy', 'pods', 'nodes', 'failures', 'events'] as const)
      expect(texts(a[name]), name).toEqual(texts(b[name]))
    expect(a.summary).toEqual(b.summary)
    expect(JSON.stringify(a.summary)).toBe(JSON.stringify(b.summary))
  })
})
