import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ComingPackets } from './coming-packets.ts'

test('orders by time, then by serial, whatever is taken out between, and whichever serial is told first', () => {
  // Few times, so that many are equal; null takes the first out.
  const step = fc.oneof({ weight: 3, arbitrary: fc.integer({ min: 0, max: 12 }) }, { weight: 2, arbitrary: fc.constant(null) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const coming = new ComingPackets()
      const model: { time: number; serial: number; owner: number }[] = []
      for (const [owner, time] of steps.entries()) {
        if (time !== null) {
          // Serials do not come in order: each pair of neighbours is swapped.
          const serial = owner ^ 1
          coming.push(time, serial, owner)
          model.push({ time, serial, owner })
          model.sort((a, b) => a.time - b.time || a.serial - b.serial)
        } else if (model.length > 0) {
          expect(coming.firstTime).toBe(model[0]!.time)
          expect(coming.firstSerial).toBe(model[0]!.serial)
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
