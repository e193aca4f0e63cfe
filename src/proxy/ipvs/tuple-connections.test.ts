/**
 * Connections by address and port against the connection table, which sees every packet: the same verdicts, the same counters at every moment.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { linux } from '../../linux-version.ts'
import { MILLISECOND, type Nanos, SECOND } from '../../units.ts'
import { TCP } from '../protocol.ts'
import { ConnectionTable, DROPPED, KUBE_PROXY_SYSCTLS } from './connection-table.ts'
import { kubeProxyConnReuseMode, type ReuseRules, reuseRules } from './reuse-rules.ts'
import type { Packet } from './scheduler.ts'
import type { Ending } from './timeouts.ts'
import { SYN_DROPPED, TupleConnections } from './tuple-connections.ts'
import { VirtualService } from './virtual-service.ts'

const VIP = 0x0a600001

function packet(port: number, client = 7): Packet {
  return { protocol: TCP, sourceAddress: client, sourcePort: port, destinationAddress: VIP, destinationPort: 80 }
}

function snapshot(service: VirtualService): number[][] {
  const list = service.destinations
  const rows: number[][] = []
  for (let d = list.first; d >= 0; d = list.next(d)) rows.push([list.address(d), list.weight(d), list.active(d), list.inactive(d)])
  return rows
}

describe('the rules of kernels', () => {
  test('kube-proxy sets conn_reuse_mode 0 before 5.9', () => {
    expect([linux(4, 19), linux(5, 8), linux(5, 9), linux(6, 1)].map(kubeProxyConnReuseMode)).toEqual([0, 0, 1, 1])
  })

  test.each([
    [linux(5, 4), undefined, { reschedulesEnded: false, reschedulesDrained: false, dropsFirst: true }],
    [linux(5, 8), 1, { reschedulesEnded: true, reschedulesDrained: true, dropsFirst: true }],
    [linux(5, 9), undefined, null],
    [linux(5, 15), 0, { reschedulesEnded: false, reschedulesDrained: false, dropsFirst: false }],
    [linux(5, 16), 0, { reschedulesEnded: false, reschedulesDrained: true, dropsFirst: false }],
    [linux(6, 1), 1, null],
  ] as const)('%i, mode %s', (kernel, mode, rules) => {
    expect(reuseRules(kernel, mode)).toEqual(rules)
  })
})

const step = fc.record({
  kind: fc.constantFrom('open', 'open', 'open', 'open', 'end', 'end', 'again', 'weight', 'remove', 'add'),
  which: fc.nat(1000),
  ending: fc.constantFrom<Ending>('time-wait', 'time-wait', 'close', 'syn-received', 'established'),
  wait: fc.oneof({ weight: 5, arbitrary: fc.nat(300) }, fc.nat(20_000), fc.nat(130_000)),
})

interface Connection {
  readonly packet: Packet
  readonly entry: number
  readonly ending: Ending
}

test.each([
  [linux(5, 4), 0],
  [linux(5, 4), 1],
  [linux(5, 15), 0],
  [linux(6, 1), 0],
] as const)('kernel %i, conn_reuse_mode %i: verdicts and counters are those of the connection table', (kernel, connReuseMode) => {
  const rules = reuseRules(kernel, connReuseMode)!
  fc.assert(
    fc.property(fc.array(step, { maxLength: 150, size: 'max' }), (steps) => {
      const full = new VirtualService({ scheduler: 'lc' })
      const light = new VirtualService({ scheduler: 'lc' })
      const table = new ConnectionTable({
        sysctls: { ...KUBE_PROXY_SYSCTLS, connReuseMode, reschedulesDrained: rules.reschedulesDrained },
      })
      const tuples = new TupleConnections(light, rules)
      for (let backend = 0; backend < 4; backend++) for (const service of [full, light]) service.add(backend, 80, 1)
      const open = new Map<number, Connection>()
      /** How the last connection of a port ended. */
      const ended = new Map<number, Ending>()
      let now: Nanos = 0
      for (const { kind, which, ending, wait } of steps) {
        // The table forgets who is silent for a minute.
        for (let left = wait; left >= 0; left -= 40_000) {
          now += Math.min(left, 40_000) * MILLISECOND
          table.expire(now)
          for (const known of open.values()) table.fromServer(known.packet, known.ending === 'syn-received' ? 'syn' : 'ack', now)
        }
        tuples.drain(now)
        const port = which % 24
        if (kind === 'open' && !open.has(port)) {
          const sent = packet(port)
          const last = ended.get(port)
          const confirmed = rules.dropsFirst || last === 'syn-received' || last === 'established'
          const verdict = table.fromClient(full, sent, 'syn', confirmed, now)
          const entry = tuples.connect(sent, now)
          ended.delete(port)
          expect(entry === SYN_DROPPED).toBe(verdict === DROPPED)
          if (entry >= 0) {
            expect(light.destinations.address(tuples.destinationOf(entry))).toBe(full.destinations.address(verdict))
            if (ending !== 'syn-received') {
              table.fromServer(sent, 'syn', now)
              table.fromClient(full, sent, 'ack', true, now)
            }
            open.set(port, { packet: sent, entry, ending })
          }
        }
        const known = open.get(port)
        if (kind === 'end' && known !== undefined) {
          open.delete(port)
          ended.set(port, known.ending)
          if (known.ending === 'close') table.fromClient(full, known.packet, 'rst', true, now)
          if (known.ending === 'time-wait') {
            table.fromServer(known.packet, 'fin', now)
            table.fromClient(full, known.packet, 'fin', true, now)
            table.fromServer(known.packet, 'ack', now)
          }
          tuples.finish(known.entry, known.ending, now)
        }
        if (kind === 'again' && known?.ending === 'syn-received') {
          const verdict = table.fromClient(full, known.packet, 'syn', true, now)
          expect(tuples.accepts(known.entry)).toBe(verdict !== DROPPED)
          if (verdict === DROPPED) {
            tuples.expire(known.entry, now)
            open.delete(port)
          }
        }
        const inUse = [...open.values()].some(({ entry }) => light.destinations.address(tuples.destinationOf(entry)) === which % 6)
        for (const service of [full, light]) {
          const at = service.find(which % 6, 80)
          if (kind === 'weight' && at >= 0) service.setWeight(at, which % 2)
          // Of an open connection whose destination is gone, the client's next packet would be the end.
          if (kind === 'remove' && at >= 0 && !inUse) service.remove(at)
          if (kind === 'add' && at < 0) service.add(which % 6, 80, 1)
        }
        expect(snapshot(light)).toEqual(snapshot(full))
      }
    }),
    { numRuns: 150 },
  )
})

