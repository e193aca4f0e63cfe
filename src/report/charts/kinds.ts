import type { ChartKind } from './chart.ts'
import { connections } from './connections.ts'
import { firstPacketCost, lookupCost, pickCost } from './cost-curves.ts'
import { errorCauses } from './error-causes.ts'
import { failedShare } from './failed-share.ts'
import { latencyDistribution } from './latency-distribution.ts'
import { latencyQuantiles } from './latency-quantiles.ts'
import { conntrack, cpu, staleness } from './node-heat.ts'
import { podLoad } from './pod-load.ts'
import type { TableName } from './tables.ts'
import { variantComparison } from './variant-comparison.ts'

/** Every kind of chart, in the order of reports. */
export const CHART_KINDS: readonly ChartKind[] = [
  failedShare,
  errorCauses,
  latencyQuantiles,
  latencyDistribution,
  variantComparison,
  podLoad,
  connections,
  staleness,
  cpu,
  conntrack,
  lookupCost,
  firstPacketCost,
  pickCost,
]

/** The kinds that can be drawn of these tables. */
export function kindsFor(tables: Iterable<TableName>): readonly ChartKind[] {
  const there = new Set(tables)
  return CHART_KINDS.filter(({ reads }) => reads.every((name) => there.has(name)))
}
