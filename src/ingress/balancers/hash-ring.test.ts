import { crc32 as zlibCrc32 } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { crc32, utf8 } from '../crc32.ts'
import { HashRing, POINTS_PER_SERVER } from './hash-ring.ts'

/** The slow model: zlib's checksum, which goes on from a register that it inverts, and all points looked at one by one. */
function slowFind(names: readonly string[], key: string): number {
  const points = names.flatMap((name, server) => {
    const base = zlibCrc32(name)
    let last = 0
    return Array.from({ length: POINTS_PER_SERVER }, () => {
      const bytes = Buffer.alloc(4)
      bytes.writeUInt32LE(last)
      last = zlibCrc32(bytes, ~base >>> 0)
      return { hash: last, server }
    })
  })
  const hash = zlibCrc32(key)
  let best = points[0]!
  let first = points[0]!
  let found = false
  for (const point of points) {
    if (point.hash < first.hash) first = point
    if (point.hash <= hash && (!found || point.hash > best.hash)) {
      best = point
      found = true
    }
  }
  return (found ? best : first).server
}

test('the checksum is the one of zlib', () => {
  expect(crc32(utf8('123456789'))).toBe(0xcbf4_3926)
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      expect(crc32(bytes)).toBe(zlibCrc32(bytes))
    }),
  )
})

describe('a ring', () => {
  const servers = fc.uniqueArray(
    fc.integer({ min: 1, max: 254 }).map((last) => `10.244.1.${last}:8080`),
    { minLength: 1, maxLength: 8 },
  )

  test('finds what a slow model finds, for any key', () => {
    fc.assert(
      fc.property(servers, fc.array(fc.string(), { minLength: 1, maxLength: 20 }), (names, keys) => {
        const ring = new HashRing(names)
        for (const key of keys) expect(ring.find(utf8(key))).toBe(slowFind(names, key))
      }),
    )
  })

  test('of nobody finds nobody', () => {
    expect(new HashRing([]).find(utf8('x'))).toBe(-1)
  })

  test('that loses a server moves that server’s keys and no others', () => {
    fc.assert(
      fc.property(servers, fc.nat(), fc.array(fc.string(), { minLength: 1, maxLength: 50 }), (names, which, keys) => {
        const gone = names[which % names.length]!
        const left = names.filter((name) => name !== gone)
        const [before, after] = [new HashRing(names), new HashRing(left)]
        for (const key of keys) {
          const name = names[before.find(utf8(key))]!
          if (name !== gone) expect(left[after.find(utf8(key))]).toBe(name)
        }
      }),
    )
  })

  test('gives ten servers a tenth of the keys each, within what 160 points leave to chance', () => {
    const names = Array.from({ length: 10 }, (_, index) => `10.244.${index}.7:80`)
    const ring = new HashRing(names)
    const counts = names.map(() => 0)
    for (let key = 0; key < 100_000; key++) counts[ring.find(utf8(`client-${key}`))]!++
    // The arcs of a server are 160 of 1600 exponential ones: their sum has a relative deviation of 1 / sqrt(160), 8 %; four of them are 32 %.
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(3200)
  })
})
