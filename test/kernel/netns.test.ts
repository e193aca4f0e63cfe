/**
 * The printed rules in a real kernel: they load, and connections go where the model says.
 *
 * A node with 1,000 Services of all forms stands in a network namespace of the test's own, between its clients and its pods (netns.ts).
 * Shares are judged by Pearson's chi-square at 99.9 %: with c connections over n endpoints, sum((seen - c/n)^2 / (c/n)) stays under the
 * 0.999 quantile with n - 1 degrees of freedom. A true kernel fails that once in a thousand times, so a miss is tried once more.
 */
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Packet, Verdict } from '../../src/kube-proxy/model/packet.ts'
import { readProxyState } from '../../src/kube-proxy/model/proxy-state.ts'
import * as iptables from '../../src/kube-proxy/rules/iptables/index.ts'
import * as nftables from '../../src/kube-proxy/rules/nftables/index.ts'
import { type Answer, NodeNetwork, reasonAgainstNamespaces } from './netns.ts'
import {
  BLOCKED_CLIENT,
  clusterIPOf,
  clusterOf,
  ENDPOINT_CIDR,
  ENDPOINTS_PER_SERVICE,
  externalIPOf,
  FORMS,
  type Form,
  formOf,
  loadBalancerIPOf,
  MANY_ENDPOINTS,
  NODE_IP,
  nodePortOf,
  OUTSIDE_CLIENT,
  POD_CLIENT,
  TARGET_PORT,
} from './netns-cluster.ts'

const jStat: { chisquare: { inv(p: number, df: number): number } } = createRequire(import.meta.url)('jstat')

const SERVICES = 1000
/** Connections whose shares are judged: a share of 1/3 that is off by 0.045 is found. */
const CONNECTIONS = 3000
/** Longer than anything but a dropped packet takes. A second SYN would be sent after 1 s. */
const TIMEOUT_MS = 900
/** A refusal is an answer of the node: it comes long before the second SYN. */
const AT_ONCE_MS = 500

const state = readProxyState(clusterOf(SERVICES))

interface KernelMode {
  readonly name: string
  /** What must be installed. */
  readonly program: string
  readonly verdict: (packet: Packet) => Verdict
  readonly test: (network: NodeNetwork) => { ok: boolean; said: string }
  readonly load: (network: NodeNetwork) => void
  /** A text that the tool must refuse: the check can tell right from wrong. */
  readonly broken: (network: NodeNetwork) => { ok: boolean; said: string }
}

const iptablesRules = iptables.build(state)
/** The walk through the rules of 1,000 Services is a long one, and both back ends ask the same. */
const iptablesVerdict = remembering((packet) => iptables.evaluate(iptablesRules, packet))

function remembering(verdict: (packet: Packet) => Verdict): (packet: Packet) => Verdict {
  const known = new Map<string, Verdict>()
  return (packet) => {
    const key = JSON.stringify(packet)
    const found = known.get(key) ?? verdict(packet)
    known.set(key, found)
    return found
  }
}

function throughIptables(backend: 'legacy' | 'nft'): KernelMode {
  const program = `iptables-${backend}-restore`
  const text = iptables.print(iptablesRules)
  return {
    name: `iptables mode through ${program}`,
    program,
    verdict: iptablesVerdict,
    test: (network) => network.tryOnNode(program, ['--test', '--noflush'], text),
    load: (network) => {
      network.onNode(program, ['--noflush'], text)
      network.onNode(program, ['--noflush'], iptables.printHooks(state.config))
    },
    broken: (network) => network.tryOnNode(program, ['--test', '--noflush'], text.replace('-j KUBE-SVC', '-j KUBE-NOWHERE')),
  }
}

function throughNft(): KernelMode {
  const rules = nftables.build(state)
  const text = nftables.print(rules)
  return {
    name: 'nftables mode through nft',
    program: 'nft',
    verdict: (packet) => nftables.evaluate(rules, packet),
    test: (network) => network.tryOnNode('nft', ['-c', '-f', '-'], text),
    load: (network) => network.onNode('nft', ['-f', '-'], text),
    broken: (network) => network.tryOnNode('nft', ['-c', '-f', '-'], text.replace('goto service-', 'goto nowhere-')),
  }
}

/** Why it cannot be tried here, or null. */
function reasonAgainst(program: string): string | null {
  const { error } = spawnSync(program, ['--version'])
  return reasonAgainstNamespaces() ?? (error === undefined ? null : `needs the command ${program}`)
}

/** Every address that leads to a Service of this form, with the port. */
function waysTo(index: number): { destIP: string; destPort: number }[] {
  const nodePort = { destIP: NODE_IP, destPort: nodePortOf(index) }
  const balanced = [nodePort, { destIP: loadBalancerIPOf(index), destPort: 80 }]
  const others: Partial<Record<Form, { destIP: string; destPort: number }[]>> = {
    nodePort: [nodePort],
    externalLocalElsewhere: [nodePort],
    loadBalancer: balanced,
    loadBalancerLocal: balanced,
    externalIP: [{ destIP: externalIPOf(index), destPort: 80 }],
  }
  return [{ destIP: clusterIPOf(index), destPort: 80 }, ...(others[formOf(index)] ?? [])]
}

/** Null when the kernel did what the verdict says. */
function contradiction(packet: Packet, verdict: Verdict, answer: Answer): string | null {
  const at = `${packet.sourceIP} to ${packet.destIP}:${packet.destPort}`
  const got = answer.error ?? `${answer.endpoint} as ${answer.seenAs}`
  if (verdict.kind === 'dnat') {
    const isOne = answer.endpoint !== null && verdict.endpoints.includes(answer.endpoint)
    if (isOne && (answer.seenAs !== packet.sourceIP) === verdict.masq) return null
    return `${at}: expected one of ${verdict.endpoints.join(', ')}${verdict.masq ? ' masqueraded' : ''}, got ${got}`
  }
  if (verdict.kind === 'reject') {
    return answer.error === 'ECONNREFUSED' && answer.afterMs < AT_ONCE_MS ? null : `${at}: expected a refusal at once, got ${got}`
  }
  return answer.error === 'timeout' ? null : `${at}: expected no answer, got ${got}`
}

