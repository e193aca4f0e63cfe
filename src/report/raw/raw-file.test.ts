import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'csv-stringify/sync'
import { parquetMetadata, parquetReadObjects } from 'hyparquet'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { cellsOf, KeptRows } from '../../../test/raw/testing.ts'
import { PARTS } from '../../metrics/blame.ts'
import { FAILURE_CAUSES } from '../../metrics/failure-cause.ts'
import { RequestBatch, type RequestNames } from '../../metrics/request-batch.ts'
import { RAW_COLUMNS } from './columns.ts'
import { openRaw, RAW_FILES, type RawFormat } from './index.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'towtank-raw-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const NAMES: RequestNames = {
  traffics: ['shoppers', 'says "hi", twice', 'frontend -> 购物车'],
  nodes: ['worker-0', 'worker-1'],
  pod: (pod) => (pod === 3 ? { name: 'worker-1', node: 1 } : { name: `shop/pod-${pod}`, node: pod % 2 }),
}

/** Every outcome, client and kind of connection, none and all of them; and numbers of every length. */
function* batches(rows: number): Generator<RequestBatch> {
  const batch = new RequestBatch()
  for (let index = 0; index < rows; index++) {
    const row = batch.length++
    const outcome = (index % (FAILURE_CAUSES.length + 2)) - 2
    batch.traffics[row] = index % 3
    batch.sentAt[row] = index * index * 1009
    batch.outcomes[row] = outcome
    batch.clients[row] = (index % 7) - 2
    batch.addresses[row] = (0xc612_0000 + index * 77) | 0
    batch.nodes[row] = (index % 3) - 1
    batch.pods[row] = (index % 11) - 1
    batch.connections[row] = index % 3
    batch.tries[row] = index % 13
    batch.repeats[row] = index % 5
    let latency = 0
    for (let part = 0; part < PARTS; part++) {
      const time = part % 3 === 0 ? 0 : index * 10 ** (part % 7)
      batch.parts[row * PARTS + part] = time
      latency += time
    }
    batch.latencies[row] = outcome === -2 ? Number.NaN : latency
    if (!batch.isFull && index < rows - 1) continue
    yield batch
    batch.length = 0
  }
}

async function write(format: RawFormat, variants: Readonly<Record<string, number>>): Promise<Buffer> {
  rmSync(join(folder, RAW_FILES[format]), { force: true })
  const file = await openRaw(format, folder)
  for (const [variant, rows] of Object.entries(variants)) {
    const sink = file.sink(variant)
    for (const batch of batches(rows)) sink.take(batch, NAMES)
  }
  file.finish()
  file.close()
  return readFileSync(join(folder, RAW_FILES[format]))
}

function expected(variants: Readonly<Record<string, number>>): (string | number | null)[][] {
  return Object.entries(variants).flatMap(([variant, rows]) => {
    const kept = new KeptRows()
    for (const batch of batches(rows)) kept.take(batch, NAMES)
    return kept.rows.map((row) => cellsOf(variant, row))
  })
}

async function read(bytes: Buffer): Promise<(string | number | null)[][]> {
  const file = new Uint8Array(bytes).buffer
  const rows = await parquetReadObjects({ file })
  return rows.map((row) => RAW_COLUMNS.map((name) => (row[name] ?? null) as string | number | null))
}

describe('all requests as CSV', () => {
  /** The writer of all other tables is the model. */
  test.each([{ ipvs: 0 }, { ipvs: 1 }, { ipvs: 1024, 'ip,tables': 3000 }])('have the bytes of csv-stringify: %j', async (variants) => {
    const rows = [[...RAW_COLUMNS], ...expected(variants)]
    expect((await write('csv', variants)).toString()).toBe(stringify(rows, { cast: { number: String } }))
  })

  test('may have names of any length', async () => {
    const long = 'x'.repeat(100_000)
    const lines = (await write('csv', { [long]: 3 })).toString().split('\n')
    expect(lines).toHaveLength(5)
    expect(lines.slice(1, 4).every((line) => line.startsWith(`${long},`))).toBe(true)
  })
})

describe('all requests as Parquet', () => {
  test.each([{ ipvs: 0 }, { ipvs: 1 }, { ipvs: 1024, 'ip,tables': 3000 }])('are read as the CSV is: %j', async (variants) => {
    expect(await read(await write('parquet', variants))).toEqual(expected(variants))
  })

  test('are in groups that are written as they fill', async () => {
    const bytes = await write('parquet', { ipvs: 65_000, iptables: 70_000 })
    const { row_groups: groups, num_rows: count } = parquetMetadata(new Uint8Array(bytes).buffer)
    expect(groups.map(({ num_rows }) => Number(num_rows))).toEqual([65_536, 65_536, 135_000 - 2 * 65_536])
    expect(Number(count)).toBe(135_000)
    const file = new Uint8Array(bytes).buffer
    const last = await parquetReadObjects({ file, rowStart: 134_999 })
    expect(last.map(({ variant, sent_s }) => [variant, sent_s])).toEqual([['iptables', (69_999 * 69_999 * 1009) / 1e9]])
  })

  test('have the same bytes every time', async () => {
    const first = await write('parquet', { ipvs: 5000 })
    expect((await write('parquet', { ipvs: 5000 })).equals(first)).toBe(true)
  })
})
