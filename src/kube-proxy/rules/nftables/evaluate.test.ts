import { describe, expect, test } from 'vitest'
import type { Packet, Verdict } from '../../model/packet.ts'
import { build } from './build.ts'
import { evaluate } from './evaluate.ts'
import { endpointNames } from './names.ts'
import type { Ruleset } from './ruleset.ts'
import { NODE_IP, OUTSIDE_IP, POD_IP, stateOf } from './testing/state.ts'

const ENDPOINTS = ['10.180.0.1', '10.180.1.1@node2']
const BOTH = ['10.180.0.1:8080', '10.180.1.1:8080']
const HERE = ['10.180.0.1:8080']
const LOCAL = { externalTrafficPolicy: 'Local' }

const rules = build(
  stateOf({
    plain: { clusterIP: '172.30.0.41', endpoints: ENDPOINTS },
    dns: { clusterIP: '172.30.0.42', port: 53, protocol: 'UDP', endpoints: ['10.180.0.3'] },
    empty: { clusterIP: '172.30.0.43', nodePort: 30_043, ingress: '1.2.3.43' },
    edge: {
      clusterIP: '172.30.0.44',
      nodePort: 30_044,
      ingress: '1.2.3.44',
      endpoints: ENDPOINTS,
      spec: { externalIPs: ['192.168.99.44'] },
    },
    near: { clusterIP: '172.30.0.45', nodePort: 30_045, ingress: '1.2.3.45', endpoints: ENDPOINTS, spec: LOCAL },
    far: { clusterIP: '172.30.0.46', nodePort: 30_046, ingress: '1.2.3.46', endpoints: ['10.180.1.1@node2'], spec: LOCAL },
    inner: { clusterIP: '172.30.0.47', endpoints: ENDPOINTS, spec: { internalTrafficPolicy: 'Local' } },
    alone: { clusterIP: '172.30.0.48', endpoints: ['10.180.1.1@node2'], spec: { internalTrafficPolicy: 'Local' } },
    walled: {
      clusterIP: '172.30.0.49',
      nodePort: 30_049,
      ingress: '1.2.3.49',
      endpoints: ENDPOINTS,
      spec: { loadBalancerSourceRanges: ['203.0.113.0/25'] },
    },
  }),
)

const BLOCKED_IP = '203.0.113.200'

/** `source > destination:port` or `…/UDP`. */
function packet(flow: string): Packet {
  const [, sourceIP, destIP, port, protocol = 'TCP'] = /^(\S+) > (.+):(\d+)(?:\/(\w+))?$/.exec(flow)!
  return { sourceIP: sourceIP!, destIP: destIP!, destPort: Number(port), protocol: protocol as Packet['protocol'] }
}

const to = (endpoints: readonly string[], masq: boolean): Verdict => ({ kind: 'dnat', endpoints, masq })
const without = (kind: Verdict['kind']): Verdict => ({ kind, endpoints: [], masq: false })

