import {
  type Alias,
  Composer,
  type CST,
  type Document,
  isAlias,
  isCollection,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  Parser,
  type Scalar,
  visit,
  YAMLParseError,
} from 'yaml'
import type { SourceProblem } from '../api/source-problem.ts'
import { DEPTH_MAX, firstTooDeep } from '../api/yaml-source.ts'
import { invariant } from '../invariant.ts'

/** Steps from the root of a document: keys of maps and 0-based indexes of lists. */
export type Path = readonly (string | number)[]

/** A place that a caret can underline. */
export interface Place {
  readonly file: string
  /** 1-based. */
  readonly line: number
  /** 1-based. */
  readonly column: number
  /** At least 1; ends with the line. */
  readonly length: number
}

/** Which end of a map's entry is meant. */
export type PlacePart = 'key' | 'value'

/** A path as people write it, such as `spec.traffic[0].to`. */
export function pathText(path: Path): string {
  let text = ''
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`
    else if (/^[A-Za-z_][\w-]*$/.test(step)) text += text === '' ? step : `.${step}`
    else text += `["${step}"]`
  }
  return text
}

/** One YAML document that knows where in the text each of its values stands. */
export class YamlSource {
  readonly file: string
  /** The text without a byte order mark, with `\n` as the only line end. */
  readonly text: string
  /** The document as plain data; `undefined` when the text has no usable document. */
  readonly value: unknown
  readonly problems: readonly SourceProblem[]
  /** The 1-based line from which on the text may not mean what it seems to; null when its syntax is right. */
  readonly brokenFrom: number | null
  #document: Document.Parsed
  #lines = new LineCounter()

  constructor(file: string, text: string) {
    this.file = file
    this.text = normaliseText(text)
    this.#document = parseShallow(this.text, this.#lines)
    const errors = withoutEchoes(this.#document, this.#lines)
    const problems: SourceProblem[] = errors.map(({ code, message, pos: [start, end] }) => {
      const key = code === 'DUPLICATE_KEY' ? /^[^\s:]*/.exec(this.text.slice(start))![0].length : 0
      const place = this.#placeOf(start, Math.max(end, start + key))
      return { ...place, path: '', ...describeSyntaxError(code, message), didYouMean: null }
    })
    const serious = errors.filter((error) => error.code !== 'DUPLICATE_KEY').map((error) => this.#placeOf(...error.pos).line)
    let value: unknown = null
    if (!errors.some(({ code }) => code === TOO_DEEP)) {
      try {
        value = this.#document.toJS({ maxAliasCount: ALIASES_MAX })
      } catch {
        problems.push({ ...this.#aliasProblem(), path: '' })
        serious.push(1)
      }
    }
    this.brokenFrom = serious.length === 0 ? null : Math.min(...serious)
    this.value = value
    this.problems = problems
  }

  /**
   * Where the value at `path`, or its key, stands. What is absent is shown at its nearest ancestor: at the ancestor's key where it has one.
   */
  place(path: Path, part: PlacePart = 'value'): Place {
    let node: unknown = this.#document.contents
    let key: unknown = null
    for (const step of path) {
      const next = this.#child(node, step)
      if (next === null) return this.#placeOfNode(key ?? firstKey(node) ?? node)
      key = next.key
      node = next.value
    }
    return this.#placeOfNode((part === 'key' ? key : null) ?? node ?? key)
  }

  /** Where a part of the text at `path` stands, as far as the text is written there on one line without escapes. */
  placeInText(path: Path, part: { readonly index: number; readonly length: number } | null): Place {
    const whole = this.place(path)
    const scalar = this.#document.getIn(path, true)
    if (part === null || !isScalar(scalar) || typeof scalar.value !== 'string' || scalar.range == null) return whole
    const quote = scalar.type === 'QUOTE_DOUBLE' || scalar.type === 'QUOTE_SINGLE' ? 1 : 0
    const start = scalar.range[0] + quote
    if (this.text.slice(start, start + scalar.value.length) !== scalar.value) return whole
    return this.#placeOf(start + part.index, start + part.index + part.length)
  }

  /** As {@link placeInText}, for a part of the key at `path`. */
  placeInKey(path: Path, part: { readonly index: number; readonly length: number } | null): Place {
    const place = this.place(path, 'key')
    const key = String(path.at(-1) ?? '')
    const start = this.text.split('\n')[place.line - 1]?.indexOf(key, place.column - 1) ?? -1
    if (part === null || start < 0) return place
    return { ...place, column: start + 1 + part.index, length: part.length }
  }

  /** First and last 1-based line of the entry at `path`, its key included. */
  linesOf(path: Path): { readonly first: number; readonly last: number } {
    const first = this.place(path, 'key').line
    const node = this.#document.getIn(path, true) as Node | undefined
    const end = node?.range?.[1]
    return { first, last: end === undefined ? first : Math.max(first, this.#lines.linePos(end).line) }
  }

  /** What is wrong with the aliases of a document that cannot be expanded. */
  #aliasProblem(): Omit<SourceProblem, 'path'> {
    const aliases: Alias[] = []
    visit(this.#document, { Alias: (_, alias) => void aliases.push(alias) })
    const anchors: string[] = []
    visit(this.#document, { Node: (_, { anchor }: { anchor?: string }) => void (anchor !== undefined && anchors.push(anchor)) })
    const unknown = aliases.find((alias) => alias.resolve(this.#document) === undefined)
    const shown = unknown ?? aliases.at(-1)
    const place = shown === undefined ? this.#placeOf(0, 1) : this.#placeOfNode(shown)
    if (unknown === undefined)
      return { ...place, message: 'The aliases stand for too much', accepted: `at most ${ALIASES_MAX} uses of values`, didYouMean: null }
    return {
      ...place,
      message: `There is no anchor "&${unknown.source}" above`,
      accepted: anchors.length === 0 ? 'the file has no anchors' : `one of ${anchors.map((name) => `*${name}`).join(', ')}`,
      didYouMean: null,
    }
  }

  #child(parent: unknown, step: string | number): { key: unknown; value: unknown } | null {
    const node = isAlias(parent) ? parent.resolve(this.#document) : parent
    if (isMap(node)) {
      const pair = node.items.find(
        (item) => isPair(item) && (isScalar(item.key) ? String(item.key.value) : String(item.key)) === String(step),
      )
      return pair === undefined ? null : { key: pair.key, value: pair.value }
    }
    if (isSeq(node) && typeof step === 'number' && step < node.items.length) return { key: null, value: node.items[step] }
    return null
  }

  #placeOfNode(node: unknown): Place {
    const range = (node as Node | Scalar | null)?.range
    if (range == null) return this.#placeOf(0, 1)
    return this.#placeOf(range[0], range[1])
  }

  #placeOf(start: number, end: number): Place {
    const at = Math.min(start, this.text.length)
    const { line, col } = this.#lines.linePos(at)
    const lineEnd = this.text.indexOf('\n', at)
    const last = Math.min(end, lineEnd < 0 ? this.text.length : lineEnd)
    const length = this.text.slice(at, last).trimEnd().length
    return { file: this.file, line: Math.max(1, line), column: Math.max(1, col), length: Math.max(1, length) }
  }
}

/** The code of the YAML library for what no text should bring about. */
const TOO_DEEP = 'IMPOSSIBLE'

/** How often aliases may bring a value, those within what they bring included. Own bound. */
const ALIASES_MAX = 1000

/** As `parseDocument` of the YAML library, but values that are nested too deeply end the document: its recursive part would exhaust the stack. */
function parseShallow(text: string, lines: LineCounter): Document.Parsed {
  const composer = new Composer({ lineCounter: lines, prettyErrors: false, stringKeys: true, logLevel: 'error' })
  let tooDeep: number | null = null
  function* shallow(): Generator<CST.Token> {
    for (const token of new Parser(lines.addNewLine).parse(text)) {
      tooDeep = firstTooDeep(token)
      if (tooDeep !== null) return
      yield token
    }
  }
  let document: Document.Parsed | null = null
  for (const next of composer.compose(shallow(), true, text.length) as Iterable<Document.Parsed>) {
    if (document === null) document = next
    else if (tooDeep === null) {
      document.errors.push(new YAMLParseError([next.range[0], next.range[1]], 'MULTIPLE_DOCS', ''))
      break
    }
  }
  invariant(document !== null, 'the composer gives a document for every text')
  const { errors } = document
  if (tooDeep !== null) errors.push(new YAMLParseError([tooDeep, tooDeep + 1], TOO_DEEP, `nested more than ${DEPTH_MAX} levels deep`))
  return document
}

/**
 * The mistakes of a document without those that only follow from another: one a line is told, of tabs only the first, and a quote that is not
 * closed where it is opened.
 */
function withoutEchoes(document: Document.Parsed, lines: LineCounter): readonly YAMLParseError[] {
  const tab = document.errors.find((error) => error.code === 'TAB_AS_INDENT')
  const known = new Set<number>()
  return (tab === undefined ? document.errors : [tab]).flatMap((error) => {
    const { line } = lines.linePos(error.pos[0])
    if (known.has(line)) return []
    known.add(line)
    if (!error.message.startsWith('Missing closing')) return [error]
    let opened = error.pos
    visit(document, {
      Scalar: (_, { range }) => {
        if (range != null && range[1] >= error.pos[0]) opened = [range[0], range[0] + 1]
      },
    })
    return [new YAMLParseError(opened, error.code, error.message)]
  })
}

/** What a text means regardless of who saved it: no byte order mark, `\n` line ends. */
export function normaliseText(text: string): string {
  return text.replace(/^\uFEFF/, '').replace(/\r\n?/g, '\n')
}

/** The first key of a map, to have one line to point at rather than a whole block. */
function firstKey(node: unknown): unknown {
  if (!isCollection(node)) return null
  const first = node.items[0]
  return isPair(first) ? first.key : null
}

function describeSyntaxError(code: string, message: string): { message: string; accepted: string | null } {
  if (code === 'DUPLICATE_KEY') return { message: 'The same key is given twice in one map', accepted: null }
  if (code === 'MULTIPLE_DOCS')
    return { message: 'A scenario file holds one document, but another begins here', accepted: 'one scenario a file' }
  if (code === 'TAB_AS_INDENT') return { message: 'YAML does not allow tabs as indentation', accepted: 'spaces' }
  return { message: `Not valid YAML: ${message.charAt(0).toLowerCase()}${message.slice(1)}`, accepted: null }
}
