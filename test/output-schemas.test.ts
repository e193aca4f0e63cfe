import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { diskFiles } from '../src/cli/disk-files.ts'
import { folderFiles } from '../src/cli/init/folder-files.ts'
import { TEMPLATES } from '../src/cli/init/templates/index.ts'
import { writeFolder } from '../src/cli/init/write-folder.ts'
import { JobScreen } from '../src/cli/job-screen.ts'
import type { Job, JobTools } from '../src/cli/jobs.ts'
import { main } from '../src/cli/program.ts'
import { runJob } from '../src/cli/run-job.ts'
import { schemaText } from '../src/cli/schema.ts'
import type { SchemaName } from '../src/cli/schema-names.ts'
import { traceJob } from '../src/cli/trace-job.ts'
import { simulate } from '../src/scenario/simulate.ts'

/** What commands really print with --json, against the schemas that `towtank schema` gives. */
let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'towtank-outputs-'))
  for (const template of TEMPLATES) writeFolder(join(folder, template.name), folderFiles(template, '{}'))
  writeFileSync(join(folder, 'bad.yaml'), 'apiVersion: towtank/v1\nkind: Scenaro\n')
})
afterAll(() => rmSync(folder, { recursive: true }))

async function printed(...args: string[]): Promise<unknown[]> {
  let stdout = ''
  const stderr = { write: () => undefined }
  const terminal = { stdout: { write: (text: string) => (stdout += text) }, stderr, env: {} }
  const doJob = async (job: Job) => {
    const screen = new JobScreen({ json: true, quiet: true }, terminal)
    const tools: JobTools = { simulate, files: diskFiles, tell: (event) => screen.show(event) }
    const code = job.kind === 'run' ? await runJob(job, tools) : job.kind === 'trace' ? await traceJob(job, tools) : 70
    screen.close(false)
    return code
  }
  await main([...args, '--json', '--quiet'], { version: '1.2.3', terminal, workerFile: '', doJob })
  const lines = stdout.split('\n')
  expect(lines.pop()).toBe('')
  return lines.map((line) => JSON.parse(line) as unknown)
}

/** Mistakes of a value under the schema, in which no object may have fields that are not named: so that none is forgotten there. */
function complaints(of: SchemaName, value: unknown): unknown {
  const closed = JSON.parse(schemaText(of), (_key, each) =>
    typeof each === 'object' &&
    each !== null &&
    each.type === 'object' &&
    each.properties !== undefined &&
    !('additionalProperties' in each)
      ? { ...each, additionalProperties: false }
      : each,
  )
  const ajv = new Ajv({ strict: false })
  return ajv.validate(closed, value) ? null : ajv.errors
}

describe('what is printed with --json', () => {
  test.each(['hello', 'rollout', 'node-death'])('by run of %s is as the schema says, with no field left out', async (name) => {
    const out = await printed('run', join(folder, name, 'scenario.yaml'), '--out', join(folder, 'out', name))
    expect(out).toHaveLength(1)
    expect(complaints('run', out[0])).toBeNull()
    expect(complaints('run', { ...(out[0] as object), seed: 7 })).not.toBeNull()
  })

  test('by validate, trace, and commands whose input is wrong', async () => {
    const hello = join(folder, 'hello/scenario.yaml')
    const [valid] = await printed('validate', hello, join(folder, 'bad.yaml'))
    expect(complaints('validate', valid)).toBeNull()
    const [story] = await printed('trace', hello, 'deployment/web')
    expect(complaints('trace', story)).toBeNull()
    const [problems] = await printed('run', join(folder, 'bad.yaml'))
    expect(complaints('problems', problems)).toBeNull()
    const [refusals] = await printed('trace', hello, 'deployment')
    expect(refusals).toMatchObject({ problems: [], refusals: [expect.stringContaining('KIND/NAME')] })
    expect(complaints('problems', refusals)).toBeNull()
    expect(complaints('trace', refusals)).not.toBeNull()
  })
})
