import { describe, expect, test } from 'vitest'
import { base32, endpointChainName, isServiceChain, nameHash, serviceChainNames } from './chain-name.ts'

describe('base 32', () => {
  /** The vectors of RFC 4648, without padding. */
  test.each([
    ['', ''],
    ['f', 'MY'],
    ['fo', 'MZXQ'],
    ['foo', 'MZXW6'],
    ['foob', 'MZXW6YQ'],
    ['fooba', 'MZXW6YTB'],
    ['foobar', 'MZXW6YTBOI'],
  ])('%j', (text, expected) => {
    expect(base32(new TextEncoder().encode(text))).toBe(expected)
  })
})

describe('names of chains', () => {
  test('a Service port has one hash, under four prefixes', () => {
    expect(serviceChainNames('ns1/svc1:p80', 'TCP')).toEqual({
      cluster: 'KUBE-SVC-XPGD46QRK7WJZT7O',
      local: 'KUBE-SVL-XPGD46QRK7WJZT7O',
      external: 'KUBE-EXT-XPGD46QRK7WJZT7O',
      firewall: 'KUBE-FW-XPGD46QRK7WJZT7O',
    })
  })

  test('an endpoint has its own in each Service port', () => {
    expect(endpointChainName('ns3/svc3:p80', 'TCP', '10.180.0.3:80')).toBe('KUBE-SEP-OYPFS5VJICHGATKP')
    expect(endpointChainName('ns5/svc5:p80', 'TCP', '10.180.0.3:80')).toBe('KUBE-SEP-I77PXRDZVX7PMWMN')
  })

  test('the protocol is part of the name', () => {
    expect(serviceChainNames('ns1/svc1:p80', 'UDP').cluster).not.toBe(serviceChainNames('ns1/svc1:p80', 'TCP').cluster)
  })

  test('a name has as many letters as asked, the shorter a prefix of the longer', () => {
    expect(nameHash('ns1/svc1:p80tcp', 16)).toBe('XPGD46QRK7WJZT7O')
    expect(nameHash('ns1/svc1:p80tcp', 8)).toBe('XPGD46QR')
  })

  test("kube-proxy's fixed chains are nobody's in particular", () => {
    expect(['KUBE-SERVICES', 'KUBE-NODEPORTS', 'KUBE-MARK-MASQ', 'PREROUTING', 'KUBE-SVC'].filter(isServiceChain)).toEqual([])
    expect(['KUBE-SVC-A', 'KUBE-SVL-A', 'KUBE-EXT-A', 'KUBE-FW-A', 'KUBE-SEP-A'].every(isServiceChain)).toBe(true)
  })
})
