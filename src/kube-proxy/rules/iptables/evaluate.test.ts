import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { rawService, rawSlice, stateWith } from '../../model/cluster.fixture.ts'
import type { Packet } from '../../model/packet.ts'
import type { RawProxyState } from '../../model/proxy-state.ts'
import { endpointChainName } from '../chain-name.ts'
import { build } from './build.ts'
import { evaluate, outcomes } from './evaluate.ts'

/*
 * Node here, 192.168.0.2 and 192.168.1.2; pods 10.0.0.0/8; clients outside 203.0.113.0/24; load balancer 1.2.3.4.
 * web: LoadBalancer for 203.0.113.0/25, external policy Local, node port 30080; endpoints 10.1.0.1 elsewhere, 10.1.0.2 here.
 * far: external policy Local, node port 30081; its endpoint is elsewhere.
 * none: node port 30082, external IP 192.168.99.1, no endpoint.
 */
const SERVICES = [
  rawService(
    'web',
    {
      type: 'LoadBalancer',
      externalTrafficPolicy: 'Local',
      healthCheckNodePort: 32_000,
      loadBalancerSourceRanges: ['203.0.113.0/25'],
      ports: [{ name: 'http', port: 80, nodePort: 30_080 }],
    },
    ['1.2.3.4'],
  ),
  rawService('far', {
    clusterIP: '172.30.0.2',
    type: 'NodePort',
    externalTrafficPolicy: 'Local',
    ports: [{ name: 'http', port: 80, nodePort: 30_081 }],
  }),
  rawService('none', {
    clusterIP: '172.30.0.3',
    type: 'NodePort',
    externalIPs: ['192.168.99.1'],
    ports: [{ name: 'http', port: 80, nodePort: 30_082 }],
  }),
]
const SLICES = [
  rawSlice('web', [
    { addresses: ['10.1.0.1'], nodeName: 'there' },
    { addresses: ['10.1.0.2'], nodeName: 'here' },
  ]),
  rawSlice('far', ['10.1.0.3']),
]

function rulesWith(config: RawProxyState['config'] = {}): ReturnType<typeof build> {
  return build(stateWith(SERVICES, SLICES, config))
}

function packet(sourceIP: string, destIP: string, destPort: number, protocol: Packet['protocol'] = 'TCP'): Packet {
  return { sourceIP, destIP, destPort, protocol }
}

const POD = '10.9.9.9'
const NODE = '192.168.0.2'
const CLIENT = '203.0.113.1'
const STRANGER = '203.0.113.200'
const ONE = '10.1.0.1:8080'
const TWO = '10.1.0.2:8080'

describe('packets', () => {
  test.each([
    ['pod to cluster IP', POD, '172.30.0.1', 80, 'dnat', [ONE, TWO], false],
    ['outside to cluster IP', CLIENT, '172.30.0.1', 80, 'dnat', [ONE, TWO], true],
    ['node to cluster IP', NODE, '172.30.0.1', 80, 'dnat', [ONE, TWO], true],
    ['to a port that the cluster IP has not', POD, '172.30.0.1', 81, 'none', [], false],
    ['to nobody', POD, '8.8.8.8', 80, 'none', [], false],
    ['pod to node port under Local', POD, NODE, 30_080, 'dnat', [ONE, TWO], false],
    ['node to node port under Local', NODE, NODE, 30_080, 'dnat', [ONE, TWO], true],
    ['outside to node port under Local', STRANGER, NODE, 30_080, 'dnat', [TWO], false],
    ['outside to another address of the node', STRANGER, '192.168.1.2', 30_080, 'dnat', [TWO], false],
    ['loopback to node port', '127.0.0.1', '127.0.0.1', 30_080, 'dnat', [ONE, TWO], true],
    ['another address of loopback to node port', '127.0.0.5', '127.0.0.6', 30_080, 'dnat', [ONE, TWO], true],
    ['node port at an address that is not the node’s', STRANGER, '192.168.7.7', 30_080, 'none', [], false],
    ['allowed client to load balancer', CLIENT, '1.2.3.4', 80, 'dnat', [TWO], false],
    ['stranger to load balancer', STRANGER, '1.2.3.4', 80, 'drop', [], false],
    ['pod to load balancer that forbids it', POD, '1.2.3.4', 80, 'drop', [], false],
    ['health check', STRANGER, NODE, 32_000, 'accept', [], false],
    ['outside to Local without an endpoint here', CLIENT, NODE, 30_081, 'drop', [], false],
    ['pod to Local without an endpoint here', POD, NODE, 30_081, 'dnat', ['10.1.0.3:8080'], false],
    ['cluster IP without endpoints', POD, '172.30.0.3', 80, 'reject', [], false],
    ['external IP without endpoints', CLIENT, '192.168.99.1', 80, 'reject', [], false],
    ['node port without endpoints', CLIENT, NODE, 30_082, 'reject', [], false],
    ['stranger to loopback', STRANGER, '127.0.0.1', 22, 'drop', [], false],
  ] as const)('%s', (_what, sourceIP, destIP, destPort, kind, endpoints, masq) => {
    expect(evaluate(rulesWith(), packet(sourceIP, destIP, destPort))).toEqual({ kind, endpoints, masq })
  })

  test('to loopback pass when a Service has sent them there', () => {
    const rules = build(stateWith([rawService('web')], [rawSlice('web', ['127.0.0.9'])]))
    expect(evaluate(rules, packet(STRANGER, '172.30.0.1', 80))).toEqual({ kind: 'dnat', endpoints: ['127.0.0.9:8080'], masq: true })
  })

  test('of another protocol are not meant', () => {
    expect(evaluate(rulesWith(), packet(POD, '172.30.0.1', 80, 'UDP')).kind).toBe('none')
  })

  test('to loopback find no node port where it is switched off', () => {
    expect(evaluate(rulesWith({ localhostNodePorts: false }), packet('127.0.0.1', '127.0.0.1', 30_080)).kind).toBe('none')
  })

  test('find node ports only at the addresses that serve them', () => {
    const rules = rulesWith({ nodePortAddresses: ['192.168.1.0/24'] })
    expect(evaluate(rules, packet(CLIENT, '192.168.1.2', 30_080)).kind).toBe('dnat')
    expect(evaluate(rules, packet(CLIENT, NODE, 30_080)).kind).toBe('none')
    // The refusal does not ask which addresses serve node ports.
    expect(evaluate(rules, packet(CLIENT, NODE, 30_082)).kind).toBe('reject')
  })

  test('are read in any form of their addresses', () => {
    expect(evaluate(rulesWith(), packet('10.009.009.009', '172.30.0.001', 80)).endpoints).toEqual([ONE, TWO])
  })

  test('that a pod sends to itself are masqueraded, those to its fellow are not', () => {
    const ways = outcomes(rulesWith(), packet('10.1.0.2', '172.30.0.1', 80))
    expect(ways.map(({ endpoint, masq }) => [endpoint, masq])).toEqual([
      [ONE, false],
      [TWO, true],
    ])
    expect(evaluate(rulesWith(), packet('10.1.0.2', '172.30.0.1', 80)).masq).toBe(true)
  })
})

