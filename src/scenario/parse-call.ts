/** One argument of a call, with its place in the whole text. */
export interface CallArgument {
  /** The part before `=`, or null for a positional argument. */
  readonly name: string | null
  readonly text: string
  /** 0-based index of `text` in the whole. */
  readonly index: number
  /** 0-based index of the whole argument, its name included. */
  readonly start: number
}

/** A text of the form `name(argument, name=argument)`. */
export interface Call {
  readonly name: string
  readonly arguments: readonly CallArgument[]
}

/** Splits `name(a, b=c(d, e))` into its parts; null when the text does not have that form. Only commas outside inner parentheses part arguments. */
export function splitCall(text: string): Call | null {
  const match = /^(\s*)([A-Za-z][\w-]*)\s*\((.*)\)\s*$/s.exec(text)
  if (match === null) return null
  const pieces = splitAtCommas(match[3]!)
  if (pieces === null) return null
  const list: CallArgument[] = []
  let index = text.indexOf('(') + 1
  for (const piece of pieces) {
    list.push(argument(piece, index))
    index += piece.length + 1
  }
  return { name: match[2]!, arguments: list }
}

/** The pieces between commas at depth 0, none when there is nothing but blanks; null when parentheses do not match. */
function splitAtCommas(inside: string): readonly string[] | null {
  if (inside.trim() === '') return []
  const pieces: string[] = []
  let depth = 0
  let from = 0
  for (let at = 0; at < inside.length; at++) {
    const char = inside[at]
    if (char === '(') depth++
    else if (char === ')') {
      if (--depth < 0) return null
    } else if (char === ',' && depth === 0) {
      pieces.push(inside.slice(from, at))
      from = at + 1
    }
  }
  if (depth !== 0) return null
  pieces.push(inside.slice(from))
  return pieces
}

function argument(piece: string, index: number): CallArgument {
  const start = index + (piece.length - piece.trimStart().length)
  const equals = piece.indexOf('=')
  if (equals < 0) return { name: null, text: piece.trim(), index: start, start }
  const value = piece.slice(equals + 1)
  return {
    name: piece.slice(0, equals).trim(),
    text: value.trim(),
    index: index + equals + 1 + (value.length - value.trimStart().length),
    start,
  }
}
