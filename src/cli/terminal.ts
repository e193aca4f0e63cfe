import { readFileSync, statSync } from 'node:fs'
import { SingleBar } from 'cli-progress'
import picocolors from 'picocolors'
import type { Colors } from '../report/colors.ts'

/** What a stream is to us: a place to write to that may be a terminal. */
export interface Output {
  write(text: string): unknown
  readonly isTTY?: boolean
  readonly columns?: number
}

/** The outside world of a command, so that tests can look at it. */
export interface Terminal {
  readonly stdout: Output
  readonly stderr: Output
  readonly env: Readonly<Record<string, string | undefined>>
}

/** Colours for one stream. NO_COLOR turns them off, FORCE_COLOR turns them on, and otherwise a terminal has them and a pipe has not. */
export function colorsFor(stream: Output, env: Terminal['env']): Colors {
  return picocolors.createColors(wantsColor(stream, env))
}

function wantsColor(stream: Output, env: Terminal['env']): boolean {
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== '') return false
  if (env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== '') return env.FORCE_COLOR !== '0'
  return stream.isTTY === true && env.TERM !== 'dumb'
}

/** Columns of a terminal; 80 where there is none. */
export function widthOf(stream: Output): number {
  return stream.isTTY === true && stream.columns !== undefined && stream.columns > 0 ? Math.max(40, stream.columns) : 80
}

/** No larger file is read as input. */
const SHOWN_BYTES_MAX = 64 * 1024 * 1024

/** The text of a file for showing a line of it; null when it is none that could be shown. */
export function textOf(file: string): string | null {
  try {
    const found = statSync(file)
    // A pipe or a device might have no end.
    if (!found.isFile() || found.size > SHOWN_BYTES_MAX) return null
    const text = readFileSync(file, 'utf8')
    return text.includes('\0') ? null : text
  } catch {
    return null
  }
}

/** Work shorter than this shows no progress bar. */
const QUIET_MILLISECONDS = 1000

/** A progress bar on stderr, for a terminal only, that appears when the work has taken a second. */
export class Progress {
  readonly #bar: SingleBar | null
  readonly #started = performance.now()
  #shown = false

  constructor(stream: Output, quiet: boolean) {
    const wanted = !quiet && stream.isTTY === true
    const format = '{bar} {percentage}% | {label}'
    const look = { format, barCompleteChar: '█', barIncompleteChar: '░', barsize: 30, hideCursor: true, clearOnComplete: true }
    this.#bar = wanted ? new SingleBar({ ...look, stream: stream as NodeJS.WritableStream }) : null
  }

  update(fraction: number, label: string): void {
    if (this.#bar === null || performance.now() - this.#started < QUIET_MILLISECONDS) return
    const percent = Math.floor(Math.min(1, Math.max(0, fraction)) * 100)
    if (this.#shown) this.#bar.update(percent, { label })
    else this.#bar.start(100, percent, { label })
    this.#shown = true
  }

  stop(): void {
    if (this.#shown) this.#bar?.stop()
    this.#shown = false
  }
}
