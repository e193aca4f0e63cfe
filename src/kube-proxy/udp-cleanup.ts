import type { KubernetesMinor } from '../kubernetes-version.ts'
import type { Addresses, EndpointId } from '../network/addresses.ts'
import { CLUSTER_IP, type Entry } from './modes/mode.ts'
import type { ServiceHistory, ServicePortId } from './service-history.ts'

/** Up to which revisions a node's rules were made. */
export interface RuleRevisions {
  readonly services: number
  readonly slices: number
}

/** A sync that has just taken effect on a node. */
export interface FinishedSync {
  readonly node: number
  /** What the kube-proxy knew before; null: nothing, as it has been started anew. */
  readonly before: RuleRevisions | null
  readonly after: RuleRevisions
  /** Services that changed, each once; null: any of them may have. */
  readonly changed: readonly number[] | null
}

/** Whether a connection tracking entry of UDP to a Service port is to go. `endpoint` is what it translates to; null where it translates nothing. */
export type IsStale = (servicePort: ServicePortId, entry: Entry, endpoint: EndpointId | null) => boolean

/**
 * Which UDP entries of connection tracking kube-proxy takes out after a sync; null when it does not look.
 *
 * An entry of UDP lives as long as its client goes on sending, also when the endpoint that it leads to is gone. So kube-proxy takes out:
 *
 * - **until 1.31** what the changes since its last sync call for: entries to endpoints that no longer serve; all entries of a Service that had
 *   no serving endpoint and now has one, since some may lead nowhere; and all to the cluster IP of a Service that is deleted. A kube-proxy
 *   that starts takes every Service with endpoints for one that had none.
 *   Which nodes' traffic the endpoints serve makes no difference: under `internalTrafficPolicy: Local` a node can come from no endpoint to one while
 *   the Service had some all along, and then nothing is cleared (kubernetes#126934).
 * - **from 1.32 on**, after a sync that brought other endpoints of UDP: every entry to a Service that does not lead to the address of an
 *   endpoint that serves. Services without any such endpoint are left alone, and so are those that are deleted.
 *
 * Simplified: 1.32 looks after every sync, whether endpoints changed or not, which finds nothing more. Not modelled: what releases after
 * 1.36.2 do for Services without endpoints (kubernetes#139629) and deleted ones (kubernetes#141371).
 *
 * Source: kubernetes pkg/proxy/conntrack/cleanup.go (v1.31: deleteStaleServiceConntrackEntries, deleteStaleEndpointConntrackEntries; v1.36.2:
 * CleanStaleEntries), pkg/proxy/endpointschangetracker.go; the reconciler came with kubernetes#127318.
 */
export function staleUdpEntries(history: ServiceHistory, version: KubernetesMinor, sync: FinishedSync): IsStale | null {
  return version >= 32 ? reconciled(history, sync) : byChanges(history, sync)
}

function reconciled(history: ServiceHistory, { before, after, changed }: FinishedSync): IsStale | null {
  const isRequired = changedPorts(history, changed).some((port) => {
    const had = before === null ? NOBODY : servingOf(history, port, before)
    return !isSame(had, servingOf(history, port, after))
  })
  if (!isRequired) return null
  return (port, _entry, endpoint) => {
    const serving = servingOf(history, port, after)
    return serving.size > 0 && !isServing(history.addresses, serving, endpoint)
  }
}

function byChanges(history: ServiceHistory, { before, after, changed }: FinishedSync): IsStale | null {
  /** By Service port: whose entries go, or 'all', or 'cluster-ip' for all to that. */
  const cleared = new Map<ServicePortId, ReadonlySet<number> | 'all' | 'cluster-ip'>()
  for (const port of changedPorts(history, changed)) {
    const had = before === null ? NOBODY : servingOf(history, port, before)
    const has = servingOf(history, port, after)
    const existed = before !== null && history.rules(port, before.services) !== null
    if (history.rules(port, after.services) === null) {
      if (existed) cleared.set(port, 'cluster-ip')
    } else if (had.size === 0) {
      if (has.size > 0) cleared.set(port, 'all')
    } else {
      const gone = [...had].filter((address) => !has.has(address))
      if (gone.length > 0) cleared.set(port, new Set(gone))
    }
  }
  if (cleared.size === 0) return null
  return (port, entry, endpoint) => {
    const which = cleared.get(port)
    if (which === undefined) return false
    if (which === 'all') return true
    if (which === 'cluster-ip') return entry === CLUSTER_IP
    return endpoint !== null && which.has(history.addresses.addressOf(endpoint))
  }
}

/** The UDP ports of the Services that changed. */
function changedPorts(history: ServiceHistory, changed: readonly number[] | null): ServicePortId[] {
  const ports: ServicePortId[] = []
  const count = changed === null ? history.services : changed.length
  for (let index = 0; index < count; index++) {
    for (const port of history.portsOf(changed === null ? index : changed[index]!)) if (history.isUdp(port)) ports.push(port)
  }
  return ports
}

/** The addresses of the endpoints that serve a Service port with rules. */
function servingOf(history: ServiceHistory, port: ServicePortId, at: RuleRevisions): ReadonlySet<number> {
  const rules = history.rules(port, at.services)
  return rules === null ? NOBODY : history.endpoints(rules.endpointPort, at.slices).servingAddresses
}

function isServing(addresses: Addresses, serving: ReadonlySet<number>, endpoint: EndpointId | null): boolean {
  return endpoint !== null && serving.has(addresses.addressOf(endpoint))
}

function isSame(a: ReadonlySet<number>, b: ReadonlySet<number>): boolean {
  if (a === b) return true
  if (a.size !== b.size) return false
  for (const address of a) if (!b.has(address)) return false
  return true
}

const NOBODY: ReadonlySet<number> = new Set()
