import { NO_CAUSE } from '../engine/trace.ts'
import type { FaultReport, FaultTarget, PodChoice } from './fault.ts'

/**
 * All processes of pods end at once, that of the sandbox too, as after `crictl stopp` or a kernel that kills the pod's cgroup. The pod object
 * stays: its kubelet makes a new sandbox, with a new address, and starts all containers again, init containers first.
 */
export interface PodKill extends PodChoice {
  readonly kind: 'pod-kill'
}

/** Strikes now. */
export function killPods(fault: PodKill, target: FaultTarget, report: FaultReport): void {
  const detail = 'all of its processes'
  const cause = (subject: string): number => target.trace.record({ cause: NO_CAUSE, actor: 'fault', action: 'pod-kill', subject, detail })
  const killed = target.killPods(fault, target.dice, cause)
  report.tookEffect = killed > 0
  report.effect = killed === 0 ? 'no such pod ran' : `${killed} ${killed === 1 ? 'pod' : 'pods'} lost all processes`
}
