import type { Endpoint, EndpointSlice } from '../../api/objects/index.ts'

/** Which slices are written so that together they hold the wished endpoints. */
export interface PackingPlan {
  readonly update: readonly { readonly slice: EndpointSlice; readonly endpoints: readonly Endpoint[] }[]
  /** One list for each new slice. */
  readonly create: readonly (readonly Endpoint[])[]
  readonly remove: readonly EndpointSlice[]
}

/**
 * Spreads endpoints over slices with as few writes as possible.
 *
 * Endpoints stay in the slice that has them; slices that change anyway are filled up first; then full slices are made; what is
 * left goes to the fullest slice that has room for all of it, or to a new one. An empty slice is removed, unless
 * it is the only one: a Service without endpoints keeps one empty slice.
 *
 * Source: Kubernetes staging/src/k8s.io/endpointslice/reconciler.go (reconcileByPortMapping).
 */
export function packEndpoints(existing: readonly EndpointSlice[], desired: readonly Endpoint[], max: number): PackingPlan {
  const left = new Map(desired.map((endpoint) => [endpoint.address, endpoint]))
  const contents = new Map<EndpointSlice, Endpoint[]>()
  const changed = new Set<EndpointSlice>()
  for (const slice of existing) {
    const kept: Endpoint[] = []
    for (const endpoint of slice.endpoints) {
      const wanted = left.get(endpoint.address)
      if (wanted === undefined) {
        changed.add(slice)
        continue
      }
      left.delete(endpoint.address)
      kept.push(wanted)
      if (!sameEndpoint(endpoint, wanted)) changed.add(slice)
    }
    contents.set(slice, kept)
  }
  const rest = [...left.values()]
  for (const slice of changed) {
    const held = contents.get(slice)!
    held.push(...rest.splice(0, Math.max(0, max - held.length)))
  }
  const create: Endpoint[][] = []
  while (rest.length >= max) create.push(rest.splice(0, max))
  if (rest.length > 0) {
    const room = existing.filter((slice) => !changed.has(slice) && contents.get(slice)!.length + rest.length <= max)
    room.sort((a, b) => contents.get(b)!.length - contents.get(a)!.length)
    const fullest = room[0]
    if (fullest !== undefined) {
      contents.get(fullest)!.push(...rest.splice(0))
      changed.add(fullest)
    }
  }
  if (rest.length > 0) create.push(rest)

  const empty = [...changed].filter((slice) => contents.get(slice)!.length === 0)
  const keepsOne = create.length === 0 && empty.length === existing.length
  if (keepsOne) empty.shift()
  if (existing.length === 0 && create.length === 0) create.push([])
  const update = [...changed].filter((slice) => !empty.includes(slice)).map((slice) => ({ slice, endpoints: contents.get(slice)! }))
  return { update, create, remove: empty }
}

function sameEndpoint(a: Endpoint, b: Endpoint): boolean {
  return (
    a.conditions.ready === b.conditions.ready &&
    a.conditions.serving === b.conditions.serving &&
    a.conditions.terminating === b.conditions.terminating &&
    a.nodeName === b.nodeName &&
    a.zone === b.zone &&
    sameList(a.hints?.zones, b.hints?.zones) &&
    sameList(a.hints?.nodes, b.hints?.nodes) &&
    a.podUid === b.podUid
  )
}

function sameList(a: readonly string[] = [], b: readonly string[] = []): boolean {
  return a.length === b.length && a.every((text, index) => text === b[index])
}
