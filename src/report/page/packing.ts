/**
 * Tables of numbers and names as bytes that deflate well, and back again without a loss: a number that is read back is the one that went in.
 *
 * ```text
 *  4 bytes   length of the header, little-endian
 *  header    JSON: names of tables and columns, texts, and how many bytes each column has
 *  columns   one after the other
 * ```
 *
 * Whole numbers are differences as variable-length bytes (zigzag, 7 bits a byte). Others are doubles whose first bytes stand together, then their
 * second bytes, and so on; NaN is an empty cell. Texts are places in a list.
 */

export interface PackedTable {
  readonly name: string
  readonly length: number
  readonly columns: readonly PackedColumn[]
}

export type PackedColumn =
  | { readonly name: string; readonly numbers: readonly number[] | Float64Array }
  | { readonly name: string; readonly texts: readonly string[]; readonly places: readonly number[] | Float64Array }

interface ColumnHeader {
  readonly name: string
  readonly kind: 'whole' | 'double' | 'text'
  readonly bytes: number
  readonly texts?: readonly string[]
}

interface Header {
  readonly tables: readonly { readonly name: string; readonly length: number; readonly columns: readonly ColumnHeader[] }[]
}

export function pack(tables: readonly PackedTable[]): Uint8Array {
  const parts: Uint8Array[] = []
  const header: Header = {
    tables: tables.map(({ name, length, columns }) => ({
      name,
      length,
      columns: columns.map((column): ColumnHeader => {
        const values = 'numbers' in column ? column.numbers : column.places
        const kind = 'texts' in column ? 'text' : isWhole(values) ? 'whole' : 'double'
        const bytes = kind === 'double' ? doubles(values) : differences(values)
        parts.push(bytes)
        return { name: column.name, kind, bytes: bytes.length, ...('texts' in column ? { texts: column.texts } : {}) }
      }),
    })),
  }
  const head = new TextEncoder().encode(JSON.stringify(header))
  const out = new Uint8Array(4 + head.length + parts.reduce((sum, part) => sum + part.length, 0))
  new DataView(out.buffer).setUint32(0, head.length, true)
  out.set(head, 4)
  let at = 4 + head.length
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

export function unpack(bytes: Uint8Array): readonly PackedTable[] {
  const headLength = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true)
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + headLength))) as Header
  let at = 4 + headLength
  return header.tables.map(({ name, length, columns }) => ({
    name,
    length,
    columns: columns.map((column): PackedColumn => {
      const own = bytes.subarray(at, at + column.bytes)
      at += column.bytes
      const values = column.kind === 'double' ? fromDoubles(own, length) : fromDifferences(own, length)
      return column.kind === 'text' ? { name: column.name, texts: column.texts!, places: values } : { name: column.name, numbers: values }
    }),
  }))
}

/** Small enough that a difference of two is exact. Not -0, which has no difference of its own. */
function isWhole(values: readonly number[] | Float64Array): boolean {
  return values.every((value) => Number.isInteger(value) && Math.abs(value) <= 1e15 && !Object.is(value, -0))
}

function differences(values: readonly number[] | Float64Array): Uint8Array {
  const bytes: number[] = []
  let before = 0
  for (const value of values) {
    const difference = value - before
    before = value
    let rest = difference < 0 ? -2 * difference - 1 : 2 * difference
    while (rest >= 128) {
      bytes.push((rest % 128) + 128)
      rest = Math.floor(rest / 128)
    }
    bytes.push(rest)
  }
  return Uint8Array.from(bytes)
}

function fromDifferences(bytes: Uint8Array, length: number): Float64Array {
  const values = new Float64Array(length)
  let at = 0
  let before = 0
  for (let row = 0; row < length; row++) {
    let rest = 0
    let scale = 1
    let byte = bytes[at++]!
    while (byte >= 128) {
      rest += (byte - 128) * scale
      scale *= 128
      byte = bytes[at++]!
    }
    rest += byte * scale
    before += rest % 2 === 1 ? -(rest + 1) / 2 : rest / 2
    values[row] = before
  }
  return values
}

function doubles(values: readonly number[] | Float64Array): Uint8Array {
  const bytes = new Uint8Array(values.length * 8)
  const view = new DataView(new ArrayBuffer(8))
  for (let row = 0; row < values.length; row++) {
    // One NaN, whatever bits that of the machine has.
    if (Number.isNaN(values[row])) view.setBigUint64(0, 0x7ff8000000000000n)
    else view.setFloat64(0, values[row]!)
    for (let plane = 0; plane < 8; plane++) bytes[plane * values.length + row] = view.getUint8(plane)
  }
  return bytes
}

function fromDoubles(bytes: Uint8Array, length: number): Float64Array {
  const values = new Float64Array(length)
  const view = new DataView(new ArrayBuffer(8))
  for (let row = 0; row < length; row++) {
    for (let plane = 0; plane < 8; plane++) view.setUint8(plane, bytes[plane * length + row]!)
    values[row] = view.getFloat64(0)
  }
  return values
}
