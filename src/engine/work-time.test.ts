import { expect, test } from 'vitest'
import { Simulation } from './simulation.ts'
import { WorkTime } from './work-time.ts'

function world() {
  const sim = new Simulation({ seed: '1' })
  const work = new WorkTime(sim)
  const told: string[] = []
  const begin = (delay: number, name: string): number => work.after(delay, () => told.push(`${name} ${sim.now}`))
  const still = (from: number, to: number): void => {
    sim.after(from, () => work.stop())
    sim.after(to, () => work.goOn())
  }
  return { sim, work, told, begin, still }
}

test('work ends as much later as the machine stood still, and in the order of its ends', () => {
  const { sim, told, begin, still } = world()
  still(10, 50)
  still(60, 65)
  begin(30, 'thirty')
  begin(5, 'five')
  begin(12, 'twelve')
  sim.after(20, () => begin(7, 'begun meanwhile'))
  sim.after(52, () => begin(1, 'begun after'))
  sim.run(200)
  expect(told).toEqual(['five 5', 'twelve 52', 'begun after 53', 'begun meanwhile 57', 'thirty 75'])
})

test('ends of the same moment keep the order in which they were begun', () => {
  const { sim, told, begin, still } = world()
  still(10, 20)
  begin(15, 'a')
  sim.after(5, () => begin(10, 'b'))
  sim.run(50)
  expect(told).toEqual(['a 25', 'b 25'])
})

test('what is cancelled does not end, before, while and after the machine stands still', () => {
  const { sim, work, told, begin, still } = world()
  still(10, 50)
  const names = [20, 21, 22].map((delay) => begin(delay, `of ${delay}`))
  for (const [index, at] of [5, 30, 55].entries()) {
    sim.after(at, () => {
      expect(work.cancel(names[index]!)).toBe(true)
      expect(work.cancel(names[index]!)).toBe(false)
    })
  }
  sim.run(100)
  expect(told).toEqual([])
  expect(sim.pending).toBe(0)
})

test('its clock counts the time in which the machine ran', () => {
  const { sim, work, still } = world()
  still(10, 50)
  const seen: number[] = []
  for (const at of [5, 10, 30, 50, 60]) sim.after(at, () => seen.push(work.now))
  sim.run(60)
  expect(seen).toEqual([5, 10, 10, 10, 20])
})