describe('IPv6', () => {
  test('a packet finds its endpoint', () => {
    const service = rawService('web', { clusterIP: 'fd00:172::1' })
    const slice = rawSlice('web', ['fd00:10::1'], { addressType: 'IPv6' })
    const rules = build(stateWith([service], [slice], { ipFamily: 'IPv6', localDetectorCIDR: 'fd00:10::/64' }))
    expect(evaluate(rules, packet('fd00:10:0:0::9', 'FD00:172:0::1', 80))).toEqual({
      kind: 'dnat',
      endpoints: ['[fd00:10::1]:8080'],
      masq: false,
    })
    expect(evaluate(rules, packet('2001:db8::9', 'fd00:172::1', 80)).masq).toBe(true)
    expect(evaluate(rules, packet('fd00:10::1', 'fd00:172::1', 80)).masq).toBe(true)
  })
})

describe('the choice', () => {
  /** Rule k of n takes 1/(n-k) of what is left: 1/n of all. */
  test('gives each of n endpoints one n-th', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), (n) => {
        const addresses = Array.from({ length: n }, (_, i) => `10.1.0.${i + 1}`)
        const ways = outcomes(build(stateWith([rawService('web')], [rawSlice('web', addresses)])), packet(POD, '172.30.0.1', 80))
        expect(new Set(ways.map(({ endpoint }) => endpoint)).size).toBe(n)
        for (const { share } of ways) expect(share).toBeCloseTo(1 / n, 12)
      }),
    )
  })

  /** KUBE-SERVICES up to the Service, the masquerade rule, k choices, two rules of the endpoint: 2 + 1 + k + 2 for the second Service. */
  test('looks at one rule more for each endpoint that it passes by', () => {
    const services = [rawService('other', { clusterIP: '172.30.0.9' }), rawService('web')]
    const slices = [rawSlice('other', ['10.1.0.9']), rawSlice('web', ['10.1.0.1', '10.1.0.2', '10.1.0.3'])]
    const ways = outcomes(build(stateWith(services, slices)), packet(POD, '172.30.0.1', 80))
    expect(ways.map(({ examined }) => examined)).toEqual([6, 7, 8])
  })
})

describe('affinity', () => {
  const rules = build(stateWith([rawService('web', { sessionAffinity: 'ClientIP' })], SLICES))
  const list = (endpoint: string) => endpointChainName('shop/web:http', 'TCP', endpoint)

  test('a new client may reach any endpoint, which remembers it', () => {
    const ways = outcomes(rules, packet(POD, '172.30.0.1', 80))
    expect(ways.map(({ endpoint, share, remembers }) => [endpoint, share, remembers])).toEqual([
      [ONE, 0.5, list(ONE)],
      [TWO, 0.5, list(TWO)],
    ])
  })

  test('a client that is remembered returns to its endpoint, for as long as the Service says', () => {
    const asked: number[] = []
    const recent = {
      seen: (name: string, address: string, seconds: number) => {
        asked.push(seconds)
        return name === list(TWO) && address === POD
      },
    }
    const ways = outcomes(rules, packet(POD, '172.30.0.1', 80), recent)
    expect(ways.map(({ endpoint, share, remembers }) => [endpoint, share, remembers])).toEqual([[TWO, 1, list(TWO)]])
    expect(asked).toEqual([10_800, 10_800])
    expect(outcomes(rules, packet('10.9.9.8', '172.30.0.1', 80), recent)).toHaveLength(2)
  })
})
