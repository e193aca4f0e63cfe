import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Nanos } from '../units.ts'
import { PacketCores } from './packet-cores.ts'
import { UserWork } from './user-work.ts'

const LATER = 5

/** One node with so many cores for packets, of so many. */
function node(packetCores = 1, all = packetCores): { cores: PacketCores; thread: UserWork } {
  const cores = new PacketCores({ coresOfNode: [packetCores], backlog: 1_000_000, laterPacket: LATER })
  return { cores, thread: new UserWork({ cores, coresOfNode: [all] }) }
}

/** Asks as the event of a sync does, and gives when the work is over. What comes on the way is told by `arrive`, up to a time. */
function run(thread: UserWork, end: Nanos, arrive: (until: Nanos) => void = () => {}): Nanos {
  for (let now = end; ; ) {
    arrive(now)
    const left = thread.left(0, now)
    if (left === 0) return now
    now += left
  }
}

describe('work on a core', () => {
  test('takes its time where no packet comes', () => {
    const { thread } = node()
    thread.begin(0, 100, 1000)
    expect(thread.left(0, 1040)).toBe(60)
    expect(thread.spent(0, 1040)).toBe(40)
    expect(run(thread, 1100)).toBe(1100)
    expect(thread.spent(0, 5000)).toBe(100)
  })

  test('takes longer by what the core spends on packets meanwhile: three of 20', () => {
    const { cores, thread } = node()
    thread.begin(0, 100, 1000)
    for (const at of [1000, 1010, 1099]) cores.enter(0, at, 20)
    expect(thread.left(0, 1100)).toBe(41)
    expect(thread.spent(0, 1100)).toBe(59)
    expect(run(thread, 1141)).toBe(1160)
    expect(thread.spent(0, 1160)).toBe(100)
  })

  test('stands still with its node, as often as that does', () => {
    const { thread } = node()
    thread.begin(0, 100, 1000)
    thread.standStill(0, 1070, 1040)
    expect(thread.spent(0, 1055)).toBe(40)
    expect(thread.left(0, 1070)).toBe(60)
    expect(thread.left(0, 1100)).toBe(30)
    thread.standStill(0, 1207, 1107)
    expect(thread.spent(0, 1207)).toBe(77)
    expect(run(thread, 1207)).toBe(1230)
    thread.begin(0, 10, 1300)
    expect(run(thread, 1310)).toBe(1310)
  })

  test('and by those that come while it waits for that', () => {
    const { cores, thread } = node()
    thread.begin(0, 100, 0)
    cores.enter(0, 50, 20)
    expect(thread.left(0, 100)).toBe(20)
    cores.enter(0, 110, 7)
    expect(thread.left(0, 120)).toBe(7)
    expect(thread.left(0, 127)).toBe(0)
  })

  test('of a packet in hand at its beginning only the rest counts, and of one at its end nothing', () => {
    const { cores, thread } = node()
    cores.enter(0, 0, 50)
    thread.begin(0, 100, 30)
    expect(thread.left(0, 130)).toBe(20)
    cores.enter(0, 150, 50)
    expect(thread.left(0, 150)).toBe(0)
  })

  test('counts packets that were told of before', () => {
    const { cores, thread } = node()
    cores.expect(0, 40, 1, 1_000_000, 10)
    thread.begin(0, 100, 0)
    expect(thread.left(0, 100)).toBe(2 * LATER)
    expect(thread.left(0, 100 + 2 * LATER)).toBe(0)
  })

  test('is over after twice its time, however many packets there are', () => {
    const { cores, thread } = node()
    thread.begin(0, 100, 1000)
    cores.enter(0, 1010, 1_000_000)
    expect(thread.left(0, 1100)).toBe(90)
    expect(thread.spent(0, 1100)).toBe(50)
    expect(thread.left(0, 1190)).toBe(10)
    expect(thread.left(0, 1200)).toBe(0)
    expect(thread.spent(0, 1200)).toBe(100)
  })

  test('that is given up has had what it had, and there may be other work', () => {
    const { cores, thread } = node()
    thread.begin(0, 100, 1000)
    cores.enter(0, 1010, 10)
    thread.stop(0, 1050)
    expect([thread.spent(0, 1050), thread.spent(0, 1090)]).toEqual([40, 40])
    thread.stop(0, 1060)
    thread.begin(0, 10, 1100)
    expect(run(thread, 1110)).toBe(1110)
    expect(thread.spent(0, 2000)).toBe(50)
  })

  test('does not begin while there is other work', () => {
    const { thread } = node()
    thread.begin(0, 100, 0)
    expect(() => thread.begin(0, 100, 50)).toThrow('has work already')
  })
})

