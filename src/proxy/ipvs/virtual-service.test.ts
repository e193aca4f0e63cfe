import { describe, expect, test } from 'vitest'
import { TCP } from '../protocol.ts'
import { NO_DESTINATION } from './destination-list.ts'
import type { Packet } from './scheduler.ts'
import { isSchedulerName, SCHEDULER_NAMES, type SchedulerName } from './schedulers/index.ts'
import { VirtualService } from './virtual-service.ts'

const VIP = (10 << 24) | (96 << 16) | 1

function packet(port = 40_000, source = 7): Packet {
  return { protocol: TCP, sourceAddress: source, sourcePort: port, destinationAddress: VIP, destinationPort: 80 }
}

/** A service with destinations A, B, C… of these weights, added in this order. */
class Service {
  readonly service: VirtualService
  readonly #letters: string[] = []

  constructor(scheduler: SchedulerName, weights: readonly number[], overhead: 'classic' | 'total' = 'classic') {
    this.service = new VirtualService({ scheduler, overhead, below: (n) => n - 1 })
    for (const [index, weight] of weights.entries()) this.add('ABCDEFGH'[index]!, weight)
  }

  add(letter: string, weight = 1): void {
    this.#letters[this.service.add(letter.charCodeAt(0), 80, weight)] = letter
  }

  find(letter: string): number {
    return this.service.find(letter.charCodeAt(0), 80)
  }

  /** Opens connections, active (TCP) or inactive (UDP); '-' is a refusal. */
  open(count: number, active = true): string {
    let picks = ''
    for (let connection = 0; connection < count; connection += 1) {
      const destination = this.service.pick(packet(), 0)
      picks += destination < 0 ? '-' : this.#letters[destination]
      if (destination >= 0) this.service.bind(destination, active)
    }
    return picks
  }
}

test.each([
  ['rr', [1, 1, 1], 'CBACBAC', 'the newest first'],
  ['wrr', [4, 3, 2], 'CBAABACBACBAABACBA', 'in runs'],
  ['wrr', [6, 4, 2], 'CBAABACBAABA', 'with a common divisor of 2'],
  ['wlc', [3, 1], 'BAAABAAA', ''],
  ['sed', [3, 1], 'AABAAABA', ''],
  ['nq', [3, 1], 'BAAAAABA', ''],
  ['fo', [1, 1, 1], 'CCCC', 'all to the newest'],
  ['ovf', [2, 1], 'AAABB--', 'weight + 1 each, then refused'],
  ['lblc', [1, 1, 1], 'CCBBAAAA', 'one address, one destination until it is overloaded'],
  ['dh', [1, 1, 1], 'CCCC', 'one address, one destination'],
] as [SchedulerName, number[], string, string][])('%s with weights %j picks %s: %s', (scheduler, weights, picks) => {
  const service = new Service(scheduler, weights)
  // dh: which destination depends on the hash; that it is always the same one is the point.
  const opened = service.open(picks.length)
  if (scheduler === 'dh') expect(new Set(opened).size).toBe(1)
  else expect(opened).toBe(picks)
})

test.each([
  ['sed', 'CCCCCC', 'only active connections count'],
  ['nq', 'CCCCCC', 'all are idle'],
  ['lc', 'CBACBA', 'inactive connections count'],
] as [SchedulerName, string, string][])('%s sends UDP %s: %s', (scheduler, picks) => {
  expect(new Service(scheduler, [1, 1, 1]).open(6, false)).toBe(picks)
})

