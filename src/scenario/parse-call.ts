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

/** Splits `name(a, b=c)` into its parts; null when the text does not have that form. Arguments do not nest. */
export function splitCall(text: string): Call | null {
  const match = /^(\s*)([A-Za-z][\w-]*)\s*\(([^()]*)\)\s*$/.exec(text)
  if (match === null) return null
  const inside = match[3]!
  const list: CallArgument[] = []
  let index = text.indexOf('(') + 1
  if (inside.trim() !== '') {
    for (const piece of inside.split(',')) {
      list.push(argument(piece, index))
      index += piece.length + 1
    }
  }
  return { name: match[2]!, arguments: list }
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
