import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BLAME_PARTS, NETWORK, PACKETS, PARTS, POD_QUEUE, RETRANSMIT, RULES, SERVICE, SOFTIRQ } from '../../metrics/blame.ts'
import { TimeAccounts } from '../time-accounts.ts'
import { type Mark, ROUTED, routed } from './marks.ts'
import { stepsOf } from './steps.ts'

const NO_WAY = { oneWay: 0, external: 0 }

/** What an account of one request is told, and the marks of it. */
function accountOf(started: number): { accounts: TimeAccounts; marks: Mark[] } {
  const accounts = new TimeAccounts(1)
  const marks: Mark[] = []
  accounts.attach({ mark: (_request, time, kind, extra) => marks.push({ time, kind, extra }) })
  accounts.open(0, started)
  return { accounts, marks }
}

const told = (marks: readonly Mark[], options: { started: number; ended: number; oneWay?: number; external?: number }) =>
  stepsOf(marks, { ...NO_WAY, ...options }).map(({ part, started, ended }) => [part < 0 ? 'routed' : BLAME_PARTS[part], started, ended])

describe('steps', () => {
  /** The account is the oracle: whatever it is told, the steps have no gap, and by part they sum to what it has. */
  test('tile the time of a request, and sum to its account', () => {
    const change = fc.record({
      kind: fc.constantFrom('travels', 'waits'),
      gap: fc.integer({ min: 0, max: 50 }),
      part: fc.integer({ min: 0, max: PARTS - 1 }),
      cpu: fc.integer({ min: 0, max: 20 }),
      waitsAtOnce: fc.integer({ min: 0, max: 9 }),
      late: fc.option(
        fc.record({ softirq: fc.integer({ min: 0, max: 30 }), retransmitted: fc.integer({ min: 0, max: 30 }), still: fc.boolean() }),
      ),
    })
    fc.assert(
      fc.property(fc.array(change, { maxLength: 12 }), fc.integer({ min: 0, max: 40 }), fc.nat(30), (changes, last, oneWay) => {
        const started = 100
        const { accounts, marks } = accountOf(started)
        let now = started
        // What was late comes exactly when its delay is over.
        let isLate = false
        for (const { kind, gap, part, cpu, waitsAtOnce, late } of changes) {
          now += isLate ? 0 : gap
          isLate = late !== null
          if (kind === 'waits') accounts.waits(0, now, part)
          else {
            accounts.travels(0, now, cpu, part)
            if (waitsAtOnce > 0) accounts.delayed(0, waitsAtOnce, SOFTIRQ)
            now += waitsAtOnce
          }
          if (late === null) continue
          now += gap
          accounts.settle(0, now)
          if (late.still) accounts.standsStill(0, late.softirq, SOFTIRQ)
          else accounts.delayed(0, late.softirq, SOFTIRQ)
          accounts.delayed(0, late.retransmitted, RETRANSMIT)
          now += late.softirq + late.retransmitted
        }
        const ended = now + (isLate ? 0 : last)
        accounts.settle(0, ended)
        const steps = stepsOf(marks, { started, ended, oneWay, external: Math.min(5, oneWay) })
        let at = started
        const sums = new Array<number>(PARTS).fill(0)
        for (const step of steps) {
          expect(step.started).toBe(at)
          at = step.ended
          sums[step.part]! += step.ended - step.started
        }
        expect(at).toBe(ended)
        expect(sums).toEqual([...accounts.parts])
      }),
      { numRuns: 500 },
    )
  })

  test('tell a way to the pod as it is gone: the core of the node comes first for a client in the cluster', () => {
    const { accounts, marks } = accountOf(0)
    marks.push({ time: 0, kind: ROUTED, extra: routed(0, 7) })
    accounts.travels(0, 0, 10, RULES)
    accounts.delayed(0, 3, SOFTIRQ)
    accounts.waits(0, 113, SERVICE)
    expect(told(marks, { started: 0, ended: 150, oneWay: 100 })).toEqual([
      ['routed', 0, 0],
      ['softirq', 0, 3],
      ['rules', 3, 13],
      ['network', 13, 113],
      ['service', 113, 150],
    ])
  })

  test('tell an answer to a client outside: the network to the node, its core, the network beyond', () => {
    const { accounts, marks } = accountOf(0)
    accounts.waits(0, 0, SERVICE)
    accounts.travels(0, 40, 10, PACKETS)
    accounts.settle(0, 200)
    accounts.delayed(0, 5, SOFTIRQ)
    accounts.delayed(0, 200, RETRANSMIT)
    // 10 of CPU and 150 of network, of which 50 are within the cluster.
    expect(told(marks, { started: 0, ended: 405, oneWay: 150, external: 100 })).toEqual([
      ['service', 0, 40],
      ['retransmit', 40, 240],
      ['network', 240, 290],
      ['softirq', 290, 295],
      ['packets', 295, 305],
      ['network', 305, 405],
    ])
  })

  test('tell what a client outside sends after it has heard from the pod from the client on', () => {
    const { accounts, marks } = accountOf(0)
    accounts.waits(0, 0, SERVICE)
    accounts.travels(0, 10, 2, PACKETS)
    accounts.travels(0, 42, 2, PACKETS)
    expect(told(marks, { started: 0, ended: 74, oneWay: 30, external: 20 })).toEqual([
      ['service', 0, 10],
      ['network', 10, 20],
      ['packets', 20, 22],
      ['network', 22, 42],
      ['network', 42, 62],
      ['packets', 62, 64],
      ['network', 64, 74],
    ])
  })

  test('are cut where the client has given up', () => {
    const { accounts, marks } = accountOf(0)
    accounts.travels(0, 0, 10, PACKETS)
    accounts.waits(0, 110, POD_QUEUE)
    expect(told(marks, { started: 0, ended: 60, oneWay: 100 })).toEqual([
      ['packets', 0, 10],
      ['network', 10, 60],
    ])
    expect(told([], { started: 5, ended: 9 })).toEqual([['network', 5, 9]])
    expect(NETWORK).toBe(0)
  })
})
