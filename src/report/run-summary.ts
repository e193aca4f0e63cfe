import type { VariantSummary } from '../scenario/run-result.ts'

/** The version of the form of `summary.json`: it grows when a reader of the old form would misread the new one. */
export const SUMMARY_SCHEMA_VERSION = 1

/** What `summary.json` and `--json` hold. Nothing in it depends on when, where or by whom the run was made. */
export interface RunSummary {
  readonly schemaVersion: typeof SUMMARY_SCHEMA_VERSION
  readonly tool: { readonly name: 'towtank'; readonly version: string }
  readonly scenario: string
  readonly seed: string
  /** `sha256:` and 64 hexadecimal digits over the texts of the scenario and its manifests. */
  readonly inputHash: string
  readonly variants: readonly VariantSummary[]
}

/** Whether every threshold of every variant holds, and every fault that had to has taken effect. */
export function passed(summary: RunSummary | Pick<RunSummary, 'variants'>): boolean {
  return summary.variants.every(({ thresholds, faults }) => thresholds.every((threshold) => threshold.passed) && !faults.some(isMissing))
}

/** A fault that never took effect, and had to: the run does not show what it is about. */
export function isMissing({ tookEffect, optional }: VariantSummary['faults'][number]): boolean {
  return !tookEffect && optional !== true
}
