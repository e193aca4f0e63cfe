import { describe, expect, test } from 'vitest'
import { MILLISECOND, SECOND, seconds } from '../units.ts'
import { NETWORK, PARTS, SERVICE } from './blame.ts'
import { QUEUE_FULL, REFUSED } from './failure-cause.ts'
import { RequestMetrics, type TrafficMetrics } from './request-metrics.ts'

function rowsByName(metrics: RequestMetrics, end: number): Record<string, unknown>[] {
  const table = metrics.table(end)
  return [...table.rows].map((row) => Object.fromEntries(table.columns.map((column, index) => [column, row[index]])))
}

/** Answered after `latency`, of which 1 ns was network and the rest service. */
function answered(traffic: TrafficMetrics, at: number, latency: number): void {
  const parts = new Float64Array(2 * PARTS)
  parts[PARTS + NETWORK] = 1
  parts[PARTS + SERVICE] = latency - 1
  traffic.ok(at, latency, parts, PARTS)
}

describe('RequestMetrics', () => {
  test('counts a request in the interval in which it was to be sent, whenever it ends', () => {
    const metrics = new RequestMetrics({ measureFrom: 0 })
    const shop = metrics.addTraffic({ name: 'shop', start: 0, stop: 3 * SECOND })
    shop.sent(seconds(0.9))
    shop.sent(seconds(1.1))
    shop.sent(seconds(2.5))
    answered(shop, seconds(1.1), 5 * MILLISECOND)
    answered(shop, seconds(0.9), 1700 * MILLISECOND)
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
    answered(shop, SECOND, 10 * MILLISECOND)
    answered(shop, SECOND, 20 * MILLISECOND)
    answered(shop, 2 * SECOND, 30 * MILLISECOND)
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
        answered(shop, at, (second + 1) * MILLISECOND)
      }
    }
    const rows = rowsByName(metrics, 100 * SECOND)
    expect(rows).toHaveLength(100)
    for (const [second, row] of rows.entries()) {
      expect(row.latency_ms_max).toBe(second + 1)
      expect(row.latency_ms_p50).toBe(second + 1)
    }
  })

  test('mean latency and its parts, of an interval and of the measured phase; the slowest hundredth apart', () => {
    const metrics = new RequestMetrics({ measureFrom: 0 })
    const shop = metrics.addTraffic({ name: 'shop', start: 0, stop: 2 * SECOND })
    for (let request = 0; request < 198; request++) {
      shop.sent(0)
      answered(shop, 0, MILLISECOND)
    }
    for (let request = 0; request < 2; request++) {
      shop.sent(SECOND)
      answered(shop, SECOND, SECOND)
    }
    const rows = rowsByName(metrics, 2 * SECOND)
    expect(rows[0]).toMatchObject({ latency_ms_mean: 1, network_ms_mean: 1e-6, service_ms_mean: 0.999999, pod_queue_ms_mean: 0 })
    expect(rows[1]).toMatchObject({ latency_ms_mean: 1000, service_ms_mean: 999.999999 })
    const { blameMs } = shop.summary(2 * SECOND)
    expect(blameMs.mean!.service).toBeCloseTo((198 * 0.999999 + 2 * 999.999999) / 200, 9)
    // 200 answers: the 99th percentile is the 198th, which took 1 ms as all before it did.
    expect(blameMs.p99).toEqual(blameMs.mean)
    shop.sent(SECOND)
    answered(shop, SECOND, SECOND)
    expect(shop.summary(2 * SECOND).blameMs.p99!.service).toBeCloseTo(999.999999, 9)
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
    answered(shop, 0, 1)
    expect(() => shop.failed(0, REFUSED)).toThrow('More requests of "shop" ended than were sent')
  })
})
