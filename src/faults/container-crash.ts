import { NO_CAUSE } from '../engine/trace.ts'
import type { FaultReport, FaultTarget, PodChoice } from './fault.ts'

/** Processes end at once, by a mistake of their own or for want of memory. */
export interface ContainerCrash extends PodChoice {
  readonly kind: 'container-crash' | 'oom-kill'
  /** null: every main container. */
  readonly container: string | null
}

/** Exit codes: the commonest one of a program that fails (*assumption*); SIGKILL, by which the kernel ends a process that has used up its memory. */
export const ENDS = { 'container-crash': { exitCode: 1, reason: 'Error' }, 'oom-kill': { exitCode: 137, reason: 'OOMKilled' } } as const

/** Strikes now. */
export function crashContainers(fault: ContainerCrash, target: FaultTarget, report: FaultReport): void {
  const { exitCode, reason } = ENDS[fault.kind]
  const detail = `exit code ${exitCode} (${reason})`
  const cause = (subject: string): number => target.trace.record({ cause: NO_CAUSE, actor: 'fault', action: fault.kind, subject, detail })
  const crashed = target.crashContainers(fault, { exitCode, reason }, target.dice, cause)
  report.tookEffect = crashed > 0
  report.effect = crashed === 0 ? 'no such container ran' : `${crashed} containers ended with ${detail}`
}
