/** The cache, aged when somebody looks, against buckets that a timer goes through at its time. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MINUTE, SECOND } from '../../../units.ts'
import { firingTick, TICK, tickAt } from '../kernel-timer.ts'
import { hash32 } from './hash-slots.ts'
import { type CacheEntry, LocalityCache } from './locality-cache.ts'

const HOUR_TICKS = 900_000
const MINUTE_TICKS = 15_000

interface Entry extends CacheEntry {
  readonly address: number
}

/** The first 10 of the low 32 bits of the product; exact for small addresses. */
function bucketOf(address: number): number {
  return Math.floor((((address * 0x61c88647) % 0x1_0000_0000) / 0x1_0000_0000) * 1024)
}

/** The kernel's table as it stands: 1,024 buckets, a timer that is set anew each time. */
class EagerCache {
  readonly buckets: Entry[][] = Array.from({ length: 1024 }, () => [])
  readonly sizeMax: number
  readonly isLimited: boolean
  entries = 0
  rover = 0
  counter = 1
  timer: number

  constructor(createdAt: number, isLimited: boolean, sizeMax: number) {
    this.timer = firingTick(createdAt, MINUTE)
    this.isLimited = isLimited
    this.sizeMax = sizeMax
  }

  find(address: number): Entry | undefined {
    return this.buckets[bucketOf(address)]!.find((entry) => entry.address === address)
  }

  add(entry: Entry): void {
    if (this.isLimited && this.entries >= 1.5 * this.sizeMax) return
    this.buckets[bucketOf(entry.address)]!.push(entry)
    this.entries += 1
  }

  /** Must be called at every tick of the timer. */
  fire(): void {
    const now = this.timer
    this.timer = firingTick(now * TICK, MINUTE)
    if (this.counter % 30 === 0) {
      for (let bucket = 0; bucket < 1024; bucket += 1) this.#collect(bucket, now, 24 * HOUR_TICKS)
      this.counter = 1
      return
    }
    if (this.entries <= this.sizeMax) {
      this.counter += 1
      return
    }
    let goal = Math.trunc(((this.entries - this.sizeMax) * 4) / 3)
    if (goal > this.sizeMax / 2) goal = Math.trunc(this.sizeMax / 2)
    let bucket = this.rover
    for (let i = 0; i < 1024 && (i === 0 || goal > 0); i += 1) {
      bucket = (bucket + 1) % 1024
      goal -= this.#collect(bucket, now, 6 * MINUTE_TICKS)
    }
    this.rover = bucket
  }

  #collect(bucket: number, now: number, age: number): number {
    const before = this.buckets[bucket]!.length
    if (before === 0) return 0
    this.buckets[bucket] = this.buckets[bucket]!.filter(({ lastUse }) => now < lastUse + age)
    const gone = before - this.buckets[bucket]!.length
    this.entries -= gone
    return gone
  }
}

test.each([
  ['as before 2026', false],
  ['with the bounds of 2026', true],
])('ages as an eager table would, %s, whenever somebody looks', (_kernel, isCacheLimited) => {
  const step = fc.record({
    address: fc.nat(60),
    /** Addresses asked for one after the other. */
    run: fc.nat(12),
    replace: fc.boolean(),
    wait: fc.oneof({ weight: 12, arbitrary: fc.nat(200) }, { weight: 4, arbitrary: fc.nat(2000) }, fc.nat(100_000)),
  })
  const sizes = fc.record({ sizeMax: fc.integer({ min: 2, max: 12 }), createdAt: fc.nat(100_000) })
  fc.assert(
    fc.property(sizes, fc.array(step, { maxLength: 120, size: 'max' }), ({ sizeMax, createdAt }, steps) => {
      let now = createdAt * SECOND
      const forgotten: number[] = []
      const options = { createdAt: now, isCacheLimited }
      const cache = new LocalityCache<Entry>(options, ({ address }) => forgotten.push(address), sizeMax)
      const model = new EagerCache(now, isCacheLimited, sizeMax)
      let known = new Set<number>()
      for (const { address: first, run, replace, wait } of steps) {
        now += wait * SECOND
        while (model.timer <= tickAt(now)) model.fire()
        cache.age(now)
        const left = new Set(model.buckets.flat().map(({ address }) => address))
        expect([...forgotten.splice(0)].sort((a, b) => a - b)).toEqual(
          [...known].filter((address) => !left.has(address)).sort((a, b) => a - b),
        )
        for (let address = first; address <= first + run; address += 1) {
          const entry = cache.get(address)
          const expected = model.find(address)
          expect(entry?.lastUse).toBe(expected?.lastUse)
          if (entry === undefined || expected === undefined) {
            model.add({ address, lastUse: tickAt(now) })
            expect(cache.add(address, { address, lastUse: tickAt(now) })).toBe(model.find(address) !== undefined)
            continue
          }
          entry.lastUse = tickAt(now)
          expected.lastUse = tickAt(now)
          if (!replace) continue
          cache.replaced()
          if (!isCacheLimited) model.entries += 1
        }
        known = new Set(model.buckets.flat().map(({ address }) => address))
      }
    }),
    { numRuns: 40 },
  )
})

test('deals addresses to buckets as the kernel does', () => {
  // 1 * 0x61c88647 = 0x61c88647, its top 10 bits are 0x187; 2 * 0x61c88647 = 0xc3910c8e, 0x30e.
  expect([0, 1, 2].map((address) => hash32(address, 10))).toEqual([0, 0x187, 0x30e])
})
