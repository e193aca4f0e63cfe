import { describe, expect, test } from 'vitest'
import { memoryFiles, RecordingFiles } from '../scenario/load-files.ts'
import { loadScenario, openScenario } from '../scenario/load-scenario.ts'
import { simulate } from '../scenario/simulate.ts'
import type { Cell } from './cell.ts'
import { CellRunner } from './run-cell.ts'
import { SAMPLE_FILES } from './sample.fixture.ts'

/** The cells of the sample's two variants with one seed, as a planner makes them. */
async function sampleCells(files = SAMPLE_FILES, seed = '0'): Promise<readonly Cell[]> {
  const recording = new RecordingFiles(memoryFiles(files))
  const opened = await openScenario('lab/small.yaml', recording)
  if (!opened.ok) throw new Error(JSON.stringify(opened.problems))
  const { scenario } = opened
  for (const { changes } of scenario.variants) await scenario.load(changes, scenario.source)
  const input = { path: 'lab/small.yaml', files: recording.contents }
  return scenario.variants.map(({ name, changes }) => ({ input, variant: name, changes, seed }))
}

describe('a cell', () => {
  test('gives what running its variant gives, also as a copy that another thread has', async () => {
    const runner = new CellRunner()
    const cells = await sampleCells()
    const results = []
    for (const cell of cells) results.push((await runner.run(structuredClone(cell))).summary)
    const loaded = await loadScenario('lab/small.yaml', memoryFiles(SAMPLE_FILES))
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems))
    expect(results).toEqual(loaded.variants.map(({ name, scenario }) => simulate(scenario, { variant: name }).summary))
    expect(results[0]!.kubeProxy).not.toEqual(results[1]!.kubeProxy)
  })

  test('does not depend on what ran before it', async () => {
    const [first, second] = await sampleCells()
    const others = await sampleCells(SAMPLE_FILES, '1')
    const alone = await new CellRunner().run(first!)
    const runner = new CellRunner()
    const other = await runner.run(others[0]!)
    await runner.run(second!)
    expect(await runner.run(first!)).toEqual(alone)
    expect(other.summary.traffic).not.toEqual(alone.summary.traffic)
  })

  test('takes another field, another text or another manifest for another scenario', async () => {
    const runner = new CellRunner()
    const [cell] = await sampleCells()
    const slower = await sampleCells({
      ...SAMPLE_FILES,
      'lab/small.yaml': SAMPLE_FILES['lab/small.yaml']!.replace('exp(5ms)', 'exp(50ms)'),
    })
    const more = await sampleCells({ ...SAMPLE_FILES, 'lab/web.yaml': SAMPLE_FILES['lab/web.yaml']!.replace('replicas: 2', 'replicas: 5') })
    const base = await runner.run(cell!)
    const results = [await runner.run(slower[0]!), await runner.run(more[0]!)]
    expect(results[0]!.summary.traffic[0]!.latencyMs.mean).toBeGreaterThan(base.summary.traffic[0]!.latencyMs.mean! + 40)
    expect(results[1]!.summary.deployments[0]!.replicas).toBe(5)
    expect(new Set([base, ...results].map(({ inputHash }) => inputHash)).size).toBe(3)
  })
})