describe('where a packet goes', () => {
  test.each<[string, string, Verdict]>([
    ['pod to cluster IP', `${POD_IP} > 172.30.0.41:80`, to(BOTH, false)],
    ['outside to cluster IP', `${OUTSIDE_IP} > 172.30.0.41:80`, to(BOTH, true)],
    ['node to cluster IP', `${NODE_IP} > 172.30.0.41:80`, to(BOTH, true)],
    ['an endpoint of this node to itself', '10.180.0.3 > 172.30.0.42:53/UDP', to(['10.180.0.3:8080'], true)],
    ['an endpoint of this node that may reach itself', '10.180.0.1 > 172.30.0.41:80', to(BOTH, true)],
    ['an endpoint of another node that may reach itself', '10.180.1.1 > 172.30.0.41:80', to(BOTH, false)],
    ['an endpoint to itself, without the Service', '10.180.0.3 > 10.180.0.3:8080/UDP', without('none')],
    ['wrong port of a cluster IP', `${POD_IP} > 172.30.0.41:81`, without('reject')],
    ['wrong protocol of a cluster IP', `${POD_IP} > 172.30.0.42:53`, without('reject')],
    ['wrong port, from the node', `${NODE_IP} > 172.30.0.41:81`, without('reject')],
    ['unallocated cluster IP', `${POD_IP} > 172.30.9.9:80`, without('drop')],
    ['unallocated cluster IP, from the node', `${NODE_IP} > 172.30.9.9:80`, without('drop')],
    ['elsewhere', `${POD_IP} > 8.8.8.8:80`, without('none')],
    ['no endpoints, cluster IP', `${POD_IP} > 172.30.0.43:80`, without('reject')],
    ['no endpoints, cluster IP, from the node', `${NODE_IP} > 172.30.0.43:80`, without('reject')],
    ['no endpoints, node port', `${OUTSIDE_IP} > ${NODE_IP}:30043`, without('reject')],
    ['no endpoints, node port, from the node', `${NODE_IP} > ${NODE_IP}:30043`, without('reject')],
    ['no endpoints, load balancer', `${OUTSIDE_IP} > 1.2.3.43:80`, without('reject')],
    ['policy Cluster, node port', `${OUTSIDE_IP} > ${NODE_IP}:30044`, to(BOTH, true)],
    ['policy Cluster, node port at another address of the node', `${OUTSIDE_IP} > 192.168.1.2:30044`, to(BOTH, true)],
    ['node port at another node', `${OUTSIDE_IP} > 192.168.0.3:30044`, without('none')],
    ['node port at loopback', '127.0.0.1 > 127.0.0.1:30044', without('none')],
    ['policy Cluster, load balancer, from a pod', `${POD_IP} > 1.2.3.44:80`, to(BOTH, true)],
    ['policy Cluster, external IP', `${OUTSIDE_IP} > 192.168.99.44:80`, to(BOTH, true)],
    ['wrong port of an external IP', `${OUTSIDE_IP} > 192.168.99.44:81`, without('none')],
    ['policy Local, from outside', `${OUTSIDE_IP} > 1.2.3.45:80`, to(HERE, false)],
    ['policy Local, node port, from outside', `${OUTSIDE_IP} > ${NODE_IP}:30045`, to(HERE, false)],
    ['policy Local, from a pod', `${POD_IP} > 1.2.3.45:80`, to(BOTH, false)],
    ['policy Local, from the node', `${NODE_IP} > 1.2.3.45:80`, to(BOTH, true)],
    ['policy Local, cluster IP', `${POD_IP} > 172.30.0.45:80`, to(BOTH, false)],
    ['policy Local, none here, from outside', `${OUTSIDE_IP} > 1.2.3.46:80`, without('drop')],
    ['policy Local, none here, node port', `${OUTSIDE_IP} > ${NODE_IP}:30046`, without('drop')],
    ['policy Local, none here, from a pod', `${POD_IP} > 1.2.3.46:80`, to(['10.180.1.1:8080'], false)],
    ['internal policy Local', `${POD_IP} > 172.30.0.47:80`, to(HERE, false)],
    ['internal policy Local, none here', `${POD_IP} > 172.30.0.48:80`, without('drop')],
    ['allowed by source ranges', `${OUTSIDE_IP} > 1.2.3.49:80`, to(BOTH, true)],
    ['blocked by source ranges', `${BLOCKED_IP} > 1.2.3.49:80`, without('drop')],
    ['blocked, from the node', `${NODE_IP} > 1.2.3.49:80`, without('drop')],
    ['source ranges do not count at node ports', `${BLOCKED_IP} > ${NODE_IP}:30049`, to(BOTH, true)],
  ])('%s', (_case, flow, expected) => {
    expect(evaluate(rules, packet(flow))).toEqual(expected)
  })

  test('without a way to tell pods, policy Local is for outside and node only', () => {
    const spec = LOCAL
    const near = { clusterIP: '172.30.0.45', ingress: '1.2.3.45', endpoints: ENDPOINTS, spec }
    const unaware = build(stateOf({ near }, { localDetectorCIDR: null }))
    expect(evaluate(unaware, packet(`${POD_IP} > 1.2.3.45:80`))).toEqual(to(HERE, false))
    expect(evaluate(unaware, packet(`${OUTSIDE_IP} > 172.30.0.45:80`))).toEqual(to(BOTH, false))
  })

  test('masqueradeAll is about cluster IPs, whoever asks', () => {
    const all = build(
      stateOf({ near: { clusterIP: '172.30.0.45', ingress: '1.2.3.45', endpoints: ENDPOINTS, spec: LOCAL } }, { masqueradeAll: true }),
    )
    expect(evaluate(all, packet(`${POD_IP} > 172.30.0.45:80`)).masq).toBe(true)
    expect(evaluate(all, packet(`${OUTSIDE_IP} > 1.2.3.45:80`)).masq).toBe(false)
  })

  test('named addresses alone serve node ports, and alone refuse at them', () => {
    const ports = {
      full: { clusterIP: '172.30.0.44', nodePort: 30_044, endpoints: ENDPOINTS },
      empty: { clusterIP: '172.30.0.43', nodePort: 30_043 },
    }
    const named = build(stateOf(ports, { nodePortAddresses: ['192.168.0.0/24'] }))
    expect(evaluate(named, packet(`${OUTSIDE_IP} > ${NODE_IP}:30044`))).toEqual(to(BOTH, true))
    expect(evaluate(named, packet(`${OUTSIDE_IP} > 192.168.1.2:30044`))).toEqual(without('none'))
    expect(evaluate(named, packet(`${OUTSIDE_IP} > ${NODE_IP}:30043`))).toEqual(without('reject'))
    expect(evaluate(named, packet(`${OUTSIDE_IP} > 192.168.1.2:30043`))).toEqual(without('none'))
  })

  test('IPv6 addresses are compared in whatever form they are given', () => {
    const six = build(stateOf({ cart: { clusterIP: 'fd00:10:96::41', endpoints: ['fd00:10::1'] } }, { ipFamily: 'IPv6' }))
    expect(evaluate(six, packet('fd00:10::9 > fd00:10:96:0::0041:80'))).toEqual(to(['[fd00:10::1]:8080'], false))
    expect(evaluate(six, packet('fd00:10::9 > fd00:10:96::42:80'))).toEqual(without('drop'))
  })
})

