import { describe, expect, test } from 'vitest'
import { parseArrivals } from './parse-arrivals.ts'

describe('parseArrivals', () => {
  test.each([
    ['poisson(800/s)', { kind: 'poisson', ratePerSecond: 800 }],
    ['constant(90/m)', { kind: 'constant', ratePerSecond: 1.5 }],
    ['poisson( 36 / h )', { kind: 'poisson', ratePerSecond: 0.01 }],
  ])('reads %s', (text, expected) => {
    expect(parseArrivals(text)).toEqual({ ok: true, value: expected })
  })

  test.each([
    ['800/s', 'poisson(800/s)'],
    ['poison(800/s)', 'poisson'],
    ['poisson(800)', '800/s'],
    ['poisson(0/s)', null],
    ['poisson(-1/s)', null],
    ['poisson(800/d)', null],
    ['poisson(1/s, 2/s)', null],
    ['poisson(rate=1/s)', null],
    ['poisson(10000001/s)', null],
    ['', null],
  ])('refuses "%s" and suggests %s', (text, suggestion) => {
    expect(parseArrivals(text)).toMatchObject({ ok: false, complaint: { didYouMean: suggestion } })
  })
})
