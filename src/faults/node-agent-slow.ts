import type { Nanos } from '../units.ts'
import type { FaultReport, FaultTarget } from './fault.ts'
import { slowComponent } from './slow-component.ts'

/** What the faults slow, and what its work is called. */
const AGENTS = {
  'kubelet-slow': { agent: 'kubelet', work: ['step of its work', 'steps of its work'] },
  'kube-proxy-slow': { agent: 'kube-proxy', work: ['sync', 'syncs'] },
} as const

/**
 * The kubelet or the kube-proxy of a node has too little CPU, for `duration`, or to the end when that is null.
 *
 * - kubelet: syncs of pods, the relist after them (from 1.36 on) and its own start take `factor` times as long; the container runtime, the disk,
 *   probes and all periods do not.
 * - kube-proxy: a sync that begins meanwhile takes `factor` times as long. *Assumption*: it is on its core for all of that time, as packets see it.
 *
 * *Assumption*: the node is what slows it, so it stays slow when the process is started anew.
 */
export interface NodeAgentSlow {
  readonly kind: keyof typeof AGENTS
  readonly node: string
  readonly factor: number
  readonly duration: Nanos | null
}

/** Strikes now. */
export function slowNodeAgent(fault: NodeAgentSlow, target: FaultTarget, report: FaultReport): void {
  const { node } = fault
  const { agent, work } = AGENTS[fault.kind]
  const name = `the ${agent} of ${node}`
  const { runs, slow } = target.nodeAgent(agent, node)
  if (!runs) {
    report.effect = `${name} was down: it did nothing`
    return
  }
  slowComponent({ ...fault, name, subject: `Node/${node}`, work }, target, report, slow)
}
