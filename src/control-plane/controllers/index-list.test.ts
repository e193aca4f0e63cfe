import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatIndexes, parseIndexes } from './index-list.ts'

test('two indexes in a row are listed, three are a range', () => {
  expect(formatIndexes(new Set([7, 0, 1, 3, 4, 5]))).toBe('0,1,3-5,7')
})

test('what is written is read back', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(30)), (list) => {
      expect([...parseIndexes(formatIndexes(new Set(list)), 31)]).toEqual(list.sort((a, b) => a - b))
    }),
  )
})
