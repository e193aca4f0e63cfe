import type { Packet, Verdict } from '../../../src/kube-proxy/model/packet.ts'
import { type ProxyState, readProxyState } from '../../../src/kube-proxy/model/proxy-state.ts'
import { ipvsDiffers } from './ipvs-differences.ts'
import { checkIpvsState } from './ipvs-state.ts'
import { type LoadedRules, MODES, type ModeName } from './kube-proxy-modes.ts'
import { isFromEndpointElsewhere, nftablesDiffers } from './nftables-differences.ts'
import { type Case, casesIn, type Outcome, Tally } from './outcome.ts'

/**
 * Where a packet goes: by kube-proxy's own tests (`flows`), and by its code on further inputs (`probes`, with the counts of rules and the
 * IPVS state).
 *
 * A flow of the tests states what one mode does, which `suite` names; the other modes are asked too, unless they are known to differ.
 * A probe states what iptables mode does, and what nftables mode does where that is different.
 */
export function check(file: unknown): Outcome {
  const tally = new Tally()
  const header = file as Case
  for (const fixture of casesIn(file)) {
    for (const [mode, load] of MODES) {
      const name = `${fixture.id} ${mode}`
      tally.attempt(name, () => {
        const state = stateOf(fixture, header, mode)
        checkMode(name, mode, load(state), state, fixture, tally)
      })
    }
    const ipvsState = `${fixture.id} ipvs: state`
    if (fixture.ipvs !== undefined) tally.attempt(ipvsState, () => checkIpvsState(ipvsState, fixture, fixture.ipvs, tally, header))
  }
  return tally
}

function checkMode(name: string, mode: ModeName, rules: LoadedRules, state: ProxyState, fixture: Case, tally: Tally): void {
  const ask = (row: Case, recorded: ModeName, expected: Case): void => {
    const id = `${name}: ${row.name}`
    tally.attempt(id, () => {
      const packet: Packet = { sourceIP: row.sourceIP, protocol: row.protocol, destIP: row.destIP, destPort: row.destPort }
      const reason = reasonAgainst(recorded, mode, state, packet, expected.verdict)
      if (reason !== null) {
        tally.skip(id, reason, mode)
        return
      }
      const asksMasquerade = mode !== 'nftables' || expected.masq !== true || !isFromEndpointElsewhere(state, packet)
      if (!asksMasquerade) tally.skip(id, 'whether the hairpin of an endpoint on another node is masqueraded (the rest is compared)', mode)
      compareVerdicts(id, rules.verdict(packet), expected, asksMasquerade, tally)
    })
  }
  for (const flow of fixture.flows ?? []) ask(flow, fixture.suite, flow)
  for (const probe of fixture.probes ?? []) {
    if (mode === 'nftables') ask(probe, 'nftables', probe.nftables ?? probe.iptables)
    else ask(probe, 'iptables', probe.iptables)
  }
  const counts = fixture.counts?.[mode]
  if (counts !== undefined && rules.counts !== null) tally.same(`${name}: counts`, rules.counts(), counts)
}

/** Why what the recorded mode did with a packet says nothing of the mode that is asked; null when it does. */
function reasonAgainst(recorded: ModeName, asked: ModeName, state: ProxyState, packet: Packet, verdict: string): string | null {
  if (recorded === asked) return null
  // What is known of ipvs mode is how it differs from iptables mode, with which a recording of nftables mode must first agree.
  const ofNftables = recorded === 'nftables' || asked === 'nftables' ? nftablesDiffers(state, packet, verdict) : null
  return ofNftables ?? (asked === 'ipvs' ? ipvsDiffers(state, packet) : null)
}

/** Reads a fixture; what it does not say of the node and of the networks stands in the file's header. */
function stateOf(fixture: Case, header: Case, mode: ModeName): ProxyState {
  const serviceCIDRs = fixture.config.serviceCIDRs ?? clusterNetworks(fixture.config.ipFamily, header)
  // Only ipvs mode was recorded without an address of the node's own; it asks whether source ranges hold that.
  const nodeIP = mode === 'ipvs' ? { nodeIP: '' } : {}
  const config = { ...nodeIP, ...fixture.config, serviceCIDRs }
  return readProxyState({ ...fixture, config }, { nodeIPs: header.nodeIPs, nodeName: header.nodeName })
}

/** The header names the networks of cluster IPs of both families in a sentence. */
function clusterNetworks(ipFamily: string, header: Case): string[] {
  const networks: string[] = String(header.conventions?.clusterIPs ?? '').match(/[0-9a-f.:]+\/\d+/g) ?? []
  return networks.filter((network) => network.includes(':') === (ipFamily === 'IPv6'))
}

/** Endpoints are a set. What becomes of the source of a packet that is lost is nobody's question. */
function compareVerdicts(id: string, got: Verdict, expected: Case, asksMasquerade: boolean, tally: Tally): void {
  const comparable = (verdict: string, endpoints: readonly string[], masq: boolean) =>
    verdict === 'reject' || verdict === 'drop'
      ? { verdict }
      : { verdict, endpoints: [...new Set(endpoints)].sort(), masq: asksMasquerade ? masq : 'not asked' }
  tally.same(
    id,
    comparable(got.kind, got.endpoints, got.masq),
    comparable(expected.verdict, expected.endpoints ?? [], expected.masq ?? false),
  )
}
