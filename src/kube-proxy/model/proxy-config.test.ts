import { describe, expect, test } from 'vitest'
import { readProxyConfig, servesAllNodePortAddresses } from './proxy-config.ts'

const NODE_IPS = ['192.168.0.2', '192.168.1.2', '2001:db8::1']

describe("a node's addresses", () => {
  test('are those of the family, with its loopback', () => {
    expect(readProxyConfig({}, NODE_IPS).localAddresses).toEqual(['192.168.0.2', '192.168.1.2', '127.0.0.1'])
    expect(readProxyConfig({ ipFamily: 'IPv6' }, NODE_IPS).localAddresses).toEqual(['2001:db8::1', '::1'])
  })

  test('all serve node ports, unless networks are named', () => {
    expect(readProxyConfig({}, NODE_IPS).nodePortIPs).toEqual(['192.168.0.2', '192.168.1.2', '127.0.0.1'])
    expect(readProxyConfig({ nodePortAddresses: ['192.168.1.0/24', 'fd00::/8'] }, NODE_IPS)).toMatchObject({
      nodePortAddresses: ['192.168.1.0/24'],
      nodePortIPs: ['192.168.1.2'],
    })
  })

  test('a network of length 0 names all', () => {
    const serves = (...nodePortAddresses: string[]) => servesAllNodePortAddresses(readProxyConfig({ nodePortAddresses }, NODE_IPS))
    expect(serves()).toBe(true)
    expect(serves('0.0.0.0/0')).toBe(true)
    expect(serves('10.0.0.0/8', '0.0.0.0/0')).toBe(true)
    expect(serves('192.168.0.0/24')).toBe(false)
  })

  test('the first of the family is the node’s own', () => {
    expect(readProxyConfig({ ipFamily: 'IPv6' }, NODE_IPS).nodeIP).toBe('2001:db8::1')
    expect(readProxyConfig({ nodeIP: '192.168.1.2' }, NODE_IPS).nodeIP).toBe('192.168.1.2')
  })
})

test('the mark is read from hexadecimal text', () => {
  expect(readProxyConfig({}).masqueradeMark).toBe(0x4000)
  expect(readProxyConfig({ masqueradeMark: '0x8000' }).masqueradeMark).toBe(0x8000)
})
