import { describe, expect, test } from 'vitest'
import { parseThreshold } from './parse-threshold.ts'

describe('parseThreshold', () => {
  test.each([
    ['requests.error_rate{traffic=shoppers} < 0.1%', ['requests.error_rate', { traffic: 'shoppers' }, '<', 0.001]],
    ['requests.error_rate<=0.25', ['requests.error_rate', {}, '<=', 0.25]],
    ['requests.latency.p99{traffic="x"} < 250ms', ['requests.latency.p99', { traffic: 'x' }, '<', 250]],
    ['endpoints.propagation.p99 < 5s', ['endpoints.propagation.p99', {}, '<', 5000]],
    ['endpoints.propagation.max < 500us', ['endpoints.propagation.max', {}, '<', 0.5]],
    ['requests.rate > 90/m', ['requests.rate', {}, '>', 1.5]],
    ['deployments.available{deployment=a, namespace=b} >= 3', ['deployments.available', { deployment: 'a', namespace: 'b' }, '>=', 3]],
  ])('reads %s', (text, [metric, labels, operator, limit]) => {
    expect(parseThreshold(text)).toEqual({ ok: true, value: { text, metric, labels, operator, limit } })
  })

  test.each([
    ['requests.latency.p95 < 1s', 'Unknown metric "requests.latency.p95"', 'requests.latency.p95'],
    ['requests.error_rat < 1%', 'Unknown metric', 'requests.error_rat'],
    ['requests.sent{trafic=x} > 1', 'has no label "trafic"', '{trafic=x}'],
    ['endpoints.propagation.p99{traffic=x} < 1s', 'has no label "traffic"', '{traffic=x}'],
    ['requests.sent{traffic=x,traffic=y} > 1', 'is given twice', '{traffic=x,traffic=y}'],
    ['requests.sent == 1', 'Cannot compare with "=="', '=='],
    ['requests.latency.p99 < 250', 'Cannot compare a time with "250"', '250'],
    ['requests.error_rate < 1s', 'Cannot compare an error rate with "1s"', '1s'],
    ['requests.error_rate < 5', 'it is above 100%', '5'],
    ['requests.sent > 3%', 'Cannot compare a count with "3%"', '3%'],
    ['requests.rate > 3', 'Cannot compare a rate with "3"', '3'],
  ])('refuses %s and underlines what is wrong', (text, why, underlined) => {
    const result = parseThreshold(text)
    expect(result).toMatchObject({ ok: false, complaint: { message: expect.stringContaining(why) } })
    if (result.ok || result.complaint.part === null) throw new Error('nothing is underlined')
    const { index, length } = result.complaint.part
    expect(text.slice(index, index + length)).toBe(underlined)
  })

  test.each(['', 'requests.sent', '< 3', 'requests.sent <', 'requests.sent{ < 3'])('refuses "%s" as a whole', (text) => {
    expect(parseThreshold(text)).toMatchObject({ ok: false, complaint: { message: expect.stringContaining('as a threshold'), part: null } })
  })
})
