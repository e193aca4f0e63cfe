import { type Hop, type HopId, type Hops, NO_CAUSE } from '../../scenario/story.ts'
import { MILLISECOND, type Nanos } from '../../units.ts'

/**
 * The hops between an edit and the last node that acts on it, in their order:
 *
 * ```text
 *  edit ─▶ API server ─▶ etcd ─▶ seen ─▶ controller ─▶ API server ─▶ etcd ─▶ watch and wait ─▶ sync
 *  └───── of a Pod or a Service ─────┘   └────── of its EndpointSlice ─────┘  └──── of a node ────┘
 * ```
 *
 * - `edit-api`: from when the edit was sent until the API server had admitted it.
 * - `edit-etcd`: etcd commits it.
 * - `seen`: until the EndpointSlice controller sees it.
 * - `controller`: until that writes the slice: its queue, its batching, its own work.
 * - `slice-api`, `slice-etcd`: the same for the slice.
 * - `wait`: from the commit of the slice until the node's kube-proxy begins the sync that carries it out: the watch, and what is left of the
 *   least time between syncs. Hops do not tell the two apart.
 * - `sync`: that sync, to its end.
 */
export const BUDGET_PARTS = ['edit-api', 'edit-etcd', 'seen', 'controller', 'slice-api', 'slice-etcd', 'wait', 'sync'] as const

export type BudgetPart = (typeof BUDGET_PARTS)[number]

/** One write of an EndpointSlice on its way to one node. */
export interface BudgetSample {
  /** `EndpointSlice/namespace/name`. */
  readonly slice: string
  readonly revision: number
  readonly node: string
  /** ns, when etcd committed the slice. */
  readonly committed: Nanos
  /** ns, by place in {@link BUDGET_PARTS}; 0 for what comes before the first cause that was recorded. */
  readonly parts: readonly Nanos[]
}

/** How one part of the way is over all samples. Milliseconds. */
export interface PartBudget {
  readonly part: BudgetPart
  readonly mean: number
  readonly p50: number
  readonly p99: number
  readonly max: number
  /** Mean over the samples at or beyond the 99th percentile of the whole way. */
  readonly slowest: number
  /** Mean over, of each write of a slice, the node that was programmed last. */
  readonly lastNode: number
}

export interface PropagationBudget {
  /** Writes of EndpointSlices, and those by nodes. */
  readonly changes: number
  readonly samples: number
  /** Programmed hops whose causes are not those of the usual way, and that are in no figure. */
  readonly untold: number
  readonly parts: readonly PartBudget[]
  /** The whole way. */
  readonly total: Omit<PartBudget, 'part'>
  /** From the commit of the slice to the end of the sync, as `summary.json` has it under `propagation`. */
  readonly fromCommit: { readonly p50: number; readonly p99: number; readonly max: number }
}

/** The budget of every EndpointSlice that was committed at `from` (ns) or later; null when no node was programmed with one. */
export function propagationBudget(hops: Hops, from: Nanos): PropagationBudget | null {
  const { samples, untold } = budgetSamples(hops, from)
  if (samples.length === 0) return null
  const totals = samples.map(({ parts }) => sum(parts))
  const p99 = quantile(totals, 0.99)
  const slowest = samples.filter((_, index) => totals[index]! >= p99)
  const last = lastNodes(samples)
  const figures = (value: (sample: BudgetSample) => Nanos): Omit<PartBudget, 'part'> => {
    const values = samples.map(value)
    return {
      mean: mean(values),
      p50: quantile(values, 0.5) / MILLISECOND,
      p99: quantile(values, 0.99) / MILLISECOND,
      max: values.reduce((most, one) => Math.max(most, one), 0) / MILLISECOND,
      slowest: mean(slowest.map(value)),
      lastNode: mean(last.map(value)),
    }
  }
  const { p50, p99: fromCommitP99, max } = figures(({ parts }) => parts[WAIT]! + parts[SYNC]!)
  return {
    changes: last.length,
    samples: samples.length,
    untold,
    parts: BUDGET_PARTS.map((part, place) => ({ part, ...figures(({ parts }) => parts[place]!) })),
    total: figures(({ parts }) => sum(parts)),
    fromCommit: { p50, p99: fromCommitP99, max },
  }
}

