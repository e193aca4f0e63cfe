import type { Endpoint, EndpointSlice } from '../../../src/api/objects/index.ts'
import { packEndpoints } from '../../../src/control-plane/controllers/endpoint-packing.ts'
import { emptyMeta } from '../../../src/control-plane/empty-meta.ts'
import { type Case, casesIn, type Outcome, Tally } from './outcome.ts'

/** How the EndpointSlice controller of v1.36.2 packed endpoints: lengths of the slices and numbers of writes. */
export function check(file: unknown): Outcome {
  const tally = new Tally()
  for (const row of casesIn(file)) {
    tally.attempt(row.id, () => {
      if (row.category === 'packing-upstream' || row.category === 'packing-observed') tally.same(row.id, packed(row), sorted(row.expected))
      else tally.skip(row.id, `"${row.category}" is not checked`)
    })
  }
  return tally
}

interface Packed {
  readonly sliceLengths: readonly number[]
  readonly created: number
  readonly updated: number
  readonly deleted: number
}

function packed({ existing, toAdd, maxEndpointsPerSlice: max, portChanged }: Case): Packed {
  let next = 0
  const desired: Endpoint[] = []
  const slices = existing.map(({ size, removed, changed }: Case, i: number): EndpointSlice => {
    const endpoints = Array.from({ length: size }, () => endpoint(next++))
    endpoints.forEach((held, k) => {
      if (k >= removed) desired.push(k < removed + changed ? { ...held, conditions: { ...held.conditions, ready: false } } : held)
    })
    return { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', metadata: emptyMeta(`s${i}`, 'd'), endpoints, ports: [] }
  })
  for (let i = 0; i < toAdd; i++) desired.push(endpoint(next++))

  // Slices of other ports belong to none of the new endpoints: what would be created takes their place.
  const own: EndpointSlice[] = portChanged ? [] : slices
  const plan = packEndpoints(own, desired, max)
  const remove = [...plan.remove, ...(portChanged ? slices : [])]
  const recycled = Math.min(plan.create.length, remove.length)
  const written = new Map(plan.update.map(({ slice, endpoints }) => [slice, endpoints.length]))
  const kept = own.filter((slice) => !remove.includes(slice)).map((slice) => written.get(slice) ?? slice.endpoints.length)
  return sorted({
    sliceLengths: [...kept, ...plan.create.map((endpoints) => endpoints.length)],
    created: plan.create.length - recycled,
    updated: plan.update.length + recycled,
    deleted: remove.length - recycled,
  })
}

function sorted(result: Packed): Packed {
  return { ...result, sliceLengths: [...result.sliceLengths].sort((a, b) => a - b) }
}

function endpoint(id: number): Endpoint {
  return {
    address: `e${id}`,
    conditions: { ready: true, serving: true, terminating: false },
    nodeName: 'n',
    zone: '',
    podName: `p${id}`,
    podUid: `u${id}`,
  }
}
