import type { ColumnTable } from '../read/column-table.ts'
import { rowsOf, type TableRow } from './rows.ts'

/** A step of a request that was kept; the first is the request itself. */
export interface SampledStep {
  readonly name: string
  /** ns of the run. */
  readonly started: number
  readonly ended: number
  readonly where: string
  readonly detail: string
  /** 0 for the request itself, 1 for what it consists of, … */
  readonly depth: number
}

export interface ChosenRequest {
  /** The how many-th of its traffic, from 1. */
  readonly number: number
  /** `slowest`, `typical` or `failed CAUSE`, or several of them. */
  readonly why: readonly string[]
  readonly steps: readonly SampledStep[]
}

export interface ChosenTraffic {
  readonly traffic: string
  readonly requests: readonly ChosenRequest[]
}

interface Sampled {
  readonly number: number
  readonly kept: ReadonlySet<string>
  readonly steps: SampledStep[]
}

/**
 * Of each traffic of a variant: the slowest that was answered, the first of each cause of failure, and as a typical one the middle by time of those
 * that were kept because they are spread over the run and that were answered; of an even number the faster of the two in the middle.
 */
export function chosenRequests(samples: ColumnTable, variant: string): readonly ChosenTraffic[] {
  return [...sampledOf(samples, variant)].map(([traffic, requests]) => ({ traffic, requests: chosen(requests) }))
}

function chosen(requests: readonly Sampled[]): readonly ChosenRequest[] {
  const why = new Map<Sampled, string[]>()
  const choose = (request: Sampled | undefined, reason: string): void => {
    if (request === undefined) return
    const reasons = why.get(request)
    if (reasons === undefined) why.set(request, [reason])
    else reasons.push(reason)
  }
  const answered = requests.filter((request) => outcomeOf(request).includes('ok')).sort((a, b) => timeOf(a) - timeOf(b))
  choose(answered.filter(({ kept }) => kept.has('slowest')).at(-1), 'slowest')
  const causes = new Map<string, Sampled>()
  for (const request of requests)
    for (const text of outcomeOf(request)) if (text.startsWith(FAILED) && !causes.has(text)) causes.set(text, request)
  for (const [text, request] of causes) choose(request, `failed ${text.slice(FAILED.length)}`)
  const spread = answered.filter(({ kept }) => kept.has('spread'))
  choose(spread[Math.ceil(spread.length / 2) - 1], 'typical')
  return [...why].map(([{ number, steps }, reasons]) => ({ number, why: reasons, steps }))
}

const FAILED = 'failed: '

/** What is said of the request itself. */
function outcomeOf({ steps }: Sampled): readonly string[] {
  return steps[0]!.detail.split('; ')
}

function timeOf({ steps }: Sampled): number {
  return steps[0]!.ended - steps[0]!.started
}

function sampledOf(samples: ColumnTable, variant: string): ReadonlyMap<string, readonly Sampled[]> {
  const traffics = new Map<string, Sampled[]>()
  let current: Sampled | null = null
  for (const row of rowsOf(samples, variant)) {
    const parent = row.number('parent_step')
    if (Number.isNaN(parent)) {
      current = { number: row.number('request'), kept: new Set(row.text('kept').split(' ')), steps: [] }
      const of = traffics.get(row.text('traffic'))
      if (of === undefined) traffics.set(row.text('traffic'), [current])
      else of.push(current)
    }
    current?.steps.push(stepOf(row, Number.isNaN(parent) ? 0 : (current.steps[parent]?.depth ?? 0) + 1))
  }
  return traffics
}

function stepOf(row: TableRow, depth: number): SampledStep {
  return {
    name: row.text('name'),
    started: Math.round(row.number('started_s') * 1e9),
    ended: Math.round(row.number('ended_s') * 1e9),
    where: row.text('where'),
    detail: row.text('detail'),
    depth,
  }
}
