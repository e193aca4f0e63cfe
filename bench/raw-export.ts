/**
 * How many requests a CPU-second does `towtank run --raw` write, and does it take the same memory however many there are?
 *
 * Run: `npm run bench -- raw-export`
 *
 * Batches as the model hands them over go to the file that the command writes, in a process of its own each. The baseline is csv-stringify, which writes
 * the other tables, with the same rows in chunks of a thousand: once with what it writes, and the bytes must be the same. CPU time is of the process (user
 * and system), after a first pass that warms the code up; memory is the most that the process ever had.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { closeSync, mkdtempSync, openSync, readSync, rmSync, statSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'csv-stringify/sync'
import { BLAME_PARTS, PARTS } from '../src/metrics/blame.ts'
import { OK, TIMEOUT } from '../src/metrics/failure-cause.ts'
import { FROM_OUTSIDE, NEW_CONNECTION, RequestBatch, type RequestNames } from '../src/metrics/request-batch.ts'
import { CONNECTIONS, dotted, OUTCOMES, RAW_COLUMNS } from '../src/report/raw/columns.ts'
import { openRaw, RAW_FILES } from '../src/report/raw/index.ts'
import { MILLISECOND, SECOND } from '../src/units.ts'
import { type Row, rowOf, type Size } from './harness/row.ts'

export type RawVariant = 'csv' | 'parquet' | 'csv-stringify'

export interface RawExportRow {
  readonly question: string
  readonly variant: RawVariant
  /** Rows. */
  readonly size: number
  readonly rowsPerCpuSecond: number
  /** Against csv-stringify of the same size, or of the smallest where that has no such size. */
  readonly ratio: number
  readonly bytesPerRow: number
  readonly memoryMb: number
  readonly checksum: string
}

interface Outcome {
  readonly rowsPerCpuSecond: number
  readonly bytes: number
  readonly memoryMb: number
  readonly checksum: string
}

const SIZES = {
  smoke: { rows: [3_000], baseline: 3_000, rounds: 1 },
  full: { rows: [300_000, 3_000_000], baseline: 300_000, rounds: 5 },
} as const

/** One after the other in this process, as nobody judges memory, or each in a process of its own. */
export async function measure(size: 'smoke' | 'full'): Promise<RawExportRow[]> {
  const { rows, baseline, rounds } = SIZES[size]
  const cases: { variant: RawVariant; size: number; outcomes: Outcome[] }[] = [
    { variant: 'csv-stringify', size: baseline, outcomes: [] },
    ...(['csv', 'parquet'] as const).flatMap((variant) => rows.map((count) => ({ variant, size: count, outcomes: [] }))),
  ]
  for (let round = 0; round < rounds; round++)
    for (const one of round % 2 === 0 ? cases : cases.toReversed())
      one.outcomes.push(size === 'smoke' ? await writeRows(one.variant, one.size) : inProcess(one.variant, one.size))
  const peers = median(cases[0]!.outcomes.map((outcome) => outcome.rowsPerCpuSecond))
  const rowsOf = cases.map(({ variant, size: count, outcomes }): RawExportRow => {
    const { bytes, checksum } = outcomes[0]!
    if (outcomes.some((outcome) => outcome.checksum !== checksum)) throw new Error(`${variant}: the rounds differ`)
    const rowsPerCpuSecond = median(outcomes.map((outcome) => outcome.rowsPerCpuSecond))
    return {
      question: 'rows a CPU second',
      variant,
      size: count,
      rowsPerCpuSecond: Math.round(rowsPerCpuSecond),
      ratio: rowsPerCpuSecond / peers,
      bytesPerRow: bytes / count,
      memoryMb: median(outcomes.map(({ memoryMb }) => memoryMb)),
      checksum,
    }
  })
  const [peer, own] = [rowsOf[0]!, rowsOf.find((row) => row.variant === 'csv' && row.size === baseline)!]
  if (peer.checksum !== own.checksum) throw new Error('csv-stringify writes the same rows otherwise')
  return rowsOf
}

