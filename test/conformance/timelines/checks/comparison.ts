import type { Tally } from '../../kinds/outcome.ts'
import type { Change, Recording } from '../recording.ts'
import type { SetUp } from '../set-up.ts'

/** A recording and what the model did on the same set-up. */
export interface Comparison {
  readonly recording: Recording
  readonly setUp: SetUp
  readonly recorded: readonly Change[]
  readonly model: readonly Change[]
  readonly tally: Tally
}

/** One kind of thing that must be the same; it says nothing where the recording does not have it. */
export type TimelineCheck = (comparison: Comparison) => void

/** What the first command changes: the Deployment's size, strategy bounds… */
export function id({ recording }: Comparison, check: string): string {
  return `${recording.name}/${check}`
}

/** The first place where two sequences differ; null when they are the same. */
export function firstDifference(got: readonly string[], expected: readonly string[]): string | null {
  for (let i = 0; i < Math.max(got.length, expected.length); i++) {
    if (got[i] !== expected[i]) return `step ${i + 1}: recorded ${expected[i] ?? 'the end'}, model ${got[i] ?? 'the end'}`
  }
  return null
}

export function sameSequence(comparison: Comparison, check: string, got: readonly string[], expected: readonly string[]): void {
  const difference = firstDifference(got, expected)
  if (difference === null) comparison.tally.pass()
  else comparison.tally.fail(id(comparison, check), difference)
}

/** Without repetitions of the same entry one after the other. */
export function deduped(entries: readonly string[]): string[] {
  return entries.filter((entry, i) => i === 0 || entry !== entries[i - 1])
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)]!
}

/** When pods are created after the command, ms. */
export function creations(changes: readonly Change[], until = Number.POSITIVE_INFINITY): number[] {
  return changes.filter(({ kind, event, t }) => kind === 'pod' && event === 'A' && t >= 0 && t < until).map(({ t }) => t)
}
