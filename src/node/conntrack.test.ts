import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SECOND } from '../units.ts'
import { Conntrack, conntrackMax } from './conntrack.ts'

describe('conntrackMax', () => {
  test.each([
    [1000, 131_072],
    [4000, 131_072],
    [4001, 163_840],
    [8000, 262_144],
    [32_000, 1_048_576],
    [64_000, 1_048_576],
  ])('%d milli-CPU: %d entries', (cpuMilli, entries) => {
    expect(conntrackMax(cpuMilli, 36)).toBe(entries)
  })

  test('up to 1.35 without a cap', () => {
    expect(conntrackMax(64_000, 35)).toBe(2_097_152)
  })

  // getConntrackMax of kube-proxy: what the cores amount to is capped, or else raised to the minimum, which is not capped.
  test.each([
    [4000, { maxPerCore: 65_536, min: 131_072 }, 262_144],
    [4000, { maxPerCore: 1, min: 524_288 }, 524_288],
    [4000, { maxPerCore: 32_768, min: 2_000_000 }, 2_000_000],
    [8000, { maxPerCore: 262_144, min: 4_000_000 }, 1_048_576],
  ])('%d milli-CPU with %o: %d entries', (cpuMilli, config, entries) => {
    expect(conntrackMax(cpuMilli, 36, config)).toBe(entries)
  })
})

describe('Conntrack', () => {
  test('an entry stays 120 s after a close and 10 s after a reset', () => {
    const table = new Conntrack(10)
    for (let entry = 0; entry < 3; entry++) table.open()
    table.end(SECOND)
    table.reset(SECOND)
    expect(table.count(11 * SECOND - 1)).toBe(3)
    expect(table.count(11 * SECOND)).toBe(2)
    expect(table.count(121 * SECOND - 1)).toBe(2)
    expect(table.count(121 * SECOND)).toBe(1)
  })

  test('a full table has no room until an entry leaves', () => {
    const table = new Conntrack(2)
    table.open()
    table.open()
    expect(table.hasRoom(0)).toBe(false)
    table.reset(0)
    expect(table.hasRoom(10 * SECOND - 1)).toBe(false)
    expect(table.hasRoom(10 * SECOND)).toBe(true)
    expect(table.dropped).toBe(2)
  })

  test('counts like a plain list of times', () => {
    const step = fc.record({
      wait: fc.constantFrom(0, 1, 3 * SECOND, 9 * SECOND, 40 * SECOND),
      what: fc.constantFrom('open', 'end', 'reset', 'remove'),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const table = new Conntrack(1e9)
        let [now, open] = [0, 0]
        const leaving: number[] = []
        for (const { wait, what } of steps) {
          now += wait
          if (what === 'open' || open === 0) {
            table.open()
            open++
          } else {
            open--
            if (what === 'end') leaving.push(now + 120 * SECOND)
            if (what === 'reset') leaving.push(now + 10 * SECOND)
            if (what === 'end') table.end(now)
            else if (what === 'reset') table.reset(now)
            else table.remove()
          }
          if (wait > 0) expect(table.count(now)).toBe(open + leaving.filter((time) => time > now).length)
        }
      }),
    )
  })

  test('an entry that ends twice is a bug', () => {
    const table = new Conntrack(2)
    expect(() => table.end(0)).toThrow('ended twice')
  })
})
