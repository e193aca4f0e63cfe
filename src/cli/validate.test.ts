import { expect, test } from 'vitest'
import { SAMPLE_FILES } from '../experiment/sample.fixture.ts'
import { memoryFiles } from '../scenario/load-files.ts'
import { loadScenario } from '../scenario/load-scenario.ts'
import { type ValidateOptions, validate } from './validate.ts'

const SWEEP = `apiVersion: towtank/v1
kind: Sweep
metadata: { name: grid }
spec:
  scenario: small.yaml
  variants: [hash]
  seeds: 3
  parameters: { duration: [25s, 26s] }
`

async function check(paths: readonly string[], files: Readonly<Record<string, string>>, options: ValidateOptions = {}) {
  let [stdout, stderr] = ['', '']
  const terminal = {
    stdout: { write: (text: string) => (stdout += text) },
    stderr: { write: (text: string) => (stderr += text) },
    env: { NO_COLOR: '1' },
  }
  const code = await validate(paths, options, terminal, memoryFiles({ ...SAMPLE_FILES, ...files }))
  return { code, stdout, stderr }
}

test('a sweep is valid with its combinations and cells, beside scenarios', async () => {
  const { code, stdout, stderr } = await check(['lab/small.yaml', 'lab/sweep.yaml'], { 'lab/sweep.yaml': SWEEP })
  expect([code, stderr]).toEqual([0, ''])
  expect(stdout).toMatch(
    /^✓ lab\/small.yaml is valid \(tables, hash; sha256:[0-9a-f]{12}\)\n✓ lab\/sweep.yaml is valid \(2 combinations, 6 cells; sha256:[0-9a-f]{12}\)\n$/,
  )
})

test('what is wrong with a sweep is found as the sweep itself finds it: in its form, its values and its combinations', async () => {
  const form = await check(['lab/sweep.yaml'], { 'lab/sweep.yaml': SWEEP.replace('seeds', 'seds') })
  expect([form.code, form.stdout]).toEqual([2, ''])
  expect(form.stderr).toContain('lab/sweep.yaml:7:3 Unknown key "seds"')
  const value = await check(['lab/sweep.yaml'], { 'lab/sweep.yaml': SWEEP.replace('26s]', '26x]') }, { json: true })
  expect(value.code).toBe(2)
  expect(JSON.parse(value.stdout)).toMatchObject({ files: [{ valid: false, problems: [{ file: 'lab/sweep.yaml', line: 8, column: 33 }] }] })
  const combination = await check(['lab/sweep.yaml'], { 'lab/sweep.yaml': SWEEP.replace('duration: [25s', 'warmUp: [40s') })
  expect(combination.stderr).toContain('The warm-up of 40s leaves nothing of a run of 28s')
  const lost = await check(['lab/sweep.yaml'], { 'lab/sweep.yaml': SWEEP.replace('small.yaml', 'smal.yaml') })
  expect(lost.stderr).toContain('lab/sweep.yaml:5:13 Cannot read the scenario "lab/smal.yaml": there is no such file')
  const kind = await check(['lab/sweep.yaml'], { 'lab/sweep.yaml': SWEEP.replace('Sweep', 'Swep') })
  expect(kind.stderr).toContain('Did you mean "Sweep"?')
})

test('a sweep where a scenario is expected is told what runs it, and nothing else', async () => {
  const loaded = await loadScenario('lab/sweep.yaml', memoryFiles({ ...SAMPLE_FILES, 'lab/sweep.yaml': SWEEP }))
  expect(loaded.ok ? [] : loaded.problems).toEqual([
    {
      file: 'lab/sweep.yaml',
      line: 2,
      column: 7,
      length: 5,
      path: 'kind',
      message: 'This is a Sweep: towtank sweep lab/sweep.yaml',
      accepted: 'Scenario',
      didYouMean: null,
    },
  ])
})
