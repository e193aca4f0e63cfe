import { closeSync, openSync } from 'node:fs'
import { stringify } from 'csv-stringify/sync'
import { PARTS } from '../../metrics/blame.ts'
import { FROM_OUTSIDE, type RequestBatch, type RequestNames, type RequestSink } from '../../metrics/request-batch.ts'
import { CONNECTIONS, OUTCOMES, RAW_COLUMNS } from './columns.ts'
import { NUMBER_BYTES, writeInteger, writeMilliseconds, writeSeconds } from './decimal.ts'
import { type RawFile, writeWhole } from './raw-file.ts'

/**
 * All requests as CSV, with the same quotes and numbers as every other table.
 *
 * Rows are put together as bytes in one buffer, which is written whenever it is full: a text is turned into bytes once, and a number without a string.
 */
export class CsvFile implements RawFile {
  #file: number | null
  #bytes = new Uint8Array(CHUNK)
  #view = new DataView(this.#bytes.buffer)
  #length = 0

  constructor(path: string) {
    this.#file = openSync(path, 'wx')
    this.#append(Buffer.from(`${RAW_COLUMNS.map(quoted).join(',')}\n`))
  }

  sink(variant: string): RequestSink {
    return new CsvRows(this, variant)
  }

  /** Room for so many bytes from {@link room}'s answer on; {@link used} is to follow. */
  room(bytes: number): number {
    if (this.#length + bytes > this.#bytes.length) {
      this.#flush()
      if (bytes > this.#bytes.length) {
        this.#bytes = new Uint8Array(bytes)
        this.#view = new DataView(this.#bytes.buffer)
      }
    }
    return this.#length
  }

  /** What rows are written to. It may be another after {@link room}. */
  get bytes(): Uint8Array {
    return this.#bytes
  }

  get view(): DataView {
    return this.#view
  }

  /** The bytes before `end` are taken. */
  used(end: number): void {
    this.#length = end
  }

  finish(): void {
    this.#flush()
    this.close()
  }

  close(): void {
    if (this.#file !== null) closeSync(this.#file)
    this.#file = null
  }

  #append(bytes: Uint8Array): void {
    const at = this.room(bytes.length)
    this.#bytes.set(bytes, at)
    this.used(at + bytes.length)
  }

  #flush(): void {
    writeWhole(this.#file, this.#bytes.subarray(0, this.#length))
    this.#length = 0
  }
}

/** The rows of one variant. Texts that stand beside each other are one. */
class CsvRows implements RequestSink {
  readonly #file: CsvFile
  readonly #variant: string
  readonly #traffics: (Text | undefined)[] = []
  readonly #outcomes = OUTCOMES.map((outcome) => encode(`,${outcome},`))
  readonly #clients: (Text | undefined)[] = []
  readonly #nodes: (Text | undefined)[] = []
  readonly #pods: (Text | undefined)[] = []
  readonly #connections = CONNECTIONS.map((connection) => encode(`${connection},`))

  constructor(file: CsvFile, variant: string) {
    this.#file = file
    this.#variant = variant
  }

