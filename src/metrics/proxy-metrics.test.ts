import { describe, expect, test } from 'vitest'
import { MILLISECOND, SECOND } from '../units.ts'
import { ProxyMetrics } from './proxy-metrics.ts'

const sync = {
  node: 1,
  started: 2 * SECOND,
  ended: 2 * SECOND + 250 * MILLISECOND,
  full: true,
  servicePorts: 4,
  endpoints: 12,
  rules: 53,
  changes: 2,
  oldestChangeAge: 700 * MILLISECOND,
}

describe('ProxyMetrics', () => {
  test('has a row a sync, in the order in which they ended, through its growth', () => {
    const metrics = new ProxyMetrics({ nodeNames: ['worker-0', 'worker-1'], measureFrom: 0 })
    metrics.synced(sync)
    for (let index = 0; index < 1000; index++) metrics.synced({ ...sync, node: 0, full: false, rules: index, ended: sync.started + index })
    const table = metrics.table()
    const rows = [...table.rows]
    expect(rows).toHaveLength(1001)
    expect([...table.rows]).toEqual(rows)
    expect(Object.fromEntries(table.columns.map((column, index) => [column, rows[0]![index]]))).toEqual({
      sync_start_s: 2,
      sync_ms: 250,
      node: 'worker-1',
      kind: 'full',
      service_ports: 4,
      endpoints: 12,
      rules: 53,
      changes: 2,
      oldest_change_age_ms: 700,
    })
    expect(rows[700]!.slice(2, 4)).toEqual(['worker-0', 'partial'])
    expect(metrics.summary('iptables')).toEqual({ mode: 'iptables', syncs: 1001, rulesMax: 999, syncMsMax: 250 })
  })

  test('knows which nodes were late for the measuring, and when the last of them had its rules', () => {
    const metrics = new ProxyMetrics({ nodeNames: ['worker-0', 'worker-1', 'worker-2'], measureFrom: 10 * SECOND })
    metrics.synced({ ...sync, node: 0 })
    metrics.isLate(1)
    metrics.isLate(2)
    metrics.synced({ ...sync, node: 1, ended: 12 * SECOND })
    expect(metrics.summary('nftables').lateFirstSyncs).toEqual({ nodes: 2, doneSeconds: null })
    metrics.synced({ ...sync, node: 0, ended: 13 * SECOND })
    metrics.synced({ ...sync, node: 2, ended: 14 * SECOND })
    metrics.synced({ ...sync, node: 1, ended: 15 * SECOND })
    expect(metrics.summary('nftables').lateFirstSyncs).toEqual({ nodes: 2, doneSeconds: 14 })
  })

  test('propagation is empty, not zero, when nothing was written', () => {
    const metrics = new ProxyMetrics({ nodeNames: [], measureFrom: 10 })
    expect(metrics.propagation('measured')).toEqual({ count: 0, mean: null, p50: null, p90: null, p99: null, max: null })
    metrics.propagated(9, 1009)
    metrics.propagated(10, 3010)
    expect(metrics.propagation('measured')).toMatchObject({ count: 1, max: 0.003 })
    expect(metrics.propagation('all')).toMatchObject({ count: 2, mean: 0.002, max: 0.003 })
  })
})
