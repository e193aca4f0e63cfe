import fc from 'fast-check'
import { expect, test } from 'vitest'
import { shifted, viewOf, zoomed } from './view.ts'

const end = fc.double({ min: 1, max: 1e5, noNaN: true })
const time = fc.double({ min: -1e6, max: 1e6, noNaN: true })

test('a range lies within the run, whatever is asked for', () => {
  fc.assert(
    fc.property(
      time,
      time,
      end,
      fc.double({ min: 0.01, max: 100, noNaN: true }),
      fc.double({ min: -3, max: 3, noNaN: true }),
      (a, b, run, factor, share) => {
        const view = viewOf(a, b, run)
        for (const { from, to } of [view, zoomed(view, factor, run), shifted(view, share, run)]) {
          expect(from).toBeGreaterThanOrEqual(0)
          expect(to).toBeLessThanOrEqual(run + 1e-6)
          expect(to).toBeGreaterThan(from)
        }
      },
    ),
  )
})

test('what is within the run stays as it is', () => {
  expect(viewOf(60, 90, 300)).toEqual({ from: 60, to: 90 })
  expect(viewOf(90, 60, 300)).toEqual({ from: 60, to: 90 })
})

test('zoom keeps the middle, a shift keeps the length', () => {
  expect(zoomed({ from: 60, to: 100 }, 0.5, 300)).toEqual({ from: 70, to: 90 })
  expect(zoomed({ from: 0, to: 100 }, 10, 300)).toEqual({ from: 0, to: 300 })
  expect(shifted({ from: 60, to: 100 }, 0.5, 300)).toEqual({ from: 80, to: 120 })
  expect(shifted({ from: 260, to: 300 }, 0.5, 300)).toEqual({ from: 260, to: 300 })
})
