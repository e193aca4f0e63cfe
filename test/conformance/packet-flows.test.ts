import { describe, expect, test } from 'vitest'
import { check } from './kinds/packet-flows.ts'

/** A Service with one endpoint on another node, and one without endpoints: what the recorded files look like, in small. */
const STATE = {
  config: { ipFamily: 'IPv4', nodeName: 'node', nodeIP: '192.168.0.2', localDetectorCIDR: '10.0.0.0/8', serviceCIDRs: ['172.30.0.0/16'] },
  nodeIPs: ['192.168.0.2'],
  services: [serviceOf('web', '172.30.0.1'), serviceOf('empty', '172.30.0.2')],
  endpointSlices: [
    {
      metadata: { name: 'web-1', namespace: 'shop', labels: { 'kubernetes.io/service-name': 'web' } },
      addressType: 'IPv4',
      endpoints: [{ addresses: ['10.1.0.1'], conditions: {}, nodeName: 'other' }],
      ports: [{ name: 'http', protocol: 'TCP', port: 8080 }],
    },
  ],
}

function serviceOf(name: string, clusterIP: string): object {
  return { metadata: { name, namespace: 'shop' }, spec: { clusterIP, ports: [{ name: 'http', protocol: 'TCP', port: 80 }] } }
}

const toWeb = { name: 'pod to web', sourceIP: '10.0.0.2', protocol: 'TCP', destIP: '172.30.0.1', destPort: 80 }
const served = { verdict: 'dnat', endpoints: ['10.1.0.1:8080'], masq: false }
const toNowhere = { ...toWeb, name: 'pod to wrong port', destPort: 81 }

function flowsOf(suite: string, ...flows: object[]): ReturnType<typeof check> {
  return check({ cases: [{ ...STATE, id: 'fixture', suite, flows }] })
}

describe('packet-flows', () => {
  test('a flow that holds is counted in every mode', () => {
    const outcome = flowsOf(
      'iptables',
      { ...toWeb, ...served },
      { ...toWeb, name: 'pod to empty', destIP: '172.30.0.2', verdict: 'reject', masq: false },
    )
    expect(outcome).toMatchObject({ passed: 6, failed: [], notApplicable: [] })
  })

  test.each([
    ['another verdict', { ...served, verdict: 'reject' }],
    ['another endpoint', { ...served, endpoints: ['10.1.0.2:8080'] }],
    ['one endpoint more', { ...served, endpoints: ['10.1.0.1:8080', '10.1.0.2:8080'] }],
    ['a masquerade', { ...served, masq: true }],
  ])('%s than expected fails in every mode, and says which', (_case, expected) => {
    const { passed, failed } = flowsOf('iptables', { ...toWeb, ...expected })
    expect(passed).toBe(0)
    expect(failed.map(({ id }) => id)).toEqual(['fixture iptables: pod to web', 'fixture nftables: pod to web', 'fixture ipvs: pod to web'])
    expect(failed[0]?.message).toContain('expected {"verdict":"')
  })

  test('a mode that is known to differ is not asked, and the reason is given', () => {
    const outcome = flowsOf('iptables', { ...toNowhere, verdict: 'none', masq: false })
    expect(outcome).toMatchObject({ passed: 1, failed: [] })
    expect(outcome.notApplicable.map(({ mode }) => mode)).toEqual(['nftables', 'ipvs'])
    expect(flowsOf('nftables', { ...toNowhere, verdict: 'reject', masq: false }).notApplicable.map(({ mode }) => mode)).toEqual([
      'iptables',
      'ipvs',
    ])
  })

  test('the mode that was recorded is asked whatever is known of others', () => {
    expect(flowsOf('nftables', { ...toNowhere, verdict: 'none', masq: false }).failed.map(({ id }) => id)).toEqual([
      'fixture nftables: pod to wrong port',
    ])
  })

  test('a probe gives nftables mode a verdict of its own, and counts and the IPVS state are compared', () => {
    const probe = { ...toNowhere, iptables: { verdict: 'none', masq: false }, nftables: { verdict: 'reject' } }
    const wrong = { ipvs: { virtualServers: [], ipsets: {} }, counts: { iptables: { natRules: 1 }, nftables: { chains: 1 } } }
    const { passed, failed } = check({ cases: [{ ...STATE, id: 'fixture', probes: [probe], ...wrong }] })
    expect(passed).toBe(2)
    expect(failed.map(({ id }) => id)).toEqual([
      'fixture iptables: counts',
      'fixture nftables: counts',
      'fixture ipvs: state',
      'fixture ipvs: state',
    ])
  })

  test('a fixture that cannot be read fails alone', () => {
    const { passed, failed } = check({
      cases: [{ id: 'broken' }, { ...STATE, id: 'fixture', suite: 'iptables', flows: [{ ...toWeb, ...served }] }],
    })
    expect(passed).toBe(3)
    expect(failed.map(({ id }) => id)).toEqual(['broken iptables', 'broken nftables', 'broken ipvs'])
  })
})
