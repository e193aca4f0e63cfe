import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { smallResult } from '../report/traces/testing.ts'
import { EXIT } from './exit-codes.ts'
import { main } from './program.ts'
import { ResultFolder } from './result-folder.ts'

let result: Awaited<ReturnType<typeof smallResult>>
beforeAll(async () => {
  result = await smallResult()
}, 120_000)
afterAll(() => result.remove())

async function run(...argv: string[]) {
  let [out, err] = ['', '']
  const terminal = { stdout: { write: (text: string) => (out += text) }, stderr: { write: (text: string) => (err += text) }, env: {} }
  const code = await main(['export', ...argv], { version: '1', terminal, workerFile: '' })
  return { code, out, err }
}

test('writes a file of the usual name into the folder, which stays a result that may be replaced', async () => {
  const { code, err } = await run(result.folder, '--format', 'prometheus')
  expect(code).toBe(EXIT.passed)
  const path = join(result.folder, 'metrics.prom')
  expect(err).toBe(`Wrote ${path}\n`)
  expect(readFileSync(path, 'utf8')).toMatch(/^# HELP towtank_run_info /)
  expect(readdirSync(result.folder).filter((name) => name.includes('partial'))).toEqual([])
  expect(ResultFolder.choose(result.folder).ok).toBe(true)
})

test('writes elsewhere on demand, in the place of what is there, and tells it as JSON', async () => {
  const file = join(result.folder, 'spans.json')
  writeFileSync(file, 'old')
  const { out, err } = await run(result.folder, '--format', 'otlp', '--out', file, '--json', '--quiet')
  expect(JSON.parse(out)).toEqual({ schemaVersion: 1, folder: result.folder, format: 'otlp', file })
  expect(err).toBe('')
  expect(JSON.parse(readFileSync(file, 'utf8'))).toHaveProperty('resourceSpans')
})

test.each([
  ['a folder that is not there', () => 'no/such/folder', /there is no such folder/],
  ['a folder that is no result', () => join(result.folder, 'empty'), /it has no summary\.json/],
  ['a file', () => join(result.folder, 'requests.csv'), /it is not a folder/],
])('refuses %s', async (_name, folder, message) => {
  mkdirSync(join(result.folder, 'empty'), { recursive: true })
  const { code, err } = await run(folder(), '--format', 'perfetto')
  expect(code).toBe(EXIT.wrongInput)
  expect(err).toMatch(message)
})

test('refuses a place that cannot be written to, and leaves nothing', async () => {
  const file = join(result.folder, 'no', 'such', 'folder', 'x.json')
  const { code, err } = await run(result.folder, '--format', 'perfetto', '--out', file)
  expect(code).toBe(EXIT.wrongInput)
  expect(err).toMatch(/there is no folder/)
  expect(existsSync(file)).toBe(false)
})

test('says which formats there are', async () => {
  const { code, err } = await run(result.folder, '--format', 'perfeto')
  expect(code).toBe(EXIT.wrongInput)
  expect(err).toMatch(/Expected one of perfetto, otlp, prometheus/)
})
