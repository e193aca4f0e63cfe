import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SECOND } from '../units.ts'
import { ALONE, NEVER, PacketCores, softirqCores } from './packet-cores.ts'

const LATER = 5
const one = (backlog = 1000) => new PacketCores({ coresOfNode: [1], backlog, laterPacket: LATER })

describe('which core', () => {
  test('cores of a node follow each other, and every hash has one of them', () => {
    const cores = new PacketCores({ coresOfNode: [2, 3], backlog: 1, laterPacket: LATER })
    expect([0, 1, 2, -1].map((hash) => cores.coreFor(0, hash))).toEqual([0, 1, 0, 1])
    expect([0, 1, 2, 3, -1].map((hash) => cores.coreFor(1, hash))).toEqual([2, 3, 4, 2, 2])
    expect(cores.coresOf(1)).toEqual({ first: 2, end: 5 })
  })

  test.each([
    [8000, null, 8],
    [1500, null, 2],
    [100, null, 1],
    [8000, 1, 1],
    [2000, 16, 2],
  ])('of a node of %i m with %s queues handle packets: %i', (cpuMilli, cores, expected) => {
    expect(softirqCores(cpuMilli, { cores, backlog: 1 })).toBe(expected)
  })
})

describe('one core', () => {
  test('handles one packet after the other: the second waits for the rest of the first', () => {
    const cores = one()
    expect(cores.enter(0, 100, 30)).toBe(0)
    expect(cores.enter(0, 110, 7)).toBe(20)
    expect(cores.enter(0, 137, 1)).toBe(0)
    expect([cores.spent(0, 100), cores.spent(0, 120), cores.spent(0, 200)]).toEqual([0, 20, 38])
    expect(cores.packets(0)).toBe(3)
  })

  test('who asks for the time of a core leaves a packet that comes at that moment to whoever comes then', () => {
    const cores = one()
    cores.expect(0, 50, 3, SECOND)
    expect([cores.spent(0, 50), cores.packets(0)]).toEqual([0, 0])
    expect([cores.spent(0, 52), cores.packets(0)]).toEqual([2, 1])
  })

  test('a packet that was told of before waits for one that came meanwhile, and delays one that comes after it', () => {
    const cores = one()
    cores.expect(0, 50, 3, SECOND)
    expect(cores.enter(0, 40, 20)).toBe(0) // until 60
    expect(cores.enter(0, 52, 1)).toBe(13) // the other is handled from 60 to 65
    expect(cores.resolve(3, 50 + LATER)).toBe(10)
    expect(cores.resolve(3, 60 + LATER)).toBe(0)
  })

  test('the second of a pair comes when the first has been handled', () => {
    const cores = one()
    cores.expect(0, 50, ~7, SECOND, 100)
    cores.enter(0, 40, 20) // the first waits 10, until 65: the second comes at 165
    cores.enter(0, 164, 4) // and waits 3
    const event = 50 + LATER + 100 + LATER
    expect(cores.resolve(~7, event)).toBe(10)
    expect(cores.resolve(~7, event + 10)).toBe(3)
    expect(cores.resolve(~7, event + 13)).toBe(0)
  })

  test('a full queue drops: one in hand, two waiting, and one more that the kernel still takes', () => {
    const cores = one(2)
    for (let packet = 0; packet < 4; packet++) {
      expect(cores.drops(0, 0)).toBe(false)
      cores.enter(0, 0, 10)
    }
    expect(cores.drops(0, 0)).toBe(true)
    expect(cores.drops(0, 9)).toBe(true)
    expect(cores.drops(0, 10)).toBe(false)
    expect(cores.dropped(0)).toBe(2)
  })

  test('a packet that was dropped comes again when the timer of its sender expires, which doubles', () => {
    const cores = one(0)
    const fill = (at: number) => {
      cores.enter(0, at, 50)
      cores.enter(0, at, 50)
    }
    cores.expect(0, 10, 1, 1000)
    fill(0)
    expect(cores.resolve(1, 10 + LATER)).toBe(1000)
    expect(cores.retransmitted).toBe(1000)
    fill(1000)
    expect(cores.resolve(1, 1010 + LATER)).toBe(2000)
    expect(cores.enter(0, 3000, 50)).toBe(0)
    expect(cores.resolve(1, 3010 + LATER)).toBe(40)
    expect(cores.retransmitted).toBe(0)
    expect(cores.resolve(1, 3050 + LATER)).toBe(0)
  })

  test('is sent 15 times again and then no more', () => {
    const cores = one(0)
    cores.expect(0, 10, 1, 1)
    cores.enter(0, 0, 1_000_000)
    cores.enter(0, 0, 1_000_000)
    expect(cores.resolve(1, 900_000)).toBe(NEVER)
    expect(cores.dropped(0)).toBe(16)
    expect(cores.resolve(1, 900_001)).toBe(0)
  })

  test('a crash takes what waits and what would have come', () => {
    const cores = one()
    cores.expect(0, 150, 1, SECOND, 10)
    cores.enter(0, 90, 100)
    cores.crash(0, 100)
    expect(cores.enter(0, 101, 1)).toBe(0)
    expect(cores.resolve(1, 200)).toBe(0)
    expect(cores.spent(0, 300)).toBe(11)
  })
})

