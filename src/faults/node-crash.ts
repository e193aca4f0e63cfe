import { NO_CAUSE } from '../engine/trace.ts'
import { type Nanos, SECOND } from '../units.ts'
import type { FaultReport, FaultTarget } from './fault.ts'
import { struck } from './struck.ts'

/** A node stops at once: no heartbeats, no packets. It comes back after `duration`, or never when that is null. */
export interface NodeCrash {
  readonly kind: 'node-crash'
  readonly node: string
  readonly duration: Nanos | null
}

/** Strikes now. */
export function crashNode(fault: NodeCrash, target: FaultTarget, report: FaultReport): void {
  const { sim, trace } = target
  const subject = `Node/${fault.node}`
  const lost = target.crashNode(fault.node)
  if (lost === null) {
    report.effect = `${fault.node} was down already`
    return
  }
  const length = fault.duration === null ? 'for good' : `for ${fault.duration / SECOND} s`
  report.tookEffect = true
  report.effect = `${fault.node} was down ${length}, with ${struck(lost)}`
  if (lost.components.length > 0) report.effect += `; with it ${lost.components.join(', ')}`
  trace.record({ cause: NO_CAUSE, actor: 'fault', action: 'node crashed', subject, detail: length })
  if (fault.duration === null) return
  sim.after(fault.duration, () => {
    const detail = 'empty, its containers start anew'
    target.bootNode(fault.node, trace.record({ cause: NO_CAUSE, actor: 'fault', action: 'node came back', subject, detail }))
  })
}
