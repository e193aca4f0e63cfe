import { describe, expect, test } from 'vitest'
import { THRESHOLD_METRICS } from '../../scenario/threshold-metrics.ts'
import { WORSE } from './directions.ts'
import { parseTolerance, toleranceFor, whyIdle } from './tolerance.ts'

const read = (text: string) => {
  const found = parseTolerance(text)
  if (!found.ok) throw new Error(found.complaint.message)
  return found.value
}

test('every metric of a threshold has a direction in which it is worse, or none, and no other has', () => {
  expect([...WORSE.keys()].toSorted()).toEqual([...THRESHOLD_METRICS.keys()].toSorted())
})

describe('a tolerance is read', () => {
  test.each([
    ['5%', { metric: null, relative: 0.05, absolute: 0 }],
    [' 0.5 % ', { metric: null, relative: 0.005, absolute: 0 }],
    ['requests.latency.p99=10ms', { metric: 'requests.latency.p99', relative: 0, absolute: 10 }],
    ['requests.latency.p99{traffic=shoppers} = 7%', { metric: 'requests.latency.p99', labels: { traffic: 'shoppers' }, relative: 0.07 }],
    ['requests.error_rate{traffic="a b"}=0.1pp', { labels: { traffic: 'a b' }, relative: 0, absolute: 0.001 }],
    ['requests.error_rate=0.002', { relative: 0, absolute: 0.002 }],
    ['requests.rate=3/s', { absolute: 3 }],
    ['deployments.available=0', { absolute: 0 }],
  ])('%s', (text, expected) => {
    expect(read(text)).toMatchObject(expected)
  })

  test.each([
    ['5', 'Cannot read "5" as a tolerance'],
    ['-5%', 'Cannot read "-5%" as a tolerance'],
    ['requests.latncy.p99=5%', 'Unknown metric "requests.latncy.p99"'],
    ['requests.sent=5%', '"requests.sent" can grow and fall without being worse'],
    ['requests.latency.p99=10', 'Cannot compare a time with "10"'],
    ['requests.latency.p99{pod=x}=10ms', '"requests.latency.p99" has no label "pod"'],
    ['requests.error_rate=lots', 'Cannot compare a rate with "lots"'],
  ])('but not %s', (text, message) => {
    const found = parseTolerance(text)
    expect(found.ok).toBe(false)
    if (!found.ok) expect(found.complaint.message).toBe(message)
  })

  test('and a metric that is misspelt is guessed', () => {
    const found = parseTolerance('requests.latncy.p99=5%')
    expect(found.ok ? null : found.complaint.didYouMean).toBe('requests.latency.p99')
  })
})

describe('of several tolerances', () => {
  const shoppers = { metric: 'requests.latency.p99', labels: { traffic: 'shoppers' } }
  const browse = { metric: 'requests.latency.p99', labels: { traffic: 'browse' } }
  test('the one that says the most counts, and the later one of equals', () => {
    const all = ['requests.latency.p99{traffic=shoppers}=1ms', '5%', 'requests.latency.p99=2ms', '6%'].map(read)
    expect(toleranceFor(shoppers, all)?.text).toBe('requests.latency.p99{traffic=shoppers}=1ms')
    expect(toleranceFor(browse, all)?.text).toBe('requests.latency.p99=2ms')
    expect(toleranceFor({ metric: 'requests.ok', labels: { traffic: 'browse' } }, all)?.text).toBe('6%')
    expect(toleranceFor({ metric: 'requests.sent', labels: {} }, all)).toBeNull()
    expect(toleranceFor(browse, [read('requests.latency.p99{traffic=shoppers}=1ms')])).toBeNull()
  })

  test('one that judges nothing is refused, with what is there', () => {
    expect(whyIdle(read('requests.latency.p99{traffic=shopers}=1ms'), [shoppers, browse])).toBe(
      'Nothing is judged by "requests.latency.p99{traffic=shopers}=1ms": there is no requests.latency.p99{traffic=shopers}: expected one of shoppers, browse. Did you mean "shoppers"?',
    )
    expect(whyIdle(read('pods.imbalance=1'), [shoppers])).toBe(
      'Nothing is judged by "pods.imbalance=1": there is no pods.imbalance: this scenario has no such metric',
    )
    expect(whyIdle(read('5%'), [])).toBeNull()
  })
})