function isLate({ kind }: Verdict, { error, afterMs }: Answer): boolean {
  return (kind === 'dnat' && error === 'timeout') || (kind === 'reject' && (error === 'timeout' || afterMs >= AT_ONCE_MS))
}

function packetOf(sourceIP: string, { destIP, destPort }: { destIP: string; destPort: number }): Packet {
  return { sourceIP, protocol: 'TCP', destIP, destPort }
}

const firstOf = (form: Form): number => FORMS.indexOf(form)

for (const make of [() => throughIptables('legacy'), () => throughIptables('nft'), throughNft]) {
  const mode = make()
  const reason = reasonAgainst(mode.program)
  if (reason !== null) console.warn(`Skipped: ${mode.name} in a real kernel ${reason}`)

  describe.skipIf(reason !== null)(`${mode.name}, in a real kernel${reason === null ? '' : ` (skipped: ${reason})`}`, () => {
    let network: NodeNetwork

    beforeAll(async () => {
      network = new NodeNetwork({
        clientIPs: [POD_CLIENT, OUTSIDE_CLIENT, BLOCKED_CLIENT],
        nodeIP: NODE_IP,
        podCIDR: ENDPOINT_CIDR,
      })
      mode.load(network)
      await network.serve([TARGET_PORT])
    })
    afterAll(() => network.remove())

    test(`the text of ${SERVICES} Services is accepted, and a jump to a chain that is not there is refused`, () => {
      expect(mode.test(network)).toMatchObject({ ok: true })
      expect(mode.broken(network)).toMatchObject({ ok: false })
    })

    test.each([
      [ENDPOINTS_PER_SERVICE, 10],
      [MANY_ENDPOINTS, 0],
    ])('connections to a ClusterIP reach its %i endpoints, and no other, in equal shares', { retry: 1 }, (count, index) => {
      const packet = packetOf(POD_CLIENT, { destIP: clusterIPOf(index), destPort: 80 })
      const { endpoints } = mode.verdict(packet)
      expect(endpoints.length).toBe(count)
      const seen = new Map(endpoints.map((endpoint) => [endpoint, 0]))
      expect(network.connect([packet], TIMEOUT_MS)[0]?.error).toBeNull()
      const attempts = Array.from({ length: CONNECTIONS }, () => packet)
      for (const { endpoint, error } of network.connect(attempts, 5 * TIMEOUT_MS)) {
        expect(error).toBeNull()
        seen.set(endpoint!, (seen.get(endpoint!) ?? 0) + 1)
      }
      expect([...seen.keys()]).toEqual(endpoints)
      const share = CONNECTIONS / count
      const chiSquare = [...seen.values()].reduce((sum, connections) => sum + ((connections - share) * (connections - share)) / share, 0)
      expect(chiSquare).toBeLessThan(jStat.chisquare.inv(0.999, count - 1))
    })

    test('a Service without endpoints refuses at once', { retry: 1 }, () => {
      const packet = packetOf(POD_CLIENT, { destIP: clusterIPOf(firstOf('empty')), destPort: 80 })
      expect(mode.verdict(packet).kind).toBe('reject')
      for (const { error, afterMs } of network.connect([packet, packet, packet], TIMEOUT_MS)) {
        expect(error).toBe('ECONNREFUSED')
        expect(afterMs).toBeLessThan(AT_ONCE_MS)
      }
    })

    test('a client of a Service with session affinity stays with its endpoint', () => {
      const packet = packetOf(POD_CLIENT, { destIP: clusterIPOf(firstOf('affinity')), destPort: 80 })
      const [first] = network.connect([packet], TIMEOUT_MS)
      expect(mode.verdict(packet).endpoints).toContain(first?.endpoint)
      const later = network.connect(Array<Packet>(30).fill(packet), TIMEOUT_MS)
      expect(new Set(later.map(({ endpoint }) => endpoint))).toEqual(new Set([first?.endpoint]))
    })

    test('every address of every Service does what the model says, to a pod, to the outside and to a blocked source', () => {
      const packets = Array.from({ length: SERVICES }, (_, index) => waysTo(index)).flatMap((ways) =>
        ways.flatMap((way) => [POD_CLIENT, OUTSIDE_CLIENT, BLOCKED_CLIENT].map((source) => packetOf(source, way))),
      )
      const verdicts = packets.map(mode.verdict)
      const answers = network.connect(packets, TIMEOUT_MS)
      // On a busy machine an answer may come late: where one was to come, it is asked for again, with patience.
      const late = packets.map((_, i) => i).filter((i) => isLate(verdicts[i]!, answers[i]!))
      const again = network.connect(
        late.map((i) => packets[i]!),
        5 * TIMEOUT_MS,
      )
      for (const [k, i] of late.entries()) answers[i] = again[k]!
      const wrong = packets.flatMap((packet, i) => contradiction(packet, verdicts[i]!, answers[i]!) ?? [])
      expect(wrong.slice(0, 10)).toEqual([])
      expect(wrong.length).toBe(0)
      const kinds = new Set(verdicts.map(({ kind, masq }) => (masq ? `${kind} masqueraded` : kind)))
      expect([...kinds].sort()).toEqual(['dnat', 'dnat masqueraded', 'drop', 'reject'])
    })
  })
}
