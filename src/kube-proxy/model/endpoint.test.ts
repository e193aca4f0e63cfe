import { describe, expect, test } from 'vitest'
import { rawSlice } from './cluster.fixture.ts'
import { readEndpoints } from './endpoint.ts'

const HERE = { ipFamily: 'IPv4', nodeName: 'here' } as const

function namesIn(...slices: unknown[]): Record<string, string[]> {
  return Object.fromEntries([...readEndpoints(slices, HERE)].map(([key, list]) => [key, list.map(({ endpoint }) => endpoint)]))
}

describe('endpoints', () => {
  test('are sorted by their text, not their number', () => {
    expect(namesIn(rawSlice('web', ['10.0.0.9', '10.0.0.10', '10.0.0.1']))).toEqual({
      'shop/web:http/TCP': ['10.0.0.10:8080', '10.0.0.1:8080', '10.0.0.9:8080'],
    })
  })

  test('of several slices come together', () => {
    const second = rawSlice('web', ['10.0.0.1'], {
      metadata: { namespace: 'shop', name: 'web-2', labels: { 'kubernetes.io/service-name': 'web' } },
    })
    expect(namesIn(rawSlice('web', ['10.0.0.2']), second)).toEqual({ 'shop/web:http/TCP': ['10.0.0.1:8080', '10.0.0.2:8080'] })
  })

  test('of one port name under two protocols stay apart', () => {
    const ports = [
      { name: 'dns', protocol: 'UDP', port: 53 },
      { name: 'dns', protocol: 'TCP', port: 5353 },
    ]
    expect(namesIn(rawSlice('dns', ['10.0.0.1'], { ports }))).toEqual({
      'shop/dns:dns/UDP': ['10.0.0.1:53'],
      'shop/dns:dns/TCP': ['10.0.0.1:5353'],
    })
  })

  test.each([
    ['no port name', { ports: [{ port: 80 }] }],
    ['no port number', { ports: [{ name: 'http' }] }],
    ['port 0', { ports: [{ name: 'http', port: 0 }] }],
    ['another family', { addressType: 'IPv6' }],
    ['names instead of addresses', { addressType: 'FQDN' }],
    ['no Service', { metadata: { namespace: 'shop', name: 'web-1', labels: {} } }],
    ['null for its ports', { ports: null }],
  ])('of a slice with %s are not read', (_what, ofSlice) => {
    expect(namesIn(rawSlice('web', ['10.0.0.1'], ofSlice))).toEqual({})
  })

  test('without an address, or with one that does not fit its slice, are not read', () => {
    expect(namesIn(rawSlice('web', [{ addresses: [] }, { addresses: ['fd00::1'] }, '10.0.0.1']))).toEqual({
      'shop/web:http/TCP': ['10.0.0.1:8080'],
    })
  })

  test('have the conditions of a healthy one where none are given, and hints by name', () => {
    const hinted = {
      addresses: ['10.180.00.001', '10.0.0.2'],
      nodeName: 'here',
      hints: { forZones: [{ name: 'a' }, { name: 'b' }], forNodes: [{ name: 'here' }] },
    }
    expect(readEndpoints([rawSlice('web', [hinted])], HERE).get('shop/web:http/TCP')).toEqual([
      {
        address: '10.180.0.1',
        port: 8080,
        endpoint: '10.180.0.1:8080',
        isLocal: true,
        ready: true,
        serving: true,
        terminating: false,
        zoneHints: ['a', 'b'],
        nodeHints: ['here'],
      },
    ])
  })

  test('that appear twice are the first, unless the second is local', () => {
    const first = { addresses: ['10.0.0.1'], nodeName: 'there', conditions: { ready: false } }
    const read = (...endpoints: unknown[]) => readEndpoints([rawSlice('web', endpoints)], HERE).get('shop/web:http/TCP')!
    expect(read(first, { addresses: ['10.0.0.1'], nodeName: 'elsewhere' })).toMatchObject([{ ready: false, isLocal: false }])
    expect(read(first, { addresses: ['10.0.0.1'], nodeName: 'here' })).toMatchObject([{ ready: true, isLocal: true }])
  })

  test('of IPv6 stand in brackets', () => {
    const slice = rawSlice('web', ['FD00::1'], { addressType: 'IPv6' })
    const [endpoint] = readEndpoints([slice], { ipFamily: 'IPv6', nodeName: 'here' }).get('shop/web:http/TCP')!
    expect(endpoint).toMatchObject({ address: 'fd00::1', endpoint: '[fd00::1]:8080' })
  })
})