/**
 * Against the obvious model: every packet's coming is an event, in order of time, and the core a queue. Here the coming is not an event: each
 * packet is asked about when it would be there had it not waited, and then as often as it is told to come later. Times are wide, so that
 * no two are equal.
 */
test('everybody waits as long as if each coming were an event', () => {
  // So wide, and without a liking for bounds, that two times are the same once in some million runs.
  const upTo = (max: number) => fc.noBias(fc.integer({ min: 1, max: max * 1_000_000 }))
  const packet = fc.record({
    told: upTo(200_000),
    way: fc.oneof(fc.constant(0), upTo(20_000)),
    gap: fc.oneof(fc.constant(ALONE), upTo(20_000)),
    direct: fc.boolean(),
    cost: upTo(9000),
  })
  fc.assert(
    fc.property(fc.uniqueArray(packet, { maxLength: 60, selector: ({ told }) => told }), (packets) => {
      const [later, timeout, backlog] = [700_000_001, 50_000_999_983, 3]
      const expected = slowModel(packets, later, timeout, backlog)
      const cores = new PacketCores({ coresOfNode: [1], backlog, laterPacket: later })
      const done = new Map<number, number>()
      const events = packets.map(({ told }, owner) => ({ time: told, owner, isTold: true }))
      while (events.length > 0) {
        events.sort((a, b) => a.time - b.time)
        const { time, owner, isTold } = events.shift()!
        const { direct, way, gap, cost } = packets[owner]!
        if (isTold && direct) done.set(owner, cores.drops(0, time) ? -1 : time + cores.enter(0, time, cost) + cost)
        else if (isTold) {
          cores.expect(0, time + way, owner, timeout, gap)
          events.push({ time: time + way + later + (gap === ALONE ? 0 : gap + later), owner, isTold: false })
        } else {
          const late = cores.resolve(owner, time)
          if (late === 0) done.set(owner, time)
          else events.push({ time: time + late, owner, isTold: false })
        }
      }
      expect([...done].sort((a, b) => a[0] - b[0])).toEqual([...expected].sort((a, b) => a[0] - b[0]))
    }),
    { numRuns: 300 },
  )
})

interface SlowPacket {
  readonly told: number
  readonly way: number
  readonly gap: number
  readonly direct: boolean
  readonly cost: number
}

/** When each packet, or the second of its pair, has been handled; -1 when it was dropped and nobody sends it again. */
function slowModel(packets: readonly SlowPacket[], later: number, timeout: number, backlog: number): Map<number, number> {
  const done = new Map<number, number>()
  const events = packets.map(({ told, way, direct, gap }, owner) => ({
    time: direct ? told : told + way,
    owner,
    left: direct || gap === ALONE ? 1 : 2,
    timeout,
  }))
  const starts: number[] = []
  let free = 0
  while (events.length > 0) {
    events.sort((a, b) => a.time - b.time)
    const event = events.shift()!
    const { direct, cost, gap } = packets[event.owner]!
    if (starts.filter((start) => start > event.time).length > backlog) {
      if (direct) done.set(event.owner, -1)
      else events.push({ ...event, time: event.time + event.timeout, timeout: 2 * event.timeout })
      continue
    }
    const start = Math.max(free, event.time)
    starts.push(start)
    free = start + (direct ? cost : later)
    if (event.left === 2) events.push({ ...event, time: free + gap, left: 1, timeout })
    else done.set(event.owner, free)
  }
  return done
}

describe('a node that stands still', () => {
  test('what comes waits until the end, and then for each other; the CPU time is spent then', () => {
    const cores = one()
    cores.enter(0, 90, 5)
    cores.freeze(0, 100, 1000)
    cores.expect(0, 200, 3, SECOND)
    expect(cores.enter(0, 300, 20)).toBe(700 + LATER)
    expect(cores.resolve(3, 200 + LATER)).toBe(800)
    expect([500, 1000, 1003, 1100].map((at) => cores.spent(0, at))).toEqual([5, 5, 8, 30])
    expect(cores.enter(0, 1100, 1)).toBe(0)
  })

  test('no more than the backlog, and one; the rest is dropped', () => {
    const cores = one(2)
    cores.freeze(0, 100, 1000)
    expect(cores.ringOf(0)).toBe(2)
    const taken = Array.from({ length: 5 }, (_, n) => {
      if (cores.drops(0, 200 + n)) return false
      cores.enter(0, 200 + n, LATER)
      return true
    })
    expect(taken).toEqual([true, true, true, false, false])
  })

  test('another node goes on, and a crash ends it', () => {
    const cores = new PacketCores({ coresOfNode: [1, 1], backlog: 10, laterPacket: LATER })
    cores.freeze(0, 100, 1000)
    expect(cores.enter(1, 200, 5)).toBe(0)
    cores.enter(0, 200, 5)
    cores.crash(0, 300)
    expect([cores.spent(0, 400), cores.enter(0, 400, 5)]).toEqual([0, 0])
  })
})
