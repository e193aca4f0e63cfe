import type { ApiAccess } from '../control-plane/api-client.ts'
import type { SandboxSpec } from '../node/pod-host.ts'
import type { NetworkPlugin, Transport } from '../workload/packet-filter.ts'
import { PolicyAgent } from './policy-agent.ts'

/** The network plugins of all nodes. */
export class PolicyAgents implements NetworkPlugin {
  /** By node. */
  readonly #agents: readonly PolicyAgent[]

  /** `accessOf`: that of a node, by its index. */
  constructor(accessOf: (node: number) => ApiAccess, nodeNames: readonly string[]) {
    this.#agents = nodeNames.map((name, node) => new PolicyAgent(accessOf(node), name))
  }

  /** The run begins with the node up. */
  start(node: number): void {
    this.#agents[node]!.start()
  }

  /** The node has booted. */
  boot(node: number): void {
    this.#agents[node]!.boot()
  }

  /** The node is gone. */
  stop(node: number): void {
    this.#agents[node]!.stop()
  }

  /** The API server has given the node's connection up. */
  sever(node: number): void {
    this.#agents[node]!.sever()
  }

  /** The keys of the policies that a node has now. */
  programmed(node: number): Iterable<string> {
    return this.#agents[node]!.programmed
  }

  letsOut(pod: SandboxSpec, address: number, port: number, protocol: Transport): boolean {
    return this.#agents[pod.nodeIndex]!.lets('Egress', pod, address, port, protocol)
  }

  letsIn(pod: SandboxSpec, address: number, port: number, protocol: Transport): boolean {
    return this.#agents[pod.nodeIndex]!.lets('Ingress', pod, address, port, protocol)
  }
}
