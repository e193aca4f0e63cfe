import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { RAW_FILES } from './raw/index.ts'
import { EXPORT_FILES, REPORT_FILE, RESULT_FILES, ResultWriter } from './result-files.ts'
import type { RunSummary } from './run-summary.ts'
import { sampleResult, sampleSummary, sampleTable } from './sample.fixture.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'towtank-result-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const read = (name: string) => readFileSync(join(folder, name), 'utf8')

const PARAMETERS = sampleTable(['parameter', 'value', 'unit', 'provenance', 'source'], [['etcd.electionTimeout', 1, 's', 'cited', 'etcd']])

const SUMMARY: RunSummary = {
  schemaVersion: 1,
  tool: { name: 'towtank', version: '0.1.0' },
  scenario: 'rollout',
  seed: '42',
  inputHash: 'sha256:00',
  variants: [sampleSummary()],
}

describe('result files', () => {
  test('are one table for all variants, each row led by its variant, and a summary', () => {
    const writer = new ResultWriter(folder)
    writer.add(sampleResult('ipvs'), PARAMETERS)
    writer.add(sampleResult('iptables'), PARAMETERS)
    writer.finish(SUMMARY)
    const onDemand = ['samples.csv', ...Object.values(RAW_FILES), REPORT_FILE, ...Object.values(EXPORT_FILES)]
    expect([...readdirSync(folder), ...onDemand].toSorted()).toEqual([...RESULT_FILES].toSorted())
    expect(read('requests.csv')).toBe(
      'variant,interval_start_s,traffic,sent,latency_p99_ms\nipvs,0,shoppers,500,12.5\nipvs,10,shoppers,500,\niptables,0,shoppers,500,12.5\niptables,10,shoppers,500,\n',
    )
    expect(read('objects.csv')).toBe(
      'variant,time_s,detail\nipvs,1.25,"says ""hello"", and\ngoes"\niptables,1.25,"says ""hello"", and\ngoes"\n',
    )
    expect(read('proxy.csv')).toBe('variant,time_s,node\n')
    expect(JSON.parse(read('summary.json'))).toEqual(SUMMARY)
    expect(read('summary.json').endsWith('}\n')).toBe(true)
  })

  test('hold as many rows as there are, whatever the size of a chunk', () => {
    const rows = Array.from({ length: 2501 }, (_, index) => [index, 'x'] as const)
    const writer = new ResultWriter(folder)
    writer.add({ ...sampleResult(), proxy: sampleTable(['time_s', 'node'], rows) }, PARAMETERS)
    expect(read('proxy.csv').split('\n').slice(1, -1)).toEqual(rows.map(([index]) => `ipvs,${index},x`))
  })

  test('refuse a number that no file format knows, and a row of another length', () => {
    const writer = new ResultWriter(folder)
    const bad = (row: readonly (number | string)[]) => () =>
      writer.add({ ...sampleResult(), proxy: sampleTable(['time_s', 'node'], [row]) }, PARAMETERS)
    expect(bad([Number.NaN, 'x'])).toThrow('every number of a result is finite')
    expect(bad([1])).toThrow('as many cells as there are columns')
  })

  test('refuse a summary with such a number', () => {
    const broken = { ...SUMMARY, variants: [sampleSummary({ engine: { events: Number.POSITIVE_INFINITY, hops: 0, simulatedSeconds: 0 } })] }
    expect(() => new ResultWriter(folder).finish(broken)).toThrow('every number of a result is finite')
  })

  test('refuse variants whose tables differ in their columns', () => {
    const writer = new ResultWriter(folder)
    writer.add(sampleResult('a'), PARAMETERS)
    expect(() => writer.add({ ...sampleResult('b'), proxy: sampleTable(['other'], []) }, PARAMETERS)).toThrow(
      'the same columns in every variant',
    )
  })
})
