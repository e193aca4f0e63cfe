import type { ChartKind } from './chart.ts'
import { latencyQuantiles } from './latency-quantiles.ts'
import type { TableName } from './tables.ts'

/** Every kind of chart, in the order of reports. */
export const CHART_KINDS: readonly ChartKind[] = [latencyQuantiles]

/** The kinds that can be drawn of these tables. */
export function kindsFor(tables: Iterable<TableName>): readonly ChartKind[] {
  const there = new Set(tables)
  return CHART_KINDS.filter(({ reads }) => reads.every((name) => there.has(name)))
}

/** The kinds of which a table is the main one. */
export function kindsOf(table: TableName): readonly ChartKind[] {
  return CHART_KINDS.filter(({ reads }) => reads[0] === table)
}
