import { lstatSync, readFileSync, writeFileSync } from 'node:fs'
import { z } from 'zod'
import {
  BENCH_OUTPUT,
  CHART_OUTPUT,
  COMPARE_OUTPUT,
  IMPORT_OUTPUT,
  PROBLEMS_OUTPUT,
  ROLLOUT_OUTPUT,
  RUN_OUTPUT,
  SWEEP_OUTPUT,
  TRACE_OUTPUT,
  VALIDATE_OUTPUT,
  WORKER_OUTPUT,
} from '../report/output-schemas.ts'
import { scenarioSchema } from '../scenario/schema.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import type { SchemaName } from './schema-names.ts'
import { colorsFor, type Terminal } from './terminal.ts'

const SCHEMAS: Readonly<Record<SchemaName, z.ZodType>> = {
  scenario: scenarioSchema,
  run: RUN_OUTPUT,
  validate: VALIDATE_OUTPUT,
  trace: TRACE_OUTPUT,
  rollout: ROLLOUT_OUTPUT,
  compare: COMPARE_OUTPUT,
  sweep: SWEEP_OUTPUT,
  merge: SWEEP_OUTPUT,
  worker: WORKER_OUTPUT,
  chart: CHART_OUTPUT,
  import: IMPORT_OUTPUT,
  bench: BENCH_OUTPUT,
  problems: PROBLEMS_OUTPUT,
}

/** JSON Schema, draft 07: the newest that every editor's YAML server reads. What commands print may have more fields than it names. */
export function schemaText(name: SchemaName): string {
  return `${JSON.stringify(z.toJSONSchema(SCHEMAS[name], { target: 'draft-7', io: 'input' }), null, 2)}\n`
}

export interface SchemaOptions {
  readonly of?: SchemaName
  readonly out?: string
}

/** `towtank schema`: prints a schema, or writes it into a new file or over a schema. */
export function schema({ of = 'scenario', out }: SchemaOptions, { stdout, stderr, env }: Terminal): ExitCode {
  const text = schemaText(of)
  if (out === undefined) {
    stdout.write(text)
    return EXIT.passed
  }
  const refused = writeSchema(out, text)
  if (refused === null) return EXIT.passed
  stderr.write(`${colorsFor(stderr, env).red(refused)}\n`)
  return EXIT.wrongInput
}

/** Writes the file, over a schema and over nothing else; gives why not, or null. */
function writeSchema(file: string, text: string): string | null {
  const refuse = (why: string): string => `Cannot write the schema to "${file}": ${why}`
  if (file.trim() === '' || file.includes('\0')) return refuse('it is not the name of a file')
  try {
    const found = lstatSync(file, { throwIfNoEntry: false })
    if (found !== undefined && !found.isFile()) return refuse('it is not a file')
    if (found !== undefined && !isSchema(file)) return refuse('it is there already and no JSON Schema')
    writeFileSync(file, text)
    return null
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === undefined) throw error
    return refuse(code === 'ENOENT' ? 'there is no such folder' : `the system refused it (${code})`)
  }
}

function isSchema(file: string): boolean {
  try {
    const found: unknown = JSON.parse(readFileSync(file, 'utf8'))
    return typeof found === 'object' && found !== null && '$schema' in found
  } catch {
    return false
  }
}
