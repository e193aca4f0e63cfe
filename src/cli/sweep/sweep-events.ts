import type { SourceProblem } from '../../api/source-problem.ts'
import type { SweepAnswer } from '../../report/sweep-answer.ts'
import type { ScenarioWarning } from '../../scenario/load-context.ts'

/** What `sweep` and `merge` tell while they work. */
export type SweepEvent =
  /** `options` is what stands for a file where mistakes of the command line are. */
  | { readonly kind: 'problems'; readonly problems: readonly SourceProblem[]; readonly options: string }
  | { readonly kind: 'warnings'; readonly warnings: readonly ScenarioWarning[] }
  | { readonly kind: 'note'; readonly text: string }
  /** Something is wrong with the command rather than with a file. */
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'checking'; readonly done: number; readonly total: number }
  | {
      readonly kind: 'progress'
      readonly done: number
      readonly total: number
      readonly running: number
      readonly secondsLeft: number | null
    }
  /** A mistake of ours ended a cell; or, if it was lost, whoever had it to run was gone each time. */
  | { readonly kind: 'failed'; readonly cell: string; readonly command: string; readonly stack: string; readonly lost: boolean }
  | { readonly kind: 'finished'; readonly answer: SweepAnswer; readonly folder: string }
  /** The part of this machine is done, or as much of it as could be. */
  | {
      readonly kind: 'unfinished'
      readonly finished: number
      readonly total: number
      readonly folder: string
      /** `lost`: a file that was written is no longer as it was written. */
      readonly reason: 'shard' | 'failed' | 'lost'
    }
  | { readonly kind: 'interrupted'; readonly finished: number; readonly total: number; readonly folder: string }
