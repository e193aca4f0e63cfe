import { keyOf, type RealServer, type VirtualServer } from './virtual-server.ts'

export type VirtualServers = ReadonlyMap<string, VirtualServer>

/** How many connections, active and inactive, the kernel counts at a real server. */
export type ConnectionCount = (virtualServer: VirtualServer, realServer: RealServer) => number

/**
 * What the kernel holds after a sync: the wanted virtual servers, and at weight 0 the real servers that are no longer wanted but still have
 * TCP connections. Of UDP and SCTP nothing is drained: the next packet of such a flow finds its server gone and is scheduled afresh.
 *
 * A real server that stays keeps its place in IPVS' list; one that comes back while it is drained is deleted and added again, and so goes to
 * the list's head like a new one. A virtual server that is no longer wanted goes at once, whatever connections it has.
 *
 * Source: kubernetes v1.36.2 pkg/proxy/ipvs/graceful_termination.go, proxier.go syncEndpoint.
 */
export function reconcile(held: VirtualServers, wanted: VirtualServers, connections: ConnectionCount): Map<string, VirtualServer> {
  const result = new Map<string, VirtualServer>()
  for (const [key, virtualServer] of wanted) {
    const before = held.get(key)
    result.set(
      key,
      before === undefined ? virtualServer : { ...virtualServer, realServers: realServersAfter(before, virtualServer, connections) },
    )
  }
  return result
}

function realServersAfter(before: VirtualServer, wanted: VirtualServer, connections: ConnectionCount): RealServer[] {
  const kept: RealServer[] = []
  const keptPlaces = new Set<string>()
  const wantedPlaces = new Set(wanted.realServers.map(place))
  for (const realServer of before.realServers) {
    if (wantedPlaces.has(place(realServer))) {
      if (realServer.weight === 0) continue
      kept.push(realServer)
      keptPlaces.add(place(realServer))
    } else if (isDraining(before, realServer, connections)) kept.push({ ...realServer, weight: 0 })
  }
  return [...kept, ...wanted.realServers.filter((realServer) => !keptPlaces.has(place(realServer)))]
}

/** What the loop that looks every minute leaves: a drained real server goes when its last connection has. */
export function reapDrained(held: VirtualServers, connections: ConnectionCount): Map<string, VirtualServer> {
  const result = new Map<string, VirtualServer>()
  for (const virtualServer of held.values()) {
    const realServers = virtualServer.realServers.filter(
      (realServer) => realServer.weight > 0 || isDraining(virtualServer, realServer, connections),
    )
    result.set(keyOf(virtualServer), { ...virtualServer, realServers })
  }
  return result
}

function isDraining(virtualServer: VirtualServer, realServer: RealServer, connections: ConnectionCount): boolean {
  return virtualServer.protocol === 'TCP' && connections(virtualServer, realServer) > 0
}

function place({ address, port }: RealServer): string {
  return `${address} ${port}`
}
