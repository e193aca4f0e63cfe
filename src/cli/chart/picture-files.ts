import { existsSync, lstatSync, readFileSync, renameSync, rmSync, type Stats, statSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { crc32 } from 'node:zlib'
import { whyUnreadable } from '../../report/read/input-file.ts'
import { makeFolder } from '../make-folder.ts'

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
  const above = nearestAbove(file)
  if (!statSync(above).isDirectory()) return `Cannot write "${file}": "${above}" is not a folder`
  let found: Stats | undefined
  try {
    found = lstatSync(file, { throwIfNoEntry: false })
  } catch (error) {
    return `Cannot write "${file}": ${whyUnreadable((error as NodeJS.ErrnoException).code ?? String(error))}`
  }
  if (found === undefined) return null
  if (!found.isFile()) return `Cannot write "${file}": it is not a file`
  const isOurs = found.size <= BYTES_MAX && readFileSync(file).includes(SIGN)
  return isOurs ? null : `Cannot write "${file}": it is there, and not a chart of Towtank`
}

/** More than the largest picture has. */
const BYTES_MAX = 256 * 1024 * 1024

/** The nearest place above the file that is there. */
function nearestAbove(file: string): string {
  const folder = dirname(file)
  return existsSync(folder) || folder === dirname(folder) ? folder : nearestAbove(folder)
}

/** Writes a file whole, under a name of its own first; gives why the system did not let it, or null. */
export function writePicture(file: string, bytes: string | Uint8Array): string | null {
  const partial = join(dirname(file), `.${basename(file)}.partial-${process.pid}`)
  try {
    makeFolder(dirname(file))
    writeFileSync(partial, bytes, { flag: 'wx' })
    renameSync(partial, file)
    return null
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === undefined) throw error
    return `Cannot write "${file}": the system refused it (${code}); choose another place with --out`
  } finally {
    rmSync(partial, { force: true })
  }
}
