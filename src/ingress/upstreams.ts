import { type EndpointSlice, type IngressBackend, SERVICE_NAME_LABEL, type Service } from '../api/objects/index.ts'
import type { Addresses, EndpointId } from '../network/addresses.ts'

/** The ready endpoints of each upstream, `namespace/service:port`, in the order of their numbers. */
export function upstreamsOf(
  backends: ReadonlyMap<string, { readonly namespace: string; readonly backend: IngressBackend }>,
  services: Iterable<Service>,
  endpointSlices: Iterable<EndpointSlice>,
  addresses: Addresses,
): Map<string, readonly EndpointId[]> {
  const byName = new Map<string, Service>()
  for (const service of services) byName.set(`${service.metadata.namespace}/${service.metadata.name}`, service)
  const slices = new Map<string, EndpointSlice[]>()
  for (const slice of endpointSlices) {
    const key = `${slice.metadata.namespace}/${slice.metadata.labels[SERVICE_NAME_LABEL] ?? ''}`
    const list = slices.get(key)
    if (list === undefined) slices.set(key, [slice])
    else list.push(slice)
  }
  const upstreams = new Map<string, readonly EndpointId[]>()
  for (const [upstream, { namespace, backend }] of backends) {
    const key = `${namespace}/${backend.service}`
    const port = byName.get(key)?.spec.ports.find(({ name, port }) => backend.port === port || backend.port === name)
    const endpoints = new Set<EndpointId>()
    if (port !== undefined) {
      for (const slice of slices.get(key) ?? []) {
        for (const { name, port: number } of slice.ports) {
          if (name !== port.name) continue
          for (const { address, conditions } of slice.endpoints) if (conditions.ready) endpoints.add(addresses.endpoint(address, number))
        }
      }
    }
    upstreams.set(
      upstream,
      [...endpoints].sort((a, b) => a - b),
    )
  }
  return upstreams
}
