import { NO_CAUSE } from '../engine/trace.ts'
import { type Nanos, SECOND } from '../units.ts'
import type { FaultReport, FaultTarget } from './fault.ts'

/**
 * A kube-proxy stops: the rules in the kernel stay as they are, and grow stale. It comes back after `duration`, or never when that is null,
 * and writes all rules anew.
 */
export interface KubeProxyCrash {
  readonly kind: 'kube-proxy-crash'
  readonly node: string
  readonly duration: Nanos | null
}

/** Strikes now. */
export function crashKubeProxy(fault: KubeProxyCrash, target: FaultTarget, report: FaultReport): void {
  const { sim, trace } = target
  const subject = `Node/${fault.node}`
  if (target.isNodeFrozen(fault.node)) {
    report.effect = `${fault.node} stood still: nothing of it could crash`
    return
  }
  if (!target.stopKubeProxy(fault.node)) {
    report.effect = `the kube-proxy of ${fault.node} was down already`
    return
  }
  const length = fault.duration === null ? 'for good' : `for ${fault.duration / SECOND} s`
  report.tookEffect = true
  report.effect = `the kube-proxy of ${fault.node} was down ${length}, the rules in the kernel stayed`
  trace.record({ cause: NO_CAUSE, actor: 'fault', action: 'kube-proxy crashed', subject, detail: length })
  if (fault.duration === null) return
  sim.after(fault.duration, () => {
    const started = (): number =>
      trace.record({ cause: NO_CAUSE, actor: 'fault', action: 'kube-proxy was started', subject, detail: 'it lists everything anew' })
    if (!target.startKubeProxy(fault.node, started))
      report.effect += '; the node had its kube-proxy started, or was down, when it was to come back'
  })
}
