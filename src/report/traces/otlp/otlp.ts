import { nanosOf, type ResultTables } from '../result-tables.ts'
import { Ids } from './ids.ts'
import { attributesOfObject, resourceOfActor, resourceOfPlace } from './resources.ts'
import { attributes, CLIENT, INTERNAL, type Span, SpanWriter, STATUS_ERROR } from './spans.ts'

/** The wall date at the start of every run: 2026-01-01T00:00:00Z, as in the model. */
const EPOCH_UNIX_NANOS = 1_767_225_600_000_000_000n

export function unixNanos(time: number): string {
  return String(EPOCH_UNIX_NANOS + BigInt(time))
}

/**
 * A result as spans: a trace for each chain of hops that something from outside began, and one for each request that was kept.
 *
 * The parent of a hop is the hop that led to it, whose span mostly is over by then: nobody waits in a control plane.
 */
export async function writeOtlp(tables: ResultTables, write: (text: string) => void): Promise<void> {
  const { scenario, seed, inputHash, tool } = tables.summary
  const spans = new SpanWriter(write, tool.version)
  const ids = new Ids(`${inputHash}\n${seed}`)
  const runOf = (variant: string): Record<string, string> => ({
    'towtank.scenario': scenario,
    'towtank.variant': variant,
    'towtank.seed': seed,
  })
  await writeHops(tables, spans, ids, runOf)
  await writeSamples(tables, spans, ids, runOf)
  spans.end()
}

type RunOf = (variant: string) => Record<string, string>

async function writeHops(tables: ResultTables, spans: SpanWriter, ids: Ids, runOf: RunOf): Promise<void> {
  /** By hop of the variant that is read: the first of its chain. */
  let firsts: number[] = []
  let current = ''
  for await (const row of tables.rows('objects')) {
    const { variant = '', actor = '', action = '', object = '', detail, revision } = row
    if (variant !== current) firsts = []
    current = variant
    const hop = Number(row.hop)
    const cause = row.cause_hop === '' ? null : Number(row.cause_hop)
    const first = cause === null ? hop : firsts[cause]!
    firsts[hop] = first
    const isFailure = FAILURES.has(action)
    spans.add(resourceOfActor(actor, runOf(variant)), {
      traceId: ids.trace(`${variant} hop ${first}`),
      spanId: ids.span(`${variant} hop ${hop}`),
      ...(cause === null ? {} : { parentSpanId: ids.span(`${variant} hop ${cause}`) }),
      name: action,
      kind: INTERNAL,
      startTimeUnixNano: unixNanos(nanosOf(row.started_s!)),
      endTimeUnixNano: unixNanos(nanosOf(row.ended_s!)),
      attributes: attributes({
        ...attributesOfObject(object),
        'towtank.revision': revision === '' ? undefined : Number(revision),
        'towtank.detail': detail,
      }),
      ...(isFailure ? { status: { code: STATUS_ERROR, ...(detail === '' ? {} : { message: detail! }) } } : {}),
    })
  }
}

/** What was done in vain. */
const FAILURES = new Set([
  'refused',
  'conflict',
  'failed',
  'timed out',
  'failed to pull image',
  'failed to set up network',
  'found no node',
  'liveness probe failed',
  'readiness probe failed',
  'startup probe failed',
])

/** Steps in which somebody asks somebody else. */
const ASKS = new Set(['request', 'try', 'call', 'dns query', 'upstream try'])

async function writeSamples(tables: ResultTables, spans: SpanWriter, ids: Ids, runOf: RunOf): Promise<void> {
  for await (const {
    variant = '',
    traffic = '',
    request = '',
    kept,
    step,
    parent_step,
    name = '',
    where = '',
    detail = '',
    ...row
  } of tables.rows('samples')) {
    const own = `${variant} request ${traffic} ${request}`
    const failed = /(?:^|; )failed: (\S+?)(?:;|$)/.exec(detail)?.[1]
    const isRoot = parent_step === ''
    const span: Span = {
      traceId: ids.trace(own),
      spanId: ids.span(`${own} ${step}`),
      ...(isRoot ? {} : { parentSpanId: ids.span(`${own} ${parent_step}`) }),
      name: isRoot ? `request ${traffic}` : name,
      kind: ASKS.has(name) ? CLIENT : INTERNAL,
      startTimeUnixNano: unixNanos(nanosOf(row.started_s!)),
      endTimeUnixNano: unixNanos(nanosOf(row.ended_s!)),
      attributes: attributes({
        'client.address': where.startsWith('client ') ? where.slice('client '.length) : undefined,
        'error.type': failed,
        'towtank.traffic': isRoot ? traffic : undefined,
        'towtank.request': isRoot ? Number(request) : undefined,
        'towtank.kept': isRoot ? kept : undefined,
        'towtank.detail': detail,
      }),
      ...(failed === undefined ? {} : { status: { code: STATUS_ERROR, message: failed } }),
    }
    spans.add(resourceOfPlace(where, runOf(variant)), span)
  }
}
