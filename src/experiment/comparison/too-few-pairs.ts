import { type ComparisonWarning, FAMILY_LEVEL, type MetricComparison } from './comparison.ts'

/**
 * Whether some metrics were judged by ranks with too few pairs: n signs that all agree have p = 2/2^n, and with many metrics Holm's correction of that
 * is above 5 %, so that no difference of theirs could have been found however large.
 */
export function tooFewPairs(metrics: readonly MetricComparison[]): readonly ComparisonWarning[] {
  const tested = metrics.filter(({ p }) => p !== null).length
  const byRanks = metrics.filter(({ method }) => method === 'signed-rank' || method === 'constant')
  let needed = 1
  for (let p = 1; p * tested > FAMILY_LEVEL; p /= 2) needed++
  const hopeless = byRanks.filter(({ pairs, verdict }) => pairs < needed && verdict === 'none-found')
  if (hopeless.length === 0) return []
  return [{ kind: 'too-few-pairs', pairs: Math.max(...hopeless.map(({ pairs }) => pairs)), needed, metrics: hopeless.length }]
}
