/**
 * One node (10.9.0.1 and 10.9.1.1; pods of the node are 10.1.0.0/16, of another 10.2.0.0/16) and Services of every kind. What kube-proxy itself does with many
 * more states is replayed by `npm run conformance -- ipvs-state` and `packet-flows`.
 */
import { describe, expect, test } from 'vitest'
import type { Packet } from '../../model/packet.ts'
import { readProxyState } from '../../model/proxy-state.ts'
import { build, evaluate, print, printIpSets, printIptables } from './index.ts'

const NODE = '10.9.0.1'
const SECOND_ADDRESS = '10.9.1.1'

function service(name: string, spec: object, ingress: readonly object[] = []): object {
  return { metadata: { name, namespace: 'shop' }, spec, status: { loadBalancer: { ingress } } }
}

function slice(name: string, endpoints: readonly (readonly [string, string])[], port: number, protocol = 'TCP'): object {
  return {
    metadata: { name: `${name}-1`, namespace: 'shop', labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    endpoints: endpoints.map(([address, nodeName]) => ({ addresses: [address], nodeName })),
    ports: [{ name: 'p', port, protocol }],
  }
}

const port = (number: number, nodePort?: number, protocol = 'TCP') => ({
  name: 'p',
  port: number,
  protocol,
  ...(nodePort ? { nodePort } : {}),
})

const services = [
  service('web', { type: 'ClusterIP', clusterIP: '172.16.0.1', ports: [port(80)], sessionAffinity: 'ClientIP' }),
  service(
    'shop',
    {
      type: 'LoadBalancer',
      clusterIP: '172.16.0.2',
      ports: [port(80, 30080)],
      externalIPs: ['198.51.100.9', SECOND_ADDRESS],
      loadBalancerSourceRanges: ['203.0.113.0/25'],
    },
    [{ ip: '198.51.100.1' }],
  ),
  service(
    'near',
    {
      type: 'LoadBalancer',
      clusterIP: '172.16.0.3',
      ports: [port(80, 30081)],
      externalTrafficPolicy: 'Local',
      healthCheckNodePort: 31000,
    },
    [{ ip: '198.51.100.2' }],
  ),
  service('dns', { type: 'ClusterIP', clusterIP: '172.16.0.4', ports: [port(53, undefined, 'UDP')] }),
  service('call', { type: 'NodePort', clusterIP: '172.16.0.5', ports: [port(3868, 30082, 'SCTP')] }),
]
const slices = [
  slice(
    'web',
    [
      ['10.1.0.1', 'here'],
      ['10.2.0.1', 'there'],
    ],
    8080,
  ),
  slice(
    'shop',
    [
      ['10.1.0.2', 'here'],
      ['10.2.0.2', 'there'],
    ],
    8080,
  ),
  slice(
    'near',
    [
      ['10.1.0.3', 'here'],
      ['10.2.0.3', 'there'],
    ],
    8080,
  ),
  slice('call', [['10.2.0.5', 'there']], 3868, 'SCTP'),
]

function rulesWith(config: object = {}) {
  return build(
    readProxyState({
      config: {
        ipFamily: 'IPv4',
        nodeName: 'here',
        nodeIP: NODE,
        localAddresses: [NODE, SECOND_ADDRESS],
        localDetectorCIDR: '10.1.0.0/16',
        ...config,
      },
      services,
      endpointSlices: slices,
    }),
  )
}

const OUTSIDE = '203.0.113.7'
const BLOCKED = '203.0.113.200'
const POD = '10.1.0.99'

describe('a packet', () => {
  const rules = rulesWith()
  const all = (host: number) => [`10.1.0.${host}:8080`, `10.2.0.${host}:8080`]
  const local = (host: number) => [`10.1.0.${host}:8080`]
  test.each<[string, string, string, number, string, readonly string[], boolean, Packet['protocol']?]>([
    ['of a pod to a cluster IP keeps its source', POD, '172.16.0.1', 80, 'dnat', all(1), false],
    ['from outside to a cluster IP is masqueraded', OUTSIDE, '172.16.0.1', 80, 'dnat', all(1), true],
    ['of a process to a cluster IP is masqueraded', NODE, '172.16.0.1', 80, 'dnat', all(1), true],
    ['of an endpoint that may meet itself is masqueraded', '10.1.0.1', '172.16.0.1', 80, 'dnat', all(1), true],
    ['to a wrong port of a cluster IP is refused', POD, '172.16.0.1', 81, 'reject', [], false],
    ['of a process to a wrong port of a cluster IP is refused', NODE, '172.16.0.1', 81, 'reject', [], false],
    ['with the wrong protocol is refused', POD, '172.16.0.1', 80, 'reject', [], false, 'UDP'],
    ['to an external IP is masqueraded, a pod too', POD, '198.51.100.9', 80, 'dnat', all(2), true],
    ["to an external IP that is the node's own reaches the Service", OUTSIDE, SECOND_ADDRESS, 80, 'dnat', all(2), true],
    ['to another port of that external IP reaches the node', OUTSIDE, SECOND_ADDRESS, 22, 'none', [], false],
    ['to another port of a bound external IP is refused', OUTSIDE, '198.51.100.9', 22, 'reject', [], false],
    ['of an allowed source to a load balancer passes', OUTSIDE, '198.51.100.1', 80, 'dnat', all(2), true],
    ['of a blocked source to a load balancer is dropped', BLOCKED, '198.51.100.1', 80, 'drop', [], false],
    ['of a blocked pod to a load balancer is dropped', POD, '198.51.100.1', 80, 'drop', [], false],
    ['of a process whose node is blocked is dropped', NODE, '198.51.100.1', 80, 'drop', [], false],
    ['of a blocked source may use the node port', BLOCKED, NODE, 30080, 'dnat', all(2), true],
    ['to a node port on the second address is served', OUTSIDE, SECOND_ADDRESS, 30080, 'dnat', all(2), true],
    ['to a node port on a loopback address is not', '127.0.0.1', '127.0.0.1', 30080, 'none', [], false],
    ['under policy Local stays on the node, unmasqueraded', OUTSIDE, '198.51.100.2', 80, 'dnat', local(3), false],
    ['of a pod under policy Local stays on the node', POD, '198.51.100.2', 80, 'dnat', local(3), false],
    ['to a node port under policy Local keeps its source', OUTSIDE, NODE, 30081, 'dnat', local(3), false],
    ['to the cluster IP of such a Service reaches all', POD, '172.16.0.3', 80, 'dnat', all(3), false],
    ['to the health-check node port is accepted', OUTSIDE, NODE, 31000, 'accept', [], false],
    ['to the health-check port on a bound address is let through', OUTSIDE, '198.51.100.2', 31000, 'accept', [], false],
    ['to a Service without endpoints is refused', POD, '172.16.0.4', 53, 'reject', [], false, 'UDP'],
    ['of a process to a Service without endpoints is refused', NODE, '172.16.0.4', 53, 'reject', [], false, 'UDP'],
    ['to an SCTP node port is masqueraded', OUTSIDE, NODE, 30082, 'dnat', ['10.2.0.5:3868'], true, 'SCTP'],
    ['of the same port number in TCP reaches the node', OUTSIDE, NODE, 30082, 'none', [], false],
    ["to an address that is nobody's goes on", POD, '172.16.0.77', 80, 'none', [], false],
    ['of a process to such an address goes on', NODE, '172.16.0.77', 80, 'none', [], false],
  ])('%s', (_name, sourceIP, destIP, destPort, kind, endpoints, masq, protocol = 'TCP') => {
    expect(evaluate(rules, { sourceIP, protocol, destIP, destPort })).toEqual({ kind, endpoints, masq })
  })

  const toCluster = (sourceIP: string): Packet => ({ sourceIP, protocol: 'TCP', destIP: '172.16.0.1', destPort: 80 })

  test('is always masqueraded on its way to a cluster IP when everything shall be', () => {
    expect(evaluate(rulesWith({ masqueradeAll: true }), toCluster(POD)).masq).toBe(true)
  })

  test('is masqueraded only when a process of the node sends it where pods cannot be told apart', () => {
    const undetected = rulesWith({ localDetectorCIDR: null })
    expect([POD, OUTSIDE, NODE].map((source) => evaluate(undetected, toCluster(source)).masq)).toEqual([false, false, true])
  })

  test('of an endpoint that may meet itself is masqueraded only on its own node', () => {
    const undetected = rulesWith({ localDetectorCIDR: null })
    expect(['10.1.0.1', '10.2.0.1'].map((source) => evaluate(undetected, toCluster(source)).masq)).toEqual([true, false])
  })

  test('of a process passes to a load balancer whose source ranges hold the node', () => {
    const inRange = rulesWith({ nodeIP: '203.0.113.5', localAddresses: ['203.0.113.5'] })
    const packet: Packet = { sourceIP: '203.0.113.5', protocol: 'TCP', destIP: '198.51.100.1', destPort: 80 }
    expect(evaluate(inRange, packet).kind).toBe('dnat')
  })

  test('reaches no real server of weight 0, and is refused when all have it', () => {
    const drained = (...weights: number[]) => ({
      ...rules,
      virtualServers: new Map(
        [...rules.virtualServers].map(([key, server]) => [
          key,
          { ...server, realServers: server.realServers.map((real, index) => ({ ...real, weight: weights[index]! })) },
        ]),
      ),
    })
    expect(evaluate(drained(0, 1), toCluster(POD)).endpoints).toEqual(['10.2.0.1:8080'])
    expect(evaluate(drained(0, 0), toCluster(POD)).kind).toBe('reject')
    expect(evaluate(drained(0, 0), toCluster(NODE)).kind).toBe('reject')
  })
})

describe('the rules', () => {
  test('hold a virtual server for every address of a Service, and node ports on the named addresses only', () => {
    const servers = [...rulesWith({ nodePortAddresses: ['10.9.0.0/24'] }).virtualServers.values()]
    expect(servers.map(({ address, port }) => `${address}:${port}`)).toEqual([
      '172.16.0.1:80',
      '172.16.0.2:80',
      '198.51.100.9:80',
      '10.9.1.1:80',
      '198.51.100.1:80',
      '10.9.0.1:30080',
      '172.16.0.3:80',
      '198.51.100.2:80',
      '10.9.0.1:30081',
      '172.16.0.4:53',
      '172.16.0.5:3868',
      '10.9.0.1:30082',
    ])
  })

  test('use all endpoints where policy Local finds none on the node', () => {
    const rules = build(
      readProxyState({
        config: { ipFamily: 'IPv4', nodeName: 'elsewhere', nodeIP: NODE, localAddresses: [NODE] },
        services,
        endpointSlices: slices,
      }),
    )
    const outside: Packet = { sourceIP: OUTSIDE, protocol: 'TCP', destIP: '198.51.100.2', destPort: 80 }
    expect(evaluate(rules, outside)).toEqual({ kind: 'dnat', endpoints: ['10.1.0.3:8080', '10.2.0.3:8080'], masq: false })
  })

  test('skip the health-check node port where node ports have no address but loopback', () => {
    const rules = rulesWith({ nodePortAddresses: ['127.0.0.0/8'] })
    expect(rules.sets['KUBE-HEALTH-CHECK-NODE-PORT'].size).toBe(0)
    expect(rules.sets['KUBE-NODE-PORT-TCP'].size).toBe(0)
  })

  test('are as many for a thousand cluster IPs as for one', () => {
    const many = (count: number) =>
      build(
        readProxyState({
          config: { ipFamily: 'IPv4', nodeName: 'here', localAddresses: [NODE], localDetectorCIDR: '10.1.0.0/16' },
          services: Array.from({ length: count }, (_, index) =>
            service(`s${index}`, { clusterIP: `172.16.${index >> 8}.${index & 255}`, ports: [port(80)] }),
          ),
          endpointSlices: [],
        }),
      )
    expect(many(1000).virtualServers.size).toBe(1000)
    expect(many(1000).firewall.rules.length).toBe(many(1).firewall.rules.length)
    // Empty sets have no rule of their own.
    expect(printIptables(many(1))).not.toMatch(/KUBE-LOOP-BACK|KUBE-NODE-PORT-(TCP|UDP)|KUBE-LOAD-BALANCER-/)
  })
})

describe('printed', () => {
  test('virtual servers are what ipvsadm -R reads', () => {
    const lines = print(rulesWith({ nodePortAddresses: ['10.9.0.0/24'] })).split('\n')
    expect(lines.slice(0, 5)).toEqual([
      '-A -t 172.16.0.1:80 -s rr -p 10800',
      '-a -t 172.16.0.1:80 -r 10.1.0.1:8080 -m -w 1',
      '-a -t 172.16.0.1:80 -r 10.2.0.1:8080 -m -w 1',
      '-A -t 172.16.0.2:80 -s rr',
      '-a -t 172.16.0.2:80 -r 10.1.0.2:8080 -m -w 1',
    ])
    expect(lines.slice(-6)).toEqual([
      '-A -u 172.16.0.4:53 -s rr',
      '-A --sctp-service 172.16.0.5:3868 -s rr',
      '-a --sctp-service 172.16.0.5:3868 -r 10.2.0.5:3868 -m -w 1',
      '-A --sctp-service 10.9.0.1:30082 -s rr',
      '-a --sctp-service 10.9.0.1:30082 -r 10.2.0.5:3868 -m -w 1',
      '',
    ])
  })

  test('mh, and no other scheduler, is told to hash ports', () => {
    expect(print(rulesWith({ scheduler: 'mh' })).split('\n')[0]).toBe('-A -t 172.16.0.1:80 -s mh -p 10800 -b mh-port')
    expect(print(rulesWith({ scheduler: 'sh' }))).not.toContain('-b')
  })

  test('sets are what ipset restore reads, empty ones too', () => {
    const lines = printIpSets(rulesWith()).trimEnd().split('\n')
    expect(lines.filter((line) => line.startsWith('create'))).toHaveLength(17)
    expect(lines).toContain('create KUBE-LOOP-BACK hash:ip,port,ip family inet hashsize 1024 maxelem 65536')
    expect(lines).toContain('create KUBE-NODE-PORT-UDP bitmap:port range 0-65535')
    expect(lines.filter((line) => /^add KUBE-(LOAD-BALANCER|NODE-PORT|HEALTH)/.test(line))).toEqual([
      'add KUBE-LOAD-BALANCER 198.51.100.1,tcp:80',
      'add KUBE-LOAD-BALANCER 198.51.100.2,tcp:80',
      'add KUBE-LOAD-BALANCER-LOCAL 198.51.100.2,tcp:80',
      'add KUBE-LOAD-BALANCER-FW 198.51.100.1,tcp:80',
      'add KUBE-LOAD-BALANCER-SOURCE-CIDR 198.51.100.1,tcp:80,203.0.113.0/25',
      'add KUBE-NODE-PORT-TCP 30080',
      'add KUBE-NODE-PORT-TCP 30081',
      'add KUBE-NODE-PORT-LOCAL-TCP 30081',
      'add KUBE-NODE-PORT-SCTP-HASH 10.9.0.1,sctp:30082',
      'add KUBE-NODE-PORT-SCTP-HASH 10.9.1.1,sctp:30082',
      'add KUBE-HEALTH-CHECK-NODE-PORT 31000',
    ])
    expect(lines).toContain('add KUBE-LOOP-BACK 10.1.0.1,tcp:8080,10.1.0.1')
    expect(lines).not.toContain('add KUBE-IPVS-IPS 10.9.1.1')
  })

  test('IPv6 has sets and addresses of its own', () => {
    const rules = build(
      readProxyState({
        config: { ipFamily: 'IPv6', nodeName: 'here' },
        services: [service('six', { clusterIP: 'fd00::1', ports: [port(80)] })],
        endpointSlices: [{ ...slice('six', [['fd00:1::1', 'here']], 8080), addressType: 'IPv6' }],
      }),
    )
    expect(print(rules)).toBe('-A -t [fd00::1]:80 -s rr\n-a -t [fd00::1]:80 -r [fd00:1::1]:8080 -m -w 1\n')
    expect(printIpSets(rules)).toContain(
      'create KUBE-6-IPVS-IPS hash:ip family inet6 hashsize 1024 maxelem 65536\nadd KUBE-6-IPVS-IPS fd00::1\n',
    )
    const names = [...printIpSets(rules).matchAll(/^create (\S+)/gm)].map(([, name]) => name!)
    expect(names.filter((name) => name.length === 31)).toEqual(['KUBE-6-LOAD-BALANCER-SOURCE-CID', 'KUBE-6-NODE-PORT-LOCAL-SCTP-HAS'])
    expect(names.every((name) => name.startsWith('KUBE-6-') && name.length <= 31)).toBe(true)
    expect(printIptables(rules)).toContain('-A KUBE-SERVICES -s ::1/128 -j RETURN\n')
  })

  test('iptables rules name the chains before they use them, and only sets that exist', () => {
    const rules = rulesWith()
    const text = printIptables(rules)
    for (const table of text.split('COMMIT\n').filter((part) => part !== '')) {
      const chains = [...table.matchAll(/^:(\S+)/gm)].map(([, name]) => name)
      for (const [, name] of table.matchAll(/-j (KUBE-\S+)/g)) expect(chains).toContain(name)
    }
    const sets = Object.values(rules.sets).map(({ name }) => name)
    for (const [, name] of text.matchAll(/--match-set (\S+)/g)) expect(sets).toContain(name)
  })

  test("the last of kube-proxy's jumps is walked first", () => {
    const input = printIptables(rulesWith()).match(/^-A INPUT .*$/gm) ?? []
    expect(input.map((line) => line.split(' -j ')[1])).toEqual(['KUBE-IPVS-FILTER', 'KUBE-PROXY-FIREWALL', 'KUBE-NODE-PORT'])
  })

  test('iptables rules read as kube-proxy writes them', () => {
    const text = printIptables(rulesWith())
    for (const line of [
      '-A KUBE-SERVICES -m comment --comment "Kubernetes service cluster ip + port for masquerade purpose" -m set --match-set KUBE-CLUSTER-IP dst,dst ! -s 10.1.0.0/16 -j KUBE-MARK-MASQ',
      '-A KUBE-NODE-PORT -p tcp -m comment --comment "Kubernetes nodeport TCP port with externalTrafficPolicy=local" -m set --match-set KUBE-NODE-PORT-LOCAL-TCP dst -j RETURN',
      '-A KUBE-IPVS-OUT-FILTER -s 198.51.100.1 -m ipvs --vaddr 198.51.100.1 --vproto tcp --vport 80 -j DROP',
      '-A KUBE-IPVS-FILTER -m conntrack --ctstate NEW -m set --match-set KUBE-IPVS-IPS dst -j REJECT',
      '-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN',
      '-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully',
      '-A KUBE-MARK-MASQ -j MARK --or-mark 0x4000',
    ]) {
      expect(text).toContain(`${line}\n`)
    }
    expect(printIptables(rulesWith({ masqueradeRandomFully: false }))).not.toContain('--random-fully')
  })
})
