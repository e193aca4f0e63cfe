import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BLAME_PARTS, NETWORK, PARTS, POD_QUEUE, RULES } from '../metrics/blame.ts'
import { TimeAccounts } from './time-accounts.ts'

const partsOf = (accounts: TimeAccounts, request: number) => Array.from(accounts.parts.subarray(request * PARTS, (request + 1) * PARTS))

test('on its way: CPU first, then the network; an end in the midst of it cuts off what had not come yet', () => {
  const accounts = new TimeAccounts(4)
  for (const request of [1, 2]) {
    accounts.open(request, 100)
    accounts.travels(request, 100, 30, RULES)
  }
  accounts.settle(1, 180)
  expect(accounts.parts[PARTS + RULES]).toBe(30)
  expect(accounts.parts[PARTS + NETWORK]).toBe(50)
  accounts.check(1, 80)
  accounts.settle(2, 110)
  expect(accounts.parts[2 * PARTS + RULES]).toBe(10)
  expect(accounts.parts[2 * PARTS + NETWORK]).toBe(0)
})

test('a latency that the parts do not sum to is a bug', () => {
  const accounts = new TimeAccounts(1)
  accounts.open(0, 0)
  accounts.waits(0, 10, POD_QUEUE)
  accounts.settle(0, 15)
  accounts.check(0, 15)
  expect(() => accounts.check(0, 16)).toThrow('sum to 15 ns, and it took 16 ns')
})

/** The slow model: every nanosecond is put into its part by itself. */
test('every nanosecond is in one part, whatever a request does', () => {
  const doing = fc.record({
    for: fc.nat(20),
    part: fc.nat(PARTS - 1),
    cpu: fc.option(fc.nat(20), { nil: null }),
  })
  fc.assert(
    fc.property(fc.array(doing), fc.nat(5), (steps, growAt) => {
      const accounts = new TimeAccounts(2)
      const model = BLAME_PARTS.map(() => 0)
      let now = 50
      accounts.open(1, now)
      for (const [index, step] of steps.entries()) {
        if (index === growAt) accounts.grow(4)
        if (step.cpu === null) accounts.waits(1, now, step.part)
        else accounts.travels(1, now, step.cpu, step.part)
        for (let ns = 0; ns < step.for; ns++) model[step.cpu === null || ns < step.cpu ? step.part : NETWORK]!++
        now += step.for
      }
      accounts.settle(1, now)
      expect(partsOf(accounts, 1)).toEqual(model)
      accounts.check(1, now - 50)
      accounts.open(1, now)
      expect(partsOf(accounts, 1)).toEqual(BLAME_PARTS.map(() => 0))
    }),
  )
})
