import { expect, test } from 'vitest'
import { build } from './build.ts'
import { print } from './diff.ts'
import { NODE_IP, stateOf } from './testing/state.ts'

const CART = { clusterIP: '172.30.0.41', endpoints: ['10.180.0.1', '10.180.1.1@node2'] }

/** The lines of a table about one chain, set or map, without the words that they begin with. */
function lines(text: string, name: string): string[] {
  return text
    .split('\n')
    .filter((line) => line.split(' ')[4] === name)
    .map((line) => line.split(' ').slice(5).join(' '))
}

test('a Service port without affinity rewrites destinations by one map', () => {
  const text = print(build(stateOf({ cart: CART })))
  const [chain] = /service-[A-Z2-7]{8}-\S+/.exec(text)!
  expect(lines(text, chain)).toEqual([
    '',
    'meta l4proto tcp dnat ip addr . port to numgen random mod 2 map { 0 : 10.180.0.1 . 8080 , 1 : 10.180.1.1 . 8080 }',
  ])
  expect(lines(text, 'service-ips')).toContain(`{ 172.30.0.41 . tcp . 80 : goto ${chain} }`)
})

test('only endpoints of this node may be their own clients', () => {
  const text = print(build(stateOf({ cart: CART })))
  expect(lines(text, 'hairpin-connections').slice(1)).toEqual(['{ 10.180.0.1 . 10.180.0.1 . tcp . 8080 }'])
})

test('with affinity each endpoint has a chain and a set of its clients', () => {
  const text = print(build(stateOf({ cart: { ...CART, spec: { sessionAffinity: 'ClientIP' } } })))
  const chains = [...new Set(text.match(/endpoint-[A-Z2-7]{8}-\S+/g))]
  expect(chains).toHaveLength(2)
  const [chain, other] = chains.map((name) => name!)
  const set = chain!.replace('endpoint-', 'affinity-')
  expect(lines(text, set)).toEqual(['{ type ipv4_addr ; flags dynamic,timeout ; timeout 10800s ; }'])
  expect(lines(text, chain!)).toEqual(['', `update @${set} { ip saddr }`, 'meta l4proto tcp dnat to 10.180.0.1:8080'])
  expect(lines(text, /service-[A-Z2-7]{8}-\S+/.exec(text)![0])).toEqual([
    '',
    `ip saddr @${set} goto ${chain}`,
    `ip saddr @${set.replace(chain!.slice(9), other!.slice(9))} goto ${other}`,
    `numgen random mod 2 vmap { 0 : goto ${chain} , 1 : goto ${other} }`,
  ])
})

test('IPv6 has its own words, and brackets where a port follows an address', () => {
  const part = { clusterIP: 'fd00:10:96::41', endpoints: ['fd00:10::1'], protocol: 'SCTP' }
  const plain = print(build(stateOf({ cart: part }, { ipFamily: 'IPv6' })))
  expect(plain).toContain('meta l4proto sctp dnat ip6 addr . port to numgen random mod 1 map { 0 : fd00:10::1 . 8080 }\n')
  expect(plain).toContain('type ipv6_addr . inet_proto . inet_service : verdict')
  expect(plain).toContain('fib daddr type local ip6 daddr != ::1 meta l4proto . th dport vmap @service-nodeports\n')
  expect(plain).not.toMatch(/\bip (saddr|daddr|addr|kube-proxy)\b/)
  const sticky = print(build(stateOf({ cart: { ...part, spec: { sessionAffinity: 'ClientIP' } } }, { ipFamily: 'IPv6' })))
  expect(sticky).toContain('meta l4proto sctp dnat to [fd00:10::1]:8080\n')
  expect(sticky).toContain('{ ip6 saddr }\n')
})

test('node ports answer at all addresses but loopback, or at the named ones', () => {
  const all = print(build(stateOf({ cart: CART })))
  expect(lines(all, 'services')).toContain('fib daddr type local ip daddr != 127.0.0.0/8 meta l4proto . th dport vmap @service-nodeports')
  expect(lines(all, 'nodeport-endpoints-check')).toContain('ip daddr != 127.0.0.0/8 meta l4proto . th dport vmap @no-endpoint-nodeports')
  expect(all).not.toContain('nodeport-ips')
  const some = print(build(stateOf({ cart: CART }, { nodePortAddresses: ['192.168.0.0/24', '127.0.0.0/8'] })))
  expect(lines(some, 'services')).toContain('ip daddr @nodeport-ips meta l4proto . th dport vmap @service-nodeports')
  expect(lines(some, 'nodeport-ips').slice(1)).toEqual([`{ ${NODE_IP} }`])
})

test('what is masqueraded at cluster IPs follows the settings', () => {
  const first = (config: object) => lines(print(build(stateOf({ cart: CART }, config))), 'services')[1]
  expect(first({})).toMatch(/^ip daddr @cluster-ips ip saddr != 10\.0\.0\.0\/8 mark set mark or 0x4000 comment/)
  expect(first({ masqueradeAll: true })).toMatch(/^ip daddr @cluster-ips mark set mark or 0x4000 comment/)
  expect(first({ localDetectorCIDR: null })).toBe('ip daddr . meta l4proto . th dport vmap @service-ips')
  expect(first({ masqueradeMark: 0x8000 })).toContain('mark or 0x8000')
})

test('without service networks nothing unallocated is dropped', () => {
  const checks = (serviceCIDRs: string[]) => lines(print(build(stateOf({ cart: CART }, { serviceCIDRs }))), 'cluster-ips-check').slice(1)
  expect(checks([])).toHaveLength(1)
  expect(checks(['172.30.0.0/16', '172.31.0.0/16'])[1]).toMatch(/^ip daddr \{ 172\.30\.0\.0\/16 , 172\.31\.0\.0\/16 \} drop/)
})

test('source ranges that allow the node allow the load balancer addresses too', () => {
  const ranges = (...loadBalancerSourceRanges: string[]) => {
    const text = print(build(stateOf({ cart: { ...CART, ingress: '1.2.3.4', spec: { loadBalancerSourceRanges } } })))
    return lines(text, /firewall-[A-Z2-7]{8}-\S+/.exec(text)![0]).at(-1)
  }
  expect(ranges('203.0.113.0/25')).toBe('ip saddr != { 203.0.113.0/25 } drop')
  expect(ranges('203.0.113.0/25', '192.168.0.0/24')).toBe('ip saddr != { 203.0.113.0/25 , 192.168.0.0/24 , 1.2.3.4 } drop')
})

test('masquerading clears the mark that asked for it', () => {
  const text = print(build(stateOf({ cart: CART })))
  expect(lines(text, 'masquerading').slice(1)).toEqual([
    'mark and 0x4000 != 0 mark set mark xor 0x4000 masquerade fully-random',
    'ct status dnat ip saddr . ip daddr . meta l4proto . th dport @hairpin-connections masquerade fully-random',
  ])
})

test('of two Services with one external IP and port the later has it', () => {
  const spec = { externalIPs: ['192.168.99.1'] }
  const text = print(build(stateOf({ cart: { ...CART, spec }, ads: { ...CART, clusterIP: '172.30.0.42', spec } })))
  const owners = lines(text, 'service-ips').filter((line) => line.includes('192.168.99.1'))
  expect(owners).toEqual([expect.stringContaining('/ads/')])
})