/** A connection of port 1 that ended at 0, at a service of destinations 1, 2 and 3 in round robin. */
function ended(rules: ReuseRules, ending: Ending = 'time-wait') {
  const service = new VirtualService({ scheduler: 'rr' })
  for (const backend of [1, 2, 3]) service.add(backend, 80, 1)
  const tuples = new TupleConnections(service, rules)
  const first = tuples.connect(packet(1), 0)
  expect(service.destinations.address(tuples.destinationOf(first))).toBe(3)
  tuples.finish(first, ending, 0)
  /** The backend of a SYN of a port, or the verdict. */
  const syn = (now: Nanos, port = 1, client = 7): number => {
    const entry = tuples.connect(packet(port, client), now)
    return entry < 0 ? entry : service.destinations.address(tuples.destinationOf(entry))
  }
  return { service, tuples, syn }
}

describe('a SYN from the port of an ended connection', () => {
  const [MODE_0, MODE_1] = [reuseRules(linux(5, 4), 0)!, reuseRules(linux(5, 4), 1)!]

  test('mode 1 before 5.9: is dropped once', () => {
    const { syn } = ended(MODE_1)
    expect([syn(SECOND), syn(2 * SECOND)]).toEqual([SYN_DROPPED, 2])
  })

  test('mode 0: goes where the old one went, again and again, even to a drained destination', () => {
    const { service, tuples, syn } = ended(MODE_0)
    service.setWeight(service.find(3, 80), 0)
    for (let turn = 1; turn <= 5; turn++) {
      expect(syn(turn * 100 * SECOND)).toBe(3)
      tuples.finish(0, 'syn-received', turn * 100 * SECOND)
      expect(syn(turn * 100 * SECOND + 59 * SECOND)).toBe(3)
      tuples.finish(0, 'time-wait', turn * 100 * SECOND + 59 * SECOND)
    }
  })

  test('120 s after the end is like any other, for good', () => {
    const { service, syn } = ended(MODE_0)
    expect(syn(122_100 * MILLISECOND)).toBe(2)
    expect(service.destinations.inactive(service.find(3, 80))).toBe(0)
  })

  test('of another client is like any other', () => {
    const { syn } = ended(MODE_1)
    expect(syn(SECOND, 1, 8)).toBe(2)
    expect(syn(SECOND, 2)).toBe(1)
  })

  test('thousands of entries at once are told apart', () => {
    const { tuples, syn } = ended(MODE_1)
    const entries: number[] = []
    for (let port = 2; port < 20_000; port++) entries.push(tuples.connect(packet(port), SECOND))
    expect(new Set(entries).size).toBe(19_998)
    for (const entry of entries) tuples.finish(entry, 'time-wait', SECOND)
    for (let port = 2; port < 20_000; port++) if (syn(2 * SECOND, port) !== SYN_DROPPED) throw new Error(`port ${port} was free`)
    for (let port = 2; port < 20_000; port++) if (syn(3 * SECOND, port) < 0) throw new Error(`port ${port} was taken`)
  })
})
