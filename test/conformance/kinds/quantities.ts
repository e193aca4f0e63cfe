import {
  addQuantities,
  compareQuantities,
  parseQuantity,
  type Quantity,
  quantityDecimal,
  quantityMillis,
  quantityUnits,
  subtractQuantities,
} from '../../../src/api/quantity.ts'
import { type Case, casesIn, type Outcome, Tally } from './outcome.ts'

/** What resource.ParseQuantity of Kubernetes v1.36.2 answered, text by text, and what its arithmetic gave. */
export function check(file: unknown): Outcome {
  const tally = new Tally()
  for (const row of casesIn(file)) {
    tally.attempt(row.id, () => ('input' in row ? checkText(row, tally) : checkArithmetic(row, tally)))
  }
  return tally
}

function checkText(row: Case, tally: Tally): void {
  const parsed = parseQuantity(row.input)
  if (!parsed.ok || !row.ok) {
    tally.same(
      row.id,
      parsed.ok ? { ok: true } : { ok: false, error: parsed.error },
      row.ok ? { ok: true } : { ok: false, error: row.error },
    )
    return
  }
  const { quantity } = parsed
  // The recording leaves out what does not fit in 64 bits.
  const got = {
    canonical: quantity.canonical,
    format: quantity.format,
    decimal: quantityDecimal(quantity),
    value: row.value === undefined ? undefined : String(quantityUnits(quantity)),
    milliValue: row.milliValue === undefined ? undefined : String(quantityMillis(quantity)),
  }
  const { canonical, format, decimal, value, milliValue } = row
  tally.same(row.id, got, { canonical, format, decimal, value, milliValue })
}

function checkArithmetic(row: Case, tally: Tally): void {
  const a = quantityOf(row.a)
  const b = quantityOf(row.b)
  const got = { add: addQuantities(a, b).canonical, sub: subtractQuantities(a, b).canonical, cmp: compareQuantities(a, b) }
  tally.same(row.id, got, { add: row.add, sub: row.sub, cmp: row.cmp })
}

function quantityOf(text: string): Quantity {
  const parsed = parseQuantity(text)
  if (!parsed.ok) throw new Error(`Cannot read "${text}": ${parsed.error}`)
  return parsed.quantity
}
