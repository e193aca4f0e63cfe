import { NO_CAUSE } from '../engine/trace.ts'
import { type Nanos, SECOND } from '../units.ts'
import type { FaultReport, FaultTarget } from './fault.ts'

/** One member of etcd and the others do not reach each other, for `duration`, or to the end when that is null. Clients reach all. */
export interface EtcdPartition {
  readonly kind: 'etcd-partition'
  /** From 1; member 1 leads at the start. */
  readonly member: number
  readonly duration: Nanos | null
}

/** Strikes now. */
export function partitionEtcd(fault: EtcdPartition, { sim, trace, etcd }: FaultTarget, report: FaultReport): void {
  const subject = `etcd-${fault.member}`
  if (etcd.memberCount === 1) {
    report.effect = `${subject} is the only member: there is nobody to be cut off from`
    return
  }
  const length = fault.duration === null ? 'for good' : `for ${fault.duration / SECOND} s`
  report.tookEffect = true
  report.effect = `${subject} was cut off from the other members ${length}`
  trace.record({ cause: NO_CAUSE, actor: 'fault', action: 'etcd member cut off', subject, detail: length })
  etcd.partition([fault.member - 1], true)
  if (fault.duration === null) return
  sim.after(fault.duration, () => {
    trace.record({ cause: NO_CAUSE, actor: 'fault', action: 'etcd member reachable again', subject })
    etcd.partition([fault.member - 1], false)
  })
}
