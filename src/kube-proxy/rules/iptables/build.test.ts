import { describe, expect, test } from 'vitest'
import { rawService, rawSlice, stateWith } from '../../model/cluster.fixture.ts'
import type { ProxyState, RawProxyState } from '../../model/proxy-state.ts'
import { endpointChainName, serviceChainNames } from '../chain-name.ts'
import { build, isLargeCluster, LARGE_CLUSTER_ENDPOINTS } from './build.ts'
import { countRules } from './count.ts'
import { print } from './print.ts'

const { cluster: SVC, local: SVL, external: EXT, firewall: FW } = serviceChainNames('shop/web:http', 'TCP')
const SEP = endpointChainName('shop/web:http', 'TCP', '10.1.0.1:8080')
const BEHIND = '10.1.0.1'

/** The rules of one chain, as printed, without `-A CHAIN`. */
function rulesOf(state: ProxyState, table: 'filter' | 'nat', chain: string): string[] {
  const lines = print(build(state)).split('\n')
  const from = lines.indexOf(`*${table}`)
  const start = `-A ${chain} `
  return lines
    .slice(from, lines.indexOf('COMMIT', from))
    .filter((line) => line.startsWith(start))
    .map((line) => line.slice(start.length))
}

/** One Service `web` with what `spec` says, behind it one endpoint unless told otherwise. */
function webWith(
  spec: Readonly<Record<string, unknown>> = {},
  config: RawProxyState['config'] = {},
  endpoints: readonly unknown[] = [BEHIND],
  balancers: readonly string[] = [],
): ProxyState {
  return stateWith([rawService('web', spec, balancers)], [rawSlice('web', endpoints)], config)
}

const LAST = 'kubernetes service nodeports; NOTE: this must be the last rule in this chain'
const NODE_PORT = { type: 'NodePort', ports: [{ name: 'http', port: 80, nodePort: 30_080 }] }

describe('with no Service', () => {
  test('the fixed chains stand there: 4 filter rules and 5 nat rules', () => {
    expect(countRules(build(stateWith([], [])))).toEqual({ filterChains: 6, filterRules: 4, natChains: 4, natRules: 5 })
  })

  test('every chain that a rule leads to is there, whatever the Services', () => {
    const everything = webWith(
      {
        ...NODE_PORT,
        type: 'LoadBalancer',
        externalIPs: ['192.168.99.1'],
        externalTrafficPolicy: 'Local',
        loadBalancerSourceRanges: ['203.0.113.0/25'],
      },
      {},
      [BEHIND, { addresses: ['10.1.0.2'], nodeName: 'here' }],
      ['1.2.3.4'],
    )
    for (const table of [build(everything).filter, build(everything).nat]) {
      const targets = [...table.chains.values()].flat().flatMap(({ target }) => (target?.kind === 'jump' ? [target.chain] : []))
      expect(targets.filter((chain) => !table.chains.has(chain))).toEqual([])
    }
  })
})

