import { expect, test } from 'vitest'
import { hashKeyOf, parseHashKey } from './hash-key.ts'

const request = {
  host: 'shop.example.com',
  path: '/cart',
  isTls: true,
  headers: { 'X-User': 'ada', 'x-from': '{client}' },
  cookies: { session: 's-{client}' },
}
const visitor = { request, client: '203.0.113.9', remoteAddress: (10 << 24) | (1 << 16) | 200 }
const text = (key: string): string => new TextDecoder().decode(hashKeyOf(parseHashKey(key)!, visitor))

test.each([
  ['$request_uri', '/cart'],
  ['$uri', '/cart'],
  ['$host$uri', 'shop.example.com/cart'],
  ['$'.concat('{host}-x'), 'shop.example.com-x'],
  ['$scheme $request_method', 'https GET'],
  ['$remote_addr', '10.1.0.200'],
  ['$http_x_user', 'ada'],
  ['$http_x_from', '203.0.113.9'],
  ['$http_host', 'shop.example.com'],
  ['$cookie_session', 's-203.0.113.9'],
  ['$cookie_other|$http_nobody', '|'],
  ['always', 'always'],
])('%s is %s', (key, value) => {
  expect(text(key)).toBe(value)
})

test('$binary_remote_addr has the address’ four bytes', () => {
  expect([...hashKeyOf(parseHashKey('$binary_remote_addr')!, visitor)]).toEqual([10, 1, 0, 200])
})

test.each(['$arg_id', '$request_id', '$geoip_city-$host'])('%s has no value in the model', (key) => {
  expect(parseHashKey(key)).toBeNull()
})
