import { NO_CAUSE } from '../engine/trace.ts'
import { type Nanos, SECOND } from '../units.ts'
import type { FaultReport, FaultTarget } from './fault.ts'

/** A machine of the control plane or of etcd that is no node stops at once, with all that runs on it. It comes back after `duration`, or never when that is null. */
export interface MachineCrash {
  readonly kind: 'machine-crash'
  readonly machine: string
  readonly duration: Nanos | null
}

/** Strikes now. */
export function crashMachine(fault: MachineCrash, target: FaultTarget, report: FaultReport): void {
  const { sim, trace } = target
  const { machine: subject, duration } = fault
  const lost = target.crashMachine(subject)
  if (lost === null) {
    report.effect = `${subject} was down already`
    return
  }
  const length = duration === null ? 'for good' : `for ${duration / SECOND} s`
  report.tookEffect = true
  report.effect = `${subject} was down ${length}, with ${lost.join(', ')}`
  trace.record({ cause: NO_CAUSE, actor: 'fault', action: 'machine crashed', subject, detail: length })
  if (duration === null) return
  sim.after(duration, () =>
    target.bootMachine(
      subject,
      trace.record({ cause: NO_CAUSE, actor: 'fault', action: 'machine came back', subject, detail: 'with what its disk has' }),
    ),
  )
}
