import { matchesSelector } from '../api/labels.ts'
import type { ContainerPort, NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort, Protocol, StringMap } from '../api/objects/index.ts'
import { parseIpv4 } from '../network/addresses.ts'

export type Direction = 'Ingress' | 'Egress'

/** A pod as policies see it. */
export interface PolicyPod {
  readonly namespace: string
  readonly labels: StringMap
  readonly ports: readonly Pick<ContainerPort, 'name' | 'containerPort' | 'protocol'>[]
}

/** The other end of a connection. */
export interface PolicyPeer {
  /** IPv4, as an int32. */
  readonly address: number
  /** Whose address that is; null: no pod's, or that of a pod with the host's network. */
  readonly pod: PolicyPod | null
}

/** A new connection, or the first datagrams of a flow, as it comes to the pod that listens: after translation. */
export interface PolicyTraffic {
  readonly port: number
  readonly protocol: Protocol
}

/** Labels of a namespace. */
export type NamespaceLabels = (namespace: string) => StringMap

/** The label that every namespace has, with its name. Source: kubernetes v1.36.2 pkg/apis/core/v1/defaults.go (SetDefaults_Namespace). */
export const NAMESPACE_NAME_LABEL = 'kubernetes.io/metadata.name'

/** Addresses of one network: those whose bits under `mask` are `base`. */
interface Block {
  readonly base: number
  readonly mask: number
}

interface Peer {
  readonly selectors: Pick<NetworkPolicyPeer, 'podSelector' | 'namespaceSelector'>
  /** null: the selectors say who is meant. A network of IPv6 is an empty list, as there are no such addresses in the model. */
  readonly blocks: { readonly within: readonly Block[]; readonly except: readonly Block[] } | null
}

/** Rules of one direction, ready to be asked. */
interface Rule {
  readonly peers: readonly Peer[]
  readonly ports: readonly NetworkPolicyPort[]
}

/**
 * One NetworkPolicy, ready to be asked: whom it selects, and what it lets through.
 *
 * Policies add up: what one of those that select a pod lets through passes; a pod that none selects in a direction is open in it.
 *
 * An `ipBlock` is compared with any address, also a pod's. Real plugins differ in that: Calico does so, Cilium knows pods by their labels only.
 * A named port is that of the pod which listens: the selected one for what comes in, the peer for what goes out.
 *
 * Source: kubernetes v1.36.2 staging/src/k8s.io/api/networking/v1/types.go; kubernetes.io, Network Policies.
 */
export class PolicyRules {
  readonly #policy: NetworkPolicy
  readonly #rules: { readonly [D in Direction]: readonly Rule[] }

  constructor(policy: NetworkPolicy) {
    this.#policy = policy
    this.#rules = { Ingress: policy.spec.ingress.map(ruleOf), Egress: policy.spec.egress.map(ruleOf) }
  }

  /** Whether it isolates the pod in that direction. */
  selects(direction: Direction, pod: Pick<PolicyPod, 'namespace' | 'labels'>): boolean {
    const { metadata, spec } = this.#policy
    return metadata.namespace === pod.namespace && spec.policyTypes.includes(direction) && matchesSelector(spec.podSelector, pod.labels)
  }

  /** Whether it lets that through between a pod that it selects and the peer. */
  lets(direction: Direction, pod: PolicyPod, peer: PolicyPeer, traffic: PolicyTraffic, labelsOf: NamespaceLabels): boolean {
    const { namespace } = this.#policy.metadata
    const listening = direction === 'Ingress' ? pod : peer.pod
    return this.#rules[direction].some(
      ({ peers, ports }) =>
        (ports.length === 0 || ports.some((port) => matchesPort(port, traffic, listening))) &&
        (peers.length === 0 || peers.some((one) => matchesPeer(one, peer, namespace, labelsOf))),
    )
  }
}

/** Whether a pod's policies of one direction, those that select it, let something through. */
export function isAllowed(
  policies: readonly PolicyRules[],
  direction: Direction,
  pod: PolicyPod,
  peer: PolicyPeer,
  traffic: PolicyTraffic,
  labelsOf: NamespaceLabels,
): boolean {
  return policies.length === 0 || policies.some((policy) => policy.lets(direction, pod, peer, traffic, labelsOf))
}

function ruleOf({ peers, ports }: NetworkPolicy['spec']['ingress'][number]): Rule {
  return { peers: peers.map(peerOf), ports }
}

function peerOf({ podSelector, namespaceSelector, ipBlock }: NetworkPolicyPeer): Peer {
  const selectors = { podSelector, namespaceSelector }
  return { selectors, blocks: ipBlock === null ? null : { within: blocksOf([ipBlock.cidr]), except: blocksOf(ipBlock.except) } }
}

function blocksOf(cidrs: readonly string[]): Block[] {
  return cidrs.flatMap((cidr) => {
    const slash = cidr.indexOf('/')
    const address = parseIpv4(cidr.slice(0, slash))
    const prefix = Number(cidr.slice(slash + 1))
    // A shift by 32 shifts by 0.
    const mask = prefix === 0 ? 0 : -1 << (32 - prefix)
    return address === null ? [] : [{ base: address & mask, mask }]
  })
}

function matchesPeer({ selectors, blocks }: Peer, { address, pod }: PolicyPeer, namespace: string, labelsOf: NamespaceLabels): boolean {
  const isIn = ({ base, mask }: Block): boolean => (address & mask) === base
  if (blocks !== null) return blocks.within.some(isIn) && !blocks.except.some(isIn)
  if (pod === null) return false
  const { podSelector, namespaceSelector } = selectors
  const isOfNamespace =
    namespaceSelector === null ? pod.namespace === namespace : matchesSelector(namespaceSelector, labelsOf(pod.namespace))
  return isOfNamespace && (podSelector === null || matchesSelector(podSelector, pod.labels))
}

function matchesPort(rule: NetworkPolicyPort, { port, protocol }: PolicyTraffic, listening: PolicyPod | null): boolean {
  if (rule.protocol !== protocol) return false
  if (rule.port === null) return true
  if (typeof rule.port === 'number') return rule.endPort === null ? port === rule.port : port >= rule.port && port <= rule.endPort
  return listening?.ports.some((one) => one.name === rule.port && one.protocol === protocol && one.containerPort === port) ?? false
}