function inProcess(variant: RawVariant, size: number): Outcome {
  const program = `const { writeRows } = await import(${JSON.stringify(import.meta.url)}); console.log(JSON.stringify(await writeRows(${JSON.stringify(variant)}, ${size})))`
  return JSON.parse(execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' })) as Outcome
}

/** Writes so many rows into a file that is removed again. */
export async function writeRows(variant: RawVariant, size: number): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'towtank-raw-'))
  try {
    const write = variant === 'csv-stringify' ? writeByStringify : writeOwn
    const path = join(folder, variant === 'csv-stringify' ? 'rows.csv' : RAW_FILES[variant])
    await write(variant, folder, Math.min(size, WARM_UP_ROWS))
    rmSync(path)
    const before = process.cpuUsage()
    await write(variant, folder, size)
    const { user, system } = process.cpuUsage(before)
    const { bytes, checksum } = read(path)
    return { rowsPerCpuSecond: size / ((user + system) / 1e6), bytes, memoryMb: process.resourceUsage().maxRSS / 1024, checksum }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

async function writeOwn(variant: RawVariant, folder: string, size: number): Promise<void> {
  const file = await openRaw(variant === 'parquet' ? 'parquet' : 'csv', folder)
  const sink = file.sink('ipvs')
  for (const batch of batches(size)) sink.take(batch, NAMES)
  file.finish()
}

async function writeByStringify(_variant: RawVariant, folder: string, size: number): Promise<void> {
  const file = openSync(join(folder, 'rows.csv'), 'wx')
  writeSync(file, stringify([[...RAW_COLUMNS]]))
  for (const batch of batches(size)) {
    const rows: (string | number | null)[][] = []
    for (let row = 0; row < batch.length; row++) rows.push(cells(batch, row))
    writeSync(file, stringify(rows, { cast: { number: String } }))
  }
  closeSync(file)
}

function cells(batch: RequestBatch, row: number): (string | number | null)[] {
  const pod = NAMES.pod(batch.pods[row]!)
  return [
    'ipvs',
    NAMES.traffics[batch.traffics[row]!]!,
    batch.sentAt[row]! / SECOND,
    OUTCOMES[batch.outcomes[row]! + 2]!,
    batch.latencies[row]! / MILLISECOND,
    dotted(batch.addresses[row]!),
    null,
    NAMES.nodes[batch.nodes[row]!]!,
    pod.name,
    NAMES.nodes[pod.node]!,
    CONNECTIONS[batch.connections[row]!]!,
    batch.tries[row]!,
    batch.repeats[row]!,
    ...BLAME_PARTS.map((_, part) => batch.parts[row * PARTS + part]! / MILLISECOND),
  ]
}

const PODS = 200
const NODES = 20
const POD_NAMES = Array.from({ length: PODS }, (_, pod) => ({
  name: `shop/frontend-7d9c5b8f6d-${pod.toString(36).padStart(5, 'x')}`,
  node: pod % NODES,
}))
const NAMES: RequestNames = {
  traffics: ['shoppers', 'crawlers'],
  nodes: Array.from({ length: NODES }, (_, node) => `worker-${node}`),
  pod: (pod) => POD_NAMES[pod]!,
}

/**
 * What a run hands over: sent 1.25 ms apart, answered after some 20 ms, one in a hundred not; six parts of the latency are not zero. A few batches
 * are made once and go by again and again at other times, so that what is measured is the writing.
 */
function* batches(size: number): Generator<RequestBatch> {
  let rows = 0
  for (let number = 0; rows < size; number++) {
    const batch = MADE[number % MADE.length]!
    const full = batch.length
    batch.length = Math.min(full, size - rows)
    for (let row = 0; row < batch.length; row++) batch.sentAt[row] = (rows + row) * 1_250_000 + (batch.sentAt[row]! % 1_250_000)
    yield batch
    rows += batch.length
    batch.length = full
  }
}

function made(): readonly RequestBatch[] {
  let state = 1
  const draw = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 0x1_0000_0000) * below)
  }
  return Array.from({ length: 32 }, () => {
    const batch = new RequestBatch()
    while (!batch.isFull) {
      const at = batch.length++
      batch.traffics[at] = draw(2)
      batch.sentAt[at] = draw(1_000_000)
      batch.outcomes[at] = draw(100) === 0 ? TIMEOUT : OK
      batch.clients[at] = FROM_OUTSIDE
      batch.addresses[at] = (0xc612_0000 + draw(1000)) | 0
      batch.nodes[at] = draw(NODES)
      batch.pods[at] = draw(PODS)
      batch.connections[at] = NEW_CONNECTION
      batch.tries[at] = 1
      batch.repeats[at] = 0
      let latency = 0
      for (let part = 0; part < PARTS; part++) {
        const spent = part < 6 ? draw(7_000_000) : 0
        batch.parts[at * PARTS + part] = spent
        latency += spent
      }
      batch.latencies[at] = latency
    }
    return batch
  })
}

const MADE = made()

const WARM_UP_ROWS = 100_000

function read(path: string): { readonly bytes: number; readonly checksum: string } {
  const hash = createHash('sha256')
  const file = openSync(path, 'r')
  const chunk = new Uint8Array(1 << 16)
  for (let count = readSync(file, chunk); count > 0; count = readSync(file, chunk)) hash.update(chunk.subarray(0, count))
  closeSync(file)
  return { bytes: statSync(path).size, checksum: hash.digest('hex').slice(0, 12) }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!
}

export default async function main(size: Size): Promise<Row[]> {
  const rows = await measure(size)
  const about = ({ variant, size: count, checksum }: RawExportRow) => ({
    variant,
    size: count,
    checksum,
    // Parquet has the same rows in other bytes.
    ...(variant === 'parquet' ? { answersAlone: true } : {}),
    baseline: 'csv-stringify',
  })
  return rows.flatMap((row) => [
    rowOf({ ...about(row), question: 'rows exported', unit: 'a second', samples: [row.rowsPerCpuSecond] }),
    rowOf({ ...about(row), question: 'rows exported: peak memory', unit: 'MB', samples: [row.memoryMb] }),
  ])
}
