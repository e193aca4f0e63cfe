import { NO_CAUSE } from '../engine/trace.ts'
import { type Nanos, SECOND } from '../units.ts'
import type { FaultReport, FaultTarget, PodChoice } from './fault.ts'

/**
 * Containers use more and more memory: `bytesPerSecond` more, from now on and anew after every restart, for `duration`, or to the end when
 * that is null; what they have by then they keep. When one comes to its limit, the kernel ends its process (exit code 137, OOMKilled), and its
 * pod's `restartPolicy` says what follows. A pod that comes later does not leak.
 *
 * Without a limit a container only grows, as metrics-server sees: eviction for a node's want of memory is not modelled.
 */
export interface MemoryLeak extends PodChoice {
  readonly kind: 'memory-leak'
  /** null: every main container. */
  readonly container: string | null
  readonly bytesPerSecond: number
  readonly duration: Nanos | null
}

/** Strikes now. */
export function leakMemory(fault: MemoryLeak, { sim, trace, dice, leakMemory }: FaultTarget, report: FaultReport): void {
  const { duration } = fault
  const length = duration === null ? 'for good' : `for ${duration / SECOND} s`
  let killed = 0
  let leaked = ''
  const { pods, end } = leakMemory(fault, dice, (subject, container) => {
    killed++
    report.tookEffect = true
    report.effect = `${leaked}: ${killed} ${killed === 1 ? 'container' : 'containers'} came to the limit (OOMKilled)`
    const detail = `${container}: exit code 137 (OOMKilled), its memory has come to the limit`
    return trace.record({ cause: NO_CAUSE, actor: 'kernel', action: 'oom-kill', subject, detail })
  })
  if (pods.length === 0) {
    report.effect = 'no such container ran'
    return
  }
  leaked = `${pods.length} ${pods.length === 1 ? 'pod' : 'pods'} leaked ${fault.bytesPerSecond} bytes a second ${length}`
  report.effect = `${leaked}, and none came to its limit`
  const detail = `${fault.bytesPerSecond} bytes a second, ${length}`
  for (const subject of pods) trace.record({ cause: NO_CAUSE, actor: 'fault', action: 'memory leaks', subject, detail })
  if (duration === null) return
  sim.after(duration, () => {
    end()
    for (const subject of pods) trace.record({ cause: NO_CAUSE, actor: 'fault', action: 'memory leaks no more', subject })
  })
}
