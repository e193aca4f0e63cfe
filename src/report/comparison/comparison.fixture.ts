import { compareMetrics } from '../../experiment/comparison/compare-metrics.ts'
import type { Comparison } from '../../experiment/comparison/comparison.ts'
import { parseTolerance } from '../../experiment/comparison/tolerance.ts'

const A = [40, 43, 38, 41, 39, 42, 37, 44, 40, 41, 39, 42]
const NOISE = [0.4, -0.3, 0.1, -0.5, 0.6, -0.2, 0.3, -0.4, 0.2, -0.1, 0.5, -0.6]

/** Twelve pairs: one metric far beyond its tolerance, one that only stands out among many, one that is better, one that is the same. */
export function sampleComparison(shoppers: string): Comparison {
  const metric = (metric: string, unit: 'milliseconds' | 'count', b: readonly number[], traffic = shoppers) => ({
    variantA: 'iptables',
    variantB: 'ipvs',
    measure: { name: `${metric}{traffic=${traffic}}`, metric, labels: { traffic }, unit } as const,
    a: A,
    b,
  })
  const moved = (by: number) => A.map((value, index) => value + by + NOISE[index]!)
  const read = parseTolerance('requests.latency.p99=5%')
  if (!read.ok) throw new Error(read.complaint.message)
  const metrics = compareMetrics(
    [
      metric('requests.latency.p99', 'milliseconds', moved(8)),
      metric('requests.latency.p50', 'milliseconds', moved(0.28)),
      metric('requests.latency.p90', 'milliseconds', moved(0.01)),
      metric('requests.latency.p90', 'milliseconds', moved(-0.02), 'browsers'),
      metric('requests.ok', 'count', moved(3)),
      metric('requests.sent', 'count', A),
    ],
    { seed: '0', tolerances: [read.value] },
  )
  const side = (variant: string) => ({
    given: `shop.yaml#${variant}`,
    scenario: 'shop',
    inputHash: `sha256:${'0'.repeat(64)}`,
    durationSeconds: 60,
    version: '0',
    seed: '0',
  })
  return {
    schemaVersion: 1,
    tool: { name: 'towtank', version: '0' },
    command: 'compare',
    kind: 'replications',
    a: side('iptables'),
    b: side('ipvs'),
    seed: '0',
    replications: 12,
    confidence: 0.95,
    familyLevel: 0.05,
    tested: 5,
    tolerances: [read.value.text],
    verdict: 'regression',
    warnings: [],
    variants: [{ variantA: 'iptables', variantB: 'ipvs', divergence: null }],
    metrics,
  }
}
