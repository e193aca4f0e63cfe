import { closeSync, openSync } from 'node:fs'
import type { SchemaElement } from 'hyparquet'
import { ByteWriter, type ColumnSource, ParquetWriter } from 'hyparquet-writer'
import { BLAME_PARTS, PARTS } from '../../metrics/blame.ts'
import { FROM_NOBODY, FROM_OUTSIDE, type RequestBatch, type RequestNames, type RequestSink } from '../../metrics/request-batch.ts'
import { MILLISECOND, SECOND } from '../../units.ts'
import { CONNECTIONS, dotted, OUTCOMES, partColumn, RAW_COLUMNS } from './columns.ts'
import { type RawFile, writeWhole } from './raw-file.ts'

/**
 * All requests as Parquet: the columns and values of the CSV, with null for an empty cell.
 *
 * Rows are gathered into groups, and a group is written when it is full. Compressed in JavaScript, so that every version of Node gives the same bytes.
 */
export class ParquetFile implements RawFile {
  #file: number | null
  readonly #bytes = new ByteWriter()
  readonly #parquet: ParquetWriter
  readonly #rows = new RowGroup()

  constructor(path: string) {
    this.#file = openSync(path, 'wx')
    this.#parquet = new ParquetWriter({ writer: this.#bytes, schema: SCHEMA, createdBy: 'towtank' })
  }

  sink(variant: string): RequestSink {
    return new ParquetRows(variant, this.#rows, () => this.#writeGroup())
  }

  finish(): void {
    if (this.#rows.length > 0) this.#writeGroup()
    void this.#parquet.finish()
    this.#flush()
    this.close()
  }

  close(): void {
    if (this.#file !== null) closeSync(this.#file)
    this.#file = null
  }

  #writeGroup(): void {
    void this.#parquet.write({ columnData: this.#rows.columns(), rowGroupSize: GROUP })
    this.#rows.length = 0
    this.#flush()
  }

  #flush(): void {
    writeWhole(this.#file, this.#bytes.getBytes())
    // The writer counts the place in the file apart.
    this.#bytes.index = 0
  }
}

/** The rows that are not written yet, in columns. */
class RowGroup {
  length = 0
  readonly #texts = new Map(TEXTS.map((name) => [name, new Array<string | null>(GROUP).fill(null)]))
  /** Not a number where there is none. */
  readonly #doubles = new Map(DOUBLES.map((name) => [name, new Float64Array(GROUP)]))
  readonly #integers = new Map(INTEGERS.map((name) => [name, new Int32Array(GROUP)]))

  text(name: string): (string | null)[] {
    return this.#texts.get(name)!
  }

  double(name: string): Float64Array {
    return this.#doubles.get(name)!
  }

  integer(name: string): Int32Array {
    return this.#integers.get(name)!
  }

  columns(): ColumnSource[] {
    const { length } = this
    return RAW_COLUMNS.map((name): ColumnSource => {
      const texts = this.#texts.get(name)
      if (texts !== undefined) return { name, data: texts.slice(0, length), encoding: 'RLE_DICTIONARY' }
      const doubles = this.#doubles.get(name)?.subarray(0, length)
      if (doubles === undefined) return { name, data: this.#integers.get(name)!.subarray(0, length), encoding: 'RLE_DICTIONARY' }
      const data = doubles.some(Number.isNaN) ? Array.from(doubles, (value) => (Number.isNaN(value) ? null : value)) : doubles
      return { name, data, encoding: 'PLAIN' }
    })
  }
}

/** The rows of one variant. */
class ParquetRows implements RequestSink {
  readonly #variant: string
  readonly #group: RowGroup
  readonly #isFull: () => void
  readonly #pods: (PodTexts | undefined)[] = []
  readonly #outside = new Map<number, string>()

  constructor(variant: string, group: RowGroup, isFull: () => void) {
    this.#variant = variant
    this.#group = group
    this.#isFull = isFull
  }

  take(batch: RequestBatch, names: RequestNames): void {
    const group = this.#group
    for (let from = 0; from < batch.length; ) {
      const count = Math.min(batch.length - from, GROUP - group.length)
      this.#texts(batch, from, count, names)
      this.#numbers(batch, from, count)
      group.length += count
      from += count
      if (group.length === GROUP) this.#isFull()
    }
  }

  #texts(batch: RequestBatch, from: number, count: number, names: RequestNames): void {
    const group = this.#group
    const at = group.length
    const [variants, traffics, outcomes] = [group.text('variant'), group.text('traffic'), group.text('outcome')]
    const [clients, clientNodes, nodes] = [group.text('client'), group.text('client_node'), group.text('node')]
    const [pods, podNodes, connections] = [group.text('pod'), group.text('pod_node'), group.text('connection')]
    for (let index = 0; index < count; index++) {
      const row = from + index
      const to = at + index
      variants[to] = this.#variant
      traffics[to] = names.traffics[batch.traffics[row]!]!
      outcomes[to] = OUTCOMES[batch.outcomes[row]! + 2]!
      const client = this.#client(batch.clients[row]!, batch.addresses[row]!, names)
      clients[to] = client.name
      clientNodes[to] = client.node
      const node = batch.nodes[row]!
      nodes[to] = node < 0 ? null : names.nodes[node]!
      const pod = batch.pods[row]! < 0 ? NO_POD : this.#pod(batch.pods[row]!, names)
      pods[to] = pod.name
      podNodes[to] = pod.node
      connections[to] = CONNECTIONS[batch.connections[row]!] || null
    }
  }

  #numbers(batch: RequestBatch, from: number, count: number): void {
    const group = this.#group
    const at = group.length
    const [sent, latencies] = [group.double('sent_s'), group.double('latency_ms')]
    const [tries, repeats] = [group.integer('tries'), group.integer('syn_repeats')]
    for (let index = 0; index < count; index++) {
      sent[at + index] = batch.sentAt[from + index]! / SECOND
      latencies[at + index] = batch.latencies[from + index]! / MILLISECOND
      tries[at + index] = batch.tries[from + index]!
      repeats[at + index] = batch.repeats[from + index]!
    }
    for (const [part, name] of BLAME_PARTS.entries()) {
      const column = group.double(partColumn(name))
      for (let index = 0; index < count; index++) {
        const isOver = !Number.isNaN(batch.latencies[from + index]!)
        column[at + index] = isOver ? batch.parts[(from + index) * PARTS + part]! / MILLISECOND : Number.NaN
      }
    }
  }

  #client(client: number, address: number, names: RequestNames): PodTexts {
    if (client === FROM_NOBODY) return NO_POD
    if (client !== FROM_OUTSIDE) return this.#pod(client, names)
    let name = this.#outside.get(address)
    if (name === undefined) {
      name = dotted(address)
      this.#outside.set(address, name)
    }
    return { name, node: null }
  }

