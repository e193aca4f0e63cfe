import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Namespace } from '../api/objects/index.ts'
import { Simulation } from '../engine/simulation.ts'
import { MILLISECOND, SECOND } from '../units.ts'
import { emptyMeta } from './empty-meta.ts'
import { Latencies } from './latencies.ts'
import { WatchCache, type WatchEvent } from './watch-cache.ts'

const namespace = (name: string, revision: number): Namespace => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { ...emptyMeta(name, ''), resourceVersion: revision },
})

function event(name: string, revision: number, committedAt: number): WatchEvent {
  return { type: 'ADDED', object: namespace(name, revision), previous: undefined, revision, cause: -1, committedAt }
}

test('every watcher gets every change once and in revision order, whatever the delays, and a late one gets what there is first', () => {
  fc.assert(
    fc.property(fc.string(), fc.array(fc.integer({ min: 0, max: 3 * MILLISECOND }), { minLength: 1, maxLength: 80 }), (seed, gaps) => {
      const sim = new Simulation({ seed })
      const cache = new WatchCache(sim, new Latencies(sim))
      const early: number[] = []
      const late: number[] = []
      cache.watch({ name: 'early', network: 'nodeNetwork', deliver: ({ revision }) => early.push(revision) })
      let at = 0
      gaps.forEach((gap, i) => {
        at += gap
        sim.after(at, () => cache.accept(event(`n${i}`, i + 1, sim.now)))
      })
      sim.after(Math.floor(at / 2), () => {
        cache.watch({ name: 'late', network: 'nodeNetwork', deliver: ({ revision }) => late.push(revision) })
      })
      sim.run(at + SECOND)
      const all = gaps.map((_, i) => i + 1)
      expect(early).toEqual(all)
      expect(late).toEqual(all)
    }),
    { numRuns: 60 },
  )
})

test('a change arrives after its own delay, or with the one before it when that took longer', () => {
  const sim = new Simulation({ seed: 'times' })
  const cache = new WatchCache(sim, new Latencies(sim))
  // The same streams drawn once more: what the delays are.
  const twin = new Latencies(new Simulation({ seed: 'times' }))
  const arrived: number[] = []
  cache.watch({ name: 'w', network: 'nodeNetwork', deliver: () => arrived.push(sim.now) })
  const expected: number[] = []
  let visible = 0
  let delivered = 0
  for (let i = 0; i < 200; i++) {
    const at = i * 100_000
    sim.after(at, () => cache.accept(event(`n${i}`, i + 1, at)))
    visible = Math.max(visible, at + twin.draw('watchCache'))
    delivered = Math.max(delivered, visible + twin.draw('watchDelivery', 'w') + twin.draw('nodeNetwork', 'w'))
    expected.push(delivered)
  }
  sim.run(SECOND)
  expect(arrived).toEqual(expected)
})

test('a watcher that asks for the list gets its revision, then only what is newer', () => {
  const sim = new Simulation({ seed: 'list' })
  const cache = new WatchCache(sim, new Latencies(sim))
  cache.accept(event('a', 7, 0))
  sim.run(SECOND)
  const got: string[] = []
  cache.watch({
    name: 'w',
    network: 'nodeNetwork',
    listed: (revision) => got.push(`list ${revision}`),
    deliver: ({ revision }) => got.push(`event ${revision}`),
  })
  cache.accept(event('b', 9, sim.now))
  sim.run(2 * SECOND)
  expect(got).toEqual(['list 7', 'event 9'])
})

test('a watch that was stopped gets nothing more, not even what is on its way', () => {
  const sim = new Simulation({ seed: 'stop' })
  const cache = new WatchCache(sim, new Latencies(sim))
  const got: number[] = []
  const watch = cache.watch({ name: 'w', network: 'nodeNetwork', deliver: ({ revision }) => got.push(revision) })
  cache.accept(event('a', 1, 0))
  sim.run(SECOND)
  sim.after(0, () => cache.accept(event('b', 2, sim.now)))
  sim.after(MILLISECOND / 2, () => watch.stop())
  sim.run(2 * SECOND)
  expect(got).toEqual([1])
})
