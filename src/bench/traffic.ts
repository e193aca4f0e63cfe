/**
 * The Services of a benchmark and the packets that ask for them, as a function of the seed.
 *
 * Packets lie packed in columns and are read in order, at the same cost whatever the number of Services; more of them than there are
 * Services, so that a table is used all over.
 */
import { NamedStream } from '../engine/random-stream.ts'
import { TCP } from '../proxy/protocol.ts'
import { rulePosition } from '../proxy/rule-order.ts'
import type { ServiceTable } from '../proxy/service-table/service-table.ts'
import type { Position } from './plan.ts'

/** 2^16: the columns of a set of packets are 512 KiB. */
export const PACKETS = 65_536

/** The range of cluster IPs, 10.96.0.0/12: kubeadm's default. */
const CLUSTER_IP_BASE = (10 << 24) | (96 << 16)
const CLUSTER_IPS = 1 << 20
const PORTS = [80, 443, 8080, 9090] as const

/** Columns by Service: address as int32, port. Addresses are all over the range, as the API server allots them. */
export interface Services {
  readonly count: number
  readonly addresses: Int32Array
  readonly ports: Int32Array
}

export function makeServices(seed: string, count: number): Services {
  const key = new NamedStream(seed, 'bench/services').int32()
  return {
    count,
    addresses: Int32Array.from({ length: count }, (_, service) => CLUSTER_IP_BASE + rulePosition(key, service, CLUSTER_IPS)),
    ports: Int32Array.from({ length: count }, (_, service) => PORTS[service % PORTS.length]!),
  }
}

export function fill<Table extends ServiceTable>(table: Table, services: Services): Table {
  for (let service = 0; service < services.count; service += 1) {
    table.add(services.addresses[service]!, services.ports[service]!, TCP, service)
  }
  return table
}

/** Columns by packet: the Service that is asked for, its address and its port. */
export interface Packets {
  readonly services: Int32Array
  readonly addresses: Int32Array
  readonly ports: Int32Array
}

export function makePackets(seed: string, services: Services, position: Position): Packets {
  const asked = new Int32Array(PACKETS).fill(serviceAt(position, services.count))
  if (position === 'uniform') {
    const draws = new NamedStream(seed, 'bench/packets')
    for (let packet = 0; packet < PACKETS; packet += 1) asked[packet] = draws.below(services.count)
  }
  return {
    services: asked,
    addresses: asked.map((service) => services.addresses[service]!),
    ports: asked.map((service) => services.ports[service]!),
  }
}

function serviceAt(position: Position, count: number): number {
  return position === 'middle' ? count >> 1 : position === 'last' ? count - 1 : 0
}
