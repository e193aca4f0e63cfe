import { NO_CAUSE } from '../engine/trace.ts'
import { type Nanos, SECOND } from '../units.ts'
import type { FaultReport, FaultTarget } from './fault.ts'

/** A kubelet stops: no heartbeats, no probes, no restarts; its containers go on. It comes back after `duration`, or never when that is null. */
export interface KubeletCrash {
  readonly kind: 'kubelet-crash'
  readonly node: string
  readonly duration: Nanos | null
}

/** Strikes now. */
export function crashKubelet(fault: KubeletCrash, target: FaultTarget, report: FaultReport): void {
  const { sim, trace } = target
  const subject = `Node/${fault.node}`
  if (target.isNodeFrozen(fault.node)) {
    report.effect = `${fault.node} stood still: nothing of it could crash`
    return
  }
  if (!target.stopKubelet(fault.node)) {
    report.effect = `the kubelet of ${fault.node} was down already`
    return
  }
  const length = fault.duration === null ? 'for good' : `for ${fault.duration / SECOND} s`
  report.tookEffect = true
  report.effect = `the kubelet of ${fault.node} was down ${length}, its containers went on`
  trace.record({ cause: NO_CAUSE, actor: 'fault', action: 'kubelet crashed', subject, detail: length })
  if (fault.duration === null) return
  sim.after(fault.duration, () => {
    const started = (): number =>
      trace.record({ cause: NO_CAUSE, actor: 'fault', action: 'kubelet was started', subject, detail: 'its containers went on without it' })
    if (!target.startKubelet(fault.node, started))
      report.effect += '; the node had its kubelet started, or was down, when it was to come back'
  })
}
