import type { SourceProblem } from '../api/source-problem.ts'
import type { Comparison } from '../experiment/comparison/comparison.ts'
import type { RawFormat } from '../report/raw/index.ts'
import type { RolloutAnswer } from '../report/rollout-answer.ts'
import type { RunSummary } from '../report/run-summary.ts'
import type { ScenarioWarning } from '../scenario/load-context.ts'
import type { FileReader } from '../scenario/load-files.ts'
import type { Scenario } from '../scenario/scenario.ts'
import type { SimulatedRun, SimulateOptions } from '../scenario/simulate.ts'
import type { LanguageCode } from '../scenario/story-language/index.ts'
import type { Nanos } from '../units.ts'
import type { ExitCode } from './exit-codes.ts'

/** The work of `towtank run`. Plain data, so that a worker thread can be given it; so are the other jobs and all events. */
export interface RunJob {
  readonly kind: 'run'
  readonly files: readonly string[]
  /** Replaces the seed of every file; null leaves them. */
  readonly seed: string | null
  /** Where to write; null for `results/<scenario name>`. With several files each result gets its own folder in it. */
  readonly out: string | null
  /** The language of the HTML report; null for none. */
  readonly report: LanguageCode | null
  /** Of each traffic so many requests spread over time, of the slowest, and of each cause of failure are kept step by step; null: none. */
  readonly samples: number | null
  /** What every request is written as; null: as nothing. */
  readonly raw: RawFormat | null
  /** Writes traces and metrics beside the tables. */
  readonly traces: boolean
  readonly version: string
}

/** The work of `towtank trace`. */
export interface TraceJob {
  readonly kind: 'trace'
  readonly file: string
  /** `KIND/NAME` or `KIND/NAMESPACE/NAME`. */
  readonly object: string
  readonly namespace: string | null
  /** null for the first. */
  readonly variant: string | null
  readonly seed: string | null
  /** Every hop, rather than those of the critical path. */
  readonly all: boolean
  readonly language: LanguageCode
}

/** The work of `towtank rollout`. */
export interface RolloutJob {
  readonly kind: 'rollout'
  readonly file: string
  /** `KIND/NAME` or `KIND/NAMESPACE/NAME`; null where the timeline has one rolling update. */
  readonly object: string | null
  /** Restarts an object rather than taking a rollout of the timeline. */
  readonly restart: string | null
  readonly at: Nanos
  readonly variant: string | null
  readonly seed: string | null
  readonly replications: number
  /** Neither a sleep nor a minReadySeconds above it is tried. */
  readonly limitSeconds: number
  /** Runs at once. */
  readonly workers: number
  /** Where workers are that do the runs; null for threads of this machine. */
  readonly queue: string | null
  readonly out: string | null
  readonly version: string
}

/** The work of `towtank compare`. */
export interface CompareJob {
  readonly kind: 'compare'
  /** A result folder or a scenario file, each with `#VARIANT` or without. */
  readonly a: string
  readonly b: string
  /** Runs of each side, each with its own seed; of scenarios only. */
  readonly replications: number
  /** As given: `5%`, `requests.latency.p99=10ms`. */
  readonly tolerances: readonly string[]
  readonly seed: string | null
  readonly workers: number
  /** Where workers are that do the runs; null for threads of this machine. */
  readonly queue: string | null
  readonly out: string | null
  /** Files to write beside the folder of results. */
  readonly markdown: string | null
  readonly junit: string | null
  /** Writes the comparison as a page for the browser too. */
  readonly report: boolean
  readonly language: LanguageCode
  readonly version: string
}

export type Job = RunJob | TraceJob | RolloutJob | CompareJob

/** What a job tells while it works. */
export type JobEvent =
  | { readonly kind: 'problems'; readonly problems: readonly SourceProblem[] }
  | { readonly kind: 'warnings'; readonly warnings: readonly ScenarioWarning[] }
  /** Something is wrong with the command rather than with a file. */
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'note'; readonly text: string }
  /** From now on there may be a partial folder beside this one. */
  | { readonly kind: 'writing'; readonly out: string }
  | { readonly kind: 'progress'; readonly scenario: string; readonly variant: string; readonly fraction: number }
  | { readonly kind: 'rollout'; readonly answer: RolloutAnswer; readonly folder: string }
  | { readonly kind: 'compared'; readonly comparison: Comparison; readonly folder: string }
  | { readonly kind: 'finished'; readonly summary: RunSummary; readonly folder: string }
  | {
      readonly kind: 'story'
      readonly scenario: string
      readonly variant: string
      readonly object: string
      readonly lines: readonly string[]
    }

/** What a worker thread is sent when it is to end early, if its job leaves something elsewhere that it can take back. */
export type ThreadMessage = { readonly kind: 'interrupt' }

/** Whether the job has to clean up before it ends. */
export function cleansUp(job: Job): boolean {
  return 'queue' in job && job.queue !== null
}

/** What a worker thread sends: the events of its job, and its end. */
export type WorkerMessage = JobEvent | { readonly kind: 'exit'; readonly code: ExitCode } | { readonly kind: 'bug'; readonly stack: string }

/** What a job needs of the world, so that tests can give it another. */
export interface JobTools<Run = SimulatedRun> {
  readonly simulate: (scenario: Scenario, options: SimulateOptions) => Run
  readonly files: FileReader
  readonly tell: (event: JobEvent) => void
}
