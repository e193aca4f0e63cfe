import { expect, test } from 'vitest'
import { endpointsOf } from '../../model/proxy-state.ts'
import { endpointNames, isServiceChain, serviceChainNames } from './names.ts'
import { stateOf } from './testing/state.ts'

const state = stateOf({ cart: { clusterIP: '172.30.0.41', endpoints: ['10.180.0.1'] } })
const port = state.servicePorts[0]!
const endpoint = endpointsOf(state, port)[0]!

test('a Service port has one hash of its path, under four prefixes', () => {
  // The recorded name of port p80 of ns1/svc1.
  const recorded = serviceChainNames({ ...port, namespace: 'ns1', name: 'svc1', portName: 'p80' })
  expect(recorded).toEqual({
    cluster: 'service-ULMVA6XW-ns1/svc1/tcp/p80',
    local: 'local-ULMVA6XW-ns1/svc1/tcp/p80',
    external: 'external-ULMVA6XW-ns1/svc1/tcp/p80',
    firewall: 'firewall-ULMVA6XW-ns1/svc1/tcp/p80',
  })
})

test('an endpoint has a chain and an affinity set of its own in each Service port', () => {
  const recorded = endpointNames(
    { ...port, namespace: 'ns5', name: 'svc5', portName: 'p80' },
    { ...endpoint, address: '10.180.0.3', port: 80 },
  )
  expect(recorded.chain).toBe('endpoint-GTK6MW7G-ns5/svc5/tcp/p80__10.180.0.3/80')
  expect(recorded.affinitySet).toBe('affinity-GTK6MW7G-ns5/svc5/tcp/p80__10.180.0.3/80')
})

test('the colons of IPv6 addresses become dots', () => {
  expect(endpointNames(port, { ...endpoint, address: 'fd00::1' }).chain).toMatch(/__fd00\.\.1\/8080$/)
})

test('a port without a name leaves its place empty', () => {
  expect(serviceChainNames({ ...port, portName: '' }).cluster).toMatch(/^service-[A-Z2-7]{8}-shop\/cart\/tcp\/$/)
})

test('names are cut at 240 characters and stay apart by their hashes', () => {
  // 63 + 63 + 63 characters of names, an IPv6 address and punctuation: 8 + 1 + 63 + 1 + 63 + 1 + 4 + 1 + 63 + 2 + 39 + 1 + 5 = 252.
  const long = { ...port, namespace: 'n'.repeat(63), name: 's'.repeat(63), portName: 'p'.repeat(63), protocol: 'SCTP' as const }
  const address = '1111:2222:3333:4444:5555:6666:7777:8888'
  const [first, second] = [60_001, 60_002].map((number) => endpointNames(long, { ...endpoint, address, port: number }).chain)
  expect(first).toHaveLength('endpoint-'.length + 240)
  expect(first).toMatch(/\.\.\.$/)
  expect(first).not.toBe(second)
})

test('only chains of Service ports have a slash in their names', () => {
  expect(isServiceChain(serviceChainNames(port).external)).toBe(true)
  expect(isServiceChain('service-endpoints-check')).toBe(false)
})
