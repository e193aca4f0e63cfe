/** The cost of picking an endpoint, of a whole first packet (lookup and pick), and of a change of endpoints. */
import { NamedStream } from '../engine/random-stream.ts'
import type { Ranking } from '../proxy/ipvs/least-cost.ts'
import { OVERHEAD_PER_WEIGHT } from '../proxy/ipvs/schedulers/wlc.ts'
import type { ServiceTable } from '../proxy/service-table/service-table.ts'
import { fold, hex } from './checksum.ts'
import { type Endpoints, IpvsEndpoints, RandomMap, ScannedEndpoints, StatisticChain } from './endpoints.ts'
import { tableOf } from './lookup-part.ts'
import { tableLookups } from './lookups.ts'
import { type BenchPlan, type PickPart, proofOperations } from './plan.ts'
import { growth } from './ratio.ts'
import { type BenchRows, type FirstPacketRow, NO_ROWS, type PickRow, type RatioRow, type Target, type UpdateRow } from './rows.ts'
import { nsPerOperation, type Run } from './stopwatch.ts'
import { makePackets, makeServices, type Packets } from './traffic.ts'

/** Few, since some schedulers deal thousands of slots anew at each. */
const CHANGES_PROVED = 16

export function pickPart(part: PickPart, plan: BenchPlan): BenchRows {
  const about = aboutPicks(part)
  const { mode, scheduler } = about
  const make = endpointsOf(part, plan)
  const timed = (run: Run): number => nsPerOperation(run, plan.effort)
  const tables = plan.serviceCounts.map((count) => {
    const services = makeServices(plan.seed, count)
    return { services: count, table: tableOf(part.mode, services), packets: makePackets(plan.seed, services, 'uniform') }
  })
  const pick: PickRow[] = []
  const firstPacket: FirstPacketRow[] = []
  const update: UpdateRow[] = []
  for (const endpoints of plan.endpointCounts) {
    // One set of endpoints for all: every checksum is taken, in this order, before anything is timed.
    const set = make(endpoints)
    const picked = provePicks(set, proofOperations(endpoints))
    const first = tables.map(({ services, table, packets }) => {
      const run = firstPackets(table, packets, set)
      return { services, run, ...proveFirstPackets(run, table, packets, set, proofOperations(Math.max(services, endpoints))) }
    })
    const change = changesOf(set)
    const changed = hex(change(CHANGES_PROVED))
    pick.push({ ...about, endpoints, ns: timed(picksOf(set)), ...picked })
    for (const { services, run, examined, checksum } of first) {
      firstPacket.push({ mode, scheduler, services, endpoints, ns: timed(run), examined, checksum })
    }
    update.push({ mode, scheduler, change: 'endpoint', services: null, endpoints, ns: timed(change), checksum: changed })
  }
  const judged = scheduler === 'lc' || scheduler === 'wlc'
  return {
    ...NO_ROWS,
    pick,
    firstPacket,
    update,
    ratios: judged ? [pickRatio(`${scheduler} pick`, { kind: 'at most', value: 8 }, make, plan)] : [],
  }
}

/** What lc and wlc compare. */
const SCANNED: Readonly<Record<'lc' | 'wlc', Ranking>> = {
  lc: { cost: (list, destination) => list.overhead(destination), weight: (list, destination) => Math.min(list.weight(destination), 1) },
  wlc: OVERHEAD_PER_WEIGHT,
}

export function scanPart(scheduler: 'lc' | 'wlc', plan: BenchPlan): BenchRows {
  const seed = endpointSeed(plan)
  const make = (count: number): Endpoints => new ScannedEndpoints(SCANNED[scheduler], count, seed)
  const pick = plan.endpointCounts.map((endpoints): PickRow => {
    const set = make(endpoints)
    const picked = provePicks(set, proofOperations(endpoints))
    return { mode: 'ipvs', scheduler, method: 'scan', endpoints, ns: nsPerOperation(picksOf(set), plan.effort), ...picked }
  })
  return { ...NO_ROWS, pick, ratios: [pickRatio(`${scheduler} pick by a scan`, null, make, plan)] }
}

function aboutPicks(part: PickPart): Pick<PickRow, 'mode' | 'scheduler' | 'method'> {
  switch (part.mode) {
    case 'iptables':
      return { mode: part.mode, scheduler: 'statistic cascade', method: 'rules in order' }
    case 'nftables':
      return { mode: part.mode, scheduler: 'random', method: 'one draw' }
    case 'ipvs':
      return { mode: part.mode, scheduler: part.scheduler, method: 'scheduler' }
  }
}

function endpointsOf(part: PickPart, plan: BenchPlan): (count: number) => Endpoints {
  const seed = endpointSeed(plan)
  switch (part.mode) {
    case 'iptables':
      return (count) => new StatisticChain(count, seed)
    case 'nftables':
      return (count) => new RandomMap(count, seed)
    case 'ipvs':
      return (count) => new IpvsEndpoints(part.scheduler, count, seed)
  }
}

function endpointSeed(plan: BenchPlan): number {
  return new NamedStream(plan.seed, 'bench/endpoints').int32()
}

function picksOf(endpoints: Endpoints): Run {
  return (operations) => {
    let checksum = 0
    for (let operation = 0; operation < operations; operation += 1) checksum = fold(checksum, endpoints.open())
    return checksum
  }
}

function changesOf(endpoints: Endpoints): Run {
  return (operations) => {
    let checksum = 0
    for (let operation = 0; operation < operations; operation += 1) checksum = fold(checksum, endpoints.addAndRemove())
    return checksum
  }
}

/** The Service is looked up, then an endpoint is picked. One set of endpoints stands for that of every Service. */
function firstPackets(table: ServiceTable, packets: Packets, endpoints: Endpoints): Run {
  const lookUp = tableLookups(table, packets).run
  return (operations) => {
    let checksum = 0
    for (let operation = 0; operation < operations; operation += 1) checksum = fold(fold(checksum, lookUp(1)), endpoints.open())
    return checksum
  }
}

/** The answers to the first picks, and what they looked at. */
function provePicks(endpoints: Endpoints, operations: number): { readonly examined: number | null; readonly checksum: string } {
  let checksum = 0
  let examined = 0
  for (let operation = 0; operation < operations; operation += 1) {
    checksum = fold(checksum, endpoints.open())
    examined += endpoints.examined ?? 0
  }
  return { examined: endpoints.examined === null ? null : examined / operations, checksum: hex(checksum) }
}

/** `examined`: rules or slots of the lookup, and what is counted of the pick. */
function proveFirstPackets(run: Run, table: ServiceTable, packets: Packets, endpoints: Endpoints, operations: number) {
  const checksum = hex(run(operations))
  const lookedAt = tableLookups(table, packets).examined(operations)
  return { examined: lookedAt + (provePicks(endpoints, operations).examined ?? 0), checksum }
}

function pickRatio(what: string, target: Target | null, make: (count: number) => Endpoints, plan: BenchPlan): RatioRow {
  const size = { counts: plan.endpointCounts, few: 10, many: 5000, unit: 'endpoints' }
  return growth(plan, what, target, size, (count) => picksOf(make(count)))
}
