import type { Measure } from '../../scenario/measures.ts'

/** The measures of one run of a variant, of one seed. */
export type RunMeasures = readonly Measure[]

/** One metric on both sides: what each run measured, pair by pair; null for nothing, undefined where a side has no such metric at all. */
export interface PairedMetric {
  readonly variantA: string
  readonly variantB: string
  readonly measure: Omit<Measure, 'value'>
  readonly a: readonly (number | null)[] | undefined
  readonly b: readonly (number | null)[] | undefined
}

/** Metrics in the order in which A has them; those of B alone follow. Run k of both sides has the same seed. */
export function pairMeasures(
  variants: { readonly variantA: string; readonly variantB: string },
  a: readonly RunMeasures[],
  b: readonly RunMeasures[],
): readonly PairedMetric[] {
  const sideA = byName(a)
  const sideB = byName(b)
  const names = new Set([...sideA.keys(), ...sideB.keys()])
  return [...names].map((name) => {
    const { metric, labels, unit } = (sideA.get(name) ?? sideB.get(name))!.measure
    return { ...variants, measure: { name, metric, labels, unit }, a: sideA.get(name)?.values, b: sideB.get(name)?.values }
  })
}

function byName(
  runs: readonly RunMeasures[],
): ReadonlyMap<string, { readonly measure: Measure; readonly values: readonly (number | null)[] }> {
  const found = new Map<string, { measure: Measure; values: (number | null)[] }>()
  for (const [index, run] of runs.entries()) {
    for (const measure of run) {
      let entry = found.get(measure.name)
      if (entry === undefined) {
        entry = { measure, values: new Array<number | null>(runs.length).fill(null) }
        found.set(measure.name, entry)
      }
      entry.values[index] = measure.value
    }
  }
  return found
}
