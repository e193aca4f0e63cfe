import type { FailureCause } from '../metrics/failure-cause.ts'
import type { RolloutSettings } from '../scenario/rollout/settings.ts'
import type { SUMMARY_SCHEMA_VERSION } from './run-summary.ts'

/** A mean over replications with its 95 % t-interval. */
export interface Interval95 {
  readonly mean: number
  readonly low: number
  readonly high: number
}

/** What one setting has shown. Means are over its replications. */
export interface SettingResult extends RolloutSettings {
  /** A setting that is rejected is given up at the first replication that loses a request. */
  readonly replications: number
  /** Replications in which the rollout was over before the run ended. */
  readonly finished: number
  readonly requests: number
  readonly rolloutsWithLoss: number
  readonly lost: number
  readonly lostByCause: Readonly<Partial<Record<FailureCause, { readonly lost: number; readonly perRollout: Interval95 }>>>
  readonly background: number
  readonly ownRequests: number
  /** By traffic; null where nothing was answered. */
  readonly p99Ms: Readonly<Record<string, number | null>>
  readonly rolledOutSeconds: number | null
  readonly oldPodsGoneSeconds: number | null
  readonly stalenessMs: { readonly count: number; readonly p50: number | null; readonly p99: number | null; readonly max: number | null }
}

/** Whether every replication was over and lost nothing. */
export function losesNone(result: SettingResult): boolean {
  return result.lost === 0 && result.finished === result.replications
}

/** What `towtank rollout` finds: its `summary.json`, and what `--json` prints. */
export interface RolloutAnswer {
  readonly schemaVersion: typeof SUMMARY_SCHEMA_VERSION
  readonly tool: { readonly name: 'towtank'; readonly version: string }
  readonly command: 'rollout'
  readonly scenario: string
  readonly variant: string
  readonly seed: string
  readonly inputHash: string
  readonly rollout: { readonly object: string; readonly atSeconds: number; readonly commands: readonly string[] }
  readonly verdict: 'loses-none' | 'patch-found' | 'none-found'
  readonly replications: number
  readonly limitSeconds: number
  readonly asItIs: SettingResult
  /** The smallest settings that lose none; null when the present ones do, or none was found. */
  readonly withPatch: SettingResult | null
  /** Of those tried the one that loses the fewest a rollout; null unless none was found. */
  readonly best: SettingResult | null
  /** Whether a longer minReadySeconds was needed beside the sleep; null when that was not asked. */
  readonly minReadySecondsMatters: boolean | null
  /** Containers with ports and without a readiness probe: new pods get requests before they listen. */
  readonly withoutReadinessProbe: readonly string[]
  /** What no loss in all replications says at 95 %; null when some were lost. */
  readonly claim: { readonly rolloutsThatLoseBelow: number; readonly lossRateBelow: number } | null
  readonly patch: string | null
  readonly tried: readonly SettingResult[]
}
