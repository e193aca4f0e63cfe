import { describe, expect, test } from 'vitest'
import { SECOND } from '../units.ts'
import { parseTimes } from './arrival-files.ts'
import { parseArrivals } from './parse-arrivals.ts'

describe('parseArrivals', () => {
  test.each([
    ['poisson(800/s)', { kind: 'poisson', ratePerSecond: 800 }],
    ['constant(90/m)', { kind: 'constant', ratePerSecond: 1.5 }],
    ['poisson( 36 / h )', { kind: 'poisson', ratePerSecond: 0.01 }],
    ['ramp(0/s, 500/s, over=2m)', { kind: 'stages', stages: [{ length: 120 * SECOND, fromPerSecond: 0, toPerSecond: 500 }] }],
    [
      'stages(10/s, 200/s over 1m, 200/s for 3m, 0/s for 1s)',
      {
        kind: 'stages',
        stages: [
          { length: 60 * SECOND, fromPerSecond: 10, toPerSecond: 200 },
          { length: 180 * SECOND, fromPerSecond: 200, toPerSecond: 200 },
          { length: SECOND, fromPerSecond: 0, toPerSecond: 0 },
        ],
      },
    ],
    [
      'diurnal(mean=300/s, swing=0.6, peak=14h)',
      { kind: 'diurnal', meanPerSecond: 300, swing: 0.6, peak: 14 * 3600 * SECOND, period: 86_400 * SECOND },
    ],
    [
      'mmpp(100/s for 20s, 900/s for 2s)',
      {
        kind: 'mmpp',
        phases: [
          { ratePerSecond: 100, mean: 20 * SECOND },
          { ratePerSecond: 900, mean: 2 * SECOND },
        ],
      },
    ],
    ['replay(night.csv)', { kind: 'replay', file: 'night.csv' }],
    ['closed(users=200, think=exp(1s))', { kind: 'closed', users: 200, think: { kind: 'exponential', mean: SECOND } }],
    ['closed(users=1)', { kind: 'closed', users: 1, think: { kind: 'constant', value: 0 } }],
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
    ['poisson((1/s)', null],
    ['ramp(1/s, 2/s)', null],
    ['ramp(1/s, 2/s, over=0s)', null],
    ['stages(1/s)', null],
    ['stages(0/s, 0/s over 1m)', null],
    ['stages(1/s, 2/s in 1m)', null],
    ['stages(1/s, 2/s over 1)', '1s'],
    ['diurnal(mean=300/s, swing=1.5, peak=14h)', null],
    ['diurnal(mean=300/s, swnig=0.5, peak=14h)', 'swing'],
    ['diurnal(300/s)', null],
    ['mmpp(0/s for 1s, 0/s for 1s)', null],
    ['mmpp(1/s for 1s)', null],
    ['replay()', null],
    ['closed(users=0)', null],
    ['closed(user=3)', 'users'],
    ['closed(users=3, think=exp(1))', '1s'],
  ])('refuses "%s" and suggests %s', (text, suggestion) => {
    expect(parseArrivals(text)).toMatchObject({ ok: false, complaint: { didYouMean: suggestion } })
  })
})

describe('parseTimes', () => {
  test('one time a line; a heading, further columns and empty lines are passed over', () => {
    expect(parseTimes('time_s,path\n0,/a\n0.25,/b\n\n12\n', 't.csv')).toEqual({ ok: true, value: [0, 0.25 * SECOND, 12 * SECOND] })
  })

  test.each([
    ['1\nx\n', 'Cannot read "x" in "t.csv" line 2 as a time'],
    ['2\n1\n', 'The time 1 in "t.csv" line 2 is before the one above it'],
    ['time\n', '"t.csv" has no times'],
    ['99999999999\n', 'The time 99999999999 in "t.csv" line 1 is beyond what a run can have'],
  ])('refuses %j', (text, message) => {
    expect(parseTimes(text, 't.csv')).toMatchObject({ ok: false, complaint: { message } })
  })
})
