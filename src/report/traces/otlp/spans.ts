/** One value of an attribute, as OTLP-JSON has it. */
export type AnyValue = { readonly stringValue: string } | { readonly intValue: string } | { readonly doubleValue: number }

export interface Attribute {
  readonly key: string
  readonly value: AnyValue
}

/** `SpanKind` and `StatusCode` of OTLP. */
export const INTERNAL = 1
export const CLIENT = 3
export const STATUS_ERROR = 2

/** A span as OTLP-JSON has it: identifiers in hexadecimal, enumerations as numbers, 64-bit integers as strings. */
export interface Span {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly kind: number
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly attributes: readonly Attribute[]
  readonly status?: { readonly code: number; readonly message?: string }
}

/** Attributes of those that have a value. */
export function attributes(values: Readonly<Record<string, string | number | undefined>>): Attribute[] {
  return Object.entries(values).flatMap(([key, value]): Attribute[] => {
    if (value === undefined || value === '') return []
    if (typeof value === 'string') return [{ key, value: { stringValue: value } }]
    return [{ key, value: Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value } }]
  })
}

/** Spans that are gathered before they are written. */
const BATCH = 2000

/**
 * Writes spans as one OTLP-JSON object, `{"resourceSpans": […]}`. A resource may come several times, as many spans are not kept in memory.
 *
 * Source: opentelemetry-proto, docs/specification.md (JSON Protobuf encoding) and trace.proto.
 */
export class SpanWriter {
  readonly #write: (text: string) => void
  readonly #scope: string
  readonly #resources = new Map<string, Span[]>()
  #gathered = 0
  #isFirst = true

  constructor(write: (text: string) => void, version: string) {
    this.#write = write
    this.#scope = JSON.stringify({ name: 'towtank', version })
    write('{"resourceSpans":[')
  }

  add(resource: readonly Attribute[], span: Span): void {
    const key = JSON.stringify(resource)
    const spans = this.#resources.get(key)
    if (spans === undefined) this.#resources.set(key, [span])
    else spans.push(span)
    if (++this.#gathered === BATCH) this.#flush()
  }

  end(): void {
    this.#flush()
    this.#write('\n]}\n')
  }

  #flush(): void {
    for (const [resource, spans] of this.#resources) {
      const texts = spans.map(textOf).join(',\n')
      const separator = this.#isFirst ? '' : ','
      this.#write(`${separator}\n{"resource":{"attributes":${resource}},"scopeSpans":[{"scope":${this.#scope},"spans":[\n${texts}\n]}]}`)
      this.#isFirst = false
    }
    this.#resources.clear()
    this.#gathered = 0
  }
}

/** As Protobuf has it, an empty list is not there. */
function textOf({ attributes: own, ...span }: Span): string {
  return JSON.stringify(own.length === 0 ? span : { ...span, attributes: own })
}
