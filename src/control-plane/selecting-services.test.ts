import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Pod, Service, StringMap } from '../api/objects/index.ts'
import { emptyMeta } from './empty-meta.ts'
import { hasLabels } from './pods-by-label.ts'
import { SelectingServices } from './selecting-services.ts'

const labels = fc.dictionary(fc.constantFrom('app', 'tier', 'canary'), fc.constantFrom('a', 'b'))
const change = fc.record({
  kind: fc.constantFrom('put', 'put', 'remove'),
  namespace: fc.constantFrom('x', 'y'),
  name: fc.constantFrom('p', 'q', 'r', 's'),
  selector: fc.option(labels),
})

test('finds what a look at every Service finds, in the order in which they were first seen', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 40 }), labels, fc.option(labels, { nil: undefined }), (changes, now, earlier) => {
      const services = new SelectingServices()
      const model = new Map<string, Service>()
      for (const { kind, namespace, name, selector } of changes) {
        const service = { kind: 'Service', metadata: emptyMeta(name, namespace), spec: { selector } } as Service
        if (kind === 'put') services.put(service)
        else services.remove(service)
        if (kind === 'put' && selector !== null) model.set(`${namespace}/${name}`, service)
        else model.delete(`${namespace}/${name}`)
      }
      const pod = podOf(now)
      const before = earlier === undefined ? undefined : podOf(earlier)
      const wanted = [...model.values()].filter(({ metadata, spec }) => {
        const selects = (one: Pod): boolean => hasLabels(one, spec.selector!)
        return metadata.namespace === 'x' && (selects(pod) || (before !== undefined && selects(before)))
      })
      expect(services.of(pod, before)).toEqual(wanted)
    }),
  )
})

function podOf(labels: StringMap): Pod {
  return { kind: 'Pod', metadata: { ...emptyMeta('pod', 'x'), labels } } as Pod
}
