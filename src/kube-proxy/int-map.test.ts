import { describe, expect, test } from 'vitest'
import { ABSENT, IntMap } from './int-map.ts'

describe('IntMap', () => {
  test('answers like a Map, beyond 32 bits and through its growth', () => {
    const [map, model] = [new IntMap(), new Map<number, number>()]
    for (let index = 0; index < 20_000; index++) {
      const key = (index * 7919 * 1_000_003) % 9_007_199_254
      map.set(key * 1000 + (index % 3), index)
      model.set(key * 1000 + (index % 3), index)
    }
    for (const [key, value] of model) expect(map.get(key)).toBe(value)
    expect(map.get(1)).toBe(model.get(1) ?? ABSENT)
    expect(new IntMap().get(0)).toBe(ABSENT)
  })
})
