import type { ComparedVariants, Comparison, MetricComparison } from '../../../experiment/comparison/comparison.ts'
import type { LanguageCode } from '../../../scenario/story-language/index.ts'
import type { CompareWords } from '../../language/compare.ts'
import type { PageWords } from '../../language/page.ts'

/** What every section of the page of a comparison is made from. */
export interface ComparisonContext {
  readonly comparison: Comparison
  readonly words: PageWords
  readonly said: CompareWords
  readonly language: LanguageCode
}

/** The metrics of one pair of variants, the worst first. */
export function metricsOf({ metrics }: Comparison, { variantA, variantB }: ComparedVariants): readonly MetricComparison[] {
  return metrics.filter((metric) => metric.variantA === variantA && metric.variantB === variantB)
}
