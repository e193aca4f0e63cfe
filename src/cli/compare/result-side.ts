import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { TableRows } from '../../experiment/comparison/divergence.ts'
import { csvRows } from '../../report/read/csv-rows.ts'
import { UnreadableFile } from '../../report/read/input-file.ts'
import { SUMMARY_FILE } from '../../report/result-files.ts'
import { SUMMARY_SCHEMA_VERSION } from '../../report/run-summary.ts'
import type { FileReader } from '../../scenario/load-files.ts'
import { type Measure, measuresOf } from '../../scenario/measures.ts'
import type { VariantSummary } from '../../scenario/run-result.ts'
import type { OpenedSide, ResultVariant } from './side.ts'

/** What of a summary is looked at before it is believed; the numbers are looked at one by one. */
const summarySchema = z.looseObject({
  tool: z.looseObject({ version: z.string() }),
  scenario: z.string(),
  seed: z.string(),
  inputHash: z.string(),
  variants: z.array(z.looseObject({ variant: z.string() })).min(1),
})

interface Asked {
  readonly given: string
  readonly path: string
  readonly wanted: string | null
}

/** Reads the summary of a run from its folder. The tables are read later, and only as far as they are the same. */
export async function openResult({ given, path, wanted }: Asked, files: FileReader): Promise<OpenedSide> {
  const place = join(path, SUMMARY_FILE)
  const refuse = (what: string, instead: string): OpenedSide => ({ ok: false, reason: `Cannot compare "${given}": ${what}: ${instead}` })
  const content = await files.read(place)
  if (content.kind !== 'file') {
    const reason = content.kind === 'unreadable' ? content.reason : content.kind === 'folder' ? 'it is a folder' : null
    const why = reason === null ? `the folder has no ${SUMMARY_FILE}` : `"${place}" cannot be read, ${reason}`
    return refuse(why, 'expected a folder that towtank run has written')
  }
  const json = readJson(content.text)
  if (!json.ok) return refuse(`"${place}" is no JSON, ${json.reason}`, 'expected it as towtank run has written it')
  const { schemaVersion, command } = (json.value ?? {}) as { readonly schemaVersion?: unknown; readonly command?: unknown }
  if (schemaVersion !== SUMMARY_SCHEMA_VERSION)
    return refuse(
      `schemaVersion of "${place}" is ${JSON.stringify(schemaVersion) ?? 'missing'}`,
      `expected ${SUMMARY_SCHEMA_VERSION}; run the scenario again with this version`,
    )
  if (command !== undefined) return refuse(`"${place}" is the result of towtank ${String(command)}`, 'expected one of towtank run')
  const checked = summarySchema.safeParse(json.value)
  if (!checked.success) {
    const { path: where, message } = checked.error.issues[0]!
    return refuse(`${where.join('.')} of "${place}" is not what it should be, ${message}`, 'expected it as towtank run has written it')
  }
  const { tool, scenario, seed, inputHash, variants } = checked.data
  const read: ResultVariant[] = []
  for (const variant of variants as unknown as readonly VariantSummary[]) {
    const measures = measuresIn(variant)
    if (measures === null)
      return refuse(`variant "${variant.variant}" in "${place}" has not all measures of a run`, 'expected it as towtank run has written it')
    const seconds = variant.engine?.simulatedSeconds
    read.push({
      name: variant.variant,
      durationSeconds: typeof seconds === 'number' ? seconds : null,
      measures,
      table: (table) => csvRowsOf(join(path, `${table}.csv`), variant.variant),
    })
  }
  const side = { kind: 'result', given, scenario, inputHash, seed, version: tool.version, wanted, variants: read } as const
  return { ok: true, side, warnings: [] }
}

function readJson(text: string): { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly reason: string } {
  try {
    return { ok: true, value: JSON.parse(text) }
  } catch (error) {
    return { ok: false, reason: error instanceof Error ? error.message : String(error) }
  }
}

/** null where the summary lacks what a measure is made of. What an earlier version did not count yet was not measured. */
function measuresIn(variant: VariantSummary): readonly Measure[] | null {
  try {
    const measures = measuresOf(variant).map((measure) => ({ ...measure, value: measure.value ?? null }))
    return measures.every(({ value }) => value === null || Number.isFinite(value)) ? measures : null
  } catch (error) {
    if (error instanceof TypeError) return null
    throw error
  }
}

/** The rows of one variant in a table of a result, without the variant's name; null where the folder has no such table. */
async function csvRowsOf(file: string, variant: string): Promise<TableRows | null> {
  if (!existsSync(file)) return null
  const records = csvRows(file)
  const header = (await records.next()).value ?? []
  if (header[0] !== 'variant') throw new UnreadableFile(file, 'its first column is not called variant', 1)
  async function* rows(): AsyncGenerator<readonly string[], void, undefined> {
    for await (const record of records) if (record[0] === variant) yield record.slice(1)
  }
  return { columns: header.slice(1), rows: rows() }
}
