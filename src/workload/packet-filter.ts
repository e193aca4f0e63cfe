import type { NodeRules } from '../kube-proxy/node-rules.ts'
import type { ServiceHistory } from '../kube-proxy/service-history.ts'
import type { EndpointId } from '../network/addresses.ts'
import type { HostedPod, SandboxSpec } from '../node/pod-host.ts'
import { type Backends, NO_BACKEND } from './backends.ts'
import { type ConnectionTable, OUTSIDE } from './connection-table.ts'

export type Transport = 'TCP' | 'UDP'

/** What the network plugin of a pod's node makes of the first packet of a connection. Addresses are int32s. */
export interface NetworkPlugin {
  /** To that address and port, after translation. */
  letsOut(pod: SandboxSpec, address: number, port: number, protocol: Transport): boolean
  /** From that address, to that port of the pod. */
  letsIn(pod: SandboxSpec, address: number, port: number, protocol: Transport): boolean
}

/**
 * Where on its way a packet meets the network plugins of the two nodes, and what it then looks like.
 *
 * ```text
 *   client pod ─▶ its node: Service address → pod's (DNAT) ─▶ plugin: may it leave? ─▶ pod's node ─▶ plugin: may it enter? ─▶ pod
 * ```
 *
 * Only packets that are not of an established connection are asked about: plugins accept what connection tracking knows as ESTABLISHED or
 * RELATED first, so answers pass, and a policy that comes later ends no connection. What is dropped is dropped silently.
 *
 * Always allowed: a pod to itself; between a pod and its own node. Pods with the host's network are never asked for.
 *
 * A client outside is judged by its own address on the node that translates, since rules that forward packets come before those that
 * masquerade them (FORWARD before POSTROUTING); on another node the source is the node that masqueraded it, unless the Service has
 * `externalTrafficPolicy: Local`. Kubernetes leaves that to the plugin; Calico with iptables is as here.
 *
 * Source: kubernetes.io, Network Policies; netfilter hook order; Calico felix rules/static.go, endpoints.go (accept ESTABLISHED, drop last; behaviour).
 */
export class PacketFilter {
  readonly #plugin: NetworkPlugin
  readonly #backends: Backends
  readonly #table: ConnectionTable
  readonly #history: ServiceHistory
  readonly #rules: NodeRules
  /** By node, as int32s. */
  readonly #nodeAddresses: Int32Array

  constructor(options: {
    plugin: NetworkPlugin
    backends: Backends
    connections: ConnectionTable
    history: ServiceHistory
    rules: NodeRules
    nodeAddresses: Int32Array
  }) {
    this.#plugin = options.plugin
    this.#backends = options.backends
    this.#table = options.connections
    this.#history = options.history
    this.#rules = options.rules
    this.#nodeAddresses = options.nodeAddresses
  }

  /** Whether the node that translates lets a connection go to the endpoint that it has got: out of the client, and into a pod of its own. */
  leaves(connection: number, protocol: Transport): boolean {
    const table = this.#table
    const backends = this.#backends
    const client = table.clients[connection]!
    const endpoint = table.endpoints[connection]!
    if (client !== OUTSIDE) return this.podLeaves(client, endpoint, protocol)
    const pod = backends.owner(endpoint)
    return pod === NO_BACKEND || backends.nodeOf(pod) !== table.nodes[connection] || this.enters(connection, pod, protocol)
  }

  /** Whether the node of the pod that has the endpoint lets a connection in to it. */
  enters(connection: number, pod: HostedPod, protocol: Transport): boolean {
    const table = this.#table
    const endpoint = table.endpoints[connection]!
    const client = table.clients[connection]!
    if (client !== OUTSIDE) return this.podEnters(client, pod, endpoint, protocol)
    const node = table.nodes[connection]!
    const isMasked = node !== this.#backends.nodeOf(pod) && !this.#keepsAddress(table.servicePorts[connection]!, node)
    return this.#letsIn(pod, isMasked ? this.#nodeAddresses[node]! : table.clientAddresses[connection]!, endpoint, protocol)
  }

  /** As {@link leaves}, of a client pod. */
  podLeaves(client: HostedPod, endpoint: EndpointId, protocol: Transport): boolean {
    const backends = this.#backends
    const pod = backends.owner(endpoint)
    if (pod === client) return true
    if (!this.#letsOut(client, endpoint, protocol)) return false
    return pod === NO_BACKEND || backends.nodeOf(pod) !== backends.nodeOf(client) || this.podEnters(client, pod, endpoint, protocol)
  }

  /** As {@link enters}, from a client pod. */
  podEnters(client: HostedPod, pod: HostedPod, endpoint: EndpointId, protocol: Transport): boolean {
    const backends = this.#backends
    const isOfNode = backends.specOf(client).hostPorts !== undefined && backends.nodeOf(client) === backends.nodeOf(pod)
    return isOfNode || this.#letsIn(pod, backends.addressOf(client), endpoint, protocol)
  }

  #letsOut(client: HostedPod, endpoint: EndpointId, protocol: Transport): boolean {
    const spec = this.#backends.specOf(client)
    if (spec.hostPorts !== undefined) return true
    const { addresses } = this.#history
    const address = addresses.ipv4(addresses.addressOf(endpoint))
    return address === this.#nodeAddresses[spec.nodeIndex] || this.#plugin.letsOut(spec, address, addresses.portOf(endpoint), protocol)
  }

  #letsIn(pod: HostedPod, source: number, endpoint: EndpointId, protocol: Transport): boolean {
    const spec = this.#backends.specOf(pod)
    return spec.hostPorts !== undefined || this.#plugin.letsIn(spec, source, this.#history.addresses.portOf(endpoint), protocol)
  }

  #keepsAddress(servicePort: number, node: number): boolean {
    return this.#history.rules(servicePort, this.#rules.serviceRevisions[node]!)?.externalLocal ?? false
  }
}
