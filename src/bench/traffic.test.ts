import { expect, test } from 'vitest'
import { HashServiceTable } from '../proxy/service-table/hash.ts'
import { fill, makePackets, makeServices, PACKETS } from './traffic.ts'

test('every Service has an address of its own in 10.96.0.0/12', () => {
  const { addresses } = makeServices('0', 50_000)
  expect(new Set(addresses).size).toBe(50_000)
  for (const address of addresses) expect(address >>> 20).toBe((10 << 4) | (96 >> 4))
})

test('packets ask for the Service at their position, and anywhere when uniform', () => {
  const services = makeServices('0', 100)
  const asked = (position: 'first' | 'middle' | 'last' | 'uniform') => new Set(makePackets('0', services, position).services)
  expect([...asked('first')]).toEqual([0])
  expect([...asked('middle')]).toEqual([50])
  expect([...asked('last')]).toEqual([99])
  expect(asked('uniform').size).toBe(100)
})

test('packets carry address and port of the Service they ask for', () => {
  const services = makeServices('0', 1000)
  const table = fill(new HashServiceTable(), services)
  const packets = makePackets('0', services, 'uniform')
  expect(packets.services.length).toBe(PACKETS)
  for (let packet = 0; packet < PACKETS; packet += 97) {
    expect(table.match(packets.addresses[packet]!, packets.ports[packet]!, 6)).toBe(packets.services[packet])
  }
})

test('the seed decides addresses and packets', () => {
  const services = (seed: string) => makeServices(seed, 10)
  expect(services('a')).toEqual(services('a'))
  expect(services('a')).not.toEqual(services('b'))
  expect(makePackets('a', services('a'), 'uniform')).not.toEqual(makePackets('b', services('a'), 'uniform'))
})