describe('the cluster IP', () => {
  test('leads by way of the Service to one endpoint', () => {
    const state = webWith()
    expect(rulesOf(state, 'nat', 'KUBE-SERVICES')).toEqual([
      `-m comment --comment "shop/web:http cluster IP" -m tcp -p tcp -d 172.30.0.1 --dport 80 -j ${SVC}`,
      `-m comment --comment "${LAST}" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS`,
    ])
    expect(rulesOf(state, 'nat', SVC)).toEqual([
      '-m comment --comment "shop/web:http cluster IP" -m tcp -p tcp -d 172.30.0.1 --dport 80 ! -s 10.0.0.0/8 -j KUBE-MARK-MASQ',
      `-m comment --comment "shop/web:http -> 10.1.0.1:8080" -j ${SEP}`,
    ])
    expect(rulesOf(state, 'nat', SEP)).toEqual([
      '-m comment --comment shop/web:http -s 10.1.0.1 -j KUBE-MARK-MASQ',
      '-m comment --comment shop/web:http -m tcp -p tcp -j DNAT --to-destination 10.1.0.1:8080',
    ])
  })

  test('masquerades everybody when told to, and nobody when pods cannot be told apart', () => {
    const ofAll = '-m comment --comment "shop/web:http cluster IP" -m tcp -p tcp -d 172.30.0.1 --dport 80 -j KUBE-MARK-MASQ'
    expect(rulesOf(webWith({}, { masqueradeAll: true }), 'nat', SVC)[0]).toBe(ofAll)
    expect(rulesOf(webWith({}, { masqueradeAll: true, localDetectorCIDR: null }), 'nat', SVC)[0]).toBe(ofAll)
    expect(rulesOf(webWith({}, { localDetectorCIDR: null }), 'nat', SVC)).toHaveLength(1)
  })

  test('without an endpoint is rejected, in the filter table', () => {
    const state = webWith({}, {}, [])
    expect(rulesOf(state, 'filter', 'KUBE-SERVICES')).toEqual([
      '-m comment --comment "shop/web:http has no endpoints" -m tcp -p tcp -d 172.30.0.1 --dport 80 -j REJECT',
    ])
    expect(rulesOf(state, 'nat', 'KUBE-SERVICES')).toHaveLength(1)
    expect(build(state).nat.chains.size).toBe(4)
  })

  test('under policy Local without an endpoint here is dropped', () => {
    const state = webWith({ internalTrafficPolicy: 'Local' })
    expect(rulesOf(state, 'filter', 'KUBE-SERVICES')).toEqual([
      '-m comment --comment "shop/web:http has no local endpoints" -m tcp -p tcp -d 172.30.0.1 --dport 80 -j DROP',
    ])
    expect(build(state).nat.chains.has(SVC)).toBe(false)
  })

  test("under policy Local leads to this node's endpoints, and masquerades there", () => {
    const state = webWith({ internalTrafficPolicy: 'Local' }, {}, [BEHIND, { addresses: ['10.1.0.2'], nodeName: 'here' }])
    expect(rulesOf(state, 'nat', 'KUBE-SERVICES')[0]).toMatch(new RegExp(`-j ${SVL}$`))
    expect(rulesOf(state, 'nat', SVL).map((rule) => rule.replace(/.* -j /, ''))).toEqual([
      'KUBE-MARK-MASQ',
      endpointChainName('shop/web:http', 'TCP', '10.1.0.2:8080'),
    ])
    expect([...build(state).nat.chains.keys()].filter((chain) => chain.startsWith('KUBE-SEP'))).toHaveLength(1)
  })
})

test('of n endpoints each takes one packet of those left: 1/3, 1/2, all', () => {
  const chances = rulesOf(webWith({}, {}, ['10.1.0.1', '10.1.0.2', '10.1.0.3']), 'nat', SVC).slice(1)
  expect(chances.map((rule) => /--probability (\S+)/.exec(rule)?.[1] ?? 'all')).toEqual(['0.3333333333', '0.5000000000', 'all'])
})

test('affinity asks the list of each endpoint first, and each endpoint puts its clients into its own', () => {
  const state = webWith({ sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 600 } } }, {}, [
    '10.1.0.1',
    '10.1.0.2',
  ])
  const second = endpointChainName('shop/web:http', 'TCP', '10.1.0.2:8080')
  expect(rulesOf(state, 'nat', SVC).slice(1)).toEqual([
    `-m comment --comment "shop/web:http -> 10.1.0.1:8080" -m recent --name ${SEP} --rcheck --seconds 600 --reap -j ${SEP}`,
    `-m comment --comment "shop/web:http -> 10.1.0.2:8080" -m recent --name ${second} --rcheck --seconds 600 --reap -j ${second}`,
    `-m comment --comment "shop/web:http -> 10.1.0.1:8080" -m statistic --mode random --probability 0.5000000000 -j ${SEP}`,
    `-m comment --comment "shop/web:http -> 10.1.0.2:8080" -j ${second}`,
  ])
  expect(rulesOf(state, 'nat', SEP)[1]).toContain(`-m recent --name ${SEP} --set -m tcp -p tcp -j DNAT`)
})

