import { mean } from 'simple-statistics'
import { NamedStream } from '../../engine/random-stream.ts'
import { holm } from '../statistics/holm.ts'
import { type Paired, paired } from '../statistics/paired.ts'
import { FAMILY_LEVEL, METRIC_VERDICTS, type MetricComparison, type MetricVerdict, type ToleranceVerdict } from './comparison.ts'
import { type Worse, worseOf } from './directions.ts'
import { lastShown } from './last-shown.ts'
import type { PairedMetric } from './pair-measures.ts'
import { type Tolerance, toleranceFor } from './tolerance.ts'

export interface CompareOptions {
  /** Of the random numbers of the bootstrap. */
  readonly seed: string
  readonly tolerances: readonly Tolerance[]
}

/** One metric on its way: what its pairs say, and what they say of its excess over the tolerance. */
interface Draft {
  readonly metric: PairedMetric
  readonly worse: Worse
  readonly a: readonly number[]
  readonly b: readonly number[]
  readonly onlyA: number
  readonly onlyB: number
  readonly found: Paired | null
  readonly tolerance: Tolerance | null
  /** Of what the metric is worse by beyond the tolerance; below 0 when it is within. */
  readonly excess: Paired | null
}

/**
 * Judges every metric, the worst first.
 *
 * Differences of all metrics that differ at all are one family: Holm's correction keeps the chance of even one false difference at 5 %. A metric
 * without any difference needs no test, and leaving it out lets nothing slip: whether all differences are 0 says nothing of their signs.
 */
export function compareMetrics(metrics: readonly PairedMetric[], options: CompareOptions): readonly MetricComparison[] {
  const drafts = metrics.map((metric) => draft(metric, options))
  const corrected = correct(drafts.map(({ found }) => found?.pTwoSided ?? null))
  // As many are counted as above, so that what is beyond a tolerance of nothing is also a difference.
  const beyond = correct(drafts.map(({ found, excess }) => (found?.pTwoSided == null ? null : ((excess && beyondP(excess)) ?? 1))))
  const compared = drafts.map((one, index) => finish(one, corrected[index]!, beyond[index]!))
  const order = new Map(METRIC_VERDICTS.map((verdict, place) => [verdict, place]))
  return compared
    .map((metric, index) => ({ metric, index, size: sizeOf(metric) }))
    .sort((x, y) => order.get(x.metric.verdict)! - order.get(y.metric.verdict)! || y.size - x.size || x.index - y.index)
    .map(({ metric }) => metric)
}

function draft(metric: PairedMetric, { seed, tolerances }: CompareOptions): Draft {
  const { measure, variantA, variantB } = metric
  const worse = worseOf(measure.metric)
  const pairs = (metric.a ?? []).map((a, index) => [a, metric.b?.[index] ?? null] as const)
  const known = pairs.filter((pair): pair is readonly [number, number] => pair[0] !== null && pair[1] !== null)
  const onlyB =
    metric.a === undefined
      ? (metric.b ?? []).filter((value) => value !== null).length
      : pairs.filter(([a, b]) => a === null && b !== null).length
  const tolerance = metric.a === undefined || metric.b === undefined ? null : toleranceFor(measure, tolerances)
  const stream = (purpose: string) => () => new NamedStream(seed, `compare/${purpose}/${variantA}/${variantB}/${measure.name}`)
  const differences = known.map(([a, b]) => b - a)
  const sign = worse === 'lower' ? -1 : 1
  // Worse by more than a share r of A is B − (1 + r) A > 0: no ratio, which a small A would throw about.
  const excesses = tolerance === null ? [] : known.map(([a, b]) => sign * (b - a) - tolerance.relative * Math.abs(a) - tolerance.absolute)
  return {
    metric,
    worse,
    a: known.map(([a]) => a),
    b: known.map(([, b]) => b),
    onlyA: pairs.filter(([a, b]) => a !== null && b === null).length,
    onlyB,
    found: known.length === 0 ? null : paired(differences, stream('difference')),
    tolerance,
    excess: tolerance === null || known.length === 0 ? null : paired(excesses, stream('excess')),
  }
}

/** Half of the level to each side, as for the difference itself. */
function beyondP({ mean, pGreater }: Paired): number | null {
  return pGreater === null || mean <= 0 ? null : Math.min(1, 2 * pGreater)
}

/** Holm's correction of those that are tested. */
function correct(ps: readonly (number | null)[]): readonly (number | null)[] {
  const corrected = holm(ps.filter((p) => p !== null))
  let next = 0
  return ps.map((p) => (p === null ? null : corrected[next++]!))
}

