import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { measurePart } from '../bench/parts.ts'
import { PARTS } from '../bench/plan.ts'
import type { BenchRows } from '../bench/rows.ts'
import { type BenchOptions, bench, benchPart } from './bench.ts'
import { BENCH_FILES } from './bench-files.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'towtank-bench-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

/** Measured once, at a size for which the program itself has no option. */
const rowsOf = new Map<string, BenchRows>()
function measureSmall(name: string): Promise<BenchRows> {
  const effort = { warmUpMs: 0, measureMs: 0, turns: 1, steadyMs: 0 }
  const rows =
    rowsOf.get(name) ?? measurePart(PARTS.get(name)!, { seed: '0', serviceCounts: [1, 10, 100], endpointCounts: [1, 20], effort })
  rowsOf.set(name, rows)
  return Promise.resolve(rows)
}

async function run(options: BenchOptions, measure = measureSmall) {
  const written = { stdout: '', stderr: '' }
  const stream = (name: 'stdout' | 'stderr') => ({
    write: (text: string) => {
      written[name] += text
    },
  })
  const terminal = { stdout: stream('stdout'), stderr: stream('stderr'), env: {} }
  const code = await bench(options, { terminal, version: '1.2.3', measure })
  return { code, ...written }
}

describe('towtank bench', () => {
  test('writes all its files, and tells the ratios', async () => {
    const out = join(folder, 'bench')
    const { code, stdout, stderr } = await run({ out })
    expect([code, stderr]).toEqual([0, ''])
    expect(readdirSync(out).sort()).toEqual([...BENCH_FILES].sort())
    expect(stdout).toContain('ipvs lookup at')
    const csv = readFileSync(join(out, 'lookup.csv'), 'utf8').trimEnd().split('\n')
    expect(csv[0]).toBe('mode,structure,services,position,ns_per_lookup,examined_per_lookup,checksum')
    expect(csv).toHaveLength(1 + 5 * 3 * 4 + 3)
  })

  test('says the machine in summary.json and nowhere else', async () => {
    const out = join(folder, 'bench')
    await run({ out, seed: '0' })
    const summary = JSON.parse(readFileSync(join(out, 'summary.json'), 'utf8'))
    expect(summary).toMatchObject({ tool: { name: 'towtank', version: '1.2.3' }, command: 'bench', seed: '0', quick: false })
    expect(summary.environment.node).toBe(process.version)
    for (const name of BENCH_FILES.filter((file) => file !== 'summary.json' && file !== 'lookup.png')) {
      const text = readFileSync(join(out, name), 'utf8')
      expect(text).not.toContain(process.version)
      expect(text).not.toContain(summary.environment.cpu)
    }
  })

  test('prints JSON on stdout when asked, and nothing else there', async () => {
    const out = join(folder, 'bench')
    const loud = await run({ out, json: true })
    expect(JSON.parse(loud.stdout).checksum).toMatch(/^[0-9a-f]{8}$/)
    expect(loud.stderr).toContain('ipvs lookup at')
    const quiet = await run({ out, json: true, quiet: true })
    expect(JSON.parse(quiet.stdout)).toEqual(JSON.parse(loud.stdout))
    expect(quiet.stderr).toBe('')
  })

  test('replaces an earlier result and leaves other files alone', async () => {
    const out = join(folder, 'bench')
    await run({ out, seed: '0' })
    writeFileSync(join(out, 'notes.txt'), 'mine')
    writeFileSync(join(out, 'lookup.csv'), 'old')
    expect((await run({ out })).code).toBe(0)
    expect(readFileSync(join(out, 'lookup.csv'), 'utf8')).not.toBe('old')
    expect(readFileSync(join(out, 'notes.txt'), 'utf8')).toBe('mine')
  })

  test.each([
    ['a file', (path: string) => writeFileSync(path, ''), 'it is not a folder'],
    ['a symbolic link', (path: string) => symlinkSync(folder, path), 'it is a symbolic link'],
    [
      'a folder with a summary.json of something else',
      (path: string) => {
        mkdirSync(path)
        writeFileSync(join(path, 'summary.json'), '{"tool":{"name":"towtank"}}')
      },
      'it has a file "summary.json" that is not from a benchmark of Towtank',
    ],
  ])('refuses to write into %s, before it measures anything', async (_what, prepare, why) => {
    const out = join(folder, 'taken')
    prepare(out)
    const { code, stderr } = await run({ out }, () => Promise.reject(new Error('measured')))
    expect([code, stderr]).toEqual([2, `Cannot write results to "${out}": ${why}\n`])
  })

  test('writes nothing when a part cannot be measured', async () => {
    const out = join(folder, 'bench')
    await expect(run({ out }, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect(readdirSync(folder)).toEqual([])
  })

  test('writes nothing when structures do not agree', async () => {
    const out = join(folder, 'bench')
    const wrong = async (name: string): Promise<BenchRows> => {
      const rows = await measureSmall(name)
      return name === 'lookup/ipvs' ? { ...rows, lookup: rows.lookup.map((row) => ({ ...row, checksum: '00000000' })) } : rows
    }
    await expect(run({ out }, wrong)).rejects.toThrow('all answers to "lookup 1 first" are the same')
    expect(readdirSync(folder)).toEqual([])
  })
})

test('a part that is not there is refused with the names of those that are', async () => {
  let stderr = ''
  const silent = { write: () => undefined }
  const terminal = { stdout: silent, stderr: { write: (text: string) => (stderr += text) }, env: {} }
  expect(await benchPart({ part: 'pick/ipvs/xyz' }, terminal)).toBe(2)
  expect(stderr).toContain('pick/ipvs/wlc')
})
