import type { ProxyEndpoint } from '../../model/endpoint.ts'
import { endpointsOf, type ProxyState } from '../../model/proxy-state.ts'
import type { ServicePort } from '../../model/service-port.ts'
import { buildSync, isLargeCluster } from './build.ts'
import type { IptablesRules, Table } from './rule.ts'

/**
 * The Services (`namespace/name`) that differ between two states, in a port or in an endpoint: those whose chains a partial sync writes.
 *
 * Source: kubernetes v1.36.2 pkg/proxy ServiceChangeTracker and EndpointsChangeTracker, which name Services, not single ports.
 */
export function changedServices(before: ProxyState, after: ProxyState): Set<string> {
  const [old, current] = [fingerprints(before), fingerprints(after)]
  return new Set([...old.keys(), ...current.keys()].filter((service) => old.get(service) !== current.get(service)))
}

function fingerprints(state: ProxyState): Map<string, string> {
  const texts = new Map<string, string>()
  for (const servicePort of state.servicePorts) {
    const service = `${servicePort.namespace}/${servicePort.name}`
    const text = fingerprint(servicePort, endpointsOf(state, servicePort))
    texts.set(service, (texts.get(service) ?? '') + text)
  }
  return texts
}

function fingerprint(servicePort: ServicePort, endpoints: readonly ProxyEndpoint[]): string {
  return JSON.stringify([servicePort, endpoints])
}

/** The restore of a full sync over what the kernel holds: everything is written, stale chains are deleted (unless the cluster is large). */
export function fullSync(state: ProxyState, kernel: IptablesRules): IptablesRules {
  return buildSync(state, { changed: null, kernelChains: kernel.nat.chains.keys(), deletesStale: !isLargeCluster(state) })
}

/** The restore of a partial sync from one state to the next, over what the kernel holds. */
export function partialSync(before: ProxyState, after: ProxyState, kernel: IptablesRules): IptablesRules {
  const changed = changedServices(before, after)
  return buildSync(after, { changed, kernelChains: kernel.nat.chains.keys(), deletesStale: !isLargeCluster(after) })
}

/** What the kernel holds after a restore: its chains replaced, those it deletes gone, all others as they were. */
export function applyRestore(kernel: IptablesRules, restore: IptablesRules): IptablesRules {
  return {
    family: restore.family,
    localAddresses: restore.localAddresses,
    filter: applyTable(kernel.filter, restore.filter),
    nat: applyTable(kernel.nat, restore.nat),
  }
}

function applyTable(kernel: Table, restore: Table): Table {
  const chains = new Map([...kernel.chains, ...restore.chains])
  for (const chain of restore.deletedChains) chains.delete(chain)
  return { chains, deletedChains: [] }
}
