import { createRequire } from 'node:module'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ResultTables } from '../result-tables.ts'
import { smallResult } from '../testing.ts'
import { Ids } from './ids.ts'
import { unixNanos } from './otlp.ts'
import { attributesOfObject, resourceOfPlace } from './resources.ts'
import type { Span } from './spans.ts'

/**
 * The reader is OpenTelemetry's own: the messages that its exporters are generated from (opentelemetry-proto, in @opentelemetry/otlp-transformer). What
 * it understands of our JSON, written out again, must be our JSON: so no field has a wrong name or type, and none is lost.
 */
interface Message {
  verify(value: unknown): string | null
  fromObject(value: unknown): unknown
  encode(value: unknown): { finish(): Uint8Array }
  decode(bytes: Uint8Array): unknown
  toObject(value: unknown, options: unknown): unknown
}
const require = createRequire(import.meta.url)
const generated = require('@opentelemetry/otlp-transformer/build/src/generated/root') as {
  opentelemetry: { proto: { collector: { trace: { v1: { ExportTraceServiceRequest: Message } } } } }
}
const REQUEST = generated.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest

interface Written {
  readonly resourceSpans: { resource: { attributes: { key: string; value: { stringValue: string } }[] }; scopeSpans: { spans: Span[] }[] }[]
}

let result: Awaited<ReturnType<typeof smallResult>>
let text: string
let written: Written
let spans: readonly Span[]

beforeAll(async () => {
  result = await smallResult()
  text = await result.exported('otlp')
  written = JSON.parse(text) as Written
  spans = written.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans))
}, 120_000)
afterAll(() => result.remove())

/** Identifiers are hexadecimal in OTLP-JSON and base64 in that of Protobuf: the only difference. */
function withBase64<Value>(value: Value): Value {
  return JSON.parse(JSON.stringify(value), (key, inner: unknown) =>
    ['traceId', 'spanId', 'parentSpanId'].includes(key) ? Buffer.from(inner as string, 'hex').toString('base64') : inner,
  ) as Value
}

describe('spans for OpenTelemetry', () => {
  test('its own reader gives back what was written', () => {
    const ours = withBase64(written)
    const message = REQUEST.fromObject(ours)
    expect(REQUEST.verify(message)).toBeNull()
    const read = REQUEST.decode(REQUEST.encode(message).finish())
    const back = REQUEST.toObject(read, { longs: String, enums: Number, bytes: String }) as Written
    const flat = ({ resourceSpans }: Written) =>
      resourceSpans.flatMap(({ resource, scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans.map((span) => ({ resource, span }))))
    const [theirs, wanted] = [flat(back), flat(ours)]
    expect(theirs).toHaveLength(wanted.length)
    for (const [at, one] of wanted.entries()) expect(theirs[at]).toEqual(one)
  })

  test('identifiers are of the right length, not zero, and each span has its own', () => {
    for (const { traceId, spanId } of spans) {
      expect(traceId).toMatch(/^(?!0+$)[0-9a-f]{32}$/)
      expect(spanId).toMatch(/^(?!0+$)[0-9a-f]{16}$/)
    }
    expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(spans.length)
  })

  test('a parent is in the same trace, and there is one span without for each trace', () => {
    const traces = new Map(spans.map(({ spanId, traceId }) => [spanId, traceId]))
    for (const { parentSpanId, traceId } of spans) if (parentSpanId !== undefined) expect(traces.get(parentSpanId)).toBe(traceId)
    const roots = spans.filter(({ parentSpanId }) => parentSpanId === undefined)
    expect(new Set(roots.map(({ traceId }) => traceId)).size).toBe(roots.length)
    expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(roots.length)
  })

  test('there is a span for each hop and each step of a request, and none ends before it begins', async () => {
    let rows = 0
    const tables = new ResultTables(result.folder)
    for (const table of ['objects', 'samples']) for await (const _ of tables.rows(table)) rows++
    expect(spans).toHaveLength(rows)
    for (const { startTimeUnixNano, endTimeUnixNano } of spans) expect(BigInt(endTimeUnixNano) >= BigInt(startTimeUnixNano)).toBe(true)
  })

  test('a request that failed has the status, with the cause as its type of error', () => {
    const failed = spans.filter(({ name, status }) => name.startsWith('request ') && status?.code === 2)
    expect(failed.length).toBeGreaterThan(0)
    for (const { status, attributes } of failed)
      expect(attributes).toContainEqual({ key: 'error.type', value: { stringValue: status!.message } })
  })

  test('every resource names its service, and what runs on a node its node', () => {
    for (const { resource } of written.resourceSpans) {
      const names = new Map(resource.attributes.map(({ key, value }) => [key, value.stringValue]))
      expect(names.get('service.name')).toMatch(/./)
      if (names.get('service.name') === 'kubelet') expect(names.get('k8s.node.name')).toMatch(/^worker-\d+$/)
    }
  })

  test('is the same twice', async () => {
    expect(await result.exported('otlp')).toBe(text)
  })
})

test('time is counted from the beginning of 2026', () => {
  expect(unixNanos(0)).toBe(String(BigInt(Date.UTC(2026, 0, 1)) * 1_000_000n))
  expect(unixNanos(300_000_000_001)).toBe('1767225900000000001')
})

test('other runs have other identifiers', () => {
  expect(new Ids('a').trace('x')).not.toBe(new Ids('b').trace('x'))
  expect(new Ids('a').span('x')).toBe(new Ids('a').span('x'))
})

test.each([
  ['shop/frontend-flmdkkkfkf-zqp89', 'frontend'],
  ['shop/journal-0', 'journal'],
  ['shop/agent-x2x7k', 'agent'],
  ['worker-3', 'node'],
  ['client 198.18.0.7', 'client'],
  ['', 'client'],
])('what happened at %j belongs to the service %s', (place, service) => {
  expect(resourceOfPlace(place, {})).toContainEqual({ key: 'service.name', value: { stringValue: service } })
})

test('objects have the names of the semantic conventions', () => {
  expect(attributesOfObject('Pod/shop/web-1')).toMatchObject({ 'k8s.pod.name': 'web-1', 'k8s.namespace.name': 'shop' })
  expect(attributesOfObject('Node/worker-1')).toEqual({ 'towtank.object': 'Node/worker-1', 'k8s.node.name': 'worker-1' })
})
