import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { COMMANDS } from '../commands/index.ts'
import { EXIT } from '../exit-codes.ts'
import { buildProgram, main } from '../program.ts'
import { commandTree } from './command-tree.ts'
import { SHELL_NAMES, type Shell } from './shells.ts'

const silent = { write: () => undefined }

async function script(shell: Shell): Promise<string> {
  let text = ''
  const terminal = { stdout: { write: (more: string) => (text += more) }, stderr: silent, env: {} }
  expect(await main(['completion', shell], { version: '0', terminal, workerFile: '' })).toBe(EXIT.passed)
  return text
}

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'towtank-completion-'))
  mkdirSync(join(folder, 'lab results'))
  for (const name of ['one.yaml', 'two.yml', 'notes.txt']) writeFileSync(join(folder, name), '')
})
afterAll(() => rmSync(folder, { recursive: true }))

const has = (shell: string): boolean => spawnSync(shell, ['-c', 'exit 0']).status === 0

describe('what the program has', () => {
  const tree = commandTree(
    buildProgram({ version: '', terminal: { stdout: silent, stderr: silent, env: {} }, workerFile: '', done: () => {} }),
  )

  test.each(SHELL_NAMES)('is all in the script for %s', async (shell) => {
    const text = await script(shell)
    expect(tree.length).toBe(COMMANDS.length)
    for (const { name, options } of tree) {
      expect(text).toContain(name)
      for (const { long } of options) expect(text).toContain(shell === 'fish' ? `-l ${long.slice(2)}` : long)
    }
    expect(text).not.toMatch(/--part(?!ial)/)
  })

  test.each(SHELL_NAMES)('makes a script that %s can read', async (shell) => {
    if (!has(shell)) return console.log(`${shell} is not installed: its syntax is not checked`)
    const file = join(folder, `script.${shell}`)
    writeFileSync(file, await script(shell))
    const checked = spawnSync(shell, ['-n', file], { encoding: 'utf8' })
    rmSync(file)
    expect([checked.status, checked.stderr]).toEqual([0, ''])
  })
})

describe('completion in bash', () => {
  /** What bash would offer for the last of the words. */
  async function offered(...words: string[]): Promise<string[]> {
    const run = `${await script('bash')}
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _towtank; printf '%s\\n' "\${COMPREPLY[@]}"`
    const text = execFileSync('bash', ['-c', run, 'bash', 'towtank', ...words], { encoding: 'utf8', cwd: folder })
    return text
      .split('\n')
      .filter((line) => line !== '')
      .toSorted()
  }

  test.each([
    [['va'], ['validate']],
    [['run', '--se'], ['--seed']],
    [
      ['run', ''],
      ['lab results', 'one.yaml', 'two.yml'],
    ],
    [['run', '--json', 'o'], ['one.yaml']],
    [['run', 'one.yaml', '--out', ''], ['lab results']],
    [['run', '--seed', ''], []],
    [['schema', '--out', 'n'], ['notes.txt']],
    [['init', '--template', 'ro'], ['rollout']],
    [
      ['trace', 'one.yaml', 'pod/a', '--lang', ''],
      ['en', 'zh'],
    ],
    [['completion', 'z'], ['zsh']],
    [['help', 'ru'], ['run']],
    [['--ver'], ['--version']],
    [['nonsense', ''], []],
  ])('offers for %j: %j', async (words, expected) => {
    if (!has('bash')) return console.log('bash is not installed: completion is not tried')
    expect(await offered(...words)).toEqual(expected)
  })
})

describe('completion in fish', () => {
  test.each([
    ['towtank va', ['validate']],
    ['towtank run --se', ['--seed']],
    ['towtank init --template ro', ['rollout']],
    ['towtank completion z', ['zsh']],
    ['towtank trace one.yaml pod/a --lang ', ['en', 'zh']],
  ])('offers for "%s": %j', async (line, expected) => {
    if (!has('fish')) return console.log('fish is not installed: completion is not tried')
    const run = `${await script('fish')}\ncomplete -C '${line}'`
    const text = execFileSync('fish', ['-c', run], { encoding: 'utf8', cwd: folder, env: { ...process.env, HOME: folder } })
    expect(
      text
        .split('\n')
        .flatMap((each) => (each === '' ? [] : [each.split('\t')[0]!]))
        .toSorted(),
    ).toEqual(expected)
  })
})
