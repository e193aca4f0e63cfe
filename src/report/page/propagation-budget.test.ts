import { describe, expect, test } from 'vitest'
import type { Hop } from '../../scenario/story.ts'
import { budgetSamples, propagationBudget } from './propagation-budget.ts'

/** Hops by hand: who, what, to what, caused by which of them, from when to when in milliseconds. */
function hops(...rows: readonly (readonly [actor: string, action: string, subject: string, cause: number, from: number, to: number])[]) {
  const all = rows.map(([actor, action, subject, cause, from, to], id): Hop => {
    return { id, cause, actor, action, subject, revision: 7, started: from * 1e6, time: to * 1e6, detail: '' }
  })
  return { length: all.length, hop: (id: number) => all[id]! }
}

const SLICE = 'EndpointSlice/shop/web'

/** An edit at 100 ms, the slice in etcd at 128 ms, one node programmed at 160 ms, the other at 1000 ms. */
const usual = hops(
  ['kubelet/a', 'patch', 'Pod/shop/web-1', -1, 100, 101],
  ['kube-apiserver', 'authenticated', 'Pod/shop/web-1', 0, 101, 102],
  ['kube-apiserver', 'admitted', 'Pod/shop/web-1', 1, 102, 104],
  ['etcd', 'committed', 'Pod/shop/web-1', 2, 104, 109],
  ['endpointslice-controller', 'observed', 'Pod/shop/web-1', 3, 109, 112],
  ['endpointslice-controller', 'update', SLICE, 4, 119, 120],
  ['kube-apiserver', 'authorised', SLICE, 5, 120, 121],
  ['kube-apiserver', 'admitted', SLICE, 6, 121, 122],
  ['etcd', 'committed', SLICE, 7, 122, 128],
  ['kube-proxy/a', 'programmed', SLICE, 8, 130, 160],
  ['kube-proxy/b', 'programmed', SLICE, 8, 960, 1000],
)

describe('the propagation budget', () => {
  test('divides the way among its hops, without a gap', () => {
    const { samples, untold } = budgetSamples(usual, 0)
    expect(untold).toBe(0)
    expect(samples.map(({ node, parts }) => [node, parts.map((part) => part / 1e6)])).toEqual([
      ['a', [4, 5, 3, 7, 3, 6, 2, 30]],
      ['b', [4, 5, 3, 7, 3, 6, 832, 40]],
    ])
  })

  test('the parts of a mean sum to the whole, the last node is the later one', () => {
    const budget = propagationBudget(usual, 0)!
    for (const figure of ['mean', 'slowest', 'lastNode'] as const)
      expect(budget.parts.reduce((sum, part) => sum + part[figure], 0)).toBeCloseTo(budget.total[figure], 9)
    expect(budget).toMatchObject({ changes: 1, samples: 2, total: { mean: 480, p50: 60, p99: 900, max: 900, lastNode: 900, slowest: 900 } })
    expect(budget.fromCommit).toEqual({ p50: 32, p99: 872, max: 872 })
  })

  test('writes before the measured time are left out', () => {
    expect(propagationBudget(usual, 128e6)!.samples).toBe(2)
    expect(propagationBudget(usual, 128e6 + 1)).toBeNull()
  })

  test('a slice without a sight that led to it begins with its own request', () => {
    const short = hops(
      ['kubectl', 'create', SLICE, -1, 0, 1],
      ['kube-apiserver', 'admitted', SLICE, 0, 1, 3],
      ['etcd', 'committed', SLICE, 1, 3, 5],
      ['kube-proxy/a', 'programmed', SLICE, 2, 5, 9],
    )
    expect(budgetSamples(short, 0).samples[0]!.parts.map((part) => part / 1e6)).toEqual([0, 0, 0, 0, 3, 2, 0, 4])
  })

  test('what came another way is counted, and in no figure', () => {
    const list = hops(['kube-proxy/a', 'listed', '', -1, 0, 1], ['kube-proxy/a', 'programmed', SLICE, 0, 1, 5])
    expect(budgetSamples(list, 0)).toEqual({ samples: [], untold: 1 })
    expect(propagationBudget(list, 0)).toBeNull()
  })

  test('Services and network policies are no part of it', () => {
    const others = hops(['kube-proxy/a', 'programmed', 'Service/shop/web', -1, 0, 1], ['policy-agent/a', 'programmed', SLICE, -1, 0, 1])
    expect(budgetSamples(others, 0)).toEqual({ samples: [], untold: 0 })
  })
})
