import { NO_CAUSE } from '../engine/trace.ts'
import { type Nanos, SECOND } from '../units.ts'
import type { FaultReport, FaultTarget } from './fault.ts'

/** Every fsync of one member of etcd takes `factor` times as long, for `duration`, or to the end when that is null. */
export interface EtcdSlowDisk {
  readonly kind: 'etcd-slow-disk'
  /** From 1; member 1 leads at the start. */
  readonly member: number
  readonly factor: number
  readonly duration: Nanos | null
}

/** Strikes now. */
export function slowEtcdDisk(fault: EtcdSlowDisk, { sim, trace, etcd }: FaultTarget, report: FaultReport): void {
  const subject = `etcd-${fault.member}`
  if (!etcd.isUp(fault.member - 1)) {
    report.effect = `${subject} was down: its disk was not used`
    return
  }
  const length = fault.duration === null ? 'for good' : `for ${fault.duration / SECOND} s`
  report.tookEffect = true
  report.effect = `the disk of ${subject} was ${fault.factor} times as slow ${length}`
  trace.record({ cause: NO_CAUSE, actor: 'fault', action: 'disk slowed down', subject, detail: `${fault.factor} times, ${length}` })
  etcd.slowDisk(fault.member - 1, fault.factor)
  if (fault.duration === null) return
  sim.after(fault.duration, () => {
    trace.record({ cause: NO_CAUSE, actor: 'fault', action: 'disk is well again', subject })
    etcd.slowDisk(fault.member - 1, 1)
  })
}