describe('rr', () => {
  test('goes on from the predecessor when the last pick is removed', () => {
    const service = new Service('rr', [1, 1, 1])
    expect(service.open(2)).toBe('CB')
    service.service.remove(service.find('B'))
    expect(service.open(3)).toBe('ACA')
  })

  test('reaches a new destination after the wrap only', () => {
    const service = new Service('rr', [1, 1, 1])
    expect(service.open(1)).toBe('C')
    service.add('D')
    expect(service.open(4)).toBe('BADC')
  })

  test('passes over a quiesced destination, and refuses when all are', () => {
    const service = new Service('rr', [1, 1, 1])
    service.service.setWeight(service.find('B'), 0)
    expect(service.open(5)).toBe('CACAC')
    service.service.setWeight(service.find('A'), 0)
    service.service.setWeight(service.find('C'), 0)
    expect(service.open(2)).toBe('--')
  })
})

test('wrr starts again from the head after an edit, with the bar where it was', () => {
  const service = new Service('wrr', [4, 3, 2])
  expect(service.open(3)).toBe('CBA')
  service.service.setWeight(service.find('A'), 1)
  expect(service.open(9)).toBe('CBABCBCBA')
})

test('the two overhead formulae differ where active and inactive connections weigh almost the same', () => {
  // B has 1 active; A has 256 inactive. classic: 256 against 256, a tie, B is first. total: 257 against 256, A.
  const pick = (overhead: 'classic' | 'total'): number => {
    const { service, find } = prepared(overhead)
    return service.pick(packet(), 0) === find('B') ? 1 : 0
  }
  const prepared = (overhead: 'classic' | 'total'): { service: VirtualService; find: (letter: string) => number } => {
    const service = new Service('wlc', [1, 1], overhead)
    service.service.bind(service.find('B'), true)
    for (let connection = 0; connection < 256; connection += 1) service.service.bind(service.find('A'), false)
    return { service: service.service, find: (letter) => service.find(letter) }
  }
  expect(pick('classic')).toBe(1)
  expect(pick('total')).toBe(0)
})

describe('a removed destination', () => {
  test('comes back to the head with its connections while it has some', () => {
    const service = new Service('lc', [1, 1, 1])
    service.open(3)
    const slot = service.find('A')
    service.service.remove(slot)
    expect(service.find('A')).toBe(-1)
    service.add('A')
    expect(service.find('A')).toBe(slot)
    expect(service.service.destinations.first).toBe(slot)
    expect(service.service.destinations.active(slot)).toBe(1)
  })

  test('is forgotten when its last connection ends', () => {
    const service = new Service('lc', [1, 1])
    service.open(2)
    const slot = service.find('A')
    service.service.remove(slot)
    service.service.unbind(slot, true)
    service.add('D')
    expect(service.find('D')).toBe(slot)
    expect(service.service.destinations.active(slot)).toBe(0)
  })

  test('keeps its slot while a lblc cache points to it, and is not used', () => {
    const service = new Service('lblc', [1, 1])
    expect(service.open(1)).toBe('B')
    const slot = service.find('B')
    service.service.unbind(slot, true)
    service.service.remove(slot)
    service.add('D')
    expect(service.find('D')).not.toBe(slot)
    expect(service.open(1)).toBe('D')
  })
})

test('kube-proxy gives all destinations weight 1: wrr picks as rr, wlc as lc', () => {
  for (const [weighted, plain] of [
    ['wrr', 'rr'],
    ['wlc', 'lc'],
  ] as const) {
    expect(new Service(weighted, [1, 1, 1, 1, 1]).open(40)).toBe(new Service(plain, [1, 1, 1, 1, 1]).open(40))
  }
})

test.each(SCHEDULER_NAMES)('%s refuses without destinations, and when all are quiesced', (scheduler) => {
  const service = new Service(scheduler, [])
  expect(service.open(1)).toBe('-')
  service.add('A', 0)
  service.add('B', 0)
  expect(service.open(1)).toBe('-')
  service.service.setWeight(service.find('A'), 2)
  service.service.remove(service.find('B'))
  expect(service.open(1)).toBe('A')
})

