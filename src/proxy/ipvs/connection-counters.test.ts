/**
 * The light-weight counters against the connection table: the same clients, the same picks, the same counters at every moment.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MILLISECOND, type Nanos, SECOND } from '../../units.ts'
import { TCP, UDP } from '../protocol.ts'
import { ConnectionCounters } from './connection-counters.ts'
import { ConnectionTable } from './connection-table.ts'
import type { Destination } from './destination-list.ts'
import type { Packet } from './scheduler.ts'
import { SCHEDULER_NAMES } from './schedulers/index.ts'
import type { Ending } from './timeouts.ts'
import { VirtualService } from './virtual-service.ts'

const VIP = 0x0a600001

const step = fc.record({
  kind: fc.constantFrom('open', 'open', 'open', 'open', 'end', 'end', 'end', 'udp', 'weight', 'remove', 'add'),
  which: fc.nat(1000),
  ending: fc.constantFrom<Ending>('time-wait', 'time-wait', 'close', 'syn-received', 'established'),
  wait: fc.oneof({ weight: 5, arbitrary: fc.nat(300) }, fc.nat(20_000), fc.nat(400_000)),
})

function snapshot(service: VirtualService): number[][] {
  const list = service.destinations
  const rows: number[][] = []
  for (let d = list.first; d >= 0; d = list.next(d)) rows.push([list.address(d), list.weight(d), list.active(d), list.inactive(d)])
  return rows
}

/** The same draws at every call, for twos. */
function draws(): (n: number) => number {
  let drawn = 0
  return (n) => (drawn++ * 7919) % n
}

test.each(SCHEDULER_NAMES)('%s: counters and picks are those of the connection table', (scheduler) => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120, size: 'max' }), (steps) => {
      const full = new VirtualService({ scheduler, below: draws() })
      const light = new VirtualService({ scheduler, below: draws() })
      const table = new ConnectionTable()
      const counters = new ConnectionCounters(light)
      for (let backend = 0; backend < 20; backend += 1) {
        full.add(backend, 80, 1 + (backend % 3))
        light.add(backend, 80, 1 + (backend % 3))
      }
      const open: { packet: Packet; destination: Destination; ending: Ending }[] = []
      let now: Nanos = 0
      let nextPort = 0
      const client = (protocol: number): Packet => {
        nextPort += 1
        return {
          protocol,
          sourceAddress: 7 + (nextPort >> 15),
          sourcePort: nextPort & 0x7fff,
          destinationAddress: VIP,
          destinationPort: 80,
        }
      }
      for (const { kind, which, ending, wait } of steps) {
        now += wait * MILLISECOND
        table.expire(now)
        counters.drain(now)
        // No connection falls silent before its end: waits are shorter than the 900 s of an established connection.
        for (const { packet } of open) table.fromClient(full, packet, 'ack', true, now)
        if (kind === 'open') {
          const packet = client(TCP)
          const destination = table.fromClient(full, packet, 'syn', false, now)
          expect(counters.connect(packet, now)).toBe(destination)
          if (destination < 0) continue
          if (ending === 'syn-received') counters.finish(destination, ending, now)
          else {
            table.fromServer(packet, 'syn', now)
            table.fromClient(full, packet, 'ack', true, now)
            open.push({ packet, destination, ending })
          }
        }
        if (kind === 'udp') {
          const packet = client(UDP)
          expect(counters.exchange(packet, now)).toBe(table.fromClient(full, packet, 'ack', false, now))
        }
        if (kind === 'end' && open.length > 0) {
          const [ended] = open.splice(which % open.length, 1)
          endInTable(table, full, ended!.packet, ended!.ending, now)
          counters.finish(ended!.destination, ended!.ending, now)
        }
        const backend = which % 24
        const known = full.find(backend, 80)
        if (kind === 'weight' && known >= 0) {
          full.setWeight(known, which % 4)
          light.setWeight(light.find(backend, 80), which % 4)
        }
        if (kind === 'remove' && known >= 0 && full.destinations.references(known) === 0) {
          full.remove(known)
          light.remove(light.find(backend, 80))
        }
        if (kind === 'add' && known < 0) {
          full.add(backend, 80, 1 + (which % 3))
          light.add(backend, 80, 1 + (which % 3))
        }
        expect(snapshot(light)).toEqual(snapshot(full))
      }
      // In the end everything has timed out but the connections that nobody ended.
      now += 2000 * SECOND
      counters.drain(now)
      const list = light.destinations
      let left = 0
      for (let d = list.first; d >= 0; d = list.next(d)) {
        expect(list.inactive(d)).toBe(0)
        left += list.active(d)
      }
      expect(left).toBe(open.length)
    }),
    { numRuns: 60 },
  )
})

function endInTable(table: ConnectionTable, service: VirtualService, packet: Packet, ending: Ending, now: Nanos): void {
  if (ending === 'close') table.fromClient(service, packet, 'rst', true, now)
  if (ending !== 'time-wait') return
  table.fromClient(service, packet, 'fin', true, now)
  table.fromServer(packet, 'fin', now)
}

test('a connection in TIME_WAIT counts as inactive for 120 s, one in CLOSE for 10 s', () => {
  const service = new VirtualService({ scheduler: 'lc' })
  const counters = new ConnectionCounters(service)
  const slot = service.add(1, 80, 1)
  const packet: Packet = { protocol: TCP, sourceAddress: 7, sourcePort: 1, destinationAddress: VIP, destinationPort: 80 }
  counters.connect(packet, 0)
  counters.connect(packet, 0)
  expect(service.destinations.active(slot)).toBe(2)
  counters.finish(slot, 'time-wait', 0)
  counters.finish(slot, 'close', 0)
  expect([service.destinations.active(slot), service.destinations.inactive(slot)]).toEqual([0, 2])
  counters.drain(10 * SECOND)
  expect(service.destinations.inactive(slot)).toBe(2)
  // Late by a turn of the kernel's timer wheel: at most 256 ms on 10 s, 2,048 ms on 120 s.
  counters.drain(10 * SECOND + 256 * MILLISECOND)
  expect(service.destinations.inactive(slot)).toBe(1)
  counters.drain(120 * SECOND)
  expect(service.destinations.inactive(slot)).toBe(1)
  counters.drain(120 * SECOND + 2048 * MILLISECOND)
  expect(service.destinations.inactive(slot)).toBe(0)
})
