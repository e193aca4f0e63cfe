import type { ComparisonWarning, MetricVerdict, ToleranceVerdict } from '../../experiment/comparison/comparison.ts'
import type { PairedMethod } from '../../experiment/statistics/paired.ts'

/** The words of a comparison, in the terminal, in Markdown and in JUnit. Names of metrics, variants and components stay as they are. */
export interface CompareWords {
  readonly verdict: {
    readonly regression: (regressed: number, judged: number) => string
    readonly passed: (judged: number, undecided: number) => string
    readonly notJudged: string
  }
  /** What was run, such as `A scenario.yaml (ipvs) against B …, 12 pairs of runs with the seeds 42/1 to 42/12`. */
  readonly about: {
    readonly replications: (pairs: number, seed: string) => string
    readonly single: (seed: string) => string
  }
  /** What one run a side can and cannot say. */
  readonly singleRun: string
  readonly counts: (counts: Readonly<Record<MetricVerdict, number>>) => string
  readonly headings: {
    readonly metric: string
    readonly a: string
    readonly b: string
    readonly difference: string
    readonly interval: string
    readonly p: string
    readonly pairs: string
    readonly verdict: string
    readonly method: string
    readonly tolerance: string
  }
  readonly verdicts: Readonly<Record<MetricVerdict, string>>
  readonly tolerance: Readonly<Record<ToleranceVerdict, string>>
  readonly methods: Readonly<Record<PairedMethod, string>>
  /** Of a metric for which no difference was found: how small a one could have been. */
  readonly noneFound: (halfWidth: string, bound: string) => string
  /** Of one whose own interval leaves 0 out, which among so many metrics may be chance. */
  readonly onItsOwn: (p: string) => string
  /** Over those that differ by too little to matter. */
  readonly negligibleIn: (metrics: number) => string
  readonly noneFoundIn: (metrics: number) => string
  /** How many more metrics were the same in every pair. */
  readonly identical: (metrics: number) => string
  /** How many metrics have nothing to say. */
  readonly unmeasured: (metrics: number) => string
  /** How far the statements go: confidence, correction, number of tests. */
  readonly fineprint: (tested: number) => string
  readonly missing: (pairsOnlyA: number, pairsOnlyB: number) => string
  readonly divergence: {
    readonly none: string
    readonly heading: string
    /** The runs are the same until then. */
    readonly sameUntil: (time: string, hops: number) => string
    readonly otherTable: (table: string, time: string | null) => string
    readonly hop: (actor: string, action: string, object: string, detail: string, time: string) => string
    readonly ended: string
    readonly before: string
  }
  readonly warning: (warning: ComparisonWarning) => string
  readonly resultsIn: (folder: string) => string
  readonly details: (metrics: number) => string
  /** Between two remarks, and between a thing and what is said of it. */
  readonly semicolon: string
  readonly colon: string
  readonly from: string
}
