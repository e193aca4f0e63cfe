import picocolors from 'picocolors'
import stringWidth from 'string-width'
import { describe, expect, test } from 'vitest'
import type { ThresholdResult, VariantSummary } from '../scenario/run-result.ts'
import { LANGUAGES, type LanguageCode } from './language/index.ts'
import type { RunSummary } from './run-summary.ts'
import { sampleSummary } from './sample.fixture.ts'
import { renderSummary } from './terminal-summary.ts'

const GOOD: ThresholdResult = {
  expression: 'requests.sent > 5',
  metric: 'requests.sent',
  operator: '>',
  limit: 5,
  value: 1000,
  passed: true,
}
const BAD: ThresholdResult = {
  expression: 'requests.latency.p99{traffic=shoppers} < 150ms',
  metric: 'requests.latency.p99',
  operator: '<',
  limit: 150,
  value: 200,
  passed: false,
}

function summary(...variants: readonly Partial<VariantSummary>[]): RunSummary {
  return {
    schemaVersion: 1,
    tool: { name: 'towtank', version: '0.1.0' },
    scenario: 'rollout',
    seed: '42',
    inputHash: `sha256:${'ab'.repeat(32)}`,
    variants: variants.map((changes) => sampleSummary(changes)),
  }
}

function render(of: RunSummary, width = 80, language: LanguageCode = 'en'): string {
  return renderSummary(of, LANGUAGES[language].summary, { colors: picocolors.createColors(false), width, folder: 'results/rollout' })
}

