import type { SourceProblem } from './source-problem.ts'

/** Places in the user's texts: from offsets and paths to the problems that point there. */

/** Steps from the document's root: keys of maps and indexes of lists. */
export type SourcePath = readonly (string | number)[]

/** Offsets in the text: first character, and the one after the last. */
export type Range = readonly [start: number, end: number]

export interface ChildPlace {
  readonly key: Range
  readonly value: Range
}

/** Where a map or list is, and what is in it. */
export interface ContainerPlace {
  readonly range: Range
  readonly children: ReadonlyMap<string | number, ChildPlace>
}

export interface ProblemDetails {
  readonly message: string
  readonly accepted?: string | null
  readonly didYouMean?: string | null
  /** Point at the key instead of the value. */
  readonly atKey?: boolean
}

/**
 * One text: turns offsets into lines and columns.
 *
 * Lines are counted here and not by the YAML library, whose counter misses line breaks in some broken texts.
 */
export class SourceFile {
  readonly path: string
  readonly #text: string
  /** Offset of the first character of each line. */
  readonly #lineStarts: readonly number[]

  constructor(path: string, text: string) {
    this.path = path
    this.#text = text
    this.#lineStarts = [0, ...Array.from(text.matchAll(/\n/g), (match) => match.index + 1)]
  }

  /** 1-based line of an offset. */
  lineAt(offset: number): number {
    return this.#position(offset).line
  }

  problem([start, end]: Range, path: SourcePath, details: ProblemDetails): SourceProblem {
    const { line, column, offset } = this.#position(start)
    const lineEnd = this.#text.indexOf('\n', offset)
    const length = Math.min(end, lineEnd < 0 ? this.#text.length : lineEnd) - offset
    return {
      file: this.path,
      line,
      column,
      length: Math.max(1, length),
      path: pathText(path),
      message: details.message,
      accepted: details.accepted ?? null,
      didYouMean: details.didYouMean ?? null,
    }
  }

  /** An offset at the end of a text that ends in a line break belongs to its last line. */
  #position(offset: number): { line: number; column: number; offset: number } {
    let inside = Math.max(0, Math.min(offset, this.#text.length))
    if (inside > 0 && inside === this.#text.length && this.#text[inside - 1] === '\n') inside -= 1
    let low = 0
    let high = this.#lineStarts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (this.#lineStarts[middle]! <= inside) low = middle
      else high = middle - 1
    }
    return { line: low + 1, column: inside - this.#lineStarts[low]! + 1, offset: inside }
  }
}

/** One document of a file that has something in it. */
export class SourceDocument {
  readonly file: SourceFile
  readonly value: unknown
  readonly #range: Range
  readonly #places: ReadonlyMap<object, ContainerPlace>

  constructor(file: SourceFile, value: unknown, range: Range, places: ReadonlyMap<object, ContainerPlace>) {
    this.file = file
    this.value = value
    this.#range = range
    this.#places = places
  }

  /** 1-based line of the value at the path, or of the nearest thing around it that exists. */
  lineOf(path: SourcePath, atKey = false): number {
    return this.file.lineAt(this.#find(path, atKey)[0])
  }

  problem(path: SourcePath, details: ProblemDetails): SourceProblem {
    return this.file.problem(this.#find(path, details.atKey ?? false), path, details)
  }

  #find(path: SourcePath, atKey: boolean): Range {
    let range = this.#range
    let value = this.value
    for (const [depth, step] of path.entries()) {
      const child = isContainer(value) ? this.#places.get(value)?.children.get(step) : undefined
      if (child === undefined) return depth === 0 ? this.#start() : range
      const isLast = depth === path.length - 1
      const points = isLast ? !atKey : typeof (value as Record<string | number, unknown>)[step] !== 'object'
      range = points ? child.value : child.key
      value = (value as Record<string | number, unknown>)[step]
    }
    return path.length === 0 ? this.#start() : range
  }

  /** The document itself is pointed at by its first line. */
  #start(): Range {
    return [this.#range[0], this.#range[1]]
  }
}

/** `spec.containers[0].image`; keys that are no plain words are quoted. */
export function pathText(path: SourcePath): string {
  let text = ''
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`
    else if (/^[\w-]+$/.test(step)) text += text === '' ? step : `.${step}`
    else text += `["${step}"]`
  }
  return text
}

export function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
