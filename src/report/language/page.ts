import type { BlamePart } from '../../metrics/blame.ts'
import type { LateFirstSyncs } from '../../metrics/summaries.ts'
import { PAGE_CHINESE } from './page-chinese.ts'
import { PAGE_ENGLISH } from './page-english.ts'

/** The hops between an edit and the last node that acts on it, in their order; see src/report/page/propagation-budget.ts. */
export type BudgetPartName = 'edit-api' | 'edit-etcd' | 'seen' | 'controller' | 'slice-api' | 'slice-etcd' | 'wait' | 'sync'

/** The words of the HTML report. Names of Kubernetes, of causes of failure and of metrics stay as they are. */
export interface PageWords {
  /** BCP 47, for `lang`. */
  readonly htmlLanguage: string
  readonly skip: string
  readonly contents: string
  readonly colon: string
  readonly listComma: string
  readonly theme: { readonly legend: string; readonly auto: string; readonly light: string; readonly dark: string }
  readonly variant: string
  readonly about: {
    readonly seed: string
    readonly input: string
    readonly version: string
    readonly simulated: string
    readonly variants: (count: number) => string
  }
  readonly verdict: {
    readonly title: string
    readonly passed: string
    readonly failed: string
    readonly unjudged: string
    readonly thresholdsPassed: (count: number) => string
    readonly thresholdsFailed: (failed: number, count: number) => string
    readonly faultsMissing: (count: number) => string
    readonly lateFirstSync: (late: LateFirstSyncs) => string
  }
  readonly cards: {
    readonly title: string
    readonly p99: string
    readonly errorRate: string
    readonly throughput: string
    readonly propagation: string
    readonly worstOf: (traffic: string, count: number) => string
    readonly busiestOf: (traffic: string, count: number) => string
    readonly against: (change: string, variant: string) => string
    readonly same: (variant: string) => string
    readonly threshold: (text: string) => string
    readonly answered: (share: string) => string
    readonly failedOf: (failed: string, ended: string) => string
    readonly propagationOf: (writes: string, max: string) => string
    readonly nothing: string
  }
  readonly thresholds: {
    readonly title: string
    readonly none: string
    readonly threshold: string
    readonly limit: string
    readonly verdict: string
    readonly holds: string
    readonly fails: string
    readonly nothing: string
  }
  readonly compare: {
    readonly title: string
    readonly single: string
    readonly caption: (first: string) => string
    readonly oneRunCaption: string
    readonly measure: string
    readonly oneRun: string
    readonly howToInterval: string
    /** Before the command that brings the intervals into the table. */
    readonly intoTable: string
    /** Behind the commands, where there are more variants than the two of the command. */
    readonly others: string
    /** Where a table has intervals: what they are of. */
    readonly intervals: (first: string, pairs: string) => string
    readonly sections: Readonly<Record<string, string>>
    readonly labels: Readonly<Record<string, string>>
    /** Of a Deployment, as the terminal writes it. */
    readonly deployment: (text: string) => string
  }
  readonly charts: {
    readonly title: string
    readonly intro: string
    readonly noScript: string
    readonly traffic: string
    readonly onlyChosen: string
    readonly range: string
    readonly from: string
    readonly to: string
    readonly apply: string
    readonly zoomIn: string
    readonly zoomOut: string
    readonly earlier: string
    readonly later: string
    readonly whole: string
    readonly overview: string
    readonly drag: string
    readonly shown: (points: string, seconds: string) => string
    readonly exact: (seconds: string) => string
    readonly coarse: (points: string) => string
    readonly asTable: string
    readonly tableRows: (shown: string, all: string) => string
    readonly aggregated: (seconds: string) => string
    readonly syncsLeftOut: (seconds: string) => string
    readonly nodesJoined: (seconds: string) => string
    readonly failed: string
    readonly empty: string
    readonly noData: string
  }
  readonly events: {
    readonly title: string
    readonly intro: string
    readonly caption: (variant: string) => string
    readonly started: string
    readonly ended: string
    readonly notEnded: string
    readonly place: string
    readonly kind: string
    readonly what: string
    readonly outcome: string
    readonly detail: string
    readonly zoom: string
    readonly kinds: Readonly<Record<string, string>>
    readonly outcomes: Readonly<Record<string, string>>
    readonly none: string
    readonly faults: string
    readonly tookEffect: string
    readonly noEffect: string
    readonly optional: string
    readonly refusals: string
    readonly command: string
    readonly reason: string
    readonly flowControl: string
    readonly level: string
    readonly waited: string
    readonly longestWait: string
    readonly rejected: string
  }
  readonly failures: {
    readonly title: string
    readonly intro: string
    readonly none: string
    readonly caption: (variant: string) => string
    readonly traffic: string
    readonly cause: string
    readonly count: string
    readonly first: string
    readonly last: string
    readonly unseen: string
    readonly notWritten: string
    readonly more: (rows: number) => string
  }
  readonly blame: {
    readonly title: string
    readonly intro: string
    readonly part: string
    readonly mean: string
    readonly slowest: string
    readonly whole: string
    readonly none: string
    readonly caption: (traffic: string) => string
    readonly bar: (variant: string, of: string, total: string) => string
    readonly parts: Readonly<Record<BlamePart, string>>
  }
  readonly samples: {
    readonly title: string
    readonly intro: string
    readonly absent: string
    readonly none: string
    readonly request: (number: number, traffic: string) => string
    /** Why a request is shown. */
    readonly reasons: Readonly<Record<string, string>>
    readonly failed: (cause: string) => string
    readonly step: string
    readonly at: string
    readonly took: string
    readonly picture: string
    readonly where: string
    readonly detail: string
    /** Of steps that are no part of a request's time; the others are called as in `blame`. */
    readonly steps: Readonly<Record<string, string>>
    readonly cut: (steps: number) => string
    readonly left: (requests: number) => string
  }
  readonly budget: {
    readonly title: string
    readonly intro: string
    readonly none: string
    readonly caption: (variant: string) => string
    readonly hop: string
    readonly mean: string
    readonly p50: string
    readonly p99: string
    readonly max: string
    readonly slowest: string
    readonly lastNode: string
    readonly whole: string
    readonly fromCommit: string
    readonly counted: (samples: string, changes: string) => string
    readonly untold: (count: string) => string
    readonly bars: { readonly mean: string; readonly slowest: string; readonly lastNode: string }
    readonly parts: Readonly<Record<BudgetPartName, string>>
  }
  readonly stories: {
    readonly title: string
    readonly intro: string
    readonly none: string
    readonly time: string
    readonly took: string
    readonly who: string
    readonly what: string
    readonly hops: (count: number) => string
    readonly notTold: (hops: number, otherPods: number) => string
    readonly cut: (hops: number) => string
    readonly more: (objects: readonly string[]) => string
    readonly tell: string
  }
  readonly provenance: {
    readonly title: string
    readonly intro: string
    readonly provenance: string
    readonly meaning: string
    readonly caption: string
    readonly kinds: Readonly<Record<string, string>>
    readonly meanings: Readonly<Record<string, string>>
    readonly parameter: string
    readonly value: string
    readonly source: string
    readonly counted: (parameters: number) => string
    readonly differing: (parameters: number) => string
    readonly differs: string
    readonly only: (variants: readonly string[]) => string
    readonly more: (parameters: number) => string
  }
  /** The page of a comparison; what it shares with the terminal is in the words of comparisons. */
  readonly comparison: {
    readonly differences: string
    readonly metrics: string
    /** What stands where nothing was told apart. */
    readonly noneFound: (metrics: number) => string
    readonly allIdentical: (metrics: number) => string
    readonly notJudged: string
    readonly pairs: (pairs: number) => string
    readonly caption: (pair: string) => string
    readonly chartIntro: string
    /** Metrics that differ and have no place in the chart, as A has nothing of them. */
    readonly notDrawn: (names: string) => string
    readonly noneNeeded: string
    readonly rest: (metrics: number) => string
    readonly negligible: string
    readonly side: string
    readonly happened: string
    readonly files: string
  }
  readonly footer: { readonly made: string; readonly files: string }
}

/** By the code of the language. */
export const PAGE_WORDS = { en: PAGE_ENGLISH, zh: PAGE_CHINESE } as const satisfies Readonly<Record<string, PageWords>>
