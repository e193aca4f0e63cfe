import { complaintsAboutLabelKey, complaintsAboutLabelValue } from './names.ts'

/**
 * The grammar of selector texts:
 *
 *     selector    = [ requirement { "," requirement } ]
 *     requirement = "!" key | key [ ( "=" | "==" | "!=" | ">" | "<" ) value | ( "in" | "notin" ) "(" [ value { "," value } ] ")" ]
 *
 * Words end at white space and at any of `! = > < ( ) ,`. `in` and `notin` are words like any other where a key or value is expected.
 * A missing value is the empty string.
 */

export type SelectorOperator = '=' | '==' | '!=' | 'in' | 'notin' | '>' | '<' | 'exists' | '!'

export interface SelectorRequirement {
  readonly key: string
  readonly operator: SelectorOperator
  /** Sorted, each once. */
  readonly values: readonly string[]
}

export type ParsedRequirements =
  | { readonly ok: true; readonly requirements: readonly SelectorRequirement[]; readonly canonical: string }
  | { readonly ok: false; readonly message: string }

interface Token {
  readonly kind: 'word' | 'symbol' | 'end'
  readonly text: string
}

/** A mistake in the text. Thrown and caught within this file only, so that the descent reads plainly. */
class GrammarMistake extends Error {}

export function parseRequirements(text: string): ParsedRequirements {
  try {
    const requirements = new SelectorParser(text).requirements()
    const canonical = requirements.map(requirementText).join(',')
    return { ok: true, requirements, canonical }
  } catch (mistake) {
    if (mistake instanceof GrammarMistake) return { ok: false, message: mistake.message }
    throw mistake
  }
}

class SelectorParser {
  readonly #tokens: readonly Token[]
  #position = 0

  constructor(text: string) {
    this.#tokens = tokens(text)
  }

  requirements(): SelectorRequirement[] {
    const requirements: SelectorRequirement[] = []
    if (this.#peek().kind === 'end') return requirements
    for (;;) {
      const next = this.#peek()
      if (next.kind !== 'word' && next.text !== '!')
        throw this.#found(next, requirements.length === 0 ? 'a label key or "!"' : 'a label key after ","')
      requirements.push(this.#requirement())
      const after = this.#take()
      if (after.kind === 'end') return sortByKey(requirements)
      if (after.text !== ',') throw this.#found(after, '"," or the end')
    }
  }

  #requirement(): SelectorRequirement {
    const negated = this.#accept('!')
    const key = this.#take()
    if (key.kind !== 'word') throw this.#found(key, 'a label key')
    complain(complaintsAboutLabelKey(key.text), `Cannot use "${key.text}" as a label key`)
    const next = this.#peek()
    const ends = next.kind === 'end' || next.text === ','
    if (negated) return { key: key.text, operator: '!', values: [] }
    if (ends) return { key: key.text, operator: 'exists', values: [] }
    const operator = this.#operator()
    const values = operator === 'in' || operator === 'notin' ? this.#valueList() : [this.#exactValue(operator)]
    for (const value of values) complain(complaintsAboutLabelValue(value), `Cannot use "${value}" as a value of label "${key.text}"`)
    if ((operator === '>' || operator === '<') && wholeNumber(values[0]) === null) {
      throw new GrammarMistake(`Cannot compare with "${values[0]}": operator "${operator}" needs a whole number`)
    }
    return { key: key.text, operator, values: [...new Set(values)].sort() }
  }

  #operator(): Exclude<SelectorOperator, 'exists' | '!'> {
    const token = this.#take()
    switch (token.text) {
      case '=':
      case '==':
      case '!=':
      case 'in':
      case 'notin':
      case '>':
      case '<':
        return token.text
      default:
        throw this.#found(token, 'one of in, notin, =, ==, !=, >, <')
    }
  }

  /** The one value after `=`, `==`, `!=`, `>` or `<`. Nothing at all is the empty string. */
  #exactValue(operator: string): string {
    const token = this.#peek()
    if (token.kind === 'end' || token.text === ',') return ''
    if (token.kind !== 'word') throw this.#found(token, `a value after "${operator}"`)
    return this.#take().text
  }

  #valueList(): string[] {
    const open = this.#take()
    if (open.text !== '(') throw this.#found(open, '"("')
    const values: string[] = []
    let expectsValue = true
    for (;;) {
      const token = this.#take()
      if (token.kind === 'word') {
        if (!expectsValue) throw this.#found(token, '"," or ")"')
        values.push(token.text)
        expectsValue = false
      } else if (token.text === ',') {
        if (expectsValue) values.push('')
        expectsValue = true
      } else if (token.text === ')') {
        if (expectsValue) values.push('')
        return values
      } else {
        throw this.#found(token, 'a value, "," or ")"')
      }
    }
  }

  #peek(): Token {
    return this.#tokens[this.#position]!
  }

  #take(): Token {
    const token = this.#peek()
    if (token.kind !== 'end') this.#position += 1
    return token
  }

  #accept(symbol: string): boolean {
    const found = this.#peek().kind === 'symbol' && this.#peek().text === symbol
    if (found) this.#position += 1
    return found
  }

  #found(token: Token, expected: string): GrammarMistake {
    return new GrammarMistake(`Found ${token.kind === 'end' ? 'the end' : `"${token.text}"`}, expected ${expected}`)
  }
}

function tokens(text: string): Token[] {
  const found: Token[] = []
  for (const [token] of text.matchAll(/==|!=|[!=<>(),]|[^\s!=<>(),]+/g)) {
    found.push({ kind: /^[!=<>(),]/.test(token) ? 'symbol' : 'word', text: token })
  }
  found.push({ kind: 'end', text: '' })
  return found
}

function complain(complaints: readonly string[], what: string): void {
  if (complaints.length > 0) throw new GrammarMistake(`${what}: ${complaints.join('; ')}`)
}

function requirementText({ key, operator, values }: SelectorRequirement): string {
  if (operator === 'exists') return key
  if (operator === '!') return `!${key}`
  if (operator === 'in' || operator === 'notin') return `${key} ${operator} (${values.join(',')})`
  return `${key}${operator}${values[0]}`
}

const INT64_MAX = 9_223_372_036_854_775_807n

/** The number a label stands for, or null when it is none or outside 64 bits. Exact, therefore a bigint. */
export function wholeNumber(text: string | undefined): bigint | null {
  if (text === undefined || !/^[+-]?\d{1,40}$/.test(text)) return null
  const value = BigInt(text.replace('+', ''))
  return value <= INT64_MAX && value >= -INT64_MAX - 1n ? value : null
}

/** Stable sort by the bytes of the key, as Go compares strings: label keys are ASCII, so that UTF-16 order is byte order. */
export function sortByKey<T extends { readonly key: string }>(items: readonly T[]): T[] {
  return [...items].sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
}
