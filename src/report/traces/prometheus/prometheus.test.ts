import parse from 'parse-prometheus-text-format'
import { Histogram, Registry } from 'prom-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ResultTables } from '../result-tables.ts'
import { smallResult } from '../testing.ts'
import { Histograms, Numbers } from './families.ts'

let result: Awaited<ReturnType<typeof smallResult>>
let text: string

beforeAll(async () => {
  result = await smallResult()
  text = await result.exported('prometheus')
}, 120_000)
afterAll(() => result.remove())

/** The text format 0.0.4, as strictly as its description has it: help and type once and first, samples of a family together. */
const LABEL = '[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\["\\\\n])*"'
const SAMPLE = new RegExp(`^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\\{((?:${LABEL})(?:,${LABEL})*)\\})? (-?\\d+(?:\\.\\d+)?(?:e[+-]\\d+)?|\\+Inf)$`)

interface Sample {
  readonly name: string
  readonly labels: string
  readonly value: number
}

function read(exposition: string): Map<string, { type: string; samples: Sample[] }> {
  expect(exposition.endsWith('\n')).toBe(true)
  const families = new Map<string, { type: string; samples: Sample[] }>()
  let family = ''
  let isHelp = false
  for (const line of exposition.slice(0, -1).split('\n')) {
    const help = /^# HELP (\S+) \S.*$/.exec(line)
    const type = /^# TYPE (\S+) (counter|gauge|histogram|summary)$/.exec(line)
    if (help !== null) {
      family = help[1]!
      expect(families.has(family), `${family} comes twice`).toBe(false)
      isHelp = true
    } else if (type !== null) {
      expect(isHelp && type[1] === family).toBe(true)
      families.set(family, { type: type[2]!, samples: [] })
      isHelp = false
    } else {
      const [, name, labels = '', value] = SAMPLE.exec(line) ?? expect.fail(`no sample: ${line}`)
      const suffixes = { counter: [''], gauge: [''], histogram: ['_bucket', '_sum', '_count'], summary: ['', '_sum', '_count'] }
      const of = families.get(family)!
      expect(suffixes[of.type as keyof typeof suffixes].map((suffix) => `${family}${suffix}`)).toContain(name)
      of.samples.push({ name: name!, labels, value: Number(value) })
    }
  }
  return families
}

describe('metrics for Prometheus', () => {
  test('keep to the grammar; no series comes twice; counters end in _total and are no less than 0', () => {
    for (const [family, { type, samples }] of read(text)) {
      expect(samples.length, family).toBeGreaterThan(0)
      expect(new Set(samples.map(({ name, labels }) => `${name}{${labels}}`)).size).toBe(samples.length)
      if (type === 'counter') expect(family).toMatch(/_total$/)
      else expect(family).not.toMatch(/_total$/)
      if (type === 'counter') for (const { value } of samples) expect(value).toBeGreaterThanOrEqual(0)
    }
  })

  test('histograms are cumulative, with ascending limits, and end at +Inf with the count', () => {
    let series = 0
    for (const [family, { type, samples }] of read(text)) {
      if (type !== 'histogram') continue
      for (const { name, labels, value: count } of samples) {
        if (name !== `${family}_count`) continue
        series++
        const buckets = samples
          .filter((sample) => sample.name === `${family}_bucket` && sample.labels.replace(/,?le="[^"]+"/, '') === labels)
          .map((sample) => ({ limit: /le="([^"]+)"/.exec(sample.labels)![1]!, value: sample.value }))
        expect(buckets.at(-1)).toEqual({ limit: '+Inf', value: count })
        for (const [at, { limit, value }] of buckets.slice(1).entries()) {
          expect(value).toBeGreaterThanOrEqual(buckets[at]!.value)
          if (limit !== '+Inf') expect(Number(limit)).toBeGreaterThan(Number(buckets[at]!.limit))
        }
      }
    }
    expect(series).toBeGreaterThan(4)
  })

  test('another reader finds the same families and numbers of samples', () => {
    const families = read(text)
    const parsed = parse(text)
    expect(parsed.map(({ name, type }) => [name, type.toLowerCase()])).toEqual([...families].map(([name, { type }]) => [name, type]))
    const total = parsed.find(({ name }) => name === 'towtank_requests_total')!
    expect(total.metrics).toHaveLength(families.get('towtank_requests_total')!.samples.length)
  })

  test('requests are those of the result', async () => {
    const { samples } = read(text).get('towtank_requests_total')!
    let sent = 0
    for await (const row of new ResultTables(result.folder).rows('requests')) sent += Number(row.sent)
    expect(samples.reduce((sum, { value }) => sum + value, 0)).toBe(sent)
    expect(samples.some(({ labels }) => labels.includes('traffic="shop",outcome="ok"'))).toBe(true)
    const { summary } = new ResultTables(result.folder)
    const measured = summary.variants[0]!.traffic[0]!.latencyMs
    const counted = read(text)
      .get('towtank_request_duration_seconds')!
      .samples.find(({ name, labels }) => name.endsWith('_count') && labels.startsWith('variant="iptables",traffic="shop'))!
    expect(counted.value).toBe(measured.count)
  })

  test('syncs are what the client library of Prometheus makes of the same times', async () => {
    const registry = new Registry()
    const name = 'kubeproxy_sync_proxy_rules_duration_seconds'
    const buckets = Array.from({ length: 15 }, (_, index) => 0.001 * 2 ** index)
    const histogram = new Histogram({ name, help: 'x', buckets, labelNames: ['variant', 'node'], registers: [registry] })
    for await (const { variant, node, sync_ms } of new ResultTables(result.folder).rows('proxy'))
      histogram.observe({ variant: variant!, node: node! }, Number(sync_ms) / 1000)
    const normal = ({ name: of, labels, value }: Sample): string => `${of} ${labels.split(',').sort().join()} ${value.toPrecision(9)}`
    const theirs = read(`${await registry.metrics()}`)
      .get(name)!
      .samples.map(normal)
    expect(read(text).get(name)!.samples.map(normal).sort()).toEqual(theirs.sort())
  })
})

test('labels and help are escaped', () => {
  const numbers = new Numbers({ name: 'x', type: 'gauge', help: 'a\\b\nc' })
  numbers.set({ label: 'say "hi"\\\n' }, 1)
  expect(numbers.text()).toBe('# HELP x a\\\\b\\nc\n# TYPE x gauge\nx{label="say \\"hi\\"\\\\\\n"} 1\n')
})

test('a family without samples is not there', () => {
  expect(new Histograms({ name: 'x', type: 'histogram', help: 'y' }, [1]).text()).toBe('')
})

test('a value at a limit belongs to its bucket', () => {
  const histograms = new Histograms({ name: 'x', type: 'histogram', help: 'y' }, [1, 2])
  for (const value of [1, 1.5, 3]) histograms.observe({}, value)
  expect(histograms.text().split('\n').slice(2)).toEqual([
    'x_bucket{le="1"} 1',
    'x_bucket{le="2"} 2',
    'x_bucket{le="+Inf"} 3',
    'x_sum 5.5',
    'x_count 3',
    '',
  ])
})
