/**
 * The performance core of the data plane on its own: how IPVS, iptables and nftables find a service and pick a destination. It has no clock and no
 * engine: time is an argument, so that the same code runs in the simulator, in the benchmarks, and in the comparison with the kernel.
 *
 * ```ts
 * import { TCP, VirtualService } from 'towtank/proxy'
 *
 * const service = new VirtualService({ scheduler: 'wlc' })
 * for (const address of [1, 2, 3]) service.add(address, 80, 1)
 * const packet = { protocol: TCP, sourceAddress: 9, sourcePort: 40_000, destinationAddress: 10, destinationPort: 80 }
 * const destination = service.pick(packet, 0)
 * service.bind(destination, true) // one more active connection
 * ```
 *
 * @packageDocumentation
 */
export { InvariantError } from '../invariant.ts'
export type { Nanos } from '../units.ts'
export {
  BALANCER_NAMES,
  BALANCERS,
  type Balancer,
  type BalancerFactory,
  type BalancerName,
  type BalancerOptions,
  isBalancerName,
  NO_ENDPOINT,
} from './balancers/index.ts'
export { type Destination, type DestinationList, NO_DESTINATION, type Thresholds } from './ipvs/destination-list.ts'
export type { Below, Packet, SchedulerFlags } from './ipvs/scheduler.ts'
export { isSchedulerName, SCHEDULER_NAMES, type SchedulerName } from './ipvs/schedulers/index.ts'
export { type OverheadFormula, type Persistence, VirtualService, type VirtualServiceOptions, WEIGHT_MAX } from './ipvs/virtual-service.ts'
export { SCTP, TCP, UDP } from './protocol.ts'
export { HashServiceTable } from './service-table/hash.ts'
export { LinearServiceTable } from './service-table/linear.ts'
export { NO_SERVICE, type ServiceTable } from './service-table/service-table.ts'
export { pick as pickEqually, rulesEvaluated, ruleThreshold, walk as walkCascade } from './statistic-cascade.ts'