describe('node ports', () => {
  test('are the last rule of KUBE-SERVICES, for all local addresses', () => {
    const state = webWith(NODE_PORT)
    expect(rulesOf(state, 'nat', 'KUBE-SERVICES').at(-1)).toBe(
      `-m comment --comment "${LAST}" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS`,
    )
    expect(rulesOf(state, 'nat', 'KUBE-NODEPORTS')).toEqual([
      `-m comment --comment shop/web:http -m tcp -p tcp -d 127.0.0.0/8 --dport 30080 -m nfacct --nfacct-name localhost_nps_accepted_pkts -j ${EXT}`,
      `-m comment --comment shop/web:http -m tcp -p tcp --dport 30080 -j ${EXT}`,
    ])
    expect(rulesOf(state, 'nat', EXT)).toEqual([
      '-m comment --comment "masquerade traffic for shop/web:http external destinations" -j KUBE-MARK-MASQ',
      `-j ${SVC}`,
    ])
  })

  test.each([
    [{ localhostNodePorts: false }, ['-m addrtype --dst-type LOCAL ! -d 127.0.0.0/8']],
    [{ nodePortAddresses: ['0.0.0.0/0'] }, ['-m addrtype --dst-type LOCAL']],
    [{ nodePortAddresses: ['192.168.0.0/16'] }, ['-d 192.168.0.2', '-d 192.168.1.2']],
    [{ nodePortAddresses: ['192.168.1.0/24', '127.0.0.0/8'] }, ['-d 192.168.1.2', '-d 127.0.0.1']],
    [{ nodePortAddresses: ['192.168.1.0/24', '127.0.0.0/8'], localhostNodePorts: false }, ['-d 192.168.1.2']],
    [{ ipFamily: 'IPv6', localDetectorCIDR: 'fd00:10::/64' }, ['-m addrtype --dst-type LOCAL ! -d ::1/128']],
    [{ ipFamily: 'IPv6', localDetectorCIDR: 'fd00:10::/64', nodePortAddresses: ['::1/128', '2001:db8::/32'] }, ['-d 2001:db8::1']],
  ] as const)('with %o', (config, destinations) => {
    const rules = rulesOf(stateWith([], [], config), 'nat', 'KUBE-SERVICES')
    expect(rules).toEqual(destinations.map((destination) => `-m comment --comment "${LAST}" ${destination} -j KUBE-NODEPORTS`))
  })

  test('without an endpoint are rejected at every local address', () => {
    expect(rulesOf(webWith(NODE_PORT, {}, []), 'filter', 'KUBE-EXTERNAL-SERVICES')).toEqual([
      '-m comment --comment "shop/web:http has no endpoints" -m addrtype --dst-type LOCAL -m tcp -p tcp --dport 30080 -j REJECT',
    ])
  })
})

describe('external policy Local', () => {
  const spec = { ...NODE_PORT, externalTrafficPolicy: 'Local' }

  test("lets this node's pods and processes through to all endpoints, and drops the rest where none is here", () => {
    const state = webWith(spec)
    expect(rulesOf(state, 'nat', EXT)).toEqual([
      `-m comment --comment "pod traffic for shop/web:http external destinations" -s 10.0.0.0/8 -j ${SVC}`,
      '-m comment --comment "masquerade LOCAL traffic for shop/web:http external destinations" -m addrtype --src-type LOCAL -j KUBE-MARK-MASQ',
      `-m comment --comment "route LOCAL traffic for shop/web:http external destinations" -m addrtype --src-type LOCAL -j ${SVC}`,
    ])
    expect(rulesOf(state, 'filter', 'KUBE-EXTERNAL-SERVICES')).toEqual([
      '-m comment --comment "shop/web:http has no local endpoints" -m addrtype --dst-type LOCAL -m tcp -p tcp --dport 30080 -j DROP',
    ])
  })

  test('leads the rest to the endpoints that are here', () => {
    const state = webWith(spec, { localDetectorCIDR: null }, [BEHIND, { addresses: ['10.1.0.2'], nodeName: 'here' }])
    expect(rulesOf(state, 'nat', EXT)).toHaveLength(3)
    expect(rulesOf(state, 'nat', EXT).at(-1)).toBe(`-j ${SVL}`)
    expect(rulesOf(state, 'filter', 'KUBE-EXTERNAL-SERVICES')).toEqual([])
  })

  test('masquerades strangers at the chain of the cluster IP alone', () => {
    const state = webWith(spec, {}, [BEHIND, { addresses: ['10.1.0.2'], nodeName: 'here' }])
    const masqueraded = (chain: string) => rulesOf(state, 'nat', chain).filter((rule) => rule.includes('cluster IP')).length
    expect([masqueraded(SVC), masqueraded(SVL)]).toEqual([1, 0])
  })

  test('of a load balancer opens its health check', () => {
    const balanced = { ...spec, type: 'LoadBalancer', healthCheckNodePort: 32_000 }
    expect(rulesOf(webWith(balanced), 'filter', 'KUBE-NODEPORTS')).toEqual([
      '-m comment --comment "shop/web:http health check node port" -m tcp -p tcp --dport 32000 -j ACCEPT',
    ])
  })
})