describe('the terminal summary', () => {
  test('of one variant', () => {
    expect(render(summary({ thresholds: [GOOD, BAD] }))).toMatchSnapshot()
  })

  test('of two variants shows differences beyond 1 % against the first', () => {
    const slower = sampleSummary().traffic.map((entry) => ({ ...entry, latencyMs: { ...entry.latencyMs, p50: 10.05, p99: 260 } }))
    const text = render(summary({ thresholds: [GOOD] }, { variant: 'iptables', traffic: slower, thresholds: [GOOD] }))
    expect(text).toMatchSnapshot()
    expect(text).toMatch(/p99 +200 ms +260 ms \+30%/)
    expect(text).toMatch(/p50 +10.0 ms +10.1 ms\n/)
  })

  test('begins with the verdict, and of the thresholds with those that failed', () => {
    const lines = render(summary({ thresholds: [GOOD, BAD] })).split('\n')
    expect(lines[0]).toBe('✗ rollout: 1 of 2 thresholds failed (seed 42, sha256:abababababab)')
    expect(lines.slice(2, 6)).toEqual([
      '✗ requests.latency.p99{traffic=shoppers} < 150ms',
      '    200 ms ✗',
      '✓ requests.sent > 5',
      '    1,000 ✓',
    ])
    expect(render(summary({ thresholds: [GOOD] }))).toContain('✓ rollout: 1 threshold passed')
    expect(render(summary({}))).toContain('rollout: done, without thresholds to judge it by')
  })

  test('says what was not measured, what took no effect and what was refused', () => {
    const nothing = { count: 0, mean: null, p50: null, p90: null, p99: null, max: null }
    const text = render(
      summary({
        propagation: nothing,
        thresholds: [{ ...BAD, value: null }],
        faults: [
          { fault: 'node-crash worker-3', tookEffect: false, effect: 'the run ended before' },
          { fault: 'pod-kill of one', tookEffect: false, effect: 'no such pod ran', optional: true },
        ],
        refusals: [{ command: 'kubectl delete pod/x', reason: 'pods "x" not found' }],
        flowControl: [{ priorityLevel: 'system', waited: 3, longestWaitMs: 12, rejected: 1 }],
        deployments: [{ namespace: 'shop', name: 'frontend', replicas: 4, available: 0, availableAtSeconds: null, imbalance: null }],
      }),
    )
    expect(text).toContain('nothing measured ✗')
    expect(text).toContain('✗ node-crash worker-3 did not take effect, so the run has failed: the run ended before')
    expect(text).toContain('1 of 1 threshold failed, 1 fault never took effect')
    expect(text).toContain('! pod-kill of one did not take effect: no such pod ran')
    expect(text).toContain('! kubectl delete pod/x was refused: pods "x" not found')
    expect(text).toContain('! priority level system: 3 requests waited for a seat of the API server, at most 12.0 ms; 1 request rejected')
    expect(text).toMatch(/shop\/frontend +0\/4, never all/)
    expect(text).toMatch(/endpoint propagation\n +p50 +–/)
  })

  test('tells of nodes where a core was busy or dropped packets, and only there', () => {
    const nodes = (packetsDropped: number, share: number) => ({
      nodes: { ...sampleSummary().nodes, packetsDropped, busiestCore: { node: 'worker-1', share, atSeconds: 31 } },
    })
    expect(render(summary(nodes(0, 0.5)))).not.toContain('nodes')
    expect(render(summary({ nodes: { ...sampleSummary().nodes, busiestCore: null } }))).not.toContain('nodes')
    expect(render(summary(nodes(0, 0.51)))).toMatch(/\nnodes\n {2}busiest core +51.00 %\n {2}packets dropped +0\n/)
    const two = render(summary({}, { variant: 'iptables', ...nodes(12_345, 0.5) }))
    expect(two).toMatch(/busiest core +25.00 % +50.00 %\n/)
    expect(two).toMatch(/packets dropped +0 +12,345\n/)
  })

  test.each([60, 80, 120])('of many variants stays within %d columns, each variant shown once', (width) => {
    const names = ['iptables', 'ipvs', 'nftables', 'slow-start', 'larger-pool', 'smaller-pool', 'everything-at-once']
    const text = render(summary(...names.map((variant) => ({ variant, thresholds: [GOOD], faults: [] }))), width)
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(width)
    for (const name of names)
      expect(
        text
          .split('\n')
          .filter((line) => line.startsWith(' ') && !line.includes('✓') && !line.includes('mode') && line.split(/\s+/).includes(name)),
      ).toHaveLength(1)
  })

  test('in Chinese says the same, with columns that stand under each other', () => {
    const text = render(summary({ thresholds: [GOOD, BAD] }, { variant: 'iptables', thresholds: [GOOD, GOOD] }), 80, 'zh')
    expect(text).toMatchSnapshot()
    const rows = text.split('\n').filter((line) => /^ {2}\S.* [\d.,]+( \S+)?$/.test(line))
    expect(rows.length).toBeGreaterThan(10)
    expect([...new Set(rows.map((line) => stringWidth(line)))]).toHaveLength(1)
    expect(text.match(/[\d.]+ ms/g)).toEqual(
      render(summary({ thresholds: [GOOD, BAD] }, { variant: 'iptables', thresholds: [GOOD, GOOD] })).match(/[\d.]+ ms/g),
    )
  })

  test.each([60, 80])('in Chinese of many variants stays within %d columns', (width) => {
    const names = ['iptables', 'ipvs', 'nftables', 'slow-start', 'larger-pool']
    const text = render(summary(...names.map((variant) => ({ variant, thresholds: [GOOD], faults: [], refusals: [] }))), width, 'zh')
    for (const line of text.split('\n')) expect(stringWidth(line)).toBeLessThanOrEqual(width)
  })

  test('has colours only when they are asked for', () => {
    const of = summary({ thresholds: [BAD] })
    expect(render(of)).not.toContain('\u001b')
    const coloured = renderSummary(of, LANGUAGES.en.summary, { colors: picocolors.createColors(true), width: 80, folder: null })
    expect(coloured).toContain('\u001b[31m✗')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are what is taken out
    expect(`${coloured.replace(/\u001b\[\d+m/g, '').trimEnd()}\n\nResults in results/rollout\n`).toBe(render(of))
  })
})