  #pod(pod: number, names: RequestNames): PodTexts {
    let texts = this.#pods[pod]
    if (texts === undefined) {
      const { name, node } = names.pod(pod)
      texts = { name, node: names.nodes[node]! }
      this.#pods[pod] = texts
    }
    return texts
  }
}

interface PodTexts {
  readonly name: string | null
  readonly node: string | null
}

const NO_POD: PodTexts = { name: null, node: null }

/** Rows of a group: enough for columns to be worth it, few enough for their memory not to matter. */
const GROUP = 65_536

const DOUBLES: readonly string[] = ['sent_s', 'latency_ms', ...BLAME_PARTS.map(partColumn)]
const INTEGERS: readonly string[] = ['tries', 'syn_repeats']
const TEXTS: readonly string[] = RAW_COLUMNS.filter((name) => !DOUBLES.includes(name) && !INTEGERS.includes(name))
/** Every row has one. */
const REQUIRED: readonly string[] = ['variant', 'traffic', 'sent_s', 'outcome', ...INTEGERS]

const SCHEMA: SchemaElement[] = [
  { name: 'requests', num_children: RAW_COLUMNS.length },
  ...RAW_COLUMNS.map((name): SchemaElement => {
    const repetition_type = REQUIRED.includes(name) ? 'REQUIRED' : 'OPTIONAL'
    if (DOUBLES.includes(name)) return { name, type: 'DOUBLE', repetition_type }
    if (INTEGERS.includes(name)) return { name, type: 'INT32', repetition_type }
    return { name, type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type }
  }),
]
