import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { main } from '../program.ts'

let folder = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'towtank-chart-'))
  copyFileSync('results/bench/lookup.csv', join(folder, 'lookup.csv'))
})
afterEach(() => rmSync(folder, { recursive: true }))

async function towtank(...words: string[]) {
  let stdout = ''
  let stderr = ''
  const terminal = {
    stdout: { write: (text: string) => (stdout += text) },
    stderr: { write: (text: string) => (stderr += text) },
    env: {},
  }
  const code = await main(words, { version: '0', terminal, workerFile: '' })
  return { code, stdout, stderr }
}

test('draws what the columns say, beside the folder or where it is told, and again over its own files', async () => {
  const out = join(folder, 'pictures')
  for (let time = 0; time < 2; time++)
    expect(await towtank('chart', join(folder, 'lookup.csv'), '--out', out)).toMatchObject({ code: 0, stderr: '' })
  expect(readdirSync(out).sort()).toEqual(['lookup.png', 'lookup.svg'])
  const { stdout } = await towtank('chart', folder, '--json', '--quiet', '--out', join(folder, 'x.svg'))
  expect(JSON.parse(stdout)).toMatchObject({ schemaVersion: 1, charts: [{ kind: 'lookup', empty: false, files: [join(folder, 'x.svg')] }] })
})

test('leaves files of others alone', async () => {
  const file = join(folder, 'mine.svg')
  writeFileSync(file, '<svg/>')
  const { code, stderr } = await towtank('chart', join(folder, 'lookup.csv'), '--out', file)
  expect([code, stderr]).toEqual([2, `Cannot write "${file}": it is there, and not a chart of Towtank\n`])
  expect(readFileSync(file, 'utf8')).toBe('<svg/>')
})

test.each([
  ['an unknown kind', ['--kind', 'lokup'], /No kind of chart "lokup": did you mean "lookup"\?/],
  ['a kind of other tables', ['--kind', 'pods'], /Cannot draw "pods" of .*: it is drawn of pods\.csv/],
  ['a variant that is not there', ['--variant', 'ipvs'], /No variant "ipvs" in the tables/],
])('says what is wrong with %s, and writes nothing', async (_case, words, message) => {
  const { code, stderr } = await towtank('chart', join(folder, 'lookup.csv'), '--out', join(folder, 'out'), ...words)
  expect(code).toBe(2)
  expect(stderr).toMatch(message)
  expect(existsSync(join(folder, 'out'))).toBe(false)
})

test('tells which table an unknown one comes nearest to, and where a cell is no number', async () => {
  const file = join(folder, 'other.csv')
  writeFileSync(file, 'mode,structure,services,ns_per_lookup\n')
  expect((await towtank('chart', file)).stderr).toMatch(/comes nearest to lookup\.csv, and lacks the column position/)
  writeFileSync(file, 'mode,structure,services,position,ns_per_lookup\nipvs,hash table,ten,uniform,3\n')
  expect((await towtank('chart', file)).stderr).toContain(`${file}:2: the cell of column services is no number`)
  expect((await towtank('chart', join(folder, 'lookip.csv'))).stderr).toMatch(
    /there is no such file or folder: did you mean .*lookup\.csv\?/,
  )
})

test('a place that no picture can be written to, and a file without line ends, are mistakes of the input', async () => {
  const csv = join(folder, 'lookup.csv')
  const within = await towtank('chart', csv, '--format', 'svg', '--out', join(csv, 'charts'))
  expect(within).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(`"${csv}" is not a folder`) })
  const nowhere = await towtank('chart', csv, '--format', 'svg', '--out', '/proc/towtank/charts')
  expect(nowhere).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('choose another place with --out') })
  const line = join(folder, 'line.csv')
  writeFileSync(line, 'a'.repeat(3_000_000))
  expect(await towtank('chart', line)).toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringContaining('line.csv:1: it is no CSV: a row is longer than 1000000 characters'),
  })
  expect(readdirSync(folder).sort()).toEqual(['line.csv', 'lookup.csv'])
})
