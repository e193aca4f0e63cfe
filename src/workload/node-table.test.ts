import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { NodeMetrics } from '../metrics/node-metrics.ts'
import { PacketCores } from '../node/packet-cores.ts'
import { LINUX_6_1 } from '../profiles/cost-profile.ts'
import { MILLISECOND, type Nanos, SECOND } from '../units.ts'
import { TestCluster } from './test-cluster.ts'

const FIRST = LINUX_6_1.firstPacketNs('iptables-legacy', 0, 0, 1)
const LATER = LINUX_6_1.establishedPacketNs('iptables-legacy')
const ns = (milliseconds: unknown): Nanos => Math.round((milliseconds as number) * MILLISECOND)

/** Runs up to there, and ends the intervals on the way as a run of a scenario does. */
function runTo(c: TestCluster, end: Nanos): void {
  for (let next = c.dataPlane.nextIntervalEnd; next <= end; next = c.dataPlane.nextIntervalEnd) {
    c.sim.run(next - 1)
    c.dataPlane.endInterval(next)
  }
}

/** The rows as objects. */
function rowsOf(c: TestCluster): Record<string, unknown>[] {
  const { columns, rows } = c.dataPlane.nodeTable()
  return [...rows].map((row) => Object.fromEntries(columns.map((column, index) => [column, row[index]])))
}

/** A client on node 0, which has two cores for packets, and a pod on node 1, both with rules since second 30. */
function cluster(): TestCluster {
  const c = new TestCluster({ zones: ['a', 'a'], cpuMilli: 2000, measureFrom: 2 * SECOND })
  c.pod({ node: 0, app: 'client' })
  c.service('web')
  c.sliceOf('web', [c.pod({ node: 1, app: 'web' })])
  c.startProxy(0)
  return c
}

