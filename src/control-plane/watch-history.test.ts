import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MILLISECOND, type Nanos, SECOND } from '../units.ts'
import { emptyMeta } from './empty-meta.ts'
import type { WatchEvent } from './watch-cache.ts'
import { WatchHistory } from './watch-history.ts'

const event = (revision: number): WatchEvent => ({
  type: 'MODIFIED',
  object: { apiVersion: 'v1', kind: 'Namespace', metadata: { ...emptyMeta('n', ''), resourceVersion: revision } },
  previous: undefined,
  revision,
  cause: -1,
  committedAt: 0,
})

const filled = (count: number, period: Nanos): WatchHistory => {
  const history = new WatchHistory()
  history.reset(10)
  for (let i = 1; i <= count; i++) history.add(event(10 + i), i * period)
  return history
}

test('after a list of revision 10 a watch may begin at 10, not at 9, as long as nothing has been dropped', () => {
  const history = filled(100, SECOND)
  expect(history.since(10)!.length).toBe(100)
  expect(history.since(9)).toBeNull()
  expect(history.since(60)!.map(({ revision }) => revision)).toEqual(Array.from({ length: 50 }, (_, i) => 61 + i))
  expect(history.since(500)).toEqual([])
})

test('the 101st event takes the place of the first when that is older than 75 s, and makes the history grow when it is not', () => {
  // 101 events a second apart: the first is 100 s old when the last comes. The oldest is then 12, so a watch may begin at 11.
  const slow = filled(101, SECOND)
  expect(slow.capacity).toBe(100)
  expect(slow.since(10)).toBeNull()
  expect(slow.since(11)!.length).toBe(100)
  // 101 events 700 ms apart: the first is 70 s old.
  const fast = filled(101, 700 * MILLISECOND)
  expect(fast.capacity).toBe(200)
  expect(fast.since(10)!.length).toBe(101)
})

test('a history that has grown shrinks to half when its newest quarter reaches back more than 75 s, and never below 100', () => {
  const history = filled(200, 100 * MILLISECOND)
  expect(history.capacity).toBe(200)
  // The newest quarter of 200 begins with the event of 15.1 s. At 90 s it is 74.9 s old, and the oldest (0.1 s) is 89.9 s old.
  history.add(event(211), 90 * SECOND)
  expect(history.capacity).toBe(200)
  expect(history.since(11)!.length).toBe(200)
  // Then it begins with the one of 15.2 s; at 90.3 s that is 75.1 s old.
  history.add(event(212), 90_300 * MILLISECOND)
  expect(history.capacity).toBe(100)
  expect(history.since(112)!.length).toBe(100)
  expect(history.since(111)).toBeNull()
  for (let i = 1; i <= 500; i++) history.add(event(212 + i), 90 * SECOND + i * 10 * SECOND)
  expect(history.capacity).toBe(100)
})

test('it is what a plain list of the last events would give', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 3000 }), (gaps) => {
      const history = new WatchHistory()
      let kept: WatchEvent[] = []
      let at = 0
      gaps.forEach((gap, i) => {
        at += gap * MILLISECOND
        history.add(event(i + 1), at)
        kept.push(event(i + 1))
        kept = kept.slice(-history.capacity)
        const dropped = kept[0]!.revision > 1
        for (const revision of [kept[0]!.revision - 2, kept[0]!.revision - 1, Math.floor(i / 2), i + 1]) {
          const known = revision >= (dropped ? kept[0]!.revision - 1 : 0)
          expect(history.since(revision)?.length ?? null).toBe(known ? kept.filter((held) => held.revision > revision).length : null)
        }
      })
    }),
    { numRuns: 10 },
  )
})
