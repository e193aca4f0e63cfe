import fc from 'fast-check'
import { expect, test } from 'vitest'
import { matchesSelector } from '../api/labels.ts'
import { LoadsByLabel } from './loads-by-label.ts'

const labels = fc.dictionary(fc.constantFrom('app', 'tier', 'canary'), fc.constantFrom('a', 'b'))
const pod = fc.record({ namespace: fc.constantFrom('x', 'y'), labels })
const selector = fc.record({
  matchLabels: labels,
  matchExpressions: fc.array(
    fc.record({ key: fc.constantFrom('app', 'tier'), operator: fc.constant('Exists' as const), values: fc.constant([]) }),
    {
      maxLength: 1,
    },
  ),
})

test('finds what a look at every pod finds, in the same order', () => {
  fc.assert(
    fc.property(fc.array(pod, { maxLength: 30 }), selector, (pods, selector) => {
      const all = pods.map((pod, id) => ({ pod, id }))
      const wanted = all.filter(({ pod }) => pod.namespace === 'x' && matchesSelector(selector, pod.labels))
      expect(new LoadsByLabel(all).selected('x', selector)).toEqual(wanted)
    }),
  )
})