  take(batch: RequestBatch, names: RequestNames): void {
    const file = this.#file
    const { sentAt, latencies, tries, repeats, parts } = batch
    for (let row = 0; row < batch.length; row++) {
      const traffic = this.#traffics[batch.traffics[row]!] ?? this.#traffic(batch.traffics[row]!, names)
      const sender = batch.clients[row]!
      const client =
        sender < 0 ? (sender === FROM_OUTSIDE ? COMMA_ONLY : EMPTY_CLIENT) : (this.#clients[sender] ?? this.#client(sender, names))
      const node = batch.nodes[row]! < 0 ? COMMA_ONLY : (this.#nodes[batch.nodes[row]!] ?? this.#node(batch.nodes[row]!, names))
      const pod = batch.pods[row]! < 0 ? EMPTY_TWO : (this.#pods[batch.pods[row]!] ?? this.#pod(batch.pods[row]!, names))
      let at = file.room(traffic.length + client.length + node.length + pod.length + NUMBERS)
      const { bytes, view } = file
      at = copy(view, at, traffic)
      at = writeSeconds(bytes, at, sentAt[row]!)
      at = copy(view, at, this.#outcomes[batch.outcomes[row]! + 2]!)
      const latency = latencies[row]!
      const isOver = !Number.isNaN(latency)
      if (isOver) at = writeMilliseconds(bytes, at, latency)
      at = copy(view, at, client)
      if (sender === FROM_OUTSIDE) at = writeAddress(bytes, at, batch.addresses[row]!)
      at = copy(view, at, node)
      at = copy(view, at, pod)
      at = copy(view, at, this.#connections[batch.connections[row]!]!)
      at = writeInteger(bytes, at, tries[row]!)
      bytes[at++] = COMMA
      at = writeInteger(bytes, at, repeats[row]!)
      for (let part = row * PARTS; part < row * PARTS + PARTS; part++) {
        bytes[at++] = COMMA
        if (isOver) at = writeMilliseconds(bytes, at, parts[part]!)
      }
      bytes[at++] = NEW_LINE
      file.used(at)
    }
  }

  #traffic(traffic: number, names: RequestNames): Text {
    return keep(this.#traffics, traffic, `${quoted(this.#variant)},${quoted(names.traffics[traffic]!)},`)
  }

  #client(client: number, names: RequestNames): Text {
    const { name, node } = names.pod(client)
    return keep(this.#clients, client, `,${quoted(name)},${quoted(names.nodes[node]!)},`)
  }

  #node(node: number, names: RequestNames): Text {
    return keep(this.#nodes, node, `${quoted(names.nodes[node]!)},`)
  }

  #pod(pod: number, names: RequestNames): Text {
    const { name, node } = names.pod(pod)
    return keep(this.#pods, pod, `${quoted(name)},${quoted(names.nodes[node]!)},`)
  }
}

/** A cell as the other tables have it. */
function quoted(text: string): string {
  return stringify([[text]]).slice(0, -1)
}

/** UTF-8, four bytes a word, the last one filled up. */
interface Text {
  readonly words: Int32Array
  /** Bytes. */
  readonly length: number
}

function encode(text: string): Text {
  const bytes = Buffer.from(text)
  const view = new DataView(new ArrayBuffer(Math.ceil(bytes.length / 4) * 4))
  for (const [at, byte] of bytes.entries()) view.setUint8(at, byte)
  return { words: Int32Array.from({ length: view.byteLength / 4 }, (_, word) => view.getInt32(4 * word, true)), length: bytes.length }
}

function keep(texts: (Text | undefined)[], index: number, text: string): Text {
  const encoded = encode(text)
  texts[index] = encoded
  return encoded
}

/** Up to three bytes after the text are written too. For texts of this length a loop is faster than a call. */
function copy(view: DataView, at: number, { words, length }: Text): number {
  for (let word = 0; word < words.length; word++) view.setInt32(at + 4 * word, words[word]!, true)
  return at + length
}

/** The client outside, and no node. */
function writeAddress(bytes: Uint8Array, at: number, address: number): number {
  let end = writeInteger(bytes, at, address >>> 24)
  bytes[end++] = POINT
  end = writeInteger(bytes, end, (address >>> 16) & 255)
  bytes[end++] = POINT
  end = writeInteger(bytes, end, (address >>> 8) & 255)
  bytes[end++] = POINT
  end = writeInteger(bytes, end, address & 255)
  bytes[end] = COMMA
  bytes[end + 1] = COMMA
  return end + 2
}

const COMMA = 44
const POINT = 46
const NEW_LINE = 10
const COMMA_ONLY = encode(',')
const EMPTY_TWO = encode(',,')
const EMPTY_CLIENT = encode(',,,')
/** Bytes that are written at a time. */
const CHUNK = 65_536
/** What a row needs at most, beside the texts whose length is its own. */
const NUMBERS = (RAW_COLUMNS.length + 1) * (NUMBER_BYTES + 1)