describe('the table of nodes', () => {
  test('has a row for each node and interval in which it had something to do, by node, then by time', () => {
    const c = cluster()
    runTo(c, 2 * SECOND)
    const { cores } = c.dataPlane
    for (const core of [0, 3]) cores.enter(core, c.sim.now + 1, 1_500_000_000)
    cores.enter(2, c.sim.now + 1, 1)
    runTo(c, 5 * SECOND)
    expect(rowsOf(c).map((row) => [row.node, row.interval_start_s, row.interval_s, row.phase, row.cores, row.packets, row.syncs])).toEqual([
      ['worker-0', 0, 1, 'warm-up', 2, 0, 1],
      ['worker-0', 2, 1, 'measured', 2, 1, 0],
      ['worker-0', 3, 1, 'measured', 2, 0, 0],
      ['worker-1', 2, 1, 'measured', 2, 2, 0],
      ['worker-1', 3, 1, 'measured', 2, 0, 0],
    ])
  })

  test('three requests: 4 packets each where they are translated, 2 entries each for 120 s, none of either on a node that has nothing to do', () => {
    const c = cluster()
    runTo(c, 2 * SECOND)
    for (const name of ['one', 'two', 'three'])
      c.traffic({ name, service: 'web', from: 'client', ratePerSecond: 1, start: c.sim.now + 1, stop: c.sim.now + 2 })
    runTo(c, 130 * SECOND)
    const rows = rowsOf(c)
    const [client, server] = ['worker-0', 'worker-1'].map((node) => rows.filter((row) => row.node === node))
    const busy = client![1]!
    expect(busy.interval_start_s).toBe(2)
    expect(busy).toMatchObject({ packets: 12, packets_dropped: 0, conntrack_entries: 3, conntrack_dropped: 0 })
    expect(ns(busy.softirq_ms)).toBe(3 * (FIRST + 3 * LATER))
    // Three connections on two cores: one has two of them, or all.
    expect([2, 3]).toContain(ns(busy.busiest_core_ms) / (FIRST + 3 * LATER))
    expect(client!.filter((row) => row.packets !== 0)).toHaveLength(1)
    expect(server![0]).toMatchObject({ packets: 0, softirq_ms: 0, busiest_core_ms: 0, conntrack_entries: 3 })
    // The entries go 120 s after the answers, in second 122, and are there at the ends of 120 seconds before.
    for (const of of [client!.slice(1), server!])
      expect(of.map((row) => [row.interval_start_s, row.conntrack_entries])).toEqual(
        [...Array(120).keys()].map((second) => [second + 2, 3]),
      )
    expect(c.dataPlane.nodesSummary()).toEqual({
      packets: 12,
      packetsDropped: 0,
      busiestCore: { node: 'worker-0', share: ns(busy.busiest_core_ms) / SECOND, atSeconds: 2 },
      conntrackEntriesMax: 3,
      conntrackDropped: 0,
    })
  })

  test('work that goes on over the end of an interval is in both, a packet that comes at the end in the next', () => {
    const c = cluster()
    runTo(c, 2 * SECOND)
    c.sim.run(3 * SECOND - 300)
    const { cores } = c.dataPlane
    cores.enter(0, c.sim.now, 1000)
    cores.enter(1, c.sim.now, 100)
    runTo(c, 3 * SECOND)
    c.sim.run(3 * SECOND)
    cores.enter(1, c.sim.now, 50)
    runTo(c, 4 * SECOND)
    const [before, after] = rowsOf(c).slice(1, 3)
    expect([before!.packets, ns(before!.softirq_ms), ns(before!.busiest_core_ms)]).toEqual([2, 400, 300])
    expect([after!.packets, ns(after!.softirq_ms), ns(after!.busiest_core_ms)]).toEqual([1, 750, 700])
  })

  test('packets that found a backlog full are told second by second', () => {
    const c = new TestCluster({ zones: ['a'], softirq: { cores: 1, backlog: 0 } })
    const { cores } = c.dataPlane
    for (const drops of [2, 0, 3]) {
      // One is in hand and one waits, which is all that a backlog of 0 takes.
      for (let packet = 0; packet < 2; packet++) cores.enter(0, c.sim.now, 400_000_000)
      for (let packet = 0; packet < drops; packet++) expect(cores.drops(0, c.sim.now)).toBe(true)
      runTo(c, c.dataPlane.nextIntervalEnd)
      c.sim.run(c.sim.now + 1)
    }
    expect(rowsOf(c).map((row) => [row.packets, row.packets_dropped, row.softirq_ms])).toEqual([
      [2, 2, 800],
      [2, 0, 800],
      [2, 3, 800],
    ])
    expect(c.dataPlane.nodesSummary()).toMatchObject({ packets: 6, packetsDropped: 5 })
  })

  test('packets that connection tracking had no room for are told, also of a node that crashed since', () => {
    const c = cluster()
    const table = c.dataPlane.kernels.conntrack(1)
    for (let entry = 0; entry < table.max; entry++) table.open()
    for (let packet = 0; packet < 3; packet++) table.hasRoom(0)
    c.dataPlane.crashNode(1)
    runTo(c, SECOND)
    c.dataPlane.bootNode(1)
    runTo(c, 2 * SECOND)
    const rows = rowsOf(c).filter((row) => row.node === 'worker-1')
    expect(rows.map((row) => [row.interval_start_s, row.conntrack_dropped, row.conntrack_entries])).toEqual([[0, 3, 0]])
    // That was before the warm-up ended.
    expect(c.dataPlane.nodesSummary().conntrackDropped).toBe(0)
  })
})

/**
 * Against the obvious model, which keeps when each packet was in hand: a core's CPU time in an interval is what lies in it. Packets come to
 * three cores of two nodes; of those that come, every one is taken or dropped.
 */
