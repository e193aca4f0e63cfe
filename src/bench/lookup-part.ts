/** The cost of finding a packet's Service, and of the packets for which nothing is looked for any more. */
import { HashServiceTable } from '../proxy/service-table/hash.ts'
import { LinearServiceTable } from '../proxy/service-table/linear.ts'
import type { ServiceTable } from '../proxy/service-table/service-table.ts'
import { hex } from './checksum.ts'
import { establishedPackets } from './established.ts'
import { type Lookups, objectLookups, stringMapLookups, tableLookups } from './lookups.ts'
import { type BenchPlan, type Mode, POSITIONS, proofOperations } from './plan.ts'
import { growth, inWords, nearest, ratio } from './ratio.ts'
import { type BenchRows, type LookupRow, NO_ROWS, type RatioRow } from './rows.ts'
import { nsInRounds, type Run } from './stopwatch.ts'
import { fill, makePackets, makeServices, type Services } from './traffic.ts'

/** What each mode searches for a packet's Service. IPVS's hash table and nftables' verdict map are the same structure here. */
const STRUCTURES: Readonly<Record<Mode, string>> = { iptables: 'rule list', ipvs: 'hash table', nftables: 'verdict map' }

export function tableOf(mode: Mode, services: Services): ServiceTable {
  const { count } = services
  return fill(mode === 'iptables' ? new LinearServiceTable(count) : new HashServiceTable(count), services)
}

export function lookupPart(mode: Mode, plan: BenchPlan): BenchRows {
  const points = plan.serviceCounts.flatMap((count) => lookupPoints(mode, count, plan))
  return { ...NO_ROWS, lookup: timed(points, plan), ratios: [mode === 'iptables' ? walkRatio(plan) : hashRatio(mode, plan)] }
}

/** A row that waits for its time. */
interface LookupPoint {
  readonly about: Omit<LookupRow, 'ns'>
  readonly run: Run
}

function timed(points: readonly LookupPoint[], plan: BenchPlan): LookupRow[] {
  const runs = points.map(({ run }) => run)
  const times = nsInRounds(runs, plan.effort)
  return points.map(({ about }, index) => ({ ...about, ns: times[index]! }))
}

function lookupPoints(mode: Mode, count: number, plan: BenchPlan): LookupPoint[] {
  const services = makeServices(plan.seed, count)
  const table = tableOf(mode, services)
  return POSITIONS.flatMap((position) => {
    const packets = makePackets(plan.seed, services, position)
    const point = (name: string, structure: string, { run, examined }: Lookups): LookupPoint => {
      const operations = proofOperations(count)
      const checksum = hex(run(operations))
      return { about: { mode: name, structure, services: count, position, examined: examined(operations), checksum }, run }
    }
    const points = [point(mode, STRUCTURES[mode], tableLookups(table, packets))]
    if (mode === 'iptables') {
      points.push(point('baseline', 'objects, strings compared', objectLookups(services, packets)))
      points.push(point('baseline', 'Map with a string key', stringMapLookups(services, packets)))
    }
    return points
  })
}

function walkRatio(plan: BenchPlan): RatioRow {
  const count = nearest(plan.serviceCounts, 10_000)
  const services = makeServices(plan.seed, count)
  const packets = makePackets(plan.seed, services, 'uniform')
  const question = `walk of objects with string compare against walk of packed columns, ${inWords(count)} rules`
  return ratio(
    plan,
    question,
    { kind: 'at least', value: 5 },
    {
      numerator: ['objects, strings compared', objectLookups(services, packets).run],
      denominator: ['packed columns', tableLookups(tableOf('iptables', services), packets).run],
    },
  )
}

function hashRatio(mode: Mode, plan: BenchPlan): RatioRow {
  const size = { counts: plan.serviceCounts, few: 10, many: 50_000, unit: 'Services' }
  return growth(plan, `${mode} lookup`, { kind: 'at most', value: 3 }, size, (count) => {
    const services = makeServices(plan.seed, count)
    return tableLookups(tableOf(mode, services), makePackets(plan.seed, services, 'uniform')).run
  })
}

export function establishedPart(plan: BenchPlan): BenchRows {
  const at = (count: number) => establishedPackets(plan.seed, makeServices(plan.seed, count))
  const points = plan.serviceCounts.map((services): LookupPoint => {
    const run = at(services)
    const checksum = hex(run(proofOperations(services)))
    return { about: { mode: 'ipvs', structure: 'connection table', services, position: 'established', examined: null, checksum }, run }
  })
  // Flat, but for what the memory of more Services adds.
  const size = { counts: plan.serviceCounts, few: 10, many: 50_000, unit: 'Services' }
  return {
    ...NO_ROWS,
    lookup: timed(points, plan),
    ratios: [growth(plan, 'packet of an established flow', { kind: 'at most', value: 1.5 }, size, at)],
  }
}
