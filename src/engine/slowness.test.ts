import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Slowness } from './slowness.ts'

const quiet = (factor: number) => ({ factor, onUse: () => {} })

test('without anything work takes what it takes', () => {
  expect(new Slowness().stretch(1234)).toBe(1234)
})

test('factors multiply, and each ends by itself', () => {
  const slowness = new Slowness()
  const endThree = slowness.begin(quiet(3))
  expect(slowness.stretch(10)).toBe(30)
  const endHalf = slowness.begin(quiet(1.5))
  expect(slowness.stretch(11)).toBe(50) // 49.5, rounded
  expect(slowness.scale(10)).toBe(45)
  endThree()
  expect(slowness.stretch(10)).toBe(15)
  endHalf()
  expect(slowness.stretch(10)).toBe(10)
})

test('each is told of each piece of work that took longer, and of nothing else', () => {
  const slowness = new Slowness()
  const told: string[] = []
  const slow = (name: string, factor: number) => slowness.begin({ factor, onUse: () => told.push(name) })
  slow('none', 1)
  slowness.stretch(10)
  expect(told).toEqual([])
  const end = slow('a', 2)
  slow('b', 3)
  slowness.stretch(0)
  slowness.scale(10)
  expect(told).toEqual([])
  slowness.stretch(10)
  expect(told).toEqual(['a', 'b'])
  end()
  slowness.stretch(10)
  expect(told).toEqual(['a', 'b', 'b'])
})

test('the same one cannot end twice', () => {
  const end = new Slowness().begin(quiet(2))
  end()
  expect(end).toThrow('It is not slow by that any more')
})

test('whatever multiplies, times stay whole numbers and are never shorter', () => {
  const factors = fc.array(fc.double({ min: 1, max: 1e6, noNaN: true }), { maxLength: 12 })
  fc.assert(
    fc.property(factors, fc.integer({ min: 0, max: 1e12 }), (all, time) => {
      const slowness = new Slowness()
      const ends = all.map((factor) => slowness.begin(quiet(factor)))
      const stretched = slowness.stretch(time)
      expect(Number.isSafeInteger(stretched)).toBe(true)
      expect(stretched).toBeGreaterThanOrEqual(time)
      for (const end of ends) end()
      expect(slowness.stretch(time)).toBe(time)
    }),
  )
})
