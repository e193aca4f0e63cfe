import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ComingPackets } from './coming-packets.ts'

test('orders by time, then by order of being told, like a stable sort, whatever is taken out between', () => {
  // Few times, so that many are equal; null takes the first out.
  const step = fc.oneof({ weight: 3, arbitrary: fc.integer({ min: 0, max: 12 }) }, { weight: 2, arbitrary: fc.constant(null) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const coming = new ComingPackets()
      const model: { time: number; owner: number }[] = []
      for (const [owner, time] of steps.entries()) {
        if (time !== null) {
          coming.push(time, owner)
          model.push({ time, owner })
          model.sort((a, b) => a.time - b.time || a.owner - b.owner)
        } else if (model.length > 0) {
          expect(coming.firstTime).toBe(model[0]!.time)
          expect(coming.firstOwner).toBe(model[0]!.owner)
          coming.pop()
          model.shift()
        }
        expect(coming.size).toBe(model.length)
      }
      for (const { owner } of model) {
        expect(coming.firstOwner).toBe(owner)
        coming.pop()
      }
    }),
  )
})
