import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MILLISECOND, type Nanos, SECOND } from '../units.ts'
import { type BudgetSpec, RetryBudget } from './retry-budget.ts'

/** The slow, obvious model: every deposit and withdrawal with its time; those of the last ten begun seconds count. */
class SlowBudget {
  readonly #spec: BudgetSpec
  readonly #entries: { at: Nanos; tokens: number }[] = []

  constructor(spec: BudgetSpec) {
    this.#spec = spec
  }

  deposit(at: Nanos): void {
    this.#entries.push({ at, tokens: this.#spec.ratio })
  }

  tryWithdraw(at: Nanos): boolean {
    const second = Math.floor(at / SECOND)
    const recent = this.#entries.filter((entry) => Math.floor(entry.at / SECOND) > second - 10)
    const balance = recent.reduce((sum, { tokens }) => sum + tokens, 10 * this.#spec.minPerSecond)
    if (balance < 1) return false
    this.#entries.push({ at, tokens: -1 })
    return true
  }
}

describe('RetryBudget', () => {
  test('is the slow model', () => {
    // Ratios with an exact binary fraction, so that the model's sums are exact.
    const specs = fc.record({ ratio: fc.constantFrom(0, 0.125, 0.25, 0.5, 1, 2), minPerSecond: fc.constantFrom(0, 0.5, 1, 3) })
    const steps = fc.array(fc.tuple(fc.boolean(), fc.nat({ max: 3000 })), { maxLength: 200 })
    fc.assert(
      fc.property(specs, steps, (spec, moves) => {
        const [budget, model] = [new RetryBudget(spec), new SlowBudget(spec)]
        let now = 0
        for (const [isDeposit, wait] of moves) {
          now += wait * MILLISECOND
          if (isDeposit) {
            budget.deposit(now)
            model.deposit(now)
          } else expect(budget.tryWithdraw(now)).toBe(model.tryWithdraw(now))
        }
      }),
    )
  })

  test('20 % and nothing else: of 100 requests 20 may be tried again, and 10 s later none of them counts', () => {
    const budget = new RetryBudget({ ratio: 0.2, minPerSecond: 0 })
    for (let request = 0; request < 100; request++) budget.deposit(0)
    let allowed = 0
    while (budget.tryWithdraw(0)) allowed++
    expect(allowed).toBe(20)
    budget.deposit(SECOND)
    for (let request = 0; request < 4; request++) budget.deposit(9 * SECOND)
    // The deposits of second 0 have gone, and with them what was taken in it: one of second 1 and four of second 9 are left.
    expect(budget.tryWithdraw(10 * SECOND)).toBe(true)
    expect(budget.tryWithdraw(10 * SECOND)).toBe(false)
  })

  test('without requests: the minimum of 10 s at once, and again as it comes back', () => {
    const budget = new RetryBudget({ ratio: 0, minPerSecond: 2 })
    let allowed = 0
    while (budget.tryWithdraw(5 * SECOND)) allowed++
    expect(allowed).toBe(20)
    expect(budget.tryWithdraw(14 * SECOND)).toBe(false)
    expect(budget.tryWithdraw(15 * SECOND)).toBe(true)
  })
})