function finish(one: Draft, pHolm: number | null, beyondHolm: number | null): MetricComparison {
  const { metric, worse, found, tolerance } = one
  const a = one.a.length === 0 ? null : mean([...one.a])
  const b = one.b.length === 0 ? null : mean([...one.b])
  const measured = one.found !== null || one.onlyA > 0 || one.onlyB > 0
  const toleranceVerdict = tolerance === null || !measured ? null : judge(one, pHolm, beyondHolm)
  return {
    variantA: metric.variantA,
    variantB: metric.variantB,
    ...metric.measure,
    worse,
    a: a ?? meanOfKnown(metric.a),
    b: b ?? meanOfKnown(metric.b),
    difference: found?.mean ?? null,
    low: found?.low ?? null,
    high: found?.high ?? null,
    relative: found === null || a === null || a === 0 ? null : found.mean / Math.abs(a),
    bound: found?.bound ?? null,
    p: found?.pTwoSided ?? null,
    pHolm,
    method: found?.method ?? null,
    normalityP: found?.normality?.p ?? null,
    pairs: one.a.length,
    pairsOnlyA: one.onlyA,
    pairsOnlyB: one.onlyB,
    tolerance: tolerance?.text ?? null,
    toleranceVerdict,
    verdict: verdictOf(one, pHolm, toleranceVerdict),
    valuesA: metric.a ?? [],
    valuesB: metric.b ?? [],
  }
}

/** What one side measured where there is no pair to take it from. */
function meanOfKnown(values: readonly (number | null)[] | undefined): number | null {
  const known = (values ?? []).filter((value) => value !== null)
  return known.length === 0 ? null : mean(known)
}

function judge({ found, excess, onlyA, onlyB }: Draft, pHolm: number | null, beyondHolm: number | null): ToleranceVerdict {
  if (found === null || excess === null) return onlyA > 0 ? 'beyond' : onlyB > 0 ? 'undecided' : 'within'
  // One pair: what it shows is so for its seed, and is not known for another.
  const beyond =
    found.method === 'single' || excess.method === 'single'
      ? excess.mean > 0
      : pHolm !== null && pHolm <= FAMILY_LEVEL && beyondHolm !== null && beyondHolm <= FAMILY_LEVEL && excess.mean > 0
  if (beyond) return 'beyond'
  if (onlyA > 0) return 'undecided'
  if (found.method === 'identical' || excess.method === 'identical' || excess.method === 'single') return 'within'
  // To be within is a claim about this metric alone: all are within only if each of them is, which needs no correction.
  return excess.pLess !== null && excess.pLess <= FAMILY_LEVEL && excess.mean < 0 ? 'within' : 'undecided'
}

function verdictOf(one: Draft, pHolm: number | null, toleranceVerdict: ToleranceVerdict | null): MetricVerdict {
  const { metric, found, worse, onlyA, onlyB } = one
  if (metric.b === undefined) return 'only-a'
  if (metric.a === undefined) return 'only-b'
  if (found === null)
    return onlyA > 0 && onlyB === 0 ? 'lost' : onlyB > 0 && onlyA === 0 ? 'gained' : onlyA > 0 ? 'different' : 'unmeasured'
  if (toleranceVerdict === 'beyond') return 'regression'
  if (found.method === 'identical') return 'identical'
  const differs = found.method === 'single' || (pHolm !== null && pHolm <= FAMILY_LEVEL)
  if (!differs) return 'none-found'
  if (pointsBothWays(found)) return 'different'
  if (isNegligible(one, found)) return 'negligible'
  if (worse === null) return 'different'
  return found.mean > 0 === (worse === 'higher') ? 'worse' : 'better'
}

/** With the same seeds on both sides hardly anything is too small to be told from chance, also what nobody could see in the numbers. */
function isNegligible({ a, metric }: Draft, found: Paired): boolean {
  return Math.abs(found.mean) < lastShown(mean([...a]), metric.measure.unit) / 2
}

/** One pair far out can draw the mean to one side of 0 while nearly all others lie on the other. */
function pointsBothWays({ method, mean, pGreater, pLess }: Paired): boolean {
  return method === 'signed-rank' && pGreater !== null && pLess !== null && mean > 0 !== pGreater < pLess
}

/** For the order among metrics with the same verdict: how large the change is for what it is. */
function sizeOf({ difference, relative, a }: MetricComparison): number {
  if (difference === null || difference === 0) return 0
  return relative === null || a === null ? Number.MAX_VALUE : Math.abs(relative)
}
