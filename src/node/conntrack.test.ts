import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ReseedableStream } from '../engine/random-stream.ts'
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

/** A table of so many entries that is full: `unanswered` connections still wait, `given` have ended without an answer, the rest are answered. */
function full({ max, unanswered, given = 0, seed = 1 }: { max: number; unanswered: number; given?: number; seed?: number }): Conntrack {
  const table = new Conntrack(max, new ReseedableStream(seed))
  for (let entry = 0; entry < max - unanswered - given; entry++) table.open()
  for (let entry = 0; entry < unanswered + given; entry++) table.open(false)
  for (let entry = 0; entry < given; entry++) table.end(0, false)
  return table
}

describe('a full table', () => {
  test('drops when all its entries are answered, and draws nothing', () => {
    const stream = new ReseedableStream(1)
    const table = new Conntrack(3, stream)
    for (let entry = 0; entry < 3; entry++) table.open()
    expect([table.hasRoom(0), table.dropped, table.evicted]).toEqual([false, 1, 0])
    expect(stream.uniform()).toBe(new ReseedableStream(1).uniform())
  })

  test('makes room as often as one of eight buckets has an entry without an answer', () => {
    // 262,144 buckets, two places an entry: a bucket has none with the chance e^(-2 × 2,000 / 262,144).
    const unanswered = 2000
    const [TURNS, expected] = [20_000, 1 - Math.exp((-8 * 2 * unanswered) / 262_144)]
    let [made, thrownOut] = [0, 0]
    for (let turn = 0; turn < TURNS; turn++) {
      const table = full({ max: unanswered, unanswered, seed: turn })
      if (table.hasRoom(0)) made++
      thrownOut += table.evicted
    }
    const spread = 4 * Math.sqrt((expected * (1 - expected)) / TURNS)
    expect(Math.abs(made / TURNS - expected)).toBeLessThan(spread)
    // A bucket that has any has m / (1 - e^-m) in the mean, all of which go.
    const mean = (2 * unanswered) / 262_144
    expect(thrownOut / made).toBeGreaterThan(1)
    expect(Math.abs(thrownOut / made - mean / (1 - Math.exp(-mean)))).toBeLessThan(0.01)
  }, 600_000)

  test('throws out open and ended ones alike, and whoever waits finds its entry missing once', () => {
    const table = full({ max: 300_000, unanswered: 100_000, given: 50_000 })
    let room = 0
    for (let turn = 0; turn < 30_000; turn++) {
      if (!table.hasRoom(0)) continue
      room++
      table.open()
    }
    expect(room).toBe(30_000 - table.dropped)
    expect(table.evicted).toBeGreaterThanOrEqual(room)
    expect(table.count(0)).toBe(300_000 - (table.evicted - room))
    let missing = 0
    for (let connection = 0; connection < 5_000_000; connection++) if (table.isMissing()) missing++
    for (let turn = 0; turn < 100; turn++) expect(table.isMissing()).toBe(false)
    // Two of three without an answer were open.
    expect(Math.abs(missing / table.evicted - 2 / 3)).toBeLessThan(0.02)
    // What has ended leaves as before, without those that were thrown out.
    expect(table.count(0) - table.count(120 * SECOND)).toBe(50_000 - (table.evicted - missing))
  })

  test('is as full as a list says, whatever happens to the entries', () => {
    const step = fc.record({
      what: fc.constantFrom('open', 'open', 'answer', 'end', 'reset', 'remove', 'ask', 'wait'),
      which: fc.nat(1000),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400, size: 'max' }), fc.nat(), (steps, seed) => {
        const MAX = 40
        const table = new Conntrack(MAX, new SmallTable(seed))
        let now = 0
        // Connections, whether or not their entries are missing, and times at which entries leave.
        let [waiting, answered] = [0, 0]
        let evicted = 0
        let [found, made] = [0, 0]
        let leaving: { at: number; answered: boolean }[] = []
        for (const { what, which } of steps) {
          if (what === 'open') {
            if (table.hasRoom(now)) {
              table.open(false)
              waiting++
            }
          } else if (what === 'answer' && waiting > 0) {
            waiting--
            answered++
            table.answer()
          } else if (what === 'ask' && waiting > 0) {
            if (table.isMissing()) {
              waiting--
              found++
            }
          } else if (what === 'wait') now += which * 20_000_000
          else if (what === 'end' || what === 'reset' || what === 'remove') {
            const isAnswered = which % 2 === 0
            if ((isAnswered ? answered : waiting) === 0) continue
            if (isAnswered) answered--
            else waiting--
            if (what === 'end') table.end(now, isAnswered)
            else if (what === 'reset') table.reset(now, isAnswered)
            else table.remove(isAnswered)
            if (what !== 'remove') leaving.push({ at: now + (what === 'end' ? 120 : 10) * SECOND, answered: isAnswered })
          }
          leaving = leaving.filter(({ at }) => at > now)
          evicted = table.evicted
          made = waiting + answered + leaving.length
          // Never more than the connections, never fewer than those without what was thrown out; answered ones are all there.
          const count = table.count(now)
          expect(count).toBeLessThanOrEqual(made)
          expect(count).toBeGreaterThanOrEqual(made - (evicted - found))
          expect(count).toBeGreaterThanOrEqual(answered + leaving.filter((entry) => entry.answered).length)
        }
        // At rest: every connection has ended, every entry has left.
        for (; waiting > 0; waiting--) table.end(now, false)
        for (; answered > 0; answered--) table.end(now)
        expect(table.count(now + 121 * SECOND)).toBe(0)
      }),
      { numRuns: 300 },
    )
  })
})

/** Draws after which a bucket always has an entry without an answer, where there is any. */
class SmallTable extends ReseedableStream {
  override uniform(): number {
    return 1 - 1e-9
  }

  override below(n: number): number {
    return (this.int32() >>> 0) % n
  }
}
