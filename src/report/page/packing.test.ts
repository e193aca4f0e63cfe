import fc from 'fast-check'
import { deflateSync, inflateSync } from 'fflate'
import { describe, expect, test } from 'vitest'
import { pack, unpack } from './packing.ts'

const numbers = fc.array(
  fc.oneof(fc.integer(), fc.double({ noNaN: true }), fc.constantFrom(0, -0, Number.NaN, 1e15, -1e15, 2 ** 53, 0.1 + 0.2)),
)

describe('tables as bytes', () => {
  test('every number comes back as it was, an empty cell as NaN', () => {
    fc.assert(
      fc.property(numbers, fc.array(fc.integer({ min: -5, max: 1e15 })), (mixed, whole) => {
        const back = unpack(
          pack([
            { name: 'mixed', length: mixed.length, columns: [{ name: 'value', numbers: mixed }] },
            { name: 'whole', length: whole.length, columns: [{ name: 'value', numbers: whole }] },
          ]),
        )
        const [first, second] = back.map((table) => table.columns[0] as { numbers: Float64Array })
        expect([...first!.numbers]).toEqual(mixed)
        expect([...second!.numbers]).toEqual(whole)
      }),
    )
  })

  test('texts come back with their rows, whatever is in them', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1 }), (texts) => {
        const places = texts.map((_, index) => texts.length - 1 - index)
        const [table] = unpack(pack([{ name: 't', length: places.length, columns: [{ name: 'name', texts, places }] }]))
        const column = table!.columns[0] as { texts: readonly string[]; places: Float64Array }
        expect(column.texts).toEqual(texts)
        expect([...column.places]).toEqual(places)
      }),
    )
  })

  test('survives being deflated', () => {
    const packed = pack([{ name: 't', length: 3, columns: [{ name: 'x', numbers: [1.5, Number.NaN, -3] }] }])
    expect(unpack(inflateSync(deflateSync(packed, { level: 9 })))).toEqual(unpack(packed))
  })
})