test('misuse is our own bug, and says so', () => {
  const service = new Service('rr', [1])
  expect(() => service.add('A')).toThrow('a destination is added once')
  for (const weight of [-1, 65_536]) {
    expect(() => service.add('B', weight)).toThrow('an IPVS weight is 0..65535')
    expect(() => service.service.setWeight(service.find('A'), weight)).toThrow('an IPVS weight is 0..65535')
  }
  service.service.setWeight(service.find('A'), 65_535)
  service.service.remove(service.find('A'))
  expect(() => service.service.remove(0)).toThrow('only a configured destination can be removed')
  expect(() => service.service.setWeight(0, 1)).toThrow('only a configured destination can be edited')
  expect(isSchedulerName('wcl')).toBe(false)
  expect(isSchedulerName('toString')).toBe(false)
})

test('sh without flags refuses the clients of a quiesced destination, and with fallback sends them on', () => {
  const refused = (fallback: boolean | null): number => {
    const service = new VirtualService({ scheduler: 'sh', ...(fallback === null ? {} : { flags: { fallback, port: false } }) })
    service.add(1, 80, 1)
    service.add(2, 80, 0)
    return Array.from({ length: 256 }, (_, source) => service.pick(packet(1, source), 0)).filter((picked) => picked < 0).length
  }
  expect(refused(null)).toBeGreaterThan(0)
  expect(refused(null)).toBe(refused(false))
  expect(refused(true)).toBe(0)
})

test('sh without flags sends a client to one destination, whatever its port', () => {
  const service = new VirtualService({ scheduler: 'sh' })
  for (const backend of [1, 2, 3]) service.add(backend, 80, 1)
  expect(new Set(Array.from({ length: 100 }, (_, port) => service.pick(packet(port), 0))).size).toBe(1)
})

describe('thresholds', () => {
  // lblc is left out: what it has cached for an address it takes as long as that has a weight, whatever its threshold.
  test.each(SCHEDULER_NAMES.filter((name) => name !== 'lblc'))(
    '%s picks no destination from its upper threshold on, until it is below the lower one',
    (scheduler) => {
      const service = new VirtualService({ scheduler, below: () => 0 })
      const only = service.add(1, 80, 5, { upper: 4, lower: 2 })
      for (let connections = 0; connections < 4; connections += 1) {
        expect(service.pick(packet(), 0)).toBe(only)
        service.bind(only, false)
      }
      expect(service.pick(packet(), 0)).toBe(NO_DESTINATION)
      service.unbind(only, false)
      service.unbind(only, false)
      expect(service.pick(packet(), 0)).toBe(NO_DESTINATION)
      service.unbind(only, false)
      expect(service.pick(packet(), 0)).toBe(only)
    },
  )

  test('an edit of the upper threshold: classic kernels forgive when it is raised, those of 2026 count anew', () => {
    for (const [overhead, forgives] of [
      ['classic', true],
      ['total', false],
    ] as const) {
      const service = new VirtualService({ scheduler: 'rr', overhead })
      const only = service.add(1, 80, 1, { upper: 3, lower: 0 })
      for (let n = 0; n < 6; n += 1) service.bind(only, false)
      service.setThresholds(only, { upper: 5, lower: 0 })
      expect(service.pick(packet(), 0)).toBe(forgives ? only : NO_DESTINATION)
      service.setThresholds(only, { upper: 0, lower: 0 })
      expect(service.pick(packet(), 0)).toBe(only)
    }
  })
})

test('a destination is known by address and port together', () => {
  const service = new VirtualService({ scheduler: 'rr' })
  const first = service.add(1, 80, 1)
  const second = service.add(1, 81, 1)
  expect(service.find(1, 81)).toBe(second)
  expect(service.find(1, 80)).toBe(first)
  expect(service.find(1, 82)).toBe(NO_DESTINATION)
  service.remove(second)
  const third = service.add(2, 81, 1)
  expect(service.find(1, 81)).toBe(NO_DESTINATION)
  expect(service.find(2, 81)).toBe(third)
})
