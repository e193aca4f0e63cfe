import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Lanes, NestingLanes, type Stretch } from './lanes.ts'

const stretch = fc
  .tuple(fc.nat(60), fc.integer({ min: 1, max: 30 }))
  .map(([started, length]): Stretch => ({ started, ended: started + length }))

test('on a lane nothing overlaps, and there are no more lanes than there is at once', () => {
  fc.assert(
    fc.property(fc.array(stretch, { maxLength: 40 }), (all) => {
      const sorted = [...all].sort((a, b) => a.ended - b.ended)
      const lanes = new Lanes()
      const placed = sorted.map((one) => ({ ...one, lane: lanes.place(one) }))
      for (const [i, a] of placed.entries())
        for (const b of placed.slice(i + 1)) if (a.lane === b.lane) expect(a.ended <= b.started || b.ended <= a.started).toBe(true)
      expect(lanes.count).toBeLessThanOrEqual(all.length)
    }),
  )
})

test('on a nesting lane what overlaps lies within', () => {
  fc.assert(
    fc.property(fc.array(stretch, { maxLength: 40 }), (all) => {
      const sorted = [...all].sort((a, b) => a.started - b.started || b.ended - a.ended)
      const lanes = new NestingLanes()
      const placed = sorted.map((one) => ({ ...one, lane: lanes.place(one, 0) }))
      for (const [i, a] of placed.entries())
        for (const b of placed.slice(i + 1)) if (a.lane === b.lane) expect(a.ended <= b.started || b.ended <= a.ended).toBe(true)
    }),
  )
})

test('a child goes below its parent, and a second one at the same time beside', () => {
  const lanes = new NestingLanes()
  expect(lanes.place({ started: 0, ended: 100 }, 0)).toBe(0)
  expect(lanes.place({ started: 10, ended: 60 }, 0)).toBe(0)
  expect(lanes.place({ started: 20, ended: 80 }, 0)).toBe(1)
  expect(lanes.place({ started: 30, ended: 40 }, 1)).toBe(1)
  expect(lanes.place({ started: 70, ended: 90 }, 0)).toBe(0)
})