describe('which core', () => {
  test('that on which packets took the least since the last work began', () => {
    const { cores, thread } = node(3)
    cores.enter(0, 0, 30)
    cores.enter(1, 0, 10)
    cores.enter(2, 0, 20)
    thread.begin(0, 100, 1000) // on core 1
    cores.enter(0, 1000, 40)
    cores.enter(2, 1000, 40)
    expect(thread.left(0, 1100)).toBe(0)
    cores.enter(1, 1200, 45)
    cores.enter(2, 1200, 3)
    thread.begin(0, 100, 2000) // core 2: 43 since 1000, core 0: 40, core 1: 45
    cores.enter(1, 2000, 11)
    cores.enter(2, 2000, 12)
    expect(thread.left(0, 2100)).toBe(0)
    thread.begin(0, 100, 3000) // core 0: nothing
    cores.enter(0, 3000, 13)
    expect(thread.left(0, 3100)).toBe(13)
  })

  test('the first of those that are alike', () => {
    const { cores, thread } = node(2)
    thread.begin(0, 100, 0)
    cores.enter(0, 0, 8)
    cores.enter(1, 0, 9)
    expect(thread.left(0, 100)).toBe(8)
  })

  test('one without packets, where a node has more than handle packets', () => {
    const { cores, thread } = node(1, 2)
    thread.begin(0, 100, 0)
    cores.enter(0, 0, 80)
    expect(thread.left(0, 100)).toBe(0)
  })

  test('each node has its own', () => {
    const cores = new PacketCores({ coresOfNode: [1, 1], backlog: 1, laterPacket: LATER })
    const thread = new UserWork({ cores, coresOfNode: [1, 1] })
    thread.begin(0, 100, 0)
    thread.begin(1, 100, 0)
    cores.enter(1, 0, 30)
    expect([thread.left(0, 100), thread.left(1, 100)]).toEqual([0, 30])
    expect([thread.spent(0, 100), thread.spent(1, 100)]).toEqual([100, 70])
  })
})

/** Nanosecond for nanosecond: one that no packet has belongs to the thread, which is done with enough of them, or after twice the time. */
test('is over when a model that looks at every nanosecond says so', () => {
  const packet = fc.record({ at: fc.nat({ max: 400 }), cost: fc.integer({ min: 1, max: 40 }) })
  fc.assert(
    fc.property(fc.array(packet, { maxLength: 20 }), fc.nat({ max: 100 }), fc.integer({ min: 1, max: 150 }), (packets, start, work) => {
      const sorted = packets.toSorted((a, b) => a.at - b.at)
      const isBusy = new Uint8Array(2000)
      let busyUntil = 0
      for (const { at, cost } of sorted) {
        const from = Math.max(at, busyUntil)
        busyUntil = from + cost
        isBusy.fill(1, from, busyUntil)
      }
      let expected = start
      for (let had = 0; had < work && expected < start + 2 * work; expected++) if (isBusy[expected] === 0) had++

      const { cores, thread } = node()
      const arrive = (until: Nanos) => {
        while (sorted.length > 0 && sorted[0]!.at < until) {
          const { at, cost } = sorted.shift()!
          cores.enter(0, at, cost)
        }
      }
      arrive(start)
      thread.begin(0, work, start)
      expect(run(thread, start + work, arrive)).toBe(expected)
      expect(thread.spent(0, expected)).toBe(work)
    }),
    { numRuns: 1000 },
  )
})