describe('session affinity', () => {
  const sticky = stateOf({ cart: { clusterIP: '172.30.0.41', endpoints: ENDPOINTS, spec: { sessionAffinity: 'ClientIP' } } })
  const table = build(sticky)
  const port = sticky.servicePorts[0]!

  /** The table after an endpoint has answered a client. */
  function remembering(index: number, client: string): Ruleset {
    const { affinitySet } = endpointNames(port, [...sticky.endpoints.values()][0]![index]!)
    const set = { ...table.sets.get(affinitySet)!, elements: new Set([client]) }
    return { ...table, sets: new Map([...table.sets, [affinitySet, set]]) }
  }

  test('a client that no set knows may reach every endpoint', () => {
    expect(evaluate(table, packet(`${POD_IP} > 172.30.0.41:80`))).toEqual(to(BOTH, false))
  })

  test.each([0, 1])('a client stays with endpoint %i, and others do not', (index) => {
    const known = remembering(index, POD_IP)
    expect(evaluate(known, packet(`${POD_IP} > 172.30.0.41:80`)).endpoints).toEqual([BOTH[index]])
    expect(evaluate(known, packet('10.0.0.10 > 172.30.0.41:80')).endpoints).toEqual(BOTH)
  })
})

test('marks are cleared and jumps come back', () => {
  const drop = { matches: [{ kind: 'marked', mark: 0x4000 }], statements: [{ kind: 'drop' }], comment: null } as const
  const forward = rules.chains.get('filter-forward')!
  const marked = { ...forward, rules: [...forward.rules, drop] }
  const watched = { ...rules, chains: new Map([...rules.chains, [forward.name, marked]]) }
  expect(evaluate(watched, packet(`${OUTSIDE_IP} > 172.30.0.41:80`)).kind).toBe('drop')
  expect(evaluate(watched, packet(`${POD_IP} > 172.30.0.41:80`)).kind).toBe('dnat')
})

test('a rule for another protocol is passed over', () => {
  const chains = new Map(rules.chains)
  for (const [name, chain] of chains) {
    if (!/^service-[A-Z2-7]{8}-shop\/plain/.test(name)) continue
    chains.set(name, { ...chain, rules: chain.rules.map((rule) => ({ ...rule, matches: [{ kind: 'protocol', protocol: 'udp' }] })) })
  }
  expect(evaluate({ ...rules, chains }, packet(`${POD_IP} > 172.30.0.41:80`)).kind).toBe('reject')
})