test('CPU time, packets and drops of all intervals are those of the packets, and sum to what came', () => {
  const [interval, end] = [1000, 7300]
  const packet = fc.record({ at: fc.nat({ max: end - 1 }), core: fc.nat({ max: 2 }), cost: fc.integer({ min: 1, max: 900 }) })
  fc.assert(
    fc.property(fc.array(packet, { maxLength: 60, size: 'max' }), (packets) => {
      const cores = new PacketCores({ coresOfNode: [1, 2], backlog: 0, laterPacket: 1 })
      const counters = {
        coresOf: (node: number) => cores.coresOf(node),
        readCores: (...reading: Parameters<PacketCores['read']>) => cores.read(...reading),
        syncTime: () => 0,
        syncs: () => 0,
        conntrackEntries: () => 0,
        conntrackDropped: () => 0,
      }
      const metrics = new NodeMetrics({ nodeNames: ['a', 'b'], counters, interval, measureFrom: 300 })
      const inHand: { core: number; from: number; to: number }[] = []
      const came: { node: number; at: number; isTaken: boolean }[] = []
      const sorted = packets.toSorted((a, b) => a.at - b.at)
      const arrive = (before: number) => {
        while (sorted.length > 0 && sorted[0]!.at < before) {
          const { at, core, cost } = sorted.shift()!
          const isTaken = !cores.drops(core, at)
          came.push({ node: core === 0 ? 0 : 1, at, isTaken })
          if (!isTaken) continue
          const from = at + cores.enter(core, at, cost)
          inHand.push({ core, from, to: from + cost })
        }
      }
      while (metrics.nextEnd < end) {
        arrive(metrics.nextEnd)
        metrics.endInterval(metrics.nextEnd)
      }
      arrive(end)
      metrics.endInterval(end)
      const { columns, rows } = metrics.table()
      const cellsOf = new Map([...rows].map((row) => [`${row[columns.indexOf('node')]} ${row[columns.indexOf('interval_start_s')]}`, row]))
      const bounds = [0, 300, 1300, 2300, 3300, 4300, 5300, 6300, end]
      const expected = [0, 1].flatMap((node) =>
        bounds.slice(1).map((to, interval) => {
          const start = bounds[interval]!
          const spentOn = (core: number) =>
            inHand.reduce(
              (sum, work) => sum + (work.core === core ? Math.max(0, Math.min(to, work.to) - Math.max(start, work.from)) : 0),
              0,
            )
          const spent = node === 0 ? [spentOn(0)] : [spentOn(1), spentOn(2)]
          const inside = came.filter((one) => one.node === node && one.at >= start && one.at < to)
          const taken = inside.filter(({ isTaken }) => isTaken).length
          return { node, start, to, counts: [taken, inside.length - taken, spent.reduce((sum, time) => sum + time, 0), Math.max(...spent)] }
        }),
      )
      for (const { node, start, to, counts } of expected) {
        const row = cellsOf.get(`${node === 0 ? 'a' : 'b'} ${start / SECOND}`)
        expect(row === undefined).toBe(counts.every((value) => value === 0))
        if (row === undefined) continue
        const cell = (name: string) => row[columns.indexOf(name)]
        expect(cell('interval_s')).toBe((to - start) / SECOND)
        expect([cell('packets'), cell('packets_dropped'), ns(cell('softirq_ms')), ns(cell('busiest_core_ms'))]).toEqual(counts)
      }
      const seen = [...cellsOf.values()].map((row) => {
        const cell = (name: string) => row[columns.indexOf(name)] as number
        return [cell('packets'), cell('packets_dropped'), ns(cell('softirq_ms'))] as const
      })
      expect(seen.reduce((sum, [taken, dropped]) => sum + taken + dropped, 0)).toBe(packets.length)
      expect(seen.reduce((sum, row) => sum + row[2], 0)).toBe([0, 1, 2].reduce((sum, core) => sum + cores.spent(core, end), 0))
      const measured = came.filter(({ at, isTaken }) => at >= 300 && isTaken).length
      expect(metrics.summary().packets).toBe(measured)
    }),
    { numRuns: 300 },
  )
})
