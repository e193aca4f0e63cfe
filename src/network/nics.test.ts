import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Nics } from './nics.ts'

/** 1 byte a nanosecond. */
const FAST = 1_000_000_000

describe('Nics', () => {
  test.each([
    [0, 1, 66],
    [1, 1, 67],
    [1448, 1, 1514],
    [1449, 2, 1581],
    [100_000, 70, 104_620],
  ])('%d bytes are %d packets of %d bytes in all', (bytes, packets, wire) => {
    expect(Nics.packets(bytes, false)).toBe(packets)
    expect(Nics.onWire(bytes, false)).toBe(wire)
  })

  test('an overlay adds 50 bytes to each packet, which is so much smaller', () => {
    expect(Nics.packets(1398, true)).toBe(1)
    expect(Nics.packets(1399, true)).toBe(2)
    expect(Nics.onWire(1399, true)).toBe(1399 + 2 * 116)
  })

  test('what is sent waits for what was sent before, on the same card', () => {
    const nics = new Nics(2, FAST)
    expect(nics.send(0, 100, 1000)).toBe(100)
    expect(nics.send(0, 50, 1020)).toBe(130)
    expect(nics.send(1, 50, 1020)).toBe(50)
    expect(nics.send(0, 10, 1150)).toBe(10)
  })

  test('what comes in has come in with its last bit, unless the card was still taking another', () => {
    const nics = new Nics(2, FAST)
    expect(nics.receive(0, 100, 1000)).toBe(0)
    // 50 bytes that would have come from 970 to 1020: the card is free for them from 1000 on.
    expect(nics.receive(0, 50, 1020)).toBe(30)
    expect(nics.send(0, 50, 1020)).toBe(50)
    expect(nics.receiveFromOutside(1, 100, 1000)).toBe(100)
    expect(nics.receiveFromOutside(1, 100, 1050)).toBe(150)
  })

  test('a card is never faster than its bandwidth, and idle only when it has nothing: as a queue that is worked off', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 1, max: 200 }))), (messages) => {
        const nics = new Nics(1, FAST)
        let now = 0
        let free = 0
        for (const [gap, bytes] of messages) {
          now += gap
          free = (free > now ? free : now) + bytes
          expect(now + nics.send(0, bytes, now)).toBe(free)
        }
      }),
    )
  })
})
