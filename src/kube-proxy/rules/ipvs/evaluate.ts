import { isLoopback, joinHostPort } from '../../model/ip-address.ts'
import { NO_VERDICT, type Packet, type Verdict } from '../../model/packet.ts'
import type { IpvsRules } from './build.ts'
import type { Passage, WalkEnd } from './firewall-rule.ts'
import { type VirtualServer, virtualServerKey } from './virtual-server.ts'

/**
 * Sends the first packet of a connection through the node's hooks.
 *
 * ```text
 * from elsewhere   nat PREROUTING → local? → filter INPUT → IPVS → nat POSTROUTING
 * from a process   nat OUTPUT → IPVS → filter OUTPUT → nat POSTROUTING; what IPVS does not take and is local: filter INPUT
 * ```
 *
 * A process of the node has no address of its own: the kernel gives a connection to an address that is bound on the node that same address
 * as its source.
 *
 * Source: Linux net/netfilter/ipvs/ip_vs_core.c (its hooks and their priorities), ip_vs_leave for a virtual server without real servers.
 */
export function evaluate(rules: IpvsRules, packet: Packet): Verdict {
  const { firewall, sets } = rules
  const { destIP, destPort, protocol } = packet
  const isProcess = firewall.isLocal(packet.sourceIP)
  const isBound = sets['KUBE-IPVS-IPS'].matches({ address: destIP, protocol, port: destPort, third: '' })
  const passage: Passage = {
    source: isProcess && isBound && !isLoopback(packet.sourceIP) ? destIP : packet.sourceIP,
    destination: destIP,
    protocol,
    port: destPort,
    mark: 0,
    virtual: null,
  }
  const virtualServer = rules.virtualServers.get(virtualServerKey(destIP, protocol, destPort))
  firewall.walk('nat', isProcess ? 'OUTPUT' : 'PREROUTING', passage)
  if (isProcess && virtualServer !== undefined) {
    if (!serves(virtualServer)) return verdict('reject')
    return end(firewall.walk('filter', 'OUTPUT', { ...passage, virtual: virtualServer })) ?? dnat(rules, virtualServer, passage)
  }
  if (isProcess) {
    const stopped = end(firewall.walk('filter', 'OUTPUT', passage))
    if (stopped !== null) return stopped
  }
  if (!firewall.isLocal(destIP)) return isProcess ? NO_VERDICT : (end(firewall.walk('filter', 'FORWARD', passage)) ?? NO_VERDICT)
  const input = firewall.walk('filter', 'INPUT', passage)
  const stopped = end(input)
  if (stopped !== null) return stopped
  if (virtualServer === undefined) return input === 'ACCEPT' ? verdict('accept') : NO_VERDICT
  return serves(virtualServer) ? dnat(rules, virtualServer, passage) : verdict('reject')
}

/** IPVS answers with ICMP port unreachable when no real server may take a new connection. */
function serves({ realServers }: VirtualServer): boolean {
  return realServers.some(({ weight }) => weight > 0)
}

function dnat({ firewall }: IpvsRules, { realServers }: VirtualServer, passage: Passage): Verdict {
  const servers = realServers.filter(({ weight }) => weight > 0)
  return {
    kind: 'dnat',
    endpoints: servers.map(({ address, port }) => joinHostPort(address, port)),
    // With several endpoints: whether the packet is masqueraded to any of them. Only a sender that is one of them makes a difference.
    masq: servers.some(
      ({ address, port }) => firewall.walk('nat', 'POSTROUTING', { ...passage, destination: address, port }) === 'MASQUERADE',
    ),
  }
}

/** The verdict of a filter that stops the packet; null when it goes on. */
function end(walk: WalkEnd): Verdict | null {
  return walk === 'DROP' ? verdict('drop') : walk === 'REJECT' ? verdict('reject') : null
}

function verdict(kind: 'reject' | 'drop' | 'accept'): Verdict {
  return { kind, endpoints: [], masq: false }
}
