import { complaintsAboutCidr, complaintsAboutPortName, isNarrowerNetwork } from '../names.ts'
import { checkSelector } from './placement.ts'
import { type Checked, complainAbout, complainOutside } from './rule-context.ts'

const PROTOCOLS: readonly unknown[] = ['TCP', 'UDP', 'SCTP']
const TYPES: readonly unknown[] = ['Ingress', 'Egress']

/** Rules of NetworkPolicies. Source: kubernetes v1.36.2 pkg/apis/networking/validation/validation.go (ValidateNetworkPolicySpec; behaviour). */
export function checkNetworkPolicy(object: Checked): void {
  const spec = object.at('spec')
  if (spec === null) return
  checkSelector(spec.at('podSelector'))
  for (const rule of spec.items('ingress')) checkRule(rule, 'from')
  for (const rule of spec.items('egress')) checkRule(rule, 'to')
  const types = spec.items('policyTypes')
  if (types.length > 2) spec.at('policyTypes')?.complainAtKey('There are two policy types at most', 'Ingress and Egress')
  for (const type of types) {
    if (!TYPES.includes(type.value)) type.complain(`Cannot use "${String(type.value)}" as a policy type`, 'one of Ingress, Egress')
  }
}

function checkRule(rule: Checked, peers: 'from' | 'to'): void {
  for (const port of rule.items('ports')) checkPolicyPort(port)
  for (const peer of rule.items(peers)) checkPeer(peer)
}

function checkPolicyPort(place: Checked): void {
  const protocol = place.at('protocol')
  if (protocol !== null && !PROTOCOLS.includes(protocol.value))
    protocol.complain(`Cannot use "${String(protocol.value)}" for "protocol"`, 'one of TCP, UDP, SCTP')
  const port = place.at('port')
  complainOutside(port, 1, 65_535)
  complainAbout(port, 'the name of a port', complaintsAboutPortName)
  const end = place.at('endPort')
  if (end === null) return
  const first = place.number('port')
  if (first === null) end.complainAtKey('"endPort" needs a "port" that is a number')
  else complainOutside(end, first, 65_535)
}

function checkPeer(peer: Checked): void {
  const [pods, namespaces, block] = [peer.at('podSelector'), peer.at('namespaceSelector'), peer.at('ipBlock')]
  checkSelector(pods)
  checkSelector(namespaces)
  if (pods === null && namespaces === null && block === null)
    peer.complain('A peer needs a "podSelector", a "namespaceSelector" or an "ipBlock"')
  if (block === null) return
  if (pods !== null || namespaces !== null) block.complainAtKey('A peer has an "ipBlock" or selectors, not both')
  const cidr = block.text('cidr')
  if (cidr === null) block.complainAtKey('An "ipBlock" needs a "cidr"')
  complainAbout(block.at('cidr'), 'a network', complaintsAboutCidr)
  for (const except of block.items('except')) {
    complainAbout(except, 'a network', complaintsAboutCidr)
    if (cidr !== null && typeof except.value === 'string' && !isNarrowerNetwork(except.value, cidr))
      except.complain(`Cannot leave out ${except.value}: it is no part of ${cidr}`)
  }
}
