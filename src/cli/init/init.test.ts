import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { passed } from '../../report/run-summary.ts'
import { memoryFiles } from '../../scenario/load-files.ts'
import { loadScenario } from '../../scenario/load-scenario.ts'
import { simulate } from '../../scenario/simulate.ts'
import { main } from '../program.ts'
import { schemaText } from '../schema.ts'
import { folderFiles } from './folder-files.ts'
import { TEMPLATES } from './templates/index.ts'
import { TEMPLATE_NAMES } from './templates/names.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'towtank-init-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

async function towtank(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  let stdout = ''
  let stderr = ''
  const terminal = {
    stdout: { write: (text: string) => (stdout += text) },
    stderr: { write: (text: string) => (stderr += text) },
    env: {},
  }
  const code = await main(args, { version: '0', terminal, workerFile: '' })
  return { code, stdout, stderr }
}

describe('a template', () => {
  test('has its name among the choices, and the other way round', () => {
    expect(TEMPLATES.map(({ name }) => name)).toEqual(TEMPLATE_NAMES)
  })

  test.each(TEMPLATES)('$name is valid without a warning, passes its thresholds, and is small', async (template) => {
    const schema = schemaText('scenario')
    const files = folderFiles(template, schema)
    const loaded = await loadScenario('scenario.yaml', memoryFiles(files))
    expect(loaded.ok ? [] : loaded.problems).toEqual([])
    expect(loaded.warnings).toEqual([])
    expect(files['scenario.yaml']).toMatch(/^# yaml-language-server: \$schema=scenario\.schema\.json\n/)
    expect(new Ajv({ strict: false }).validate(JSON.parse(schema), parse(files['scenario.yaml']!))).toBe(true)
    const variants = loaded.ok ? loaded.variants.map(({ name, scenario }) => simulate(scenario, { variant: name }).summary) : []
    const summary = { schemaVersion: 1, tool: { name: 'towtank', version: '0' }, scenario: '', seed: '', inputHash: '', variants } as const
    expect(variants.flatMap(({ thresholds }) => thresholds).length).toBeGreaterThan(0)
    expect(passed(summary)).toBe(true)
    // Counted and not timed: so many events take a few seconds.
    expect(variants.reduce((sum, { engine }) => sum + engine.events, 0)).toBeLessThan(1_000_000)
  })
})

describe('towtank init', () => {
  test('writes every file of the template and says what is next', async () => {
    const { code, stdout, stderr } = await towtank('init', join(folder, 'demo'), '--template', 'rollout')
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toContain('npx towtank run scenario.yaml')
    expect(readdirSync(join(folder, 'demo')).toSorted()).toEqual([
      '.gitignore',
      'README.md',
      'manifests',
      'scenario.schema.json',
      'scenario.yaml',
    ])
    expect(readdirSync(join(folder, 'demo/manifests')).toSorted()).toEqual(['web-sleep.yaml', 'web.yaml'])
    expect(readFileSync(join(folder, 'demo/.gitignore'), 'utf8')).toBe('results/\n')
  })

  test('is silent when it is asked to be, and takes an empty folder', async () => {
    expect(await towtank('init', folder, '--quiet')).toEqual({ code: 0, stdout: '', stderr: '' })
    expect(readFileSync(join(folder, 'scenario.yaml'), 'utf8')).toContain('metadata: { name: hello }')
  })

  test.each([
    ['a folder that is not empty', () => folder, 'Nothing is overwritten'],
    ['a file', () => join(folder, 'taken'), 'it is a file'],
    ['a folder within a file', () => join(folder, 'taken/demo'), 'no folder can be there: a part of its path is a file'],
    ['a symbolic link', () => join(folder, 'link'), 'it is a symbolic link'],
    ['no name', () => ' ', 'it is not the name of a folder'],
    ['a name with a NUL byte', () => join(folder, 'a\0b'), 'it is not the name of a folder'],
  ])('refuses %s, and writes nothing', async (_case, at, message) => {
    writeFileSync(join(folder, 'taken'), 'mine')
    mkdirSync(join(folder, 'empty'))
    symlinkSync('empty', join(folder, 'link'))
    const before = readdirSync(folder, { recursive: true })
    const { code, stdout, stderr } = await towtank('init', at())
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain(message)
    expect(readdirSync(folder, { recursive: true })).toEqual(before)
    expect(readFileSync(join(folder, 'taken'), 'utf8')).toBe('mine')
  })

  test('tells a template that is near a misspelt one', async () => {
    const { code, stderr } = await towtank('init', join(folder, 'demo'), '--template', 'rolout')
    expect(code).toBe(2)
    expect(stderr).toContain('Did you mean "rollout"?')
  })
})
