import { expect, test } from 'vitest'
import type { Comparison } from '../../experiment/comparison/comparison.ts'
import { sampleComparison } from '../comparison/comparison.fixture.ts'
import type { RunSummary } from '../run-summary.ts'
import { comparedCell, whyNotFitting } from './fitting-comparisons.ts'

const sample = sampleComparison('shoppers')
const summary = { inputHash: `sha256:${'0'.repeat(64)}`, variants: [{ variant: 'iptables' }, { variant: 'ipvs' }] } as unknown as RunSummary

test.each([
  ['of the same input, first against another', sample, null],
  ['of one run a side', { ...sample, kind: 'single' as const }, 'has no intervals'],
  ['of another scenario', { ...sample, b: { ...sample.b, inputHash: 'sha256:1' } }, 'of another scenario'],
  [
    'of other variants',
    { ...sample, variants: [{ variantA: 'ipvs', variantB: 'iptables', divergence: null }] },
    'it is of ipvs,iptables. Compare the first variant with another: --variants iptables,ipvs',
  ],
] as readonly (readonly [string, Comparison, string | null])[])('a comparison %s', (_name, comparison, why) => {
  const said = whyNotFitting(comparison, summary)
  if (why === null) expect(said).toBeNull()
  else expect(said).toContain(why)
})

test('a row has what is said of its metric, its traffic and its variant', () => {
  const of = (metric: string, traffic: string, variant = 'ipvs') =>
    comparedCell([sample], { metric: { metric, traffic } }, { first: 'iptables', variant })?.verdict
  expect(of('requests.latency.p99', 'shoppers')).toBe('regression')
  expect(of('requests.latency.p90', 'browsers')).toBe('none-found')
  expect(of('requests.latency.p99', 'browsers')).toBeUndefined()
  expect(of('requests.latency.p99', 'shoppers', 'nftables')).toBeUndefined()
  expect(comparedCell([sample], {}, { first: 'iptables', variant: 'ipvs' })).toBeNull()
})
