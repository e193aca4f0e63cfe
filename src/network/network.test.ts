import { describe, expect, test } from 'vitest'
import { Addresses } from './addresses.ts'
import { Network } from './network.ts'

describe('Network', () => {
  test.each([
    ['one node', 0, 0, 1],
    ['one zone', 0, 1, 2],
    ['two zones', 1, 2, 3],
    ['the other way round', 2, 1, 3],
  ])('the delay is that of %s', (_case, from, to, expected) => {
    expect(new Network({ sameNode: 1, sameZone: 2, crossZone: 3, external: 4 }, ['a', 'a', 'b']).delay(from, to)).toBe(expected)
  })
})

describe('Addresses', () => {
  test('an address has one number for ever, and an endpoint knows its address', () => {
    const addresses = new Addresses()
    const endpoints = Array.from({ length: 3000 }, (_, index) => addresses.endpoint(`10.0.${index >> 8}.${index & 255}`, 80))
    expect(new Set(endpoints).size).toBe(3000)
    for (const [index, endpoint] of endpoints.entries()) {
      const address = `10.0.${index >> 8}.${index & 255}`
      expect(addresses.endpoint(address, 80)).toBe(endpoint)
      expect(addresses.addressOf(endpoint)).toBe(addresses.address(address))
      expect(addresses.endpointName(endpoint)).toBe(`${address}:80`)
    }
    expect(addresses.addressOf(addresses.endpoint('10.0.0.7', 443))).toBe(addresses.address('10.0.0.7'))
  })
})
