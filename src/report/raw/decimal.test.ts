import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { writeInteger, writeMilliseconds, writeSeconds } from './decimal.ts'

const text = (write: (bytes: Uint8Array, at: number, value: number) => number, value: number): string => {
  const bytes = new Uint8Array(64).fill(57)
  return Buffer.from(bytes.subarray(3, write(bytes, 3, value))).toString()
}

/** Short and long times, round ones, and the ends of the fast way. */
const time = fc.oneof(
  fc.nat(2000),
  fc.maxSafeNat(),
  fc.tuple(fc.nat(1000), fc.nat(9)).map(([value, zeros]) => value * [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9][zeros]!),
  fc.tuple(fc.nat(1_000_000), fc.integer({ min: -2, max: 2 })).map(([seconds, ns]) => Math.max(0, seconds * 1e9 + ns)),
  fc.double({ min: 0, max: 1e12, noNaN: true }),
)

describe('a number as bytes is what String says', () => {
  test('of seconds', () => {
    fc.assert(
      fc.property(time, (value) => {
        expect(text(writeSeconds, value)).toBe(String(value / 1e9))
      }),
      { numRuns: 5000 },
    )
  })

  test('of milliseconds', () => {
    fc.assert(
      fc.property(time, (value) => {
        expect(text(writeMilliseconds, value)).toBe(String(value / 1e6))
      }),
      { numRuns: 5000 },
    )
  })

  test('of whole numbers', () => {
    fc.assert(
      fc.property(fc.oneof(fc.nat(1200), fc.nat(2 ** 31 - 1)), (value) => {
        expect(text(writeInteger, value)).toBe(String(value))
      }),
      { numRuns: 5000 },
    )
    for (const value of [0, 9, 10, 99, 100, 999, 1000, 999_999_999, 1_000_000_000, 2 ** 31 - 1])
      expect(text(writeInteger, value)).toBe(String(value))
  })
})
