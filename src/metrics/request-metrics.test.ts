import { describe, expect, test } from 'vitest'
import { MILLISECOND, SECOND, seconds } from '../units.ts'
import { QUEUE_FULL, REFUSED } from './failure-cause.ts'
import { RequestMetrics } from './request-metrics.ts'

function rowsByName(metrics: RequestMetrics, end: number): Record<string, unknown>[] {
  const table = metrics.table(end)
  return [...table.rows].map((row) => Object.fromEntries(table.columns.map((column, index) => [column, row[index]])))
}

describe('RequestMetrics', () => {
  test('counts a request in the interval in which it was to be sent, whenever it ends', () => {
    const metrics = new RequestMetrics({ measureFrom: 0 })
    const shop = metrics.addTraffic({ name: 'shop', start: 0, stop: 3 * SECOND })
    shop.sent(seconds(0.9))
    shop.sent(seconds(1.1))
    shop.sent(seconds(2.5))
    shop.ok(seconds(1.1), 5 * MILLISECOND)
    shop.ok(seconds(0.9), 1700 * MILLISECOND)
    shop.failed(seconds(2.5), REFUSED)
    const rows = rowsByName(metrics, 3 * SECOND)
    expect(rows.map((row) => [row.interval_start_s, row.sent, row.ok, row.failed_refused, row.latency_ms_max])).toEqual([
      [0, 1, 1, 0, 1700],
      [1, 1, 1, 0, 5],
      [2, 1, 0, 1, null],
    ])
  })

  test('an interval begins where measuring begins, and the rows before it are warm-up', () => {
    const metrics = new RequestMetrics({ measureFrom: seconds(1.25) })
    metrics.addTraffic({ name: 'shop', start: 0, stop: seconds(2) })
    const rows = rowsByName(metrics, seconds(10))
    expect(rows.map((row) => [row.interval_start_s, row.interval_s, row.phase])).toEqual([
      [0, 0.25, 'warm-up'],
      [0.25, 1, 'warm-up'],
      [1.25, 1, 'measured'],
    ])
  })

  test('the summary has the measured phase only, and only the causes that occurred', () => {
    const metrics = new RequestMetrics({ measureFrom: SECOND })
    const shop = metrics.addTraffic({ name: 'shop', start: 0, stop: 5 * SECOND })
    for (const at of [0, 1, 1, 2, 2, 3]) shop.sent(at * SECOND)
    shop.failed(0, REFUSED)
    shop.ok(SECOND, 10 * MILLISECOND)
    shop.ok(SECOND, 20 * MILLISECOND)
    shop.ok(2 * SECOND, 30 * MILLISECOND)
    shop.failed(2 * SECOND, QUEUE_FULL)
    const summary = shop.summary(4 * SECOND)
    expect(summary).toMatchObject({ sent: 5, ok: 3, failed: 1, inFlight: 1, failedByCause: { 'queue-full': 1 }, errorRate: 0.25 })
    expect(summary.requestsPerSecond).toBeCloseTo(5 / 3, 12)
    expect(summary.latencyMs).toMatchObject({ count: 3, max: 30 })
    expect(summary.latencyMs.mean).toBeCloseTo(20, 9)
    expect(shop.totals()).toEqual({ sent: 6, ok: 3, failed: 2 })
  })

  test('quantiles of an interval are those of its own answers, though histograms are used again', () => {
    const metrics = new RequestMetrics({ measureFrom: 0 })
    const shop = metrics.addTraffic({ name: 'shop', start: 0, stop: 100 * SECOND })
    for (let second = 0; second < 100; second++) {
      for (let request = 0; request < 10; request++) {
        const at = second * SECOND + request * MILLISECOND
        shop.sent(at)
        shop.ok(at, (second + 1) * MILLISECOND)
      }
    }
    const rows = rowsByName(metrics, 100 * SECOND)
    expect(rows).toHaveLength(100)
    for (const [second, row] of rows.entries()) {
      expect(row.latency_ms_max).toBe(second + 1)
      expect(row.latency_ms_p50).toBe(second + 1)
    }
  })

  test('an interval without requests has a row of zeros', () => {
    const metrics = new RequestMetrics({ measureFrom: 0 })
    const shop = metrics.addTraffic({ name: 'shop', start: SECOND, stop: 4 * SECOND })
    shop.sent(seconds(3.5))
    expect(rowsByName(metrics, 4 * SECOND).map((row) => [row.interval_start_s, row.sent])).toEqual([
      [1, 0],
      [2, 0],
      [3, 1],
    ])
  })

  test('one end more than there were requests is a bug', () => {
    const shop = new RequestMetrics({ measureFrom: 0 }).addTraffic({ name: 'shop', start: 0, stop: SECOND })
    shop.sent(0)
    shop.ok(0, 1)
    expect(() => shop.failed(0, REFUSED)).toThrow('More requests of "shop" ended than were sent')
  })
})
