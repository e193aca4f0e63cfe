import type { VariantSummary } from './run-result.ts'
import { THRESHOLD_METRICS, type ThresholdUnit } from './threshold-metrics.ts'

/** One number that a run is judged by. */
export interface Measure {
  /** `metric{label=value,…}`, as a threshold names it: `requests.latency.p99{traffic=shoppers}`. */
  readonly name: string
  readonly metric: string
  readonly labels: Readonly<Record<string, string>>
  /** Of the value: fractions of 1, milliseconds, counts, ratios, or a second. */
  readonly unit: ThresholdUnit
  /** null: nothing was measured. */
  readonly value: number | null
}

/**
 * All numbers of one variant's run that a threshold could name, in a fixed order: by metric as docs/scenario.md lists them, then by
 * traffic or Deployment as in the summary.
 */
export function measuresOf(summary: Omit<VariantSummary, 'thresholds'>): readonly Measure[] {
  const measures: Measure[] = []
  for (const [metric, definition] of THRESHOLD_METRICS) {
    const { unit } = definition
    const add = (labels: Measure['labels'], value: number | null): void => {
      measures.push({ name: nameOf(metric, labels), metric, labels, unit, value })
    }
    switch (definition.of) {
      case 'run':
        add({}, definition.value(summary))
        break
      case 'traffic':
        for (const traffic of summary.traffic) add({ traffic: traffic.traffic }, definition.value(traffic))
        break
      case 'deployment':
        for (const deployment of summary.deployments)
          add({ deployment: deployment.name, namespace: deployment.namespace }, definition.value(deployment))
    }
  }
  return measures
}

function nameOf(metric: string, labels: Measure['labels']): string {
  const written = Object.entries(labels).map(([label, value]) => `${label}=${/[\s",{}]/.test(value) ? `"${value}"` : value}`)
  return written.length === 0 ? metric : `${metric}{${written.join(',')}}`
}
