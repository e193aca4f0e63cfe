import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { describe, expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { schema, schemaText } from './schema.ts'
import { SCHEMA_NAMES } from './schema-names.ts'

const ajv = new Ajv({ strict: false, allErrors: true })
const scenario = ajv.compile(JSON.parse(schemaText('scenario')))

const yamls = (readdirSync('scenarios', { recursive: true }) as string[]).filter(
  (name) => name.endsWith('.yaml') && !name.includes('manifests'),
)
const files = yamls.map((name) => join('scenarios', name)).filter((path) => statSync(path).isFile() && !path.includes('sweeps'))

describe('the schema of scenarios', () => {
  test('is one that editors read, with titles, descriptions and patterns', () => {
    const text = schemaText('scenario')
    const found = JSON.parse(text)
    expect(found).toMatchObject({
      $schema: 'http://json-schema.org/draft-07/schema#',
      title: 'Towtank scenario',
      additionalProperties: false,
    })
    expect(found.properties.spec.properties.duration).toMatchObject({
      type: 'string',
      pattern: expect.any(String),
      description: expect.any(String),
    })
    expect(found.properties.spec.required ?? []).toEqual([])
    expect(schemaText('scenario')).toBe(text)
  })

  test.each(files)('takes %s', (path) => {
    expect(scenario(parse(readFileSync(path, 'utf8'))), JSON.stringify(scenario.errors)).toBe(true)
  })

  const whole = readFileSync('scenarios/hello.yaml', 'utf8')
  test.each([
    ['an unknown key', 'duration', 'durtion'],
    ['another version', 'towtank/v1', 'towtank/v2'],
    ['another kind', 'kind: Scenario', 'kind: Scenaro'],
    ['a name that is none', 'name: hello', 'name: ../hello'],
    ['a time without its unit', 'duration: 1m', 'duration: 60'],
    ['a time that is none', 'duration: 1m', 'duration: soon'],
    ['a negative time', 'duration: 1m', 'duration: -1m'],
    ['a list that is none', 'manifests: [manifests/hello.yaml]', 'manifests: manifests/hello.yaml'],
    ['two sources at once', '{ external: true }', '{ external: true, pods: app=a }'],
    ['too many nodes', 'duration: 1m', 'cluster: { nodes: [{ count: 1000000000 }] }'],
    ['an unknown mode', 'duration: 1m', 'cluster: { kubeProxy: { mode: ebpf } }'],
    ['a fault of no kind', 'duration: 1m', 'timeline: [{ at: 1m, fault: { kind: earthquake } }]'],
  ])('refuses %s', (_case, from, to) => {
    expect(whole).toContain(from)
    expect(scenario(parse(whole.replace(from, to)))).toBe(false)
  })

  test('takes what loading takes beyond plain texts', () => {
    const spec = { duration: '1m30s', warmUp: '1.5s', cluster: { etcd: { members: 3 } }, compare: { a: { 'traffic[0].x': 1 } } }
    expect(scenario(parse(stringify({ apiVersion: 'towtank/v1', kind: 'Scenario', metadata: { name: 'a' }, spec })))).toBe(true)
  })
})

describe('towtank schema', () => {
  const run = (options: Parameters<typeof schema>[0]) => {
    let stdout = ''
    let stderr = ''
    const code = schema(options, {
      stdout: { write: (text) => (stdout += text) },
      stderr: { write: (text) => (stderr += text) },
      env: {},
    })
    return { code, stdout, stderr }
  }

  test.each(SCHEMA_NAMES)('prints the schema of %s', (of) => {
    const { code, stdout } = run({ of })
    expect(code).toBe(0)
    expect(() => new Ajv({ strict: false }).compile(JSON.parse(stdout))).not.toThrow()
  })

  test('writes over a schema, and over nothing else', () => {
    const folder = mkdtempSync(join(tmpdir(), 'towtank-schema-'))
    const out = join(folder, 'scenario.schema.json')
    expect(run({ out })).toEqual({ code: 0, stdout: '', stderr: '' })
    expect(run({ out }).code).toBe(0)
    expect(readFileSync(out, 'utf8')).toBe(schemaText('scenario'))
    writeFileSync(join(folder, 'mine.json'), '{}')
    for (const [name, message] of [
      ['mine.json', 'no JSON Schema'],
      ['.', 'not a file'],
      ['nowhere/a.json', 'no such folder'],
      ['a\0b', 'not the name of a file'],
    ] as const) {
      const { code, stderr } = run({ out: join(folder, name) })
      expect(code, name).toBe(2)
      expect(stderr, name).toContain(message)
    }
    expect(readFileSync(join(folder, 'mine.json'), 'utf8')).toBe('{}')
    rmSync(folder, { recursive: true })
  })
})
