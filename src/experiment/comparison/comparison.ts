import type { ThresholdUnit } from '../../scenario/threshold-metrics.ts'
import type { PairedMethod } from '../statistics/paired.ts'
import type { Worse } from './directions.ts'
import type { Divergence } from './divergence.ts'

/** The version of the form of `compare.json`. */
export const COMPARISON_SCHEMA_VERSION = 1

/** The chance, at most, of even one difference among all metrics that is none. */
export const FAMILY_LEVEL = 0.05

/**
 * What is said of a metric, the worst first.
 *
 * - `regression`: worse by more than its tolerance, and not by chance.
 * - `lost`: measured in A and in no run of B.
 * - `worse`, `better`, `different`: it differs, and not by chance; `different` where neither direction is the worse one, or where the mean and the
 *   typical pair point in opposite directions.
 * - `negligible`: it differs, and not by chance, and by too little to be seen: by less than half of the last digit that A is shown with. Only a
 *   tolerance that is smaller still makes a regression of it.
 * - `none-found`: no difference was found, which is not the same as none.
 * - `gained`: measured in B and in no run of A.
 * - `only-a`, `only-b`: the other side has no such metric.
 * - `identical`: the same number in every pair.
 * - `unmeasured`: on neither side.
 */
export const METRIC_VERDICTS = [
  'regression',
  'lost',
  'worse',
  'different',
  'better',
  'negligible',
  'none-found',
  'only-a',
  'only-b',
  'gained',
  'identical',
  'unmeasured',
] as const

export type MetricVerdict = (typeof METRIC_VERDICTS)[number]

/** Whether a metric that is judged is within its tolerance: shown to be, shown not to be, or neither. */
export type ToleranceVerdict = 'within' | 'beyond' | 'undecided'

export interface MetricComparison {
  /** The variants that are compared; the same name on both sides when it is the file or the version that differs. */
  readonly variantA: string
  readonly variantB: string
  /** `metric{label=value,…}`. */
  readonly name: string
  readonly metric: string
  readonly labels: Readonly<Record<string, string>>
  readonly unit: ThresholdUnit
  readonly worse: Worse
  /** Means over the pairs in which both sides measured it. */
  readonly a: number | null
  readonly b: number | null
  /** B − A, and the ends of its 95 % interval. */
  readonly difference: number | null
  readonly low: number | null
  readonly high: number | null
  /** The difference over A; null where A is 0. */
  readonly relative: number | null
  /** At 95 % the difference is nearer to 0 than this. */
  readonly bound: number | null
  /** By chance alone, two-sided; then corrected for how many metrics are tested. null where nothing is tested. */
  readonly p: number | null
  readonly pHolm: number | null
  /** null without a pair. */
  readonly method: PairedMethod | null
  /** p of Shapiro and Wilk; null where it was not tested. */
  readonly normalityP: number | null
  /** Pairs in which both, A alone or B alone measured it. */
  readonly pairs: number
  readonly pairsOnlyA: number
  readonly pairsOnlyB: number
  /** As it was given, where it is judged; else null. */
  readonly tolerance: string | null
  readonly toleranceVerdict: ToleranceVerdict | null
  readonly verdict: MetricVerdict
  /** What each run measured, in the order of the seeds. */
  readonly valuesA: readonly (number | null)[]
  readonly valuesB: readonly (number | null)[]
}

export interface ComparedSide {
  /** As the user wrote it. */
  readonly given: string
  readonly scenario: string
  readonly inputHash: string
  readonly durationSeconds: number | null
  /** Of the Towtank that ran it. */
  readonly version: string
  /** Of a result folder the one it was run with; of a scenario the one in its file, which is not used when it is B's. */
  readonly seed: string
}

export interface ComparedVariants {
  readonly variantA: string
  readonly variantB: string
  /** Where both runs of one seed part; null when everything that they recorded is the same. */
  readonly divergence: Divergence | null
}

/** `regression`: exit code 99. `not-judged`: there was no tolerance to judge by. */
export type ComparisonVerdict = 'regression' | 'passed' | 'not-judged'

/** What `compare.json` and `--json` hold. */
export interface Comparison {
  readonly schemaVersion: typeof COMPARISON_SCHEMA_VERSION
  readonly tool: { readonly name: 'towtank'; readonly version: string }
  readonly command: 'compare'
  /** `replications`: pairs of runs of many seeds. `single`: one run a side, from result folders. */
  readonly kind: 'replications' | 'single'
  readonly a: ComparedSide
  readonly b: ComparedSide
  /** Of replication k it is this, a slash and k; of result folders that of A. */
  readonly seed: string
  readonly replications: number
  readonly confidence: number
  readonly familyLevel: number
  /** Metrics whose difference was tested. */
  readonly tested: number
  /** As given, in that order. */
  readonly tolerances: readonly string[]
  readonly verdict: ComparisonVerdict
  readonly warnings: readonly ComparisonWarning[]
  readonly variants: readonly ComparedVariants[]
  /** The worst first. */
  readonly metrics: readonly MetricComparison[]
}

/** What a reader has to know before believing a comparison. */
export type ComparisonWarning =
  | { readonly kind: 'scenarios-differ'; readonly a: string; readonly b: string }
  | { readonly kind: 'durations-differ'; readonly aSeconds: number; readonly bSeconds: number }
  | { readonly kind: 'seeds-differ'; readonly a: string; readonly b: string }
  | { readonly kind: 'versions-differ'; readonly a: string; readonly b: string }
  | { readonly kind: 'variants-left-out'; readonly side: 'a' | 'b'; readonly names: readonly string[] }
  /** Ranks of so few pairs cannot give a p that survives the correction. */
  | { readonly kind: 'too-few-pairs'; readonly pairs: number; readonly needed: number; readonly metrics: number }
