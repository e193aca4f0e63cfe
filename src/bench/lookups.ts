/** Finding the Service of a packet, in the tables of the modes and in the two ways in which one writes it first. */
import { TCP } from '../proxy/protocol.ts'
import { NO_SERVICE, type ServiceTable } from '../proxy/service-table/service-table.ts'
import { fold } from './checksum.ts'
import type { Run } from './stopwatch.ts'
import { PACKETS, type Packets, type Services } from './traffic.ts'

export interface Lookups {
  readonly run: Run
  /** Rules or slots examined for one packet, the mean over the first `operations`. */
  readonly examined: (operations: number) => number
}

export function tableLookups(table: ServiceTable, packets: Packets): Lookups {
  const { addresses, ports } = packets
  let turn = 0
  const run = (operations: number): number => {
    let checksum = 0
    let packet = turn
    for (let operation = 0; operation < operations; operation += 1) {
      checksum = fold(checksum, table.match(addresses[packet]!, ports[packet]!, TCP))
      packet = (packet + 1) & (PACKETS - 1)
    }
    turn = packet
    return checksum
  }
  const examined = (operations: number): number => {
    let sum = 0
    for (let packet = 0; packet < operations; packet += 1) {
      table.match(addresses[packet]!, ports[packet]!, TCP)
      sum += table.examined
    }
    return sum / operations
  }
  return { run, examined }
}

/** A packet or a rule as an object with an address in words. */
interface Written {
  readonly address: string
  readonly port: number
  readonly protocol: string
}

interface WrittenRule extends Written {
  readonly service: number
}

/** Fewer than in columns: an object and a string a packet would fill the cache with packets. */
const WRITTEN_PACKETS = 4096

/** An array of objects, walked, addresses and protocols compared as strings. */
export function objectLookups(services: Services, packets: Packets): Lookups {
  const rules = writtenRules(services)
  const asked = writtenPackets(services, packets)
  let turn = 0
  const run = (operations: number): number => {
    let checksum = 0
    let packet = turn
    for (let operation = 0; operation < operations; operation += 1) {
      checksum = fold(checksum, walkObjects(rules, asked[packet]!))
      packet = (packet + 1) & (WRITTEN_PACKETS - 1)
    }
    turn = packet
    return checksum
  }
  const examined = (operations: number): number => {
    let sum = 0
    for (let packet = 0; packet < operations; packet += 1) sum += packets.services[packet]! + 1
    return sum / operations
  }
  return { run, examined }
}

function walkObjects(rules: readonly WrittenRule[], packet: Written): number {
  for (const rule of rules) {
    if (rule.address === packet.address && rule.port === packet.port && rule.protocol === packet.protocol) return rule.service
  }
  return NO_SERVICE
}

/** A Map, whose key is a string that is built for every packet. */
export function stringMapLookups(services: Services, packets: Packets): Lookups {
  const byKey = new Map(writtenRules(services).map((rule) => [keyOf(rule), rule.service]))
  const asked = writtenPackets(services, packets)
  let turn = 0
  const run = (operations: number): number => {
    let checksum = 0
    let packet = turn
    for (let operation = 0; operation < operations; operation += 1) {
      checksum = fold(checksum, byKey.get(keyOf(asked[packet]!)) ?? NO_SERVICE)
      packet = (packet + 1) & (WRITTEN_PACKETS - 1)
    }
    turn = packet
    return checksum
  }
  return { run, examined: () => 1 }
}

function keyOf(written: Written): string {
  return `${written.address}:${written.port}/${written.protocol}`
}

function writtenRules(services: Services): readonly WrittenRule[] {
  return Array.from({ length: services.count }, (_, service) => ({
    address: dotted(services.addresses[service]!),
    port: services.ports[service]!,
    protocol: 'TCP',
    service,
  }))
}

/** With strings of their own, as when they are read from packets: none is the same string as a rule's. */
function writtenPackets(services: Services, packets: Packets): readonly Written[] {
  return Array.from({ length: WRITTEN_PACKETS }, (_, packet) => {
    const service = packets.services[packet]!
    return { address: dotted(services.addresses[service]!), port: services.ports[service]!, protocol: 'TCP' }
  })
}

/** `join` gives a string in one piece; parts put together one by one would be compared more slowly, which is not the baseline's fault. */
function dotted(address: number): string {
  return [address >>> 24, address >>> 16, address >>> 8, address].map((byte) => byte & 255).join('.')
}
