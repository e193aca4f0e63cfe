/**
 * What does it cost to find a packet's Service, and a new connection's destination, as both grow in number?
 *
 * - Service: a rule list walked (columns, unrolled) as iptables does, a hash table as IPVS and nftables do, and for contrast the
 *   same two as one writes them first: objects compared by strings, and a Map with a string key built a packet. The Service asked
 *   for is uniform over all. The ratio is (time of the walked rule list) / (time of this variant).
 * - wlc: pick a destination, and count one connection more there and one less at another, by a walk over the list as the kernel does,
 *   by the tournament tree, and as the scheduler does it, which walks short lists. The ratio is (time of the walk) / (time of this variant).
 *
 * All variants of a question do the same work in one process, in an order that turns round every round; medians count. The checksum folds
 * all answers, so a variant that gives a different one is seen.
 *
 * Run: `npm run bench -- lookup`
 */
import { type Destination, DestinationList } from '../src/proxy/ipvs/destination-list.ts'
import { LeastCost, scanLeastCost } from '../src/proxy/ipvs/least-cost.ts'
import { OVERHEAD_PER_WEIGHT } from '../src/proxy/ipvs/schedulers/wlc.ts'
import { mix32 } from '../src/proxy/mix.ts'
import { TCP } from '../src/proxy/protocol.ts'
import { HashServiceTable } from '../src/proxy/service-table/hash.ts'
import { LinearServiceTable } from '../src/proxy/service-table/linear.ts'
import { NO_SERVICE, type ServiceTable } from '../src/proxy/service-table/service-table.ts'
import { compare, type Variant, type Work } from './harness/compare.ts'
import { type Row, rowOf, type Size } from './harness/row.ts'

/** What is asked, before it is timed: more than there are Services, so that the whole table is used. A power of two. */
const QUESTIONS = 65_536

export default function main(size: Size): Row[] {
  const full = size === 'full'
  const rows: Row[] = []
  for (const services of full ? [10, 100, 1000, 5000, 10_000, 50_000] : [10, 30, 100, 300]) {
    const operations = full ? Math.max(2000, Math.min(1_000_000, Math.floor(100_000_000 / services))) : 500
    const variants = serviceVariants(services)
    rows.push(
      ...compare({ question: 'service', baseline: 'linear', size: services, variants, operations, rounds: full ? 7 : 2, warmUp: 0 }),
    )
  }
  rows.push(...lastRule(full ? 10_000 : 300, full))
  for (const destinations of full ? [4, 10, 16, 32, 64, 500, 5000] : [10, 300]) {
    const operations = full ? Math.max(5000, Math.min(500_000, Math.floor(50_000_000 / destinations))) : 500
    const variants = wlcVariants(destinations)
    rows.push(...compare({ question: 'wlc', baseline: 'scan', size: destinations, variants, operations, rounds: full ? 7 : 2, warmUp: 0 }))
  }
  return rows
}

