import { type PackedTable, unpack } from '../packing.ts'

/** The table that is embedded in the page under that name. */
export async function embeddedTable(name: string): Promise<PackedTable> {
  const text = document.getElementById(`table-${name}`)?.textContent ?? ''
  const bytes = Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0))
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'))
  return unpack(new Uint8Array(await new Response(stream).arrayBuffer()))[0]!
}
