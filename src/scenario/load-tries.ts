import type { Nanos } from '../units.ts'
import type { LoadContext } from './load-context.ts'
import { certain } from './load-context.ts'
import { DEFAULTS } from './load-defaults.ts'
import type { EntryDraft } from './load-traffic.ts'
import { formatDuration, parseDuration } from './parse-duration.ts'
import type { Path } from './parse-yaml.ts'
import type { TrafficSpec } from './scenario.ts'

type Tries = Pick<TrafficSpec, 'connectTimeout' | 'retries' | 'hedge'>
type BudgetDraft = NonNullable<NonNullable<EntryDraft['retries']>['budget']>

/** How often and when the clients of a traffic try; only the keys that are given. */
export function loadTries(context: LoadContext, at: Path, entry: EntryDraft, timeout: Nanos | undefined): Tries {
  const tries: { -readonly [Key in keyof Tries]: Tries[Key] } = {}
  const connectTimeout = within(context, [...at, 'connectTimeout'], entry.connectTimeout, timeout)
  if (connectTimeout !== undefined) tries.connectTimeout = connectTimeout
  const { retries, hedge } = entry
  if (retries !== undefined) {
    const path: Path = [...at, 'retries']
    const perTryTimeout = within(context, [...path, 'perTryTimeout'], retries.perTryTimeout, timeout)
    const backOff = loadBackOff(context, [...path, 'backOff'], retries.backOff)
    const on = (retries.on ?? []).flatMap((condition) => condition ?? [])
    if (on.length > 0 && on.every((condition) => condition === 'timeout') && retries.perTryTimeout === undefined) {
      context.warn([...path, 'on'], 'no-effect', 'No try times out before its request does: without "perTryTimeout" nothing is tried again')
    }
    tries.retries = { max: retries.max ?? 1, on, backOff, perTryTimeout, budget: loadBudget(retries.budget) }
  }
  if (hedge !== undefined) {
    const after = within(context, [...at, 'hedge', 'after'], hedge.after, timeout)
    if (after !== undefined) tries.hedge = { after, max: hedge.max ?? DEFAULTS.hedges, budget: loadBudget(hedge.budget) }
  }
  return tries
}

/** A length of time above 0 and below the time-out of the request. */
function within(context: LoadContext, path: Path, text: string | undefined, timeout: Nanos | undefined): Nanos | undefined {
  const value = context.duration(path, text)
  if (value === undefined) return undefined
  const limit = timeout ?? certain(parseDuration(DEFAULTS.timeout))
  const key = path.at(-1)
  const accepted = `a length of time above 0 and below ${formatDuration(limit)}`
  if (value === 0) context.mistake(path, `A ${key} of 0 leaves no try any time`, accepted)
  else if (value >= limit) {
    context.mistake(
      path,
      `A ${key} of ${formatDuration(value)} never comes: the request ends at its timeout of ${formatDuration(limit)}`,
      accepted,
    )
  }
  return value
}

function loadBackOff(
  context: LoadContext,
  path: Path,
  draft: NonNullable<EntryDraft['retries']>['backOff'],
): { readonly base: Nanos; readonly max: Nanos } {
  const fallback = { base: certain(parseDuration(DEFAULTS.backOff.base)), max: certain(parseDuration(DEFAULTS.backOff.max)) }
  const base = context.duration([...path, 'base'], draft?.base) ?? fallback.base
  const max = context.duration([...path, 'max'], draft?.max) ?? Math.max(base, fallback.max)
  if (max < base) {
    const accepted = `a length of time from ${formatDuration(base)} on`
    context.mistake([...path, 'max'], `A back-off of at most ${formatDuration(max)} cannot begin with ${formatDuration(base)}`, accepted)
  }
  return { base, max }
}

function loadBudget(draft: BudgetDraft | undefined): { readonly ratio: number; readonly minPerSecond: number } | undefined {
  if (draft === undefined) return undefined
  return { ratio: draft.ratio ?? DEFAULTS.budget.ratio, minPerSecond: draft.minPerSecond ?? DEFAULTS.budget.minPerSecond }
}
