import { nearest } from '../api/did-you-mean.ts'
import { listRequests, sampledRequests, tellRequest } from '../scenario/request-story.ts'
import type { Variant } from '../scenario/scenario.ts'
import { REQUEST_WORDS } from '../scenario/story-language/request-words.ts'
import type { JobTools, TraceJob } from './jobs.ts'

/** What of requests is to be told: one by its number, or those that were kept for a reason. */
export type RequestObject =
  | { readonly kind: 'one'; readonly traffic: string; readonly number: number }
  | { readonly kind: 'list'; readonly traffic: string; readonly reason: string | null }

const REASONS = ['slowest', 'failed', 'spread']

/** Of each reason so many are listed. */
const LISTED = 5

type Read = { readonly ok: true; readonly object: RequestObject } | { readonly ok: false; readonly reason: string }

/** `request/TRAFFIC/N`, `requests/TRAFFIC` or `requests/TRAFFIC/REASON`; null: it is something else. `traffics` are those of the variant. */
export function readRequestObject(text: string, traffics: readonly string[]): Read | null {
  const [kind, ...rest] = text.split('/')
  if (kind !== 'request' && kind !== 'requests') return null
  const refuse = (reason: string): Read => ({ ok: false, reason })
  const traffic = rest[0] ?? ''
  const known = traffics.includes(traffic)
  if (!known && traffic !== '') {
    const near = nearest(traffic, traffics)
    const hint = near === null ? '' : `. Did you mean "${near}"?`
    if (traffics.length === 0) return refuse(`There is no traffic "${traffic}": the scenario has none`)
    return refuse(`There is no traffic "${traffic}": expected one of ${traffics.join(', ')}${hint}`)
  }
  if (kind === 'request') {
    const number = /^[1-9]\d{0,14}$/.test(rest[1] ?? '') ? Number(rest[1]) : null
    if (rest.length !== 2 || !known || number === null)
      return refuse(
        `Cannot read "${text}" as a request: expected request/TRAFFIC/NUMBER, such as request/${traffics[0] ?? 'shoppers'}/1, or requests/TRAFFIC`,
      )
    return { ok: true, object: { kind: 'one', traffic, number } }
  }
  const reason = rest[1] ?? null
  if (rest.length > 2 || !known || (reason !== null && !REASONS.includes(reason)))
    return refuse(`Cannot read "${text}" as requests: expected requests/TRAFFIC, or behind that one of /${REASONS.join(', /')}`)
  return { ok: true, object: { kind: 'list', traffic, reason } }
}

/** Runs the variant and gives the lines of the story, or why there is none. */
export function traceRequest(
  object: RequestObject,
  { name: variant, scenario }: Variant,
  job: TraceJob,
  { simulate, tell }: JobTools,
): { readonly lines: readonly string[] } | { readonly refused: string } {
  const words = REQUEST_WORDS[job.language]
  const { traffic } = object
  const onProgress = (fraction: number) => tell({ kind: 'progress', scenario: scenario.name, variant, fraction })
  const samples = object.kind === 'one' ? { count: 0, named: [{ traffic, number: object.number }] } : { count: LISTED }
  const run = simulate(scenario, { variant, onProgress, samples })
  const requests = sampledRequests(run.samples!).filter((request) => request.traffic === traffic)
  let sent = 0
  for (const row of run.requests.rows) if (row[TRAFFIC_COLUMN] === traffic) sent += row[SENT_COLUMN] as number
  if (object.kind === 'list') {
    const { reason } = object
    const wanted = requests.filter(({ kept }) => reason === null || kept.split(' ').includes(reason))
    const list = listRequests(reason === 'slowest' ? bySlowness(wanted) : wanted, words)
    return { lines: [words.listTitle(traffic, sent), '', ...list, '', words.howToTell(`towtank trace ${job.file} request/${traffic}/N`)] }
  }
  const [request] = requests
  if (request !== undefined) return { lines: tellRequest(request, words) }
  if (sent === 0) return { refused: `The traffic "${traffic}" has sent no request in the variant "${variant}"` }
  return {
    refused: `The traffic "${traffic}" has no request ${object.number} in the variant "${variant}": expected a number from 1 to ${sent}. requests/${traffic} lists some`,
  }
}

function bySlowness<Request extends { readonly steps: readonly { readonly started: number; readonly ended: number }[] }>(
  requests: readonly Request[],
): Request[] {
  const took = ({ steps }: Request): number => steps[0]!.ended - steps[0]!.started
  return [...requests].sort((a, b) => took(b) - took(a))
}

/** In the table of requests. */
const TRAFFIC_COLUMN = 3
const SENT_COLUMN = 4
