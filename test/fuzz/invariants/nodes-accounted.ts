import { MILLISECOND, SECOND } from '../../../src/units.ts'
import type { Invariant } from '../invariant.ts'

/**
 * The table of nodes is whole: what the intervals of a node sum to is what its cores did, no core does more than time allows, and a sync lasts as
 * long as its CPU time or longer, at most twice and the time in which its node stood still.
 */
export const nodesAccounted: Invariant = {
  name: 'what nodes did is accounted for',
  attach: (cluster, violated) => {
    const { dataPlane, sim, nodeNames } = cluster
    const still = nodeNames.map(() => 0)
    const freezeNode = dataPlane.freezeNode.bind(dataPlane)
    dataPlane.freezeNode = (node, until) => {
      still[node]! += until - sim.now
      freezeNode(node, until)
    }
    return () => {
      const { columns, rows } = dataPlane.nodeTable()
      const column = (name: string) => columns.indexOf(name)
      const sums = new Map(nodeNames.map((name) => [name, { packets: 0, dropped: 0, softirq: 0, syncTime: 0 }]))
      const inNanos = (cell: unknown, unit: number) => Math.round((cell as number) * unit)
      for (const row of rows) {
        const [node, cores] = [row[column('node')] as string, row[column('cores')] as number]
        const time = inNanos(row[column('interval_s')], SECOND)
        const [softirq, busiest, syncTime] = ['softirq_ms', 'busiest_core_ms', 'sync_ms'].map((name) =>
          inNanos(row[column(name)], MILLISECOND),
        )
        if (busiest! > time || softirq! > cores * busiest! || busiest! > softirq!)
          violated(`${node} spent ${softirq} ns of ${time} ns on packets, a core of ${cores} at most ${busiest}`)
        if (syncTime! > time) violated(`kube-proxy of ${node} had ${syncTime} ns of ${time} ns`)
        const sum = sums.get(node)!
        sum.packets += row[column('packets')] as number
        sum.dropped += row[column('packets_dropped')] as number
        sum.softirq += softirq!
        sum.syncTime += syncTime!
      }
      const lasted = new Map<string, number>()
      const proxy = dataPlane.proxyTable()
      for (const row of proxy.rows) {
        const node = row[proxy.columns.indexOf('node')] as string
        lasted.set(node, (lasted.get(node) ?? 0) + inNanos(row[proxy.columns.indexOf('sync_ms')], MILLISECOND))
      }
      for (const [index, name] of nodeNames.entries()) {
        const told = sums.get(name)!
        const did = { packets: 0, dropped: 0, softirq: 0 }
        const { first, end } = dataPlane.cores.coresOf(index)
        for (let core = first; core < end; core++) {
          did.softirq += dataPlane.cores.spent(core, sim.now)
          did.packets += dataPlane.cores.packets(core)
          did.dropped += dataPlane.cores.dropped(core)
        }
        if (told.packets !== did.packets || told.dropped !== did.dropped || told.softirq !== did.softirq)
          violated(`Of ${name} the table has ${JSON.stringify(told)}, and its cores have ${JSON.stringify(did)}`)
        // Syncs that were cut short had CPU time too.
        if (2 * told.syncTime + still[index]! < (lasted.get(name) ?? 0))
          violated(`Syncs of ${name} lasted ${lasted.get(name)} ns for ${told.syncTime} ns of CPU time`)
      }
    }
  },
}
