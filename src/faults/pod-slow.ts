import { NO_CAUSE } from '../engine/trace.ts'
import { type Nanos, SECOND } from '../units.ts'
import type { FaultReport, FaultTarget, PodChoice } from './fault.ts'

/**
 * Pods take `factor` times as long for every request that they begin, for `duration`, or to the end when that is null. What they have begun
 * goes on as it was. Several at once multiply. A pod stays slow when its containers are restarted; a pod that comes later is not.
 *
 * Its servers are busy for longer, so health calls wait for longer, too, and it uses more CPU.
 */
export interface PodSlow extends PodChoice {
  readonly kind: 'pod-slow'
  readonly factor: number
  readonly duration: Nanos | null
}

/** Strikes now. */
export function slowPods(fault: PodSlow, { sim, trace, dice, slowPods }: FaultTarget, report: FaultReport): void {
  const { factor, duration } = fault
  const length = duration === null ? 'for good' : `for ${duration / SECOND} s`
  let begun = 0
  let slowed = ''
  const { pods, end } = slowPods(fault, factor, dice, () => {
    begun++
    report.tookEffect = true
    report.effect = `${slowed}: ${begun} ${begun === 1 ? 'request' : 'requests'} took longer`
  })
  if (pods.length === 0) {
    report.effect = 'no such pod ran'
    return
  }
  slowed = `${pods.length} ${pods.length === 1 ? 'pod was' : 'pods were'} ${factor} times as slow ${length}`
  report.effect = `${slowed}, but began no request meanwhile`
  const detail = `${factor} times, ${length}`
  for (const subject of pods) trace.record({ cause: NO_CAUSE, actor: 'fault', action: 'pod slowed down', subject, detail })
  if (duration === null) return
  sim.after(duration, () => {
    end()
    for (const subject of pods) trace.record({ cause: NO_CAUSE, actor: 'fault', action: 'pod is as fast as before', subject })
  })
}