const WAIT = BUDGET_PARTS.indexOf('wait')
const SYNC = BUDGET_PARTS.indexOf('sync')

export function budgetSamples(hops: Hops, from: Nanos): { readonly samples: readonly BudgetSample[]; readonly untold: number } {
  const samples: BudgetSample[] = []
  let untold = 0
  /** By the hop that committed the slice: the parts up to there, which all nodes share. */
  const known = new Map<HopId, readonly Nanos[] | null>()
  for (let id = 0; id < hops.length; id++) {
    const hop = hops.hop(id)
    if (hop.action !== 'programmed' || !hop.actor.startsWith('kube-proxy/') || !hop.subject.startsWith('EndpointSlice/')) continue
    if (hop.cause === NO_CAUSE) {
      untold++
      continue
    }
    const commit = hops.hop(hop.cause)
    if (!known.has(commit.id)) known.set(commit.id, partsToCommit(hops, commit))
    const before = known.get(commit.id)!
    if (before !== null && commit.time < from) continue
    if (before === null || hop.started < commit.time) {
      untold++
      continue
    }
    samples.push({
      slice: hop.subject,
      revision: hop.revision,
      node: hop.actor.slice('kube-proxy/'.length),
      committed: commit.time,
      parts: [...before, hop.started - commit.time, hop.time - hop.started],
    })
  }
  return { samples, untold }
}

/** What stands between a request and its being in etcd. */
const ADMISSION = new Set(['authenticated', 'authorised', 'admitted'])
const COMMITS = new Set(['committed', 'removed'])

/** A request as its hops tell it, from the hop at which it was in etcd. */
interface Request {
  readonly sent: Hop
  /** ns, when the API server had admitted it. */
  readonly admitted: Nanos
  readonly committed: Nanos
}

function requestOf(hops: Hops, commit: Hop): Request | null {
  if (commit.actor !== 'etcd' || !COMMITS.has(commit.action) || commit.cause === NO_CAUSE) return null
  let hop = hops.hop(commit.cause)
  const admitted = hop.time
  while (ADMISSION.has(hop.action)) {
    if (hop.cause === NO_CAUSE) return null
    hop = hops.hop(hop.cause)
  }
  return { sent: hop, admitted, committed: commit.time }
}

/** The six parts up to the commit of a slice, or null where they are not told. */
function partsToCommit(hops: Hops, commit: Hop): readonly Nanos[] | null {
  const slice = requestOf(hops, commit)
  if (slice === null) return null
  const own = [slice.admitted - slice.sent.started, slice.committed - slice.admitted]
  // A write that lost a race is made again: the sight that led to it is further up.
  let seen = slice.sent
  while (seen.action !== 'observed' && seen.cause !== NO_CAUSE) seen = hops.hop(seen.cause)
  const edited = seen.action === 'observed' && seen.cause !== NO_CAUSE ? hops.hop(seen.cause) : null
  const edit = edited === null ? null : requestOf(hops, edited)
  const before =
    edit === null
      ? [0, 0, 0, seen.action === 'observed' ? slice.sent.started - seen.time : 0]
      : [edit.admitted - edit.sent.started, edit.committed - edit.admitted, seen.time - edit.committed, slice.sent.started - seen.time]
  const parts = [...before, ...own]
  return parts.every((part) => part >= 0) ? parts : null
}

/** Of each write of a slice, the sample of the node that was programmed last. */
function lastNodes(samples: readonly BudgetSample[]): readonly BudgetSample[] {
  const last = new Map<string, BudgetSample>()
  for (const sample of samples) {
    const key = `${sample.slice} ${sample.revision}`
    const known = last.get(key)
    if (known === undefined || sum(sample.parts) > sum(known.parts)) last.set(key, sample)
  }
  return [...last.values()]
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

/** ms. */
function mean(values: readonly Nanos[]): number {
  return sum(values) / values.length / MILLISECOND
}

/** The smallest value that at least such a share of the values does not exceed. */
function quantile(values: readonly Nanos[], share: number): Nanos {
  const sorted = Float64Array.from(values).sort()
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!
}
