import { describe, expect, test } from 'vitest'
import { formatDistribution, parseDistribution } from './parse-distribution.ts'

const MS = 1_000_000

describe('parseDistribution', () => {
  test.each([
    ['8ms', { kind: 'constant', value: 8 * MS }],
    ['exp(8ms)', { kind: 'exponential', mean: 8 * MS }],
    ['uniform(1ms, 3ms)', { kind: 'uniform', min: MS, max: 3 * MS }],
    ['uniform(max=3ms, min=1ms)', { kind: 'uniform', min: MS, max: 3 * MS }],
    ['normal(4s, 1s)', { kind: 'normal', mean: 4000 * MS, sd: 1000 * MS }],
    ['lognormal(p50=8ms, p99=60ms)', { kind: 'lognormal', p50: 8 * MS, p99: 60 * MS }],
    ['lognormal( p99 = 60ms , p50 = 8ms )', { kind: 'lognormal', p50: 8 * MS, p99: 60 * MS }],
    ['gamma(shape=2, mean=5ms)', { kind: 'gamma', shape: 2, mean: 5 * MS }],
    ['pareto(min=1ms, alpha=2.5)', { kind: 'pareto', min: MS, alpha: 2.5 }],
    ['empirical(1ms, 2ms, 9ms)', { kind: 'empirical', values: [MS, 2 * MS, 9 * MS] }],
  ])('reads %s, and what it writes for it', (text, spec) => {
    const result = parseDistribution(text)
    expect(result).toEqual({ ok: true, value: spec })
    if (result.ok) expect(parseDistribution(formatDistribution(result.value))).toEqual(result)
  })

  test.each([
    ['exp(0s)', 'the mean must be above 0'],
    ['exp()', 'takes one argument (mean), not 0'],
    ['uniform(3ms, 1ms)', 'the minimum is above the maximum'],
    ['lognormal(8ms, 60ms)', 'must be named'],
    ['lognormal(p50=60ms, p99=8ms)', 'p99 must be above p50'],
    ['lognormal(p50=0s, p99=8ms)', 'p50 must be above 0'],
    ['lognormal(p50=8ms, 60ms)', 'needs a name'],
    ['lognormal(p50=8ms, p50=9ms)', 'is given twice'],
    ['lognormal(p50=8ms, p90=9ms)', 'has no argument "p90"'],
    ['gamma(shape=0, mean=5ms)', 'the shape must be above 0'],
    ['gamma(shape=2ms, mean=5ms)', 'Cannot read "2ms" as a number'],
    ['pareto(min=1ms, alpha=1)', 'alpha must be above 1'],
    ['empirical()', 'it has no values'],
    ['empirical(a=1ms)', 'have no names'],
    ['8', 'the unit is missing'],
    ['exp(8)', 'the unit is missing'],
    ['weibull(8ms)', 'No distribution is called "weibull"'],
    ['exp(8ms', 'Cannot read'],
    ['', 'Cannot read'],
  ])('refuses %s', (text, why) => {
    expect(parseDistribution(text)).toMatchObject({ ok: false, complaint: { message: expect.stringContaining(why) } })
  })

  test('points at the argument that is wrong', () => {
    const text = 'lognormal(p50=8ms, p99=60mss)'
    expect(parseDistribution(text)).toMatchObject({ ok: false, complaint: { part: { index: text.indexOf('60mss'), length: 5 } } })
  })

  test('knows a misspelt name', () => {
    expect(parseDistribution('lognornal(p50=8ms, p99=60ms)')).toMatchObject({ complaint: { didYouMean: 'lognormal' } })
  })
})
