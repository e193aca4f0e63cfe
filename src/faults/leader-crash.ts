import { NO_CAUSE } from '../engine/trace.ts'
import { type Nanos, SECOND } from '../units.ts'
import type { FaultReport, FaultTarget } from './fault.ts'

/** What the faults take down, and what it is called. */
export const LED_COMPONENTS = { 'controller-manager-crash': 'kube-controller-manager', 'scheduler-crash': 'kube-scheduler' } as const

/** One process of kube-controller-manager or kube-scheduler ends, with all it remembered. It is started again after `duration`, or never when that is null. */
export interface LeaderCrash {
  readonly kind: keyof typeof LED_COMPONENTS
  /** From 1; replica 1 leads at the start. null: the one that leads then, or the first that runs. */
  readonly replica: number | null
  readonly duration: Nanos | null
}

/** Strikes now. */
export function crashLeader(fault: LeaderCrash, target: FaultTarget, report: FaultReport): void {
  const { sim, trace } = target
  const component = LED_COMPONENTS[fault.kind]
  const replicas = target.replicas(component)
  const victim =
    fault.replica === null
      ? (replicas.find((replica) => replica.leads) ?? replicas.find((replica) => replica.up))
      : replicas[fault.replica - 1]
  const led = victim?.leads === true
  if (victim === undefined || !victim.crash()) {
    report.effect = `${component} was down already`
    return
  }
  const name = `${component} on ${victim.host}`
  const subject = `Lease/kube-system/${component}`
  const length = fault.duration === null ? 'for good' : `for ${fault.duration / SECOND} s`
  report.tookEffect = true
  report.effect = `${name} was down ${length}, ${led ? 'while it led' : 'a standby'}`
  trace.record({ cause: NO_CAUSE, actor: 'fault', action: `${component} crashed`, subject, detail: `on ${victim.host}, ${length}` })
  if (fault.duration === null) return
  sim.after(fault.duration, () => {
    const back = (): number =>
      trace.record({ cause: NO_CAUSE, actor: 'fault', action: `${component} was started`, subject, detail: `on ${victim.host}` })
    if (victim.up || !target.startReplica(component, victim.host, back))
      report.effect += '; it ran already, or its machine was down, when it was to come back'
  })
}
