import { NO_CAUSE } from '../engine/trace.ts'
import { type Nanos, SECOND } from '../units.ts'
import type { FaultReport, FaultTarget } from './fault.ts'
import { struck } from './struck.ts'

/**
 * A machine stands still for `duration` and then goes on where it was: a hung kernel, or a virtual machine that is paused. Nothing of it runs, and
 * its memory stays. Time goes on (*assumption*: timers count it, so they are late at the end, as those of a hung kernel are; a hypervisor may
 * stop the guest's clocks instead).
 */
export interface NodeFreeze {
  readonly kind: 'node-freeze'
  readonly node: string
  readonly duration: Nanos
}

/** Strikes now. */
export function freezeNode({ node, duration }: NodeFreeze, target: FaultTarget, report: FaultReport): void {
  const { sim, trace } = target
  const subject = `Node/${node}`
  const held = target.freezeNode(node, sim.now + duration)
  if (typeof held === 'string') {
    report.effect = `${node} ${held}`
    return
  }
  const length = `${duration / SECOND} s`
  const frozen = `${node} stood still for ${length}, with ${struck(held)}`
  report.tookEffect = true
  report.effect = `${node} stood still to the end of the run, with ${struck(held)}`
  trace.record({ cause: NO_CAUSE, actor: 'fault', action: 'node stands still', subject, detail: `for ${length}` })
  sim.after(duration, () => {
    if (!held.goOn()) {
      report.effect = `${frozen}; it lost its power before the end of that`
      return
    }
    report.effect = frozen
    trace.record({ cause: NO_CAUSE, actor: 'fault', action: 'node goes on', subject, detail: 'where it was' })
  })
}
