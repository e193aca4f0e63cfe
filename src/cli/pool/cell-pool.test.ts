import { rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { build } from 'tsdown'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Cell, CellResult } from '../../experiment/cell.ts'
import { SAMPLE_FILES } from '../../experiment/sample.fixture.ts'
import { type CellOutcome, type CellPool, cellsHere, cellsInThreads, cellWorkerFile } from './cell-pool.ts'

const files = Object.fromEntries(Object.entries(SAMPLE_FILES).map(([path, text]) => [path, { kind: 'file', text } as const]))
const input = { path: 'lab/small.yaml', files }

function cellsWith(seeds: readonly string[]): readonly Cell[] {
  return seeds.map((seed) => ({ input, variant: 'one', changes: [{ target: ['spec', 'duration'], value: '25s' }], seed }))
}

async function all(outcomes: AsyncIterable<CellOutcome>): Promise<readonly CellOutcome[]> {
  const list: CellOutcome[] = []
  for await (const outcome of outcomes) list.push(outcome)
  return list
}

/** Results by seed, as text. */
function bySeed(outcomes: readonly CellOutcome[]): Record<string, string> {
  return Object.fromEntries(
    outcomes.map((one) => [one.cell.seed, one.ok ? JSON.stringify(one.result) : `failed: ${one.stack.split('\n')[0]}`]),
  )
}

const result = (seed: string) => ({ inputHash: seed }) as CellResult

describe('outcomes', () => {
  test('come in the order in which cells end, with the cell that was given', async () => {
    const ends = new Map<string, () => void>()
    const pool = cellsHere((cell) => new Promise((done) => ends.set(cell.seed, () => done(result(cell.seed)))), 2)
    const cells = cellsWith(['a', 'b', 'c'])
    const started: string[] = []
    const outcomes = pool.run(cells, { onStart: (cell) => started.push(cell.seed) })[Symbol.asyncIterator]()
    const first = outcomes.next()
    expect(started).toEqual(['a', 'b'])
    ends.get('b')!()
    expect((await first).value.cell).toBe(cells[1])
    expect(started).toEqual(['a', 'b', 'c'])
    ends.get('c')!()
    expect((await outcomes.next()).value.cell).toBe(cells[2])
    ends.get('a')!()
    expect((await outcomes.next()).value).toEqual({ cell: cells[0], ok: true, result: result('a') })
    expect(await outcomes.next()).toEqual({ done: true, value: undefined })
  })

  test('of a cell that fails are its mistake, and the others go on', async () => {
    const pool = cellsHere(async ({ seed }) => {
      if (seed === 'b') throw new Error('poisoned')
      return result(seed)
    })
    expect(bySeed(await all(pool.run(cellsWith(['a', 'b', 'c']))))).toEqual({
      a: JSON.stringify(result('a')),
      b: 'failed: Error: poisoned',
      c: JSON.stringify(result('c')),
    })
  })

  test('end at an abort, without waiting for what is under way and without starting another', async () => {
    const controller = new AbortController()
    const pool = cellsHere(({ seed }) => (seed === 'a' ? Promise.resolve(result('a')) : new Promise(() => {})))
    const started: string[] = []
    const seen: string[] = []
    for await (const { cell } of pool.run(cellsWith(['a', 'b', 'c']), {
      signal: controller.signal,
      onStart: ({ seed }) => started.push(seed),
    })) {
      seen.push(cell.seed)
      controller.abort()
    }
    expect([seen, started]).toEqual([['a'], ['a', 'b']])
    expect(await all(pool.run(cellsWith(['a']), { signal: controller.signal }))).toEqual([])
  })

  test('of no cells are none', async () => {
    expect(await all(cellsHere().run([]))).toEqual([])
  })
})

describe('threads', () => {
  const out = resolve('node_modules/.cache/towtank-pool-test')
  let pool: CellPool | null = null

  beforeAll(async () => {
    const entry = { 'cell-worker': 'src/cli/pool/cell-worker.ts' }
    await build({
      config: false,
      entry,
      outDir: out,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      dts: false,
      fixedExtension: false,
      logLevel: 'silent',
    })
    pool = cellsInThreads(2, cellWorkerFile(join(out, 'main.js')))
  })
  afterAll(async () => {
    await pool?.close()
    rmSync(out, { recursive: true, force: true })
  })

  test('give what this thread gives, and outlive a cell that fails', async () => {
    const cells = [
      ...cellsWith(['1', '2', '3']),
      ...cellsWith(['bad']).map((cell) => ({ ...cell, changes: [{ target: ['spec', 'traffic'], value: 3 }] })),
    ]
    const expected = bySeed(await all(cellsHere().run(cells)))
    expect(expected.bad).toContain('the scenario of a cell has been checked')
    expect(bySeed(await all(pool!.run(cells.toReversed())))).toEqual(expected)
    expect(bySeed(await all(pool!.run(cells)))).toEqual(expected)
  })

  test('stop in the middle of a cell when the pool is closed', async () => {
    const endless = { ...cellsWith(['1'])[0]!, changes: [{ target: ['spec', 'duration'], value: '100h' }] }
    const doomed = cellsInThreads(1, cellWorkerFile(join(out, 'main.js')))
    const controller = new AbortController()
    const outcomes = all(doomed.run([endless], { signal: controller.signal, onStart: () => setTimeout(() => controller.abort(), 200) }))
    expect(await outcomes).toEqual([])
    await doomed.close()
  })
})
