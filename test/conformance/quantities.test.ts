import { describe, expect, test } from 'vitest'
import {
  addQuantities,
  compareQuantities,
  parseQuantity,
  quantityDecimal,
  quantityMillis,
  quantityUnits,
  subtractQuantities,
} from '../../src/api/quantity.ts'
import { recordedCases } from './cases.ts'

/** What resource.ParseQuantity of Kubernetes v1.36.2 answered, text by text. */
interface ParseCase {
  readonly id: string
  readonly input: string
  readonly ok: boolean
  readonly error?: string
  readonly canonical?: string
  readonly format?: string
  readonly decimal?: string
  readonly value?: string
  readonly milliValue?: string
}

interface ArithmeticCase {
  readonly id: string
  readonly a: string
  readonly b: string
  readonly add: string
  readonly sub: string
  readonly cmp: number
}

const recorded = recordedCases<ParseCase | ArithmeticCase>('quantities.json')
const parseCases = recorded?.cases.filter((row): row is ParseCase => 'input' in row) ?? []
const arithmeticCases = recorded?.cases.filter((row): row is ArithmeticCase => 'a' in row) ?? []

describe.skipIf(recorded === null)('quantities as Kubernetes reads them', () => {
  test('every recorded case is of a form that is checked here', () => {
    expect(parseCases.length).toBeGreaterThan(200)
    expect(arithmeticCases.length).toBeGreaterThan(50)
    expect(parseCases.length + arithmeticCases.length).toBe(recorded?.cases.length)
  })

  test('every text is refused or read as the same amount and written back the same', () => {
    const wrong = parseCases.flatMap((row): object[] => {
      const parsed = parseQuantity(row.input)
      if (!parsed.ok) return row.ok || row.error !== parsed.error ? [{ row, parsed }] : []
      const { quantity } = parsed
      const same =
        row.ok &&
        quantity.canonical === row.canonical &&
        quantity.format === row.format &&
        quantityDecimal(quantity) === row.decimal &&
        (row.value === undefined || quantityUnits(quantity) === BigInt(row.value)) &&
        (row.milliValue === undefined || quantityMillis(quantity) === BigInt(row.milliValue))
      return same ? [] : [{ row, canonical: quantity.canonical, format: quantity.format, decimal: quantityDecimal(quantity) }]
    })
    expect(wrong).toEqual([])
  })

  test('sums, differences and comparisons are the same', () => {
    const wrong = arithmeticCases.filter((row) => {
      const a = parseQuantity(row.a)
      const b = parseQuantity(row.b)
      return !(
        a.ok &&
        b.ok &&
        addQuantities(a.quantity, b.quantity).canonical === row.add &&
        subtractQuantities(a.quantity, b.quantity).canonical === row.sub &&
        compareQuantities(a.quantity, b.quantity) === row.cmp
      )
    })
    expect(wrong).toEqual([])
  })
})
