/** The cost of a change of Services in the tables of the modes. */
import { NamedStream, ReseedableStream } from '../engine/random-stream.ts'
import { TCP } from '../proxy/protocol.ts'
import { rulePosition } from '../proxy/rule-order.ts'
import { LinearServiceTable } from '../proxy/service-table/linear.ts'
import type { ServiceTable } from '../proxy/service-table/service-table.ts'
import { fold, hex } from './checksum.ts'
import { tableOf } from './lookup-part.ts'
import type { BenchPlan, Mode } from './plan.ts'
import { type BenchRows, NO_ROWS, type UpdateRow } from './rows.ts'
import { nsPerOperation, type Run } from './stopwatch.ts'
import { fill, makePackets, makeServices, PACKETS, type Packets, type Services } from './traffic.ts'

/** Few: a rewrite of the longest list takes milliseconds. */
const CHANGES_PROVED = 16

export function updatePart(mode: Mode, plan: BenchPlan): BenchRows {
  const update = plan.serviceCounts.flatMap((count) => {
    const services = makeServices(plan.seed, count)
    const packets = makePackets(plan.seed, services, 'uniform')
    const point = (change: UpdateRow['change'], run: Run): UpdateRow => {
      const checksum = hex(run(CHANGES_PROVED))
      return { mode, scheduler: null, change, services: count, endpoints: null, ns: nsPerOperation(run, plan.effort), checksum }
    }
    const rows = [point('service', serviceChanges(tableOf(mode, services), services, packets))]
    if (mode === 'iptables') {
      const seed = new NamedStream(plan.seed, 'bench/rule-order').int32()
      rows.push(point('rewrite', rewrites(fill(new LinearServiceTable(count), services), services, seed)))
    }
    return rows
  })
  return { ...NO_ROWS, update }
}

/** An operation takes one Service out, any, and puts it in again. */
function serviceChanges(table: ServiceTable, services: Services, packets: Packets): Run {
  let turn = 0
  return (operations) => {
    let checksum = 0
    for (let operation = 0; operation < operations; operation += 1) {
      const service = packets.services[turn]!
      const address = services.addresses[service]!
      const port = services.ports[service]!
      const gone = table.remove(address, port, TCP)
      table.add(address, port, TCP, service)
      checksum = fold(checksum, gone ? table.size : -1)
      turn = (turn + 1) & (PACKETS - 1)
    }
    return checksum
  }
}

/** An operation lays the whole rule list out in a new order, as every sync of kube-proxy does with KUBE-SERVICES. */
function rewrites(table: LinearServiceTable, services: Services, seed: number): Run {
  const keys = new ReseedableStream(seed)
  return (operations) => {
    let checksum = 0
    for (let operation = 0; operation < operations; operation += 1) {
      const key = keys.int32()
      table.reorder((rule) => rulePosition(key, rule, services.count))
      table.match(services.addresses[0]!, services.ports[0]!, TCP)
      checksum = fold(checksum, table.examined)
    }
    return checksum
  }
}
