import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { SUMMARY_FILE } from '../result-files.ts'
import type { RunSummary } from '../run-summary.ts'
import { ColumnTable } from './column-table.ts'
import { csvRows } from './csv-rows.ts'
import { HOP_COLUMNS, HopTable } from './hop-table.ts'
import { readInputText, statInput, UnreadableFile } from './input-file.ts'
import { readSummary } from './summary-schema.ts'

/** A result folder of `towtank run`, read back. */
export interface Result {
  readonly summary: RunSummary
  readonly requests: ColumnTable
  readonly nodes: ColumnTable
  readonly failures: ColumnTable
  readonly events: ColumnTable
  readonly parameters: ColumnTable
  /** Requests step by step; null where the run kept none. */
  readonly samples: ColumnTable | null
  /** Those that charts draw, these among them, by name. */
  readonly tables: ReadonlyMap<string, ColumnTable>
  /** By name of the variant. */
  readonly hops: ReadonlyMap<string, HopTable>
}

export type ReadResult = { readonly ok: true; readonly result: Result } | { readonly ok: false; readonly reason: string }

/** Columns of texts of each table, whose other columns are numbers. */
const TEXTS = {
  requests: ['variant', 'phase', 'traffic'],
  proxy: ['variant', 'node', 'kind'],
  pods: ['variant', 'namespace', 'pod', 'address', 'node', 'at_end'],
  nodes: ['variant', 'phase', 'node'],
  failures: ['variant', 'phase', 'traffic', 'cause', 'unseen_change', 'unseen_revision'],
  events: ['variant', 'kind', 'name', 'outcome', 'detail'],
  parameters: ['variant', 'parameter', 'value', 'unit', 'provenance', 'source'],
} as const

type TableName = keyof typeof TEXTS

/** Tables that a result may lack, with their columns of texts. */
const OPTIONAL_TEXTS: Readonly<Record<string, readonly string[]>> = {
  latency: ['variant', 'phase', 'traffic'],
  connections: ['variant', 'phase', 'namespace', 'pod', 'node', 'state'],
}

/** Tables that no chart draws: the page has what it shows of them. */
const NOT_DRAWN: ReadonlySet<string> = new Set(['failures', 'parameters'])

const TABLE_NAMES = Object.keys(TEXTS) as readonly TableName[]

/** Columns without which a table cannot be read. */
const NEEDED: Readonly<Record<TableName, readonly string[]>> = {
  requests: ['variant', 'interval_start_s', 'interval_s', 'phase', 'traffic', 'sent', 'ok', 'latency_ms_p50', 'latency_ms_p99'],
  proxy: ['variant', 'sync_start_s', 'sync_ms', 'node', 'changes', 'oldest_change_age_ms'],
  pods: ['variant', 'namespace', 'pod', 'requests'],
  nodes: ['variant', 'interval_start_s', 'interval_s', 'phase', 'node', 'cores', 'busiest_core_ms', 'conntrack_entries'],
  failures: ['variant', 'phase', 'traffic', 'cause', 'failures', 'first_sent_s', 'last_sent_s', 'unseen_change'],
  events: ['variant', 'started_s', 'ended_s', 'kind', 'name', 'outcome', 'detail'],
  parameters: ['variant', 'parameter', 'value', 'unit', 'provenance', 'source'],
}

const SAMPLES = 'samples.csv'
const SAMPLES_TEXTS = ['variant', 'traffic', 'kept', 'name', 'where', 'detail']
const SAMPLES_NEEDED = [...SAMPLES_TEXTS, 'request', 'step', 'parent_step', 'started_s', 'ended_s']

/** Something about the folder that keeps a report from being made of it. */
class Unreadable extends Error {}

