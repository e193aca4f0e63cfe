/** One contract for every table: the rows read like a packet's lookup, and a Map is the model for whatever the rows forget. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SCTP, TCP, UDP } from '../protocol.ts'
import { rulePosition } from '../rule-order.ts'
import { HashServiceTable } from './hash.ts'
import { LinearServiceTable } from './linear.ts'
import { NO_SERVICE, type ServiceTable } from './service-table.ts'

const web = 0
const dns = 1
const dnsTcp = 2
const signed = 3

function ip(a: number, b: number, c: number, d: number): number {
  return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0
}

function filled(table: ServiceTable): ServiceTable {
  table.add(ip(10, 96, 0, 10), 80, TCP, web)
  table.add(ip(10, 96, 0, 11), 53, UDP, dns)
  table.add(ip(10, 96, 0, 11), 53, TCP, dnsTcp)
  table.add(ip(203, 0, 113, 1), 65535, SCTP, signed)
  return table
}

describe.each([
  ['LinearServiceTable', () => new LinearServiceTable(1)],
  ['HashServiceTable', () => new HashServiceTable(1)],
] as [string, () => ServiceTable][])('%s', (_name, make) => {
  test.each([
    ['cluster IP and port', ip(10, 96, 0, 10), 80, TCP, web],
    ['the same port in UDP', ip(10, 96, 0, 11), 53, UDP, dns],
    ['and in TCP', ip(10, 96, 0, 11), 53, TCP, dnsTcp],
    ['right address, wrong port', ip(10, 96, 0, 10), 81, TCP, NO_SERVICE],
    ['right port, wrong protocol', ip(10, 96, 0, 10), 80, UDP, NO_SERVICE],
    ['an address that no service has', ip(10, 96, 0, 99), 80, TCP, NO_SERVICE],
    ['an address above 127.255.255.255, unsigned', ip(203, 0, 113, 1), 65535, SCTP, signed],
    ['and as a signed number', ip(203, 0, 113, 1) | 0, 65535, SCTP, signed],
  ])('finds %s', (_case, address, port, protocol, expected) => {
    expect(filled(make()).match(address, port, protocol)).toBe(expected)
  })

  test('finds nothing in an empty table', () => {
    expect(make().match(ip(10, 96, 0, 10), 80, TCP)).toBe(NO_SERVICE)
  })

  test('gives a key that is added again its new service, and counts it once', () => {
    const table = filled(make())
    table.add(ip(10, 96, 0, 10), 80, TCP, 7)
    expect(table.match(ip(10, 96, 0, 10), 80, TCP)).toBe(7)
    expect(table.size).toBe(4)
  })

  test('tells whether there was something to remove', () => {
    const table = filled(make())
    expect(table.remove(ip(10, 96, 0, 10), 80, TCP)).toBe(true)
    expect(table.remove(ip(10, 96, 0, 10), 80, TCP)).toBe(false)
    expect(table.match(ip(10, 96, 0, 10), 80, TCP)).toBe(NO_SERVICE)
    expect(table.size).toBe(3)
  })

  test('refuses a service that it could not tell from none', () => {
    expect(() => make().add(ip(10, 96, 0, 10), 80, TCP, NO_SERVICE)).toThrow('a service index is not negative')
  })

  test('examines one entry to find the only one there is', () => {
    const table = make()
    table.add(ip(10, 96, 0, 10), 80, TCP, web)
    table.match(ip(10, 96, 0, 10), 80, TCP)
    expect(table.examined).toBe(1)
  })

  test('agrees with a Map after any adds and removals', () => {
    // Few keys, so that they meet; addresses that differ in high and in low bits, so that hashes meet too.
    const key = fc.record({
      address: fc.constantFrom(...Array.from({ length: 24 }, (_, index) => ip(10 + (index % 3), 96, 0, index * 11))),
      port: fc.constantFrom(53, 80, 443),
      protocol: fc.constantFrom(TCP, UDP),
    })
    const step = fc.record({ key, service: fc.option(fc.nat(1000), { freq: 3 }) })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300, size: 'max' }), (steps) => {
        const table = make()
        const model = new Map<string, number>()
        for (const { key, service } of steps) {
          const name = `${key.address}:${key.port}/${key.protocol}`
          if (service === null) expect(table.remove(key.address, key.port, key.protocol)).toBe(model.delete(name))
          else {
            table.add(key.address, key.port, key.protocol, service)
            model.set(name, service)
          }
          expect(table.size).toBe(model.size)
        }
        for (const { key } of steps) {
          const name = `${key.address}:${key.port}/${key.protocol}`
          expect(table.match(key.address, key.port, key.protocol)).toBe(model.get(name) ?? NO_SERVICE)
        }
      }),
      { numRuns: 150 },
    )
  })
})

describe('LinearServiceTable', () => {
  const rules = (count: number): LinearServiceTable => {
    const table = new LinearServiceTable()
    for (let rule = 0; rule < count; rule += 1) table.add(ip(10, 96, rule >> 8, rule & 255), 80, TCP, rule)
    return table
  }

  test('examines the rules in front of the hit and the hit itself, and all of them on a miss', () => {
    const table = rules(11)
    for (let rule = 0; rule < 11; rule += 1) {
      expect(table.match(ip(10, 96, 0, rule), 80, TCP)).toBe(rule)
      expect(table.examined).toBe(rule + 1)
    }
    table.match(ip(10, 96, 9, 9), 80, TCP)
    expect(table.examined).toBe(11)
  })

  test('moves the rules behind a removed one up', () => {
    const table = rules(6)
    table.remove(ip(10, 96, 0, 2), 80, TCP)
    expect(table.match(ip(10, 96, 0, 5), 80, TCP)).toBe(5)
    expect(table.examined).toBe(5)
  })

  test('refuses an order in which two rules share a place', () => {
    expect(() => rules(3).reorder(() => 1)).toThrow('two rules do not share a place')
  })

  test.each([-1, 3])('refuses an order in which a rule gets the place %i of three', (place) => {
    expect(() => rules(3).reorder((index) => (index === 1 ? place : index))).toThrow('a rule keeps a place inside the list')
  })

  test('laid out in the order of rulePosition, a walk gives the verdict and the count that index and rulePosition say', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 700 }), fc.integer(), (count, key) => {
        const table = rules(count)
        table.reorder((index) => rulePosition(key, index, count))
        for (let rule = 0; rule < count; rule += 1) {
          expect(table.match(ip(10, 96, rule >> 8, rule & 255), 80, TCP)).toBe(rule)
          expect(table.examined).toBe(rulePosition(key, rule, count) + 1)
        }
      }),
      { numRuns: 40 },
    )
  })
})

test('HashServiceTable ends a removal at an empty slot, also when every slot has been used before', () => {
  const table = new HashServiceTable(1)
  for (let service = 0; service < 1000; service += 1) {
    table.add(ip(10, 96, service >> 8, service & 255), 80, TCP, service)
    expect(table.remove(ip(10, 96, service >> 8, service & 255), 80, TCP)).toBe(true)
  }
  expect(table.size).toBe(0)
})

test('HashServiceTable makes few probes at 50,000 services, hit or miss', () => {
  const table = new HashServiceTable()
  const count = 50_000
  for (let service = 0; service < count; service += 1)
    table.add(ip(10, 96 + (service >> 16), service >> 8, service & 255), 80, TCP, service)
  let probes = 0
  let worst = 0
  for (let service = 0; service < count; service += 1) {
    expect(table.match(ip(10, 96 + (service >> 16), service >> 8, service & 255), 80, TCP)).toBe(service)
    probes += table.examined
    worst = Math.max(worst, table.examined)
  }
  // Linear probing at load a: (1 + 1 / (1 - a)) / 2 for a hit; 1.31 at 50,000 of 131,072 slots.
  expect(probes / count).toBeLessThan(1.4)
  expect(worst).toBeLessThan(64)
})
