import { describe, expect, test } from 'vitest'
import type { Endpoint, EndpointSlice } from '../../src/api/objects/index.ts'
import { packEndpoints } from '../../src/control-plane/controllers/endpoint-packing.ts'
import { emptyMeta } from '../../src/control-plane/empty-meta.ts'
import { casesOf } from './shared-cases.ts'

const endpoint = (id: number, ready = true): Endpoint => ({
  address: `e${id}`,
  conditions: { ready, serving: ready, terminating: false },
  nodeName: 'n',
  zone: '',
  podName: `p${id}`,
  podUid: `u${id}`,
})

describe('endpoints are packed into slices as the EndpointSlice controller of 1.36 packs them', () => {
  const file = casesOf('endpointslice-packing.json')

  test.skipIf(file.absent)(`lengths and numbers of writes ${file.note}`, () => {
    const cases = [...file.of('packing-upstream'), ...file.of('packing-observed')]
    expect(cases.length).toBe(80)
    for (const { id, existing, toAdd, maxEndpointsPerSlice: max, portChanged, expected } of cases) {
      let next = 0
      const desired: Endpoint[] = []
      const slices = existing.map(
        ({ size, removed, changed }: { size: number; removed: number; changed: number }, i: number): EndpointSlice => {
          const endpoints = Array.from({ length: size }, () => endpoint(next++))
          endpoints.forEach((held, k) => {
            if (k >= removed) desired.push(k < removed + changed ? { ...held, conditions: { ...held.conditions, ready: false } } : held)
          })
          return { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', metadata: emptyMeta(`s${i}`, 'd'), endpoints, ports: [] }
        },
      )
      for (let i = 0; i < toAdd; i++) desired.push(endpoint(next++))

      const own: EndpointSlice[] = portChanged ? [] : slices
      const plan = packEndpoints(own, desired, max)
      const remove = [...plan.remove, ...(portChanged ? slices : [])]
      const recycled = Math.min(plan.create.length, remove.length)
      const written = new Map(plan.update.map(({ slice, endpoints }) => [slice, endpoints.length]))
      const kept = own.filter((slice) => !remove.includes(slice)).map((slice) => written.get(slice) ?? slice.endpoints.length)
      const lengths = [...kept, ...plan.create.map((endpoints) => endpoints.length)]
      const got = {
        sliceLengths: lengths.sort((a, b) => a - b),
        created: plan.create.length - recycled,
        updated: plan.update.length + recycled,
        deleted: remove.length - recycled,
      }
      expect(got, id).toEqual({ ...expected, sliceLengths: [...expected.sliceLengths].sort((a: number, b: number) => a - b) })
    }
  })
})
