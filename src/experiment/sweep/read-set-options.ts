import { parseDocument } from 'yaml'
import type { SourceProblem } from '../../api/source-problem.ts'
import type { Place } from '../../scenario/parse-yaml.ts'
import type { WrittenAxis, WrittenValue } from './request.ts'

/** What stands for a file where mistakes of the command line are shown; its lines are the options. */
export const COMMAND_LINE = 'command line'

const SET_FORM = "FIELD=VALUE,…, such as 'cluster.nodes[0].count=5,10,20'"

/**
 * Reads options `--set FIELD=VALUE,VALUE,…`. Values are YAML; commas within brackets, braces, parentheses and quotes belong to the value, so that
 * `traffic[0].arrivals=poisson(50/s),burst(10, every=1s)` has two.
 */
export function readSetOptions(options: readonly string[]): {
  readonly axes: readonly WrittenAxis[]
  readonly problems: readonly SourceProblem[]
  /** The options as lines, for frames around mistakes. */
  readonly text: string
} {
  const problems: SourceProblem[] = []
  const axes: WrittenAxis[] = []
  for (const [index, option] of options.entries()) {
    const placeOf = (start: number, length: number): Place => ({
      file: COMMAND_LINE,
      line: index + 1,
      column: PREFIX.length + start + 1,
      length: Math.max(1, length),
    })
    const report = (place: Place, message: string, accepted: string | null): void => {
      problems.push({ ...place, path: '--set', message, accepted, didYouMean: null })
    }
    const equals = option.indexOf('=')
    const field = option.slice(0, Math.max(0, equals)).trim()
    if (field === '') {
      report(placeOf(0, option.length), `Cannot read "${option}" as a field with values`, SET_FORM)
      continue
    }
    if (axes.some((axis) => axis.field === field))
      report(placeOf(0, equals), `The field "${field}" is given twice`, 'all its values after one --set')
    const start = option.indexOf(field)
    const values = pieces(option, equals + 1).flatMap(({ from, to }): readonly WrittenValue[] => {
      const place = placeOf(from, to - from)
      const written = option.slice(from, to)
      const document = parseDocument(written, { logLevel: 'error', prettyErrors: false })
      const [error] = document.errors
      if (written === '') report(place, `A value of "${field}" is empty`, SET_FORM)
      else if (error !== undefined) report(place, `Cannot read "${written}" as a value: ${error.message}`, SET_FORM)
      else return [{ value: document.toJS(), places: partsOf(place) }]
      return []
    })
    axes.push({ field, values, placeOf: (part) => placeOf(start + (part?.index ?? 0), part?.length ?? field.length) })
  }
  return { axes, problems, text: options.map((option) => `${PREFIX}${option}`).join('\n') }
}

const PREFIX = '--set '

/** All that is within a value is shown at the value, or at a part of its text. */
function partsOf(place: Place): WrittenValue['places'] {
  return {
    place: () => place,
    placeInText: (path, part) =>
      part === null || path.length > 0 || part.index + part.length > place.length
        ? place
        : { ...place, column: place.column + part.index, length: part.length },
  }
}

/** What stands between commas that nothing encloses, without blanks around it. */
function pieces(text: string, start: number): readonly { readonly from: number; readonly to: number }[] {
  const found: { from: number; to: number }[] = []
  let depth = 0
  let quote = ''
  let from = start
  const end = (to: number): void => {
    const piece = text.slice(from, to)
    found.push({ from: from + piece.length - piece.trimStart().length, to: to - (piece.length - piece.trimEnd().length) })
    from = to + 1
  }
  for (let at = start; at < text.length; at++) {
    const character = text[at]!
    if (quote !== '') quote = character === quote ? '' : quote
    else if (character === '"' || character === "'") quote = character
    else if ('([{'.includes(character)) depth++
    else if (')]}'.includes(character)) depth--
    else if (character === ',' && depth <= 0) end(at)
  }
  end(text.length)
  return found
}
