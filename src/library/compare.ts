import { compareMetrics } from '../experiment/comparison/compare-metrics.ts'
import type { ComparisonVerdict, ComparisonWarning, MetricComparison } from '../experiment/comparison/comparison.ts'
import { pairMeasures } from '../experiment/comparison/pair-measures.ts'
import { parseTolerance, whyIdle } from '../experiment/comparison/tolerance.ts'
import { tooFewPairs } from '../experiment/comparison/too-few-pairs.ts'
import { measuresOf } from '../scenario/measures.ts'
import type { VariantSummary } from '../scenario/run-result.ts'

/** Options of {@link compareRuns}. */
export interface CompareRunsOptions {
  /** Of the random numbers of the bootstrap: the seed that the runs were made with. Default: `0`. */
  readonly seed?: string
  /** How much worse a metric may be in B, such as `5%` or `requests.latency.p99{traffic=shoppers}=10ms`. Default: nothing is judged. */
  readonly tolerances?: readonly string[]
}

/** What differs between two sets of runs. */
export interface RunComparison {
  /** `regression`: a metric is worse than its tolerance allows, and not by chance. `not-judged`: there is no tolerance. */
  readonly verdict: ComparisonVerdict
  readonly warnings: readonly ComparisonWarning[]
  /** Every metric that a threshold can name, the worst first. */
  readonly metrics: readonly MetricComparison[]
}

/**
 * Says what differs between the runs of A and of B, and whether that is chance. Run k of both must have the same seed, as {@link replicate} gives
 * them: what is compared is the difference within each pair. The chance of even one false difference among all metrics is at most 5 %.
 *
 * The numbers are those of `towtank compare`.
 *
 * @throws RangeError when the sides have different numbers of runs, or none, or a tolerance cannot be read or is about nothing.
 */
export function compareRuns(a: readonly VariantSummary[], b: readonly VariantSummary[], options: CompareRunsOptions = {}): RunComparison {
  if (a.length !== b.length || a.length === 0)
    throw new RangeError(`Cannot compare ${a.length} runs with ${b.length}: expected pairs of runs, one or more`)
  const tolerances = (options.tolerances ?? []).map((text) => {
    const read = parseTolerance(text)
    if (read.ok) return read.value
    const { message, accepted, didYouMean } = read.complaint
    throw new RangeError(
      `${message}${accepted == null ? '' : `: expected ${accepted}`}${didYouMean == null ? '' : `. Did you mean "${didYouMean}"?`}`,
    )
  })
  const names = { variantA: a[0]!.variant, variantB: b[0]!.variant }
  const pairs = pairMeasures(names, a.map(measuresOf), b.map(measuresOf))
  const there = pairs.map(({ measure }) => measure)
  for (const tolerance of tolerances) {
    const idle = whyIdle(tolerance, there)
    if (idle !== null) throw new RangeError(idle)
  }
  const metrics = compareMetrics(pairs, { seed: options.seed ?? '0', tolerances })
  const regressed = metrics.some(({ toleranceVerdict }) => toleranceVerdict === 'beyond')
  return {
    verdict: tolerances.length === 0 ? 'not-judged' : regressed ? 'regression' : 'passed',
    warnings: tooFewPairs(metrics),
    metrics,
  }
}
