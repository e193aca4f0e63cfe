import type { PickedObject, PickedPolicyPeer, PickedPolicyPort } from '../modelled-fields.ts'
import type { NetworkPolicy, NetworkPolicyRule, Protocol } from '../objects/index.ts'
import { labelSelector, optionalSelector } from './selector.ts'

/**
 * Without `policyTypes` a policy is about what comes in, and about what goes out when it has rules for that.
 *
 * Source: kubernetes v1.36.2 pkg/apis/networking/v1/defaults.go (SetDefaults_NetworkPolicy, SetDefaults_NetworkPolicyPort).
 */
export function networkPolicySpec(spec: PickedObject<'NetworkPolicy'>['spec']): NetworkPolicy['spec'] {
  const egress = spec?.egress ?? []
  const given = spec?.policyTypes ?? []
  return {
    podSelector: labelSelector(spec?.podSelector),
    policyTypes:
      given.length > 0 ? (given as NetworkPolicy['spec']['policyTypes']) : egress.length > 0 ? ['Ingress', 'Egress'] : ['Ingress'],
    ingress: (spec?.ingress ?? []).map(({ from, ports }) => rule(from, ports)),
    egress: egress.map(({ to, ports }) => rule(to, ports)),
  }
}

function rule(peers: readonly PickedPolicyPeer[] = [], ports: readonly PickedPolicyPort[] = []): NetworkPolicyRule {
  return {
    peers: peers.map(({ podSelector, namespaceSelector, ipBlock }) => ({
      podSelector: optionalSelector(podSelector),
      namespaceSelector: optionalSelector(namespaceSelector),
      ipBlock: ipBlock === undefined ? null : { cidr: ipBlock.cidr ?? '', except: ipBlock.except ?? [] },
    })),
    ports: ports.map(({ protocol, port, endPort }) => ({
      protocol: (protocol || 'TCP') as Protocol,
      port: port ?? null,
      endPort: endPort ?? null,
    })),
  }
}
