import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { InvariantError } from '../invariant.ts'
import {
  addQuantities,
  bytes,
  compareQuantities,
  cpuMilli,
  parseQuantity,
  type Quantity,
  quantityDecimal,
  subtractQuantities,
} from './quantity.ts'

function quantity(text: string): Quantity {
  const parsed = parseQuantity(text)
  if (!parsed.ok) throw new Error(`${text}: ${parsed.error}`)
  return parsed.quantity
}

describe('quantities', () => {
  test('CPU is in thousandths and memory in bytes, both rounded up', () => {
    expect(['100m', '2', '0.5', '1.0001', '1u', '0'].map(cpuMilli)).toEqual([100, 2000, 500, 1001, 1, 0])
    expect(['128Mi', '1G', '1500m', '1e3', '1Ki'].map(bytes)).toEqual([134217728, 1e9, 2, 1000, 1024])
  })

  test('a text that was not validated is our own mistake', () => {
    expect(() => cpuMilli('fast')).toThrow(InvariantError)
  })

  test.each(['', ' 1', '1 ', '1KB', '1ki', 'x', '--1', '1e', '1e1.5', '1e999999999'])('%j is refused', (text) => {
    expect(parseQuantity(text).ok).toBe(false)
  })

  test.each([
    ['1024Mi', '1Gi'],
    ['0.5', '500m'],
    ['1.5Gi', '1536Mi'],
    ['8000', '8k'],
    ['1000E', '1e21'],
    ['0Gi', '0'],
  ])('%s is written back as %s', (text, canonical) => {
    expect(quantity(text).canonical).toBe(canonical)
  })

  // The model: thousandths as plain integers.
  test('sums and differences are those of the thousandths, and undo each other', () => {
    const amount = fc.integer({ min: -1_000_000, max: 1_000_000 })
    fc.assert(
      fc.property(amount, amount, (a, b) => {
        const left = quantity(`${a}m`)
        const right = quantity(`${b}m`)
        expect(compareQuantities(addQuantities(left, right), quantity(`${a + b}m`))).toBe(0)
        expect(compareQuantities(subtractQuantities(addQuantities(left, right), right), left)).toBe(0)
        expect(compareQuantities(left, right)).toBe(Math.sign(a - b))
      }),
    )
  })

  test('the canonical text stands for the same amount and is canonical itself', () => {
    const suffix = fc.constantFrom('', 'n', 'u', 'm', 'k', 'M', 'G', 'T', 'P', 'E', 'Ki', 'Mi', 'Gi', 'e3', 'e-3', 'E5')
    const digits = fc.tuple(fc.constantFrom('', '-', '+'), fc.nat(10_000_000), fc.constantFrom('', '.', '.5', '.125', '.0001'))
    fc.assert(
      fc.property(digits, suffix, ([sign, whole, fraction], end) => {
        const first = quantity(`${sign}${whole}${fraction}${end}`)
        const second = quantity(first.canonical)
        expect(quantityDecimal(second)).toBe(quantityDecimal(first))
        expect(quantity(second.canonical).canonical).toBe(second.canonical)
      }),
    )
  })
})