describe("a load balancer's source ranges", () => {
  const spec = { type: 'LoadBalancer', loadBalancerSourceRanges: [' 203.0.113.0/25'] }
  const said = '-m comment --comment "shop/web:http loadbalancer IP"'

  test('are looked at in a chain of their own; what it lets pass is dropped', () => {
    const state = webWith(spec, {}, [BEHIND], ['1.2.3.4'])
    expect(rulesOf(state, 'nat', 'KUBE-SERVICES')[1]).toBe(`${said} -m tcp -p tcp -d 1.2.3.4 --dport 80 -j ${FW}`)
    expect(rulesOf(state, 'nat', FW)).toEqual([
      `${said} -s 203.0.113.0/25 -j ${EXT}`,
      '-m comment --comment "other traffic to shop/web:http will be dropped by KUBE-PROXY-FIREWALL"',
    ])
    expect(rulesOf(state, 'filter', 'KUBE-PROXY-FIREWALL')).toEqual([
      `-m comment --comment "shop/web:http traffic not accepted by ${FW}" -m tcp -p tcp -d 1.2.3.4 --dport 80 -j DROP`,
    ])
  })

  test('that hold the node let the balancer’s own address pass as a source', () => {
    const ranges = { ...spec, loadBalancerSourceRanges: ['192.168.0.0/24'] }
    const rules = rulesOf(webWith(ranges, {}, [BEHIND], ['1.2.3.4', '5.6.7.8']), 'nat', FW)
    expect(rules.slice(0, 3)).toEqual([
      `${said} -s 192.168.0.0/24 -j ${EXT}`,
      `${said} -s 1.2.3.4 -j ${EXT}`,
      `${said} -s 5.6.7.8 -j ${EXT}`,
    ])
  })
})

describe('settings', () => {
  const forward = (config: RawProxyState['config']) => rulesOf(stateWith([], [], config), 'filter', 'KUBE-FORWARD')

  test('INVALID packets are dropped and counted, unless conntrack is liberal or nothing is counted', () => {
    expect(forward({})[0]).toBe('-m conntrack --ctstate INVALID -m nfacct --nfacct-name ct_state_invalid_dropped_pkts -j DROP')
    expect(forward({ accounting: false })[0]).toBe('-m conntrack --ctstate INVALID -j DROP')
    expect(forward({ conntrackTCPLiberal: true })).toHaveLength(2)
  })

  test('node ports on loopback are not counted when nothing is', () => {
    expect(rulesOf(webWith(NODE_PORT, { accounting: false }), 'nat', 'KUBE-NODEPORTS')).toHaveLength(1)
  })

  test('the mark is the one given, and ports may be chosen at random', () => {
    const rules = (config: RawProxyState['config']) => rulesOf(stateWith([], [], config), 'nat', 'KUBE-POSTROUTING')
    const said = '-m comment --comment "kubernetes service traffic requiring SNAT"'
    expect(rules({ masqueradeMark: 0x10 })).toEqual([
      '-m mark ! --mark 0x10/0x10 -j RETURN',
      '-j MARK --xor-mark 0x10',
      `${said} -j MASQUERADE --random-fully`,
    ])
    expect(rules({ masqueradeRandomFully: false }).at(-1)).toBe(`${said} -j MASQUERADE`)
  })

  test('loopback is guarded where node ports answer there', () => {
    expect(build(stateWith([], [])).filter.chains.has('KUBE-FIREWALL')).toBe(true)
    expect(build(stateWith([], [], { localhostNodePorts: false })).filter.chains.has('KUBE-FIREWALL')).toBe(false)
    expect(build(stateWith([], [], { ipFamily: 'IPv6' })).filter.chains.has('KUBE-FIREWALL')).toBe(false)
  })
})

describe('a large cluster', () => {
  const addresses = (count: number) =>
    Array.from({ length: count }, (_, i) => ({ addresses: [`10.1.${i >> 8}.${i & 255}`], conditions: { ready: i < 2 } }))

  test('has more than 1000 endpoints, ready or not, and leaves the comments of endpoints out', () => {
    const [small, large] = [webWith({}, {}, addresses(LARGE_CLUSTER_ENDPOINTS)), webWith({}, {}, addresses(LARGE_CLUSTER_ENDPOINTS + 1))]
    expect([isLargeCluster(small), isLargeCluster(large)]).toEqual([false, true])
    const first = endpointChainName('shop/web:http', 'TCP', '10.1.0.0:8080')
    expect(rulesOf(small, 'nat', first)[0]).toBe('-m comment --comment shop/web:http -s 10.1.0.0 -j KUBE-MARK-MASQ')
    expect(rulesOf(large, 'nat', first)[0]).toBe('-s 10.1.0.0 -j KUBE-MARK-MASQ')
    expect(rulesOf(large, 'nat', SVC)).toEqual([
      '-m comment --comment "shop/web:http cluster IP" -m tcp -p tcp -d 172.30.0.1 --dport 80 ! -s 10.0.0.0/8 -j KUBE-MARK-MASQ',
      `-m statistic --mode random --probability 0.5000000000 -j ${first}`,
      `-j ${endpointChainName('shop/web:http', 'TCP', '10.1.0.1:8080')}`,
    ])
  })
})