/** `ask` gives the Service of a question; by default any, all alike. */
function serviceVariants(count: number, ask = (question: number): number => (mix32(question) >>> 0) % count): Variant[] {
  const addresses = Int32Array.from({ length: count }, (_, service) => (10 << 24) | (96 << 16) | service)
  const ports = Int32Array.from({ length: count }, (_, service) => [80, 443, 8080, 9090][service % 4]!)
  const asked = Int32Array.from({ length: QUESTIONS }, (_, question) => ask(question))

  const throughTable = (table: ServiceTable): ((operations: number) => number) => {
    for (let service = 0; service < count; service += 1) table.add(addresses[service]!, ports[service]!, TCP, service)
    return (operations) => {
      let checksum = 0
      for (let operation = 0; operation < operations; operation += 1) {
        const service = asked[operation & (QUESTIONS - 1)]!
        checksum = (Math.imul(checksum, 31) + table.match(addresses[service]!, ports[service]!, TCP)) | 0
      }
      return checksum
    }
  }

  const texts = Array.from(addresses, (address) => [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.'))
  const objects = texts.map((address, service) => ({ address, port: ports[service]!, protocol: 'TCP', service }))
  // A packet's address is no string that a rule already has: a fresh one, as parsed from the packet.
  const packets = Array.from(asked, (service) => ({ address: `${texts[service]} `.trimEnd(), port: ports[service]!, protocol: 'TCP' }))
  const walkObjects = (packet: { address: string; port: number; protocol: string }): number => {
    for (const rule of objects) {
      if (rule.address === packet.address && rule.port === packet.port && rule.protocol === packet.protocol) return rule.service
    }
    return NO_SERVICE
  }
  const byKey = new Map(objects.map((rule) => [`${rule.address}:${rule.port}/${rule.protocol}`, rule.service]))
  const findByKey = (packet: { address: string; port: number; protocol: string }): number =>
    byKey.get(`${packet.address}:${packet.port}/${packet.protocol}`) ?? NO_SERVICE

  const throughObjects =
    (find: (packet: { address: string; port: number; protocol: string }) => number) =>
    (operations: number): number => {
      let checksum = 0
      for (let operation = 0; operation < operations; operation += 1) {
        checksum = (Math.imul(checksum, 31) + find(packets[operation & (QUESTIONS - 1)]!)) | 0
      }
      return checksum
    }

  return [
    held('linear', throughTable(new LinearServiceTable(count))),
    held('hash', throughTable(new HashServiceTable(count))),
    held('objects walked, strings compared', throughObjects(walkObjects)),
    held('Map with a string key', throughObjects(findByKey)),
  ]
}

/** A variant that is made once: a round goes on where the last one stopped. */
function held(name: string, run: Work['run']): Variant {
  return { name, prepare: () => ({ run }) }
}

/** A packet for the last rule of the list: the whole walk, and what a rule of it costs. */
function lastRule(count: number, full: boolean): Row[] {
  const operations = full ? 20_000 : 100
  const variants = serviceVariants(count, () => count - 1).filter(({ name }) => name !== 'hash' && name !== 'Map with a string key')
  const rows = compare({ question: 'last rule', baseline: 'linear', size: count, variants, operations, rounds: full ? 7 : 2, warmUp: 0 })
  return [
    ...rows,
    ...rows.map(({ variant, samples }) =>
      rowOf({ question: 'walk, a rule', variant, size: count, unit: 'ns', samples: samples.map((ns) => ns / count), checksum: null }),
    ),
  ]
}

function wlcVariants(count: number): Variant[] {
  const through = (scanMax: number | undefined): ((operations: number) => number) => {
    const list = new DestinationList(256)
    const least = new LeastCost(list, OVERHEAD_PER_WEIGHT, scanMax)
    for (let backend = 0; backend < count; backend += 1) {
      const destination = list.link(backend, 80, 1 + (backend % 4))
      list.count(destination, 5 + (mix32(backend) & 7), 0)
      least.added(destination)
    }
    return churn(
      list,
      count,
      () => least.best(),
      (destination) => least.changed(destination),
    )
  }
  const scanned = (): ((operations: number) => number) => {
    const list = new DestinationList(256)
    for (let backend = 0; backend < count; backend += 1) {
      const destination = list.link(backend, 80, 1 + (backend % 4))
      list.count(destination, 5 + (mix32(backend) & 7), 0)
    }
    return churn(
      list,
      count,
      () => scanLeastCost(list, OVERHEAD_PER_WEIGHT),
      () => {},
    )
  }
  return [held('scan', scanned()), held('tree', through(0)), held('as the scheduler does', through(undefined))]
}

/** A connection opens where `best` says, and another one, anywhere, closes. Starts each run from the state in which the last one ended. */
function churn(
  list: DestinationList,
  count: number,
  best: () => Destination,
  changed: (destination: Destination) => void,
): (operations: number) => number {
  let turn = 0
  return (operations) => {
    let checksum = 0
    for (let operation = 0; operation < operations; operation += 1) {
      const opened = best()
      list.count(opened, 1, 0)
      changed(opened)
      turn += 1
      const closed = (mix32(turn) >>> 0) % count
      if (list.active(closed) > 0) {
        list.count(closed, -1, 0)
        changed(closed)
      }
      checksum = (Math.imul(checksum, 31) + opened) | 0
    }
    return checksum
  }
}
