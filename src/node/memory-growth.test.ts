import { expect, test } from 'vitest'
import { Simulation } from '../engine/simulation.ts'
import { SECOND } from '../units.ts'
import { MemoryGrowth } from './memory-growth.ts'

test('is full when the room is used up, by rates that add', () => {
  const sim = new Simulation({ seed: '0' })
  const full: number[] = []
  const growth = new MemoryGrowth(sim, 1000, () => full.push(sim.now))
  growth.change(100)
  sim.run(4 * SECOND)
  expect(growth.bytes).toBe(400)
  // 600 bytes are left, at 300 a second.
  growth.change(200)
  sim.run(20 * SECOND)
  expect(full).toEqual([6 * SECOND])
})

test('without a limit goes on, and stops where its rate is 0 again', () => {
  const sim = new Simulation({ seed: '0' })
  const growth = new MemoryGrowth(sim, null, () => expect.fail())
  growth.change(100)
  sim.run(3 * SECOND)
  growth.change(-100)
  sim.run(9 * SECOND)
  expect(growth.bytes).toBe(300)
})

test('that uses more than its limit is full at once', () => {
  const sim = new Simulation({ seed: '0' })
  const full: number[] = []
  new MemoryGrowth(sim, -5, () => full.push(sim.now)).change(1)
  sim.run(SECOND)
  expect(full).toEqual([0])
})