/** Reads a folder that `towtank run` has written, or says what is missing or wrong and what to do. */
export async function readResult(folder: string): Promise<ReadResult> {
  try {
    return { ok: true, result: await read(folder) }
  } catch (error) {
    if (error instanceof Unreadable) return { ok: false, reason: `Cannot report on "${folder}": ${error.message}` }
    if (error instanceof UnreadableFile && error.file === folder) return { ok: false, reason: `Cannot report on "${folder}": ${error.why}` }
    if (error instanceof UnreadableFile)
      return { ok: false, reason: `Cannot report on "${folder}": ${error.message}. Run the scenario again` }
    throw error
  }
}

async function read(folder: string): Promise<Result> {
  const found = statInput(folder)
  if (found === undefined) throw new Unreadable('there is no such folder. "towtank run FILE" writes one and says where')
  if (!found.isDirectory()) throw new Unreadable('it is not a folder. Give the folder that "towtank run" wrote, such as results/hello')
  const needed = [SUMMARY_FILE, 'objects.csv', ...TABLE_NAMES.map((name) => `${name}.csv`)]
  const missing = needed.filter((name) => !existsSync(join(folder, name)))
  if (missing.length > 0)
    throw new Unreadable(`it has no ${missing.join(', ')}, which "towtank run FILE" writes. Give the folder that it named as results`)
  const read = readSummary(readInputText(join(folder, SUMMARY_FILE)))
  if (!read.ok) throw new Unreadable(`${SUMMARY_FILE} cannot be read: ${read.reason}`)
  const { summary } = read
  const tables = new Map<TableName, ColumnTable>()
  for (const name of TABLE_NAMES) tables.set(name, await readTable(folder, name, TEXTS[name], NEEDED[name]))
  const [requests, nodes, failures, events, parameters] = (['requests', 'nodes', 'failures', 'events', 'parameters'] as const).map(
    (name) => tables.get(name)!,
  )
  const drawn = new Map<string, ColumnTable>([...tables].filter(([name]) => !NOT_DRAWN.has(name)))
  for (const [name, texts] of Object.entries(OPTIONAL_TEXTS))
    if (existsSync(join(folder, `${name}.csv`))) drawn.set(name, await readTable(folder, name, texts, []))
  return {
    summary,
    requests: requests!,
    nodes: nodes!,
    failures: failures!,
    events: events!,
    parameters: parameters!,
    samples: existsSync(join(folder, SAMPLES)) ? await readTable(folder, 'samples', SAMPLES_TEXTS, SAMPLES_NEEDED) : null,
    tables: drawn,
    hops: await readHops(folder, summary),
  }
}

async function readTable(folder: string, name: string, texts: readonly string[], needed: readonly string[]): Promise<ColumnTable> {
  const file = `${name}.csv`
  const rows = csvRows(join(folder, file))
  const header = (await rows.next()).value ?? []
  needColumns(file, header, needed)
  const table = new ColumnTable(header, new Set(texts))
  for await (const cells of rows) {
    const problem = table.push(cells)
    if (problem !== null) throw new Unreadable(`${file} is damaged: ${problem}. Run the scenario again`)
  }
  return table
}

async function readHops(folder: string, { variants }: RunSummary): Promise<ReadonlyMap<string, HopTable>> {
  const tables = new Map(variants.map(({ variant }) => [variant, new HopTable()]))
  const file = 'objects.csv'
  const rows = csvRows(join(folder, file))
  const header = (await rows.next()).value ?? []
  needColumns(file, header, ['variant', ...HOP_COLUMNS])
  const places = HOP_COLUMNS.map((column) => header.indexOf(column))
  const variantPlace = header.indexOf('variant')
  for await (const cells of rows) {
    const variant = cells[variantPlace]!
    const problem = tables.get(variant)?.push(places.map((place) => cells[place]!)) ?? null
    if (problem !== null) throw new Unreadable(`${file} of variant "${variant}" is damaged: ${problem}. Run the scenario again`)
  }
  return tables
}

function needColumns(file: string, header: readonly string[], needed: readonly string[]): void {
  const absent = needed.filter((column) => !header.includes(column))
  if (absent.length > 0) throw new Unreadable(`${file} has no column ${absent.join(', ')}. Run the scenario again with this version`)
}
