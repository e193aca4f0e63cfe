/** Ratios of two measurements, with the target each is held to. */
import type { BenchPlan } from './plan.ts'
import type { RatioRow, Target } from './rows.ts'
import { compareInTurns, type Run } from './stopwatch.ts'

/** Numerator and denominator: what each is, and the work. */
export interface Sides {
  readonly numerator: readonly [what: string, run: Run]
  readonly denominator: readonly [what: string, run: Run]
}

export function ratio(plan: BenchPlan, question: string, target: Target | null, { numerator, denominator }: Sides): RatioRow {
  const compared = compareInTurns(numerator[1], denominator[1], plan.effort)
  return {
    question,
    numerator: numerator[0],
    denominator: denominator[0],
    numeratorNs: round(compared.numeratorNs, 10),
    denominatorNs: round(compared.denominatorNs, 10),
    // Rounded before it is judged: what is written is what counts.
    ratio: round(compared.ratio, 100),
    target,
  }
}

function round(value: number, parts: number): number {
  return Math.round(value * parts) / parts
}

/** The same work at two of the plan's sizes, the nearest to those that are wanted. */
export function growth(
  plan: BenchPlan,
  what: string,
  target: Target | null,
  size: { readonly counts: readonly number[]; readonly few: number; readonly many: number; readonly unit: string },
  make: (count: number) => Run,
): RatioRow {
  const few = nearest(size.counts, size.few)
  const many = nearest(size.counts, size.many)
  return ratio(plan, `${what} at ${inWords(many)} ${size.unit} against ${inWords(few)}`, target, {
    numerator: [`${inWords(many)} ${size.unit}`, make(many)],
    denominator: [`${inWords(few)} ${size.unit}`, make(few)],
  })
}

export function nearest(counts: readonly number[], wanted: number): number {
  return counts.reduce((best, count) => (Math.abs(count - wanted) < Math.abs(best - wanted) ? count : best))
}

/** With a comma at the thousands. */
export function inWords(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',')
}
