import { describe, expect, test } from 'vitest'
import { sampleSummary } from '../report/sample.fixture.ts'
import type { Threshold } from './scenario.ts'
import { judgeThresholds, THRESHOLD_METRICS } from './threshold-metrics.ts'

const summary = sampleSummary()

function judge(metric: string, labels: Record<string, string>, operator: Threshold['operator'], limit: number) {
  return judgeThresholds([{ text: 'as written', metric, labels, operator, limit }], summary)[0]!
}

describe('judgeThresholds', () => {
  test.each([
    ['requests.sent', 1000],
    ['requests.ok', 989],
    ['requests.failed', 10],
    ['requests.error_rate', 0.01],
    ['requests.retries', 120],
    ['requests.hedges', 30],
    ['requests.tries_denied', 5],
    ['requests.answers_wasted', 17],
    ['requests.amplification', 1.15],
    ['requests.rate', 100],
    ['requests.latency.mean', 12],
    ['requests.latency.p50', 10],
    ['requests.latency.p90', 20],
    ['requests.latency.p99', 200],
    ['requests.latency.max', 900],
  ])('finds %s of the traffic that is named', (metric, value) => {
    expect(judge(metric, { traffic: 'shoppers' }, '<', 5000).value).toBe(value)
    expect(judge(metric, { traffic: 'nobody' }, '<', 5000)).toMatchObject({ value: null, passed: false })
  })

  test('finds propagation, and Deployments by name and namespace', () => {
    expect(judge('endpoints.propagation.p99', {}, '<', 5000).value).toBe(1200)
    expect(judge('deployments.available', { deployment: 'frontend', namespace: 'shop' }, '>=', 4).value).toBe(3)
    expect(judge('deployments.available_after', { deployment: 'frontend', namespace: 'shop' }, '<', 60_000).value).toBe(12_500)
    expect(judge('deployments.available', { deployment: 'frontend', namespace: 'other' }, '>=', 0).passed).toBe(false)
  })

  test('finds how much pods were throttled, where that counts', () => {
    expect(judge('pods.throttled', { deployment: 'frontend', namespace: 'shop' }, '<', 1).value).toBe(null)
    const throttled = { ...summary, deployments: summary.deployments.map((entry) => ({ ...entry, throttled: 0.25 })) }
    const threshold = {
      text: '',
      metric: 'pods.throttled',
      labels: { deployment: 'frontend', namespace: 'shop' },
      operator: '<',
      limit: 1,
    } as const
    expect(judgeThresholds([threshold], throttled)).toMatchObject([{ value: 0.25, passed: true }])
  })

  test.each([
    ['<', 1000, false],
    ['<', 1001, true],
    ['<=', 1000, true],
    ['<=', 999, false],
    ['>', 1000, false],
    ['>', 999, true],
    ['>=', 1000, true],
    ['>=', 1001, false],
  ] as const)('1000 %s %d is %s', (operator, limit, passed) => {
    expect(judge('requests.sent', { traffic: 'shoppers' }, operator, limit)).toEqual({
      expression: 'as written',
      metric: 'requests.sent',
      operator,
      limit,
      value: 1000,
      passed,
    })
  })

  test('fails what was not measured, whichever way it is compared', () => {
    const empty = { ...summary, propagation: { count: 0, mean: null, p50: null, p90: null, p99: null, max: null } }
    for (const operator of ['<', '>'] as const) {
      const [result] = judgeThresholds([{ text: '', metric: 'endpoints.propagation.p99', labels: {}, operator, limit: 0 }], empty)
      expect(result).toMatchObject({ value: null, passed: false })
    }
  })

  test('has no error rate where nothing was sent', () => {
    const idle = { ...summary, traffic: summary.traffic.map((entry) => ({ ...entry, sent: 0, ok: 0, failed: 0, errorRate: 0 })) }
    const [result] = judgeThresholds(
      [{ text: '', metric: 'requests.error_rate', labels: { traffic: 'shoppers' }, operator: '<', limit: 1 }],
      idle,
    )
    expect(result).toMatchObject({ value: null, passed: false })
  })

  test.each([
    ['nodes.packets_dropped', 17],
    ['nodes.busiest_core', 0.25],
    ['nodes.conntrack_dropped', 5],
  ])('%s is of all nodes', (metric, value) => {
    const busy = { ...summary, nodes: { ...summary.nodes, packetsDropped: 17, conntrackDropped: 5 } }
    const [result] = judgeThresholds([{ text: '', metric, labels: {}, operator: '<=', limit: value }], busy)
    expect(result).toMatchObject({ value, passed: true })
  })

  test('knows every metric by a name of its own', () => {
    expect(THRESHOLD_METRICS.size).toBe(27)
  })
})
