import { NO_CAUSE } from '../engine/trace.ts'
import { type Nanos, SECOND } from '../units.ts'
import type { FaultReport, FaultTarget } from './fault.ts'

/**
 * The clock of a node is set wrong by `ahead` (below 0: behind), for `duration`, or to the end when that is null.
 *
 * What a node writes by its clock and others judge is the time of its lease. The node lifecycle controller counts by its own clock from when it
 * sees a renewal, so a clock that is ahead or behind makes no difference by itself. But it takes a lease for renewed only when its time is later
 * than the last: a clock that is set back, at the beginning or at the end of the fault, makes renewals unseen until it has caught up.
 *
 * Timers go on as they are: they count time, and do not read the clock.
 */
export interface ClockSkew {
  readonly kind: 'clock-skew'
  readonly node: string
  readonly ahead: Nanos
  readonly duration: Nanos | null
}

/** Strikes now. */
export function skewClock(fault: ClockSkew, { sim, trace, setNodeClock }: FaultTarget, report: FaultReport): void {
  const { node, ahead, duration } = fault
  const subject = `Node/${node}`
  const length = duration === null ? 'for good' : `for ${duration / SECOND} s`
  const how = `${Math.abs(ahead) / SECOND} s ${ahead < 0 ? 'behind' : 'ahead'}`
  const setBack = ahead < 0 || duration !== null
  report.tookEffect = setBack
  report.effect = setBack
    ? `the clock of ${node} was ${how} ${length}: its lease seemed not renewed for ${Math.abs(ahead) / SECOND} s after the clock was set back`
    : `the clock of ${node} was ${how} ${length}: heartbeats are judged by when they are seen`
  trace.record({ cause: NO_CAUSE, actor: 'fault', action: 'clock was set', subject, detail: how })
  setNodeClock(node, ahead)
  if (duration === null) return
  sim.after(duration, () => {
    trace.record({ cause: NO_CAUSE, actor: 'fault', action: 'clock was set', subject, detail: 'right again' })
    setNodeClock(node, 0)
  })
}
