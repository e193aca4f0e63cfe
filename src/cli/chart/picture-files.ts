import { lstatSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { crc32 } from 'node:zlib'

/** In every picture of ours: so that it may be drawn again, and a picture of somebody else is left alone. */
const SIGN = 'drawn by towtank'

/** The SVG with our sign in it. */
export function signedSvg(svg: string): string {
  return svg.replace('</svg>\n', `<!-- ${SIGN} -->\n</svg>\n`)
}

/** The PNG with our sign in a text chunk behind its header. Source: PNG specification, 11.3.4.3 tEXt. */
export function signedPng(png: Uint8Array): Uint8Array {
  const content = Buffer.from(`tEXtSoftware\0${SIGN}`, 'latin1')
  const chunk = Buffer.alloc(content.length + 8)
  chunk.writeUInt32BE(content.length - 4, 0)
  content.copy(chunk, 4)
  chunk.writeUInt32BE(crc32(content) >>> 0, content.length + 4)
  return Buffer.concat([png.subarray(0, AFTER_HEADER), chunk, png.subarray(AFTER_HEADER)])
}

/** Signature, and the header chunk with its length, name and checksum. */
const AFTER_HEADER = 8 + 4 + 4 + 13 + 4

/** Why a picture must not be written there, or null. Nothing is made or removed. */
export function whyNotTo(file: string): string | null {
  const found = lstatSync(file, { throwIfNoEntry: false })
  if (found === undefined) return null
  if (!found.isFile()) return `Cannot write "${file}": it is not a file`
  return readFileSync(file).includes(SIGN) ? null : `Cannot write "${file}": it is there, and not a chart of Towtank`
}

/** Writes a file whole, under a name of its own first. */
export function writePicture(file: string, bytes: string | Uint8Array): void {
  mkdirSync(dirname(file), { recursive: true })
  const partial = join(dirname(file), `.${basename(file)}.partial-${process.pid}`)
  try {
    writeFileSync(partial, bytes, { flag: 'wx' })
    renameSync(partial, file)
  } finally {
    rmSync(partial, { force: true })
  }
}
