import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Pod, StringMap } from '../api/objects/index.ts'
import { emptyMeta } from './empty-meta.ts'
import { hasLabels, PodsByLabel } from './pods-by-label.ts'

const labels = fc.dictionary(fc.constantFrom('app', 'tier', 'canary'), fc.constantFrom('a', 'b'))
const change = fc.record({
  kind: fc.constantFrom('put', 'put', 'remove'),
  namespace: fc.constantFrom('x', 'y'),
  name: fc.constantFrom('p', 'q', 'r', 's'),
  labels,
})

test('finds what a look at every pod finds, in the order in which pods were first seen', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 40 }), labels, (changes, selector) => {
      const index = new PodsByLabel()
      const model = new Map<string, Pod>()
      for (const { kind, namespace, name, labels } of changes) {
        const pod = podOf(namespace, name, labels)
        if (kind === 'put') {
          index.put(pod)
          model.set(`${namespace}/${name}`, pod)
        } else {
          index.remove(pod)
          model.delete(`${namespace}/${name}`)
        }
      }
      const wanted = [...model.values()].filter((pod) => pod.metadata.namespace === 'x' && hasLabels(pod, selector))
      expect(index.selected('x', selector)).toEqual(wanted)
    }),
  )
})

function podOf(namespace: string, name: string, labels: StringMap): Pod {
  return { kind: 'Pod', metadata: { ...emptyMeta(name, namespace), labels } } as Pod
}
