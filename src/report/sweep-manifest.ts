import { z } from 'zod'

/** The version of the form of `sweep.json` and of the files of cells. */
export const SWEEP_SCHEMA_VERSION = 1

const tool = z.strictObject({
  name: z.literal('towtank'),
  version: z.string(),
  /** Over the code of the program: cells of another build may have other numbers. */
  build: z.string(),
})

const cell = z.strictObject({
  id: z.string().regex(/^[0-9a-f]{32}$/),
  variant: z.string().nullable(),
  parameters: z.record(z.string(), z.unknown()),
  seed: z.string(),
  inputHash: z.string(),
})

/** What `sweep.json` holds: what the sweep is, and where its cells are found. Nothing in it depends on who ran which cell, or when. */
export const sweepManifestSchema = z.strictObject({
  schemaVersion: z.literal(SWEEP_SCHEMA_VERSION),
  tool,
  command: z.literal('sweep'),
  name: z.string(),
  scenario: z.string(),
  inputHash: z.string(),
  seeds: z.array(z.string()),
  fields: z.array(z.string()),
  measures: z.array(z.string()).nullable(),
  /** `unfinished` has no tables; those of `partial` lack the cells of `missing`. */
  status: z.enum(['unfinished', 'partial', 'complete']),
  missing: z.array(z.string()),
  cells: z.array(cell),
})

export type SweepManifest = z.infer<typeof sweepManifestSchema>
export type ManifestCell = SweepManifest['cells'][number]

/** Whether two are about the same cells of the same program. */
export function isSameSweep(a: SweepManifest, b: SweepManifest): boolean {
  const plan = (manifest: SweepManifest) => JSON.stringify({ ...manifest, status: null, missing: null })
  return plan(a) === plan(b)
}
