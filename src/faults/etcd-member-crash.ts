import { NO_CAUSE } from '../engine/trace.ts'
import { type Nanos, SECOND } from '../units.ts'
import type { FaultReport, FaultTarget } from './fault.ts'

/** One member of etcd stops; its disk keeps what was synced. It comes back after `duration`, or never when that is null. */
export interface EtcdMemberCrash {
  readonly kind: 'etcd-member-crash'
  /** From 1; member 1 leads at the start. */
  readonly member: number
  readonly duration: Nanos | null
}

/** Strikes now. */
export function crashEtcdMember(fault: EtcdMemberCrash, { sim, trace, etcd }: FaultTarget, report: FaultReport): void {
  const subject = `etcd-${fault.member}`
  if (!etcd.crashMember(fault.member - 1)) {
    report.effect = `${subject} was down already`
    return
  }
  const length = fault.duration === null ? 'for good' : `for ${fault.duration / SECOND} s`
  report.tookEffect = true
  report.effect = `${subject} was down ${length}`
  trace.record({ cause: NO_CAUSE, actor: 'fault', action: 'etcd member crashed', subject, detail: length })
  if (fault.duration === null) return
  sim.after(fault.duration, () => {
    trace.record({ cause: NO_CAUSE, actor: 'fault', action: 'etcd member came back', subject, detail: 'with what its disk has' })
    etcd.restartMember(fault.member - 1)
  })
}
