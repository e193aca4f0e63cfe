import type { DeploymentSummary, QuantileSummary, ThresholdResult, TrafficSummary, VariantSummary } from './run-result.ts'
import type { Threshold } from './scenario.ts'

/** How the limit of a metric is written, and in which unit its value is. */
export type ThresholdUnit = 'fraction' | 'milliseconds' | 'count' | 'ratio' | 'perSecond'

type Measured = Omit<VariantSummary, 'thresholds'>

/** What a threshold can be about. */
export type ThresholdMetric =
  | { readonly unit: ThresholdUnit; readonly of: 'traffic'; readonly value: (traffic: TrafficSummary) => number | null }
  | { readonly unit: ThresholdUnit; readonly of: 'deployment'; readonly value: (deployment: DeploymentSummary) => number | null }
  | { readonly unit: ThresholdUnit; readonly of: 'run'; readonly value: (summary: Measured) => number | null }

const QUANTILES = ['mean', 'p50', 'p90', 'p99', 'max'] as const satisfies readonly (keyof QuantileSummary)[]

/**
 * Every metric that a threshold may name.
 *
 * Rates are fractions, times are in milliseconds. A metric of traffic or of a Deployment needs to know which one; see {@link thresholdLabels}.
 */
export const THRESHOLD_METRICS: ReadonlyMap<string, ThresholdMetric> = new Map<string, ThresholdMetric>([
  ['requests.sent', { unit: 'count', of: 'traffic', value: (traffic) => traffic.sent }],
  ['requests.ok', { unit: 'count', of: 'traffic', value: (traffic) => traffic.ok }],
  ['requests.failed', { unit: 'count', of: 'traffic', value: (traffic) => traffic.failed }],
  ['requests.error_rate', { unit: 'fraction', of: 'traffic', value: (traffic) => (traffic.sent === 0 ? null : traffic.errorRate) }],
  ['requests.retries', { unit: 'count', of: 'traffic', value: (traffic) => traffic.retries }],
  ['requests.hedges', { unit: 'count', of: 'traffic', value: (traffic) => traffic.hedges }],
  ['requests.tries_denied', { unit: 'count', of: 'traffic', value: (traffic) => traffic.triesDenied }],
  ['requests.answers_wasted', { unit: 'count', of: 'traffic', value: (traffic) => traffic.answersWasted }],
  ['requests.amplification', { unit: 'ratio', of: 'traffic', value: (traffic) => traffic.amplification }],
  ['requests.rate', { unit: 'perSecond', of: 'traffic', value: (traffic) => traffic.requestsPerSecond }],
  ...QUANTILES.map((quantile): [string, ThresholdMetric] => [
    `requests.latency.${quantile}`,
    { unit: 'milliseconds', of: 'traffic', value: (traffic) => traffic.latencyMs[quantile] },
  ]),
  ...QUANTILES.map((quantile): [string, ThresholdMetric] => [
    `endpoints.propagation.${quantile}`,
    { unit: 'milliseconds', of: 'run', value: (summary) => summary.propagation[quantile] },
  ]),
  ['nodes.packets_dropped', { unit: 'count', of: 'run', value: ({ nodes }) => nodes.packetsDropped }],
  ['nodes.busiest_core', { unit: 'fraction', of: 'run', value: ({ nodes }) => nodes.busiestCore?.share ?? 0 }],
  ['nodes.conntrack_dropped', { unit: 'count', of: 'run', value: ({ nodes }) => nodes.conntrackDropped }],
  ['deployments.available', { unit: 'count', of: 'deployment', value: (deployment) => deployment.available }],
  [
    'deployments.available_after',
    { unit: 'milliseconds', of: 'deployment', value: ({ availableAtSeconds: at }) => (at === null ? null : at * 1000) },
  ],
  ['pods.imbalance', { unit: 'ratio', of: 'deployment', value: (deployment) => deployment.imbalance }],
  ['pods.throttled', { unit: 'fraction', of: 'deployment', value: (deployment) => deployment.throttled ?? null }],
])

/** Labels that a metric understands, the one it needs first. */
export function thresholdLabels(metric: ThresholdMetric): readonly string[] {
  if (metric.of === 'traffic') return ['traffic']
  return metric.of === 'deployment' ? ['deployment', 'namespace'] : []
}

/** Judges each threshold by what was measured. Where nothing was measured the value is null, and the threshold has failed. */
export function judgeThresholds(thresholds: readonly Threshold[], summary: Measured): readonly ThresholdResult[] {
  return thresholds.map(({ text, metric, labels, operator, limit }) => {
    const value = measuredValue(metric, labels, summary)
    return { expression: text, metric, operator, limit, value, passed: value !== null && holds(value, operator, limit) }
  })
}

function measuredValue(name: string, labels: Threshold['labels'], summary: Measured): number | null {
  const metric = THRESHOLD_METRICS.get(name)
  if (metric === undefined) return null
  if (metric.of === 'run') return metric.value(summary)
  if (metric.of === 'traffic') {
    const traffic = summary.traffic.find((candidate) => candidate.traffic === labels.traffic)
    return traffic === undefined ? null : metric.value(traffic)
  }
  const deployment = summary.deployments.find(
    (candidate) => candidate.name === labels.deployment && candidate.namespace === labels.namespace,
  )
  return deployment === undefined ? null : metric.value(deployment)
}

function holds(value: number, operator: Threshold['operator'], limit: number): boolean {
  switch (operator) {
    case '<':
      return value < limit
    case '<=':
      return value <= limit
    case '>':
      return value > limit
    case '>=':
      return value >= limit
  }
}
