import type { Comparison, MetricComparison } from '../../experiment/comparison/comparison.ts'
import type { RunSummary } from '../run-summary.ts'
import type { Row } from '../terminal-summary.ts'

/** Why a comparison says nothing of the variants of a result against its first, or null when it does. */
export function whyNotFitting({ kind, a, b, variants }: Comparison, { inputHash, variants: own }: RunSummary): string | null {
  if (kind === 'single') return 'it is of one run a side and has no intervals. Compare the scenario'
  if (a.inputHash !== inputHash || b.inputHash !== inputHash) return 'it is of another scenario, or of one that was changed since'
  const [first, ...others] = own.map(({ variant }) => variant)
  if (variants.some(({ variantA, variantB }) => variantA === first && others.includes(variantB))) return null
  const pairs = variants.map(({ variantA, variantB }) => `${variantA},${variantB}`).join(' and ')
  return `it is of ${pairs}. Compare the first variant with another: --variants ${first},${others[0] ?? 'NAME'}`
}

/** What comparisons say of a row in a variant against the first; null where they say nothing. The last one counts. */
export function comparedCell(
  comparisons: readonly Comparison[],
  { metric: asked }: Pick<Row, 'metric'>,
  { first, variant }: { readonly first: string; readonly variant: string },
): MetricComparison | null {
  if (asked === undefined) return null
  const found = comparisons.flatMap(({ metrics }) =>
    metrics.filter(
      ({ metric, labels, variantA, variantB }) =>
        metric === asked.metric && labels.traffic === asked.traffic && variantA === first && variantB === variant,
    ),
  )
  return found.at(-1) ?? null
}
