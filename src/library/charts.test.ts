import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { chart } from '../cli/chart/chart.ts'
import { SAMPLE_FILES } from '../experiment/sample.fixture.ts'
import { parseScenario, type SimulationResult, simulate, writeResults } from '../index.ts'
import { CHART_NAMES, drawCharts } from './charts.ts'

async function runs(): Promise<readonly SimulationResult[]> {
  const files = { 'web.yaml': SAMPLE_FILES['lab/web.yaml']! }
  const scenario = await parseScenario(SAMPLE_FILES['lab/small.yaml']!, { files })
  return scenario.variants.map((variant) => simulate(scenario, { variant }))
}

test('charts of runs are those that "towtank chart" draws of their folder', async () => {
  const results = await runs()
  const folder = mkdtempSync(join(tmpdir(), 'towtank-library-charts-'))
  try {
    writeResults(join(folder, 'small'), results)
    let said = ''
    const stream = { write: (text: string) => (said += text) }
    const terminal = { stdout: stream, stderr: stream, env: {} }
    const code = await chart(
      [join(folder, 'small')],
      { format: ['svg'], theme: 'dark', lang: 'zh', width: 800, out: join(folder, 'charts'), json: true, quiet: true },
      terminal,
    )
    expect(code, said).toBe(0)
    const drawn = drawCharts(results, { theme: 'dark', language: 'zh', width: 800 })
    const told = (JSON.parse(said) as { charts?: unknown }).charts ?? JSON.parse(said)
    expect(drawn.map(({ kind, title, finding }) => ({ kind, title, finding }))).toEqual(
      (told as { kind: string; title: string; finding: string }[]).map(({ kind, title, finding }) => ({ kind, title, finding })),
    )
    expect(drawn.length).toBeGreaterThan(3)
    for (const [index, { files }] of (told as { files: string[] }[]).entries())
      expect(readFileSync(files[0]!, 'utf8').replace('<!-- drawn by towtank -->\n', '')).toBe(drawn[index]!.svg)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('a kind that is named is drawn also when there is nothing to show; one that there is not is refused', async () => {
  const [run] = await runs()
  expect(drawCharts([run!], { kinds: ['errors'] }).map(({ kind }) => kind)).toEqual(['errors'])
  expect(() => drawCharts([run!], { kinds: ['latencies'] })).toThrow('Did you mean "latency"?')
  expect(drawCharts([])).toEqual([])
  expect(CHART_NAMES).not.toContain('lookup')
})
