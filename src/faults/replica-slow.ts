import type { Nanos } from '../units.ts'
import type { FaultReport, FaultTarget } from './fault.ts'
import { slowComponent } from './slow-component.ts'

/** What the faults slow, and what its work is called. */
export const SLOWED_COMPONENTS = {
  'controller-manager-slow': { component: 'kube-controller-manager', work: ['reconcile', 'reconciles'] },
  'scheduler-slow': { component: 'kube-scheduler', work: ['scheduling cycle', 'scheduling cycles'] },
} as const

/**
 * One kube-controller-manager takes `factor` times as long for every reconcile, or one kube-scheduler for every scheduling cycle, for `duration`,
 * or to the end when that is null. Its requests are as fast as ever, and so are its rate limits, its periods and its lease.
 *
 * *Assumption*: its machine is what slows it, so it stays slow when the process is started anew.
 */
export interface ReplicaSlow {
  readonly kind: keyof typeof SLOWED_COMPONENTS
  /** From 1; replica 1 leads at the start. null: the one that leads then, or the first that runs. */
  readonly replica: number | null
  readonly factor: number
  readonly duration: Nanos | null
}

/** Strikes now. */
export function slowReplica(fault: ReplicaSlow, target: FaultTarget, report: FaultReport): void {
  const { component, work } = SLOWED_COMPONENTS[fault.kind]
  const replicas = target.replicas(component)
  const victim =
    fault.replica === null
      ? (replicas.find((replica) => replica.leads) ?? replicas.find((replica) => replica.up))
      : replicas[fault.replica - 1]
  if (victim?.up !== true) {
    report.effect = `${component} was down: it did nothing`
    return
  }
  const name = `${component} on ${victim.host}`
  const subject = `Lease/kube-system/${component}`
  slowComponent({ ...fault, name, subject, work }, target, report, victim.slow)
}
