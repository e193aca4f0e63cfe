import { describe, expect, test } from 'vitest'
import { parseBandwidth, parseBytes, parseCpu } from './parse-size.ts'

describe('sizes', () => {
  test('are quantities as Kubernetes writes them', () => {
    expect(parseBytes('32Gi')).toEqual({ ok: true, value: 32 * 1024 * 1024 * 1024 })
    expect(parseCpu('500m')).toEqual({ ok: true, value: 500 })
    expect(parseCpu('8')).toEqual({ ok: true, value: 8000 })
    expect(parseBandwidth('125M/s')).toEqual({ ok: true, value: 125_000_000 })
  })

  test.each([
    [parseBytes, '32GB', '32G'],
    [parseBytes, '32gi', '32Gi'],
    [parseBytes, '0', null],
    [parseBytes, '-1Gi', null],
    [parseBytes, '2Pi', null],
    [parseBytes, 'much', null],
    [parseCpu, '1001', null],
    [parseBandwidth, '125M', '125M/s'],
    [parseBandwidth, '125X/s', null],
  ])('that are wrong are refused (%o %s, did you mean %s)', (parse, text, suggestion) => {
    expect(parse(text)).toMatchObject({ ok: false, complaint: { didYouMean: suggestion } })
  })
})
