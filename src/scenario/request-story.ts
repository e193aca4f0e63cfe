import { BLAME_PARTS } from '../metrics/blame.ts'
import type { Table } from '../metrics/table.ts'
import { MILLISECOND, type Nanos, SECOND } from '../units.ts'
import type { RequestWords } from './story-language/request-words.ts'

/** A step of a request that was kept, as the table of samples has it. */
export interface SampleStep {
  readonly step: number
  readonly parent: number | null
  readonly name: string
  readonly started: Nanos
  readonly ended: Nanos
  readonly where: string
  readonly detail: string
}

export interface SampledRequest {
  readonly traffic: string
  readonly request: number
  readonly kept: string
  /** The request itself first, each step below the one that it belongs to. */
  readonly steps: readonly SampleStep[]
}

/** The requests of a table of samples. */
export function sampledRequests(table: Table): SampledRequest[] {
  const requests: (SampledRequest & { readonly steps: SampleStep[] })[] = []
  for (const [traffic, request, kept, step, parent, name, started, ended, where, detail] of table.rows) {
    if (step === 0) requests.push({ traffic: traffic as string, request: request as number, kept: kept as string, steps: [] })
    requests.at(-1)!.steps.push({
      step: step as number,
      parent: parent as number | null,
      name: name as string,
      started: Math.round((started as number) * SECOND),
      ended: Math.round((ended as number) * SECOND),
      where: where as string,
      detail: detail as string,
    })
  }
  return requests
}

/** The story of one request, a step a line: when it began, how long it took, what it was, where, and with which outcome. */
export function tellRequest({ traffic, request, steps }: SampledRequest, words: RequestWords): string[] {
  const root = steps[0]!
  const depths = new Map<number, number>()
  const lines = [words.title(request, traffic, words.detail(root.detail), milliseconds(root.ended - root.started)), '']
  const told = steps.map(({ step, parent, name, started, ended, where, detail }) => {
    const depth = parent === null ? 0 : depths.get(parent)! + 1
    depths.set(step, depth)
    const time = (started / SECOND).toFixed(6).padStart(12)
    const took = ended === started ? '' : `+${milliseconds(ended - started)}`
    const what = `${'  '.repeat(depth)}${words.step(name)}`
    const why = detail === '' ? '' : words.detail(detail)
    return { time, took, what, rest: [where, why].filter((text) => text !== '').join(words.comma) }
  })
  const width = Math.max(...told.map(({ what }) => widthOf(what)))
  for (const { time, took, what, rest } of told)
    lines.push(`${time} s ${took.padStart(13)}  ${what}${rest === '' ? '' : `${' '.repeat(width - widthOf(what))}  ${rest}`}`)
  const parts = partsOf(steps)
  if (parts.length > 0)
    lines.push('', words.spent(parts.map(({ name, length }) => `${words.step(name)} ${milliseconds(length)}`).join(words.comma)))
  return lines
}

/** One line a request, with its outcome and what took it longest. */
export function listRequests(requests: readonly SampledRequest[], words: RequestWords): string[] {
  if (requests.length === 0) return [words.nothingKept]
  const width = Math.max(...requests.map(({ request }) => String(request).length))
  return requests.map(({ request, kept, steps }) => {
    const { started, ended, detail } = steps[0]!
    const [longest] = partsOf(steps)
    const spent = longest === undefined ? '' : `${words.comma}${words.step(longest.name)} ${milliseconds(longest.length)}`
    const time = (started / SECOND).toFixed(3).padStart(9)
    return `${String(request).padStart(width)}  ${time} s ${milliseconds(ended - started).padStart(12)}  ${words.detail(detail)}${spent}  (${words.kept(kept)})`
  })
}

/** What the time was spent on, the longest first: of the request, or of its last try. */
function partsOf(steps: readonly SampleStep[]): { readonly name: string; readonly length: Nanos }[] {
  const whole = steps.findLast(({ name, parent }) => name === 'try' && parent === 0) ?? steps[0]!
  const lengths = new Map<string, Nanos>()
  for (const { name, parent, started, ended } of steps) {
    if (parent !== whole.step && !(name === 'retries' && parent === 0)) continue
    if ((BLAME_PARTS as readonly string[]).includes(name)) lengths.set(name, (lengths.get(name) ?? 0) + ended - started)
  }
  return [...lengths].map(([name, length]) => ({ name, length })).sort((a, b) => b.length - a.length)
}

/** Columns of a terminal: characters of Chinese take two. */
function widthOf(text: string): number {
  let width = 0
  for (const character of text) width += character.codePointAt(0)! >= 0x2e80 ? 2 : 1
  return width
}

function milliseconds(time: Nanos): string {
  return `${(time / MILLISECOND).toFixed(3)} ms`
}
