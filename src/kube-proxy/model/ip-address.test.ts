import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  addressFamily,
  canonicalAddress,
  formatAddress,
  isLoopback,
  joinHostPort,
  parseAddress,
  parseNetwork,
  rangeContains,
} from './ip-address.ts'

describe('addresses', () => {
  test.each([
    ['10.0.0.1', '10.0.0.1'],
    ['172.30.0.041', '172.30.0.41'],
    ['FD00:10::0001', 'fd00:10::1'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['::1', '::1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['64:ff9b::192.0.2.1', '64:ff9b::c000:201'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
  ])('%s is written %s', (text, canonical) => {
    expect(canonicalAddress(text)).toBe(canonical)
  })

  test.each([
    '',
    '10.0.0',
    '10.0.0.256',
    '10.0.0.1.2',
    '10.0.0.x',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4::5:6:7:8',
    'fd00:12345::1',
    ':1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:',
    '::1.2.3',
  ])('%j is no address', (text) => {
    expect(canonicalAddress(text)).toBeNull()
    expect(addressFamily(text)).toBeNull()
  })

  test('every IPv6 address reads back as itself', () => {
    const group = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff }))
    fc.assert(
      fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), (groups) => {
        fc.pre(!(groups.slice(0, 5).every((g) => g === 0) && groups[5] === 0xffff))
        const bytes = Uint8Array.from(groups.flatMap((g) => [g >> 8, g & 0xff]))
        const text = formatAddress(bytes)
        expect(parseAddress(text)).toEqual(bytes)
        // As a browser writes it.
        expect(`[${text}]`).toBe(new URL(`http://[${groups.map((g) => g.toString(16)).join(':')}]/`).hostname)
      }),
    )
  })
})

describe('networks', () => {
  test.each([
    ['10.0.0.0/8', '10.255.0.1', true],
    ['10.0.0.0/8', '11.0.0.1', false],
    ['203.0.113.0/25', '203.0.113.127', true],
    ['203.0.113.0/25', '203.0.113.128', false],
    ['0.0.0.0/0', '1.2.3.4', true],
    ['0.0.0.0/0', '::1', false],
    ['fd00:10::/64', 'fd00:10::2:1', true],
    ['fd00:10::/64', 'fd00:10:0:1::1', false],
    ['fd00::/9', 'fd7f::1', true],
    ['fd00::/9', 'fd80::1', false],
    ['10.0.0.1', '10.0.0.1', true],
    ['10.0.0.1', '10.0.0.2', false],
    ['nowhere', '10.0.0.2', false],
    ['10.0.0.0/8', 'nobody', false],
  ])('%s holds %s: %s', (range, address, expected) => {
    expect(rangeContains(range, address)).toBe(expected)
  })

  test.each(['10.0.0.0', '10.0.0.0/33', 'fd00::/129', '10.0.0/8', '10.0.0.0/', '/8', '10.0.0.0/-1'])('%j is no network', (text) => {
    expect(parseNetwork(text)).toBeNull()
  })

  test('bits behind the prefix are taken off', () => {
    expect(parseNetwork('203.000.113.200/025')).toEqual(parseNetwork('203.0.113.128/25'))
  })
})

test('loopback is a network in IPv4 and one address in IPv6', () => {
  expect(['127.0.0.1', '127.9.9.9', '::1'].every(isLoopback)).toBe(true)
  expect(['128.0.0.1', '::2', '10.0.0.1'].some(isLoopback)).toBe(false)
})

test('an IPv6 address with a port stands in brackets', () => {
  expect(joinHostPort('10.0.0.1', 80)).toBe('10.0.0.1:80')
  expect(joinHostPort('fd00::1', 80)).toBe('[fd00::1]:80')
})
