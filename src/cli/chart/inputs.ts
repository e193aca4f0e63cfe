import { existsSync, readdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { nearest } from '../../api/did-you-mean.ts'
import { CHART_KINDS } from '../../report/charts/kinds.ts'
import { type NamedTable, readTable, UnknownTable } from '../../report/charts/static/read-table.ts'
import { type ColumnTable, TABLE_NAMES, type TableName, tableOf } from '../../report/charts/tables.ts'
import { readInputText, statInput } from '../../report/read/input-file.ts'
import { SUMMARY_FILE } from '../../report/result-files.ts'

/** Tables of one folder that were asked for, and those beside them that charts of them also read. */
export interface ChartInput {
  readonly folder: string
  /** Charts are drawn of these. */
  readonly asked: readonly TableName[]
  readonly tables: ReadonlyMap<TableName, ColumnTable>
  /** Where the numbers are from, by the summary beside them; null without one. */
  readonly origin: Origin | null
}

export interface Origin {
  readonly tool: string
  readonly scenario: string | null
  readonly seed: string
}

/** What is wrong with the files that a chart was asked of. */
export class InputError extends Error {}

/** Reads the files and folders, folder by folder in the order in which they were named. */
export async function readInputs(paths: readonly string[]): Promise<readonly ChartInput[]> {
  const folders = new Map<string, { readonly whole: boolean; readonly files: string[] }>()
  for (const path of paths) {
    const found = statInput(path)
    if (found === undefined) throw new InputError(`${path}: there is no such file or folder${hint(path)}`)
    const folder = found.isDirectory() ? path : dirname(path)
    const known = folders.get(folder) ?? { whole: found.isDirectory(), files: [] }
    if (found.isDirectory()) known.files.push(...csvFiles(path).filter((file) => !known.files.includes(file)))
    else if (!known.files.includes(path)) known.files.push(path)
    folders.set(folder, known)
  }
  const inputs: ChartInput[] = []
  for (const [folder, { whole, files }] of folders) inputs.push(await readFolder(folder, files, whole))
  return inputs
}

async function readFolder(folder: string, files: readonly string[], whole: boolean): Promise<ChartInput> {
  const tables = new Map<TableName, ColumnTable>()
  const asked: TableName[] = []
  for (const file of files) {
    const found = await readOne(file, whole)
    if (found === null) continue
    if (tables.has(found.name)) throw new InputError(`${file}: ${folder} has two tables like ${found.name}.csv: name one of them`)
    tables.set(found.name, found.table)
    asked.push(found.name)
  }
  if (asked.length === 0)
    throw new InputError(`${folder} has no CSV file that a chart can be drawn of${whole ? '' : `: ${files.join(', ')}`}\n${KNOWN}`)
  for (const name of companions(asked)) {
    const file = join(folder, `${name}.csv`)
    if (tables.has(name) || !existsSync(file)) continue
    const found = await readOne(file, true)
    if (found?.name === name) tables.set(name, found.table)
  }
  return { folder, asked, tables, origin: originOf(folder) }
}

/** Tables that kinds of the asked ones read beside them. */
function companions(asked: readonly TableName[]): ReadonlySet<TableName> {
  const names = CHART_KINDS.filter(({ reads }) => asked.includes(reads[0]!)).flatMap(({ reads, also }) => [...reads, ...also])
  return new Set(names)
}

/** Null for a CSV file that is no table of ours and was not asked for by its name. */
async function readOne(file: string, mayBeOther: boolean): Promise<NamedTable | null> {
  try {
    return await readTable(file)
  } catch (error) {
    if (!(error instanceof UnknownTable)) throw error
    if (mayBeOther) return null
    throw new InputError(unknownTable(file, error.columns))
  }
}

const KNOWN = `Charts are drawn of ${TABLE_NAMES.filter((name) => CHART_KINDS.some(({ reads }) => reads[0] === name))
  .map((name) => `${name}.csv`)
  .join(', ')}: see docs/how-to/charts.md`

function unknownTable(file: string, columns: readonly string[]): string {
  const near = tableOf(columns)
  const almost =
    near.share >= 0.5
      ? `It comes nearest to ${near.name}.csv, and lacks ${near.missing.length === 1 ? 'the column' : 'the columns'} ${near.missing.join(', ')}`
      : `Its columns are ${columns.slice(0, 8).join(', ')}${columns.length > 8 ? ', …' : ''}`
  return `${file}: no kind of chart is drawn of such a table\n  ${almost}\n  ${KNOWN}`
}

function csvFiles(folder: string): readonly string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.csv'))
    .sort()
    .map((name) => join(folder, name))
}

function hint(path: string): string {
  try {
    const near = nearest(basename(path), readdirSync(dirname(path)))
    return near === null ? '' : `: did you mean ${join(dirname(path), near)}?`
  } catch {
    return ''
  }
}

function originOf(folder: string): Origin | null {
  try {
    const summary = JSON.parse(readInputText(join(folder, SUMMARY_FILE))) as Record<string, unknown> | null
    const tool = summary?.tool as { name?: unknown; version?: unknown } | undefined
    if (tool?.name !== 'towtank' || typeof tool.version !== 'string' || typeof summary?.seed !== 'string') return null
    return { tool: `towtank ${tool.version}`, scenario: typeof summary.scenario === 'string' ? summary.scenario : null, seed: summary.seed }
  } catch {
    return null
  }
}
