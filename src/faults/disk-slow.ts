import { NO_CAUSE } from '../engine/trace.ts'
import { type Nanos, SECOND } from '../units.ts'
import type { FaultReport, FaultTarget } from './fault.ts'

/**
 * The disk of a node takes `factor` times as long: unpacking images, making sandboxes, starting containers. Processes that run do not notice
 * (*assumption*: they serve from memory). For `duration`, or to the end when that is null.
 */
export interface DiskSlow {
  readonly kind: 'disk-slow'
  readonly node: string
  readonly factor: number
  readonly duration: Nanos | null
}

/** Strikes now. */
export function slowNodeDisk(fault: DiskSlow, { sim, trace, isNodeUp, slowNodeDisk }: FaultTarget, report: FaultReport): void {
  const { node, factor } = fault
  const subject = `Node/${node}`
  if (!isNodeUp(node)) {
    report.effect = `${node} was down: its disk was not used`
    return
  }
  const length = fault.duration === null ? 'for good' : `for ${fault.duration / SECOND} s`
  const disk = `the disk of ${node} was ${factor} times as slow ${length}`
  report.effect = `${disk}, but nothing was pulled or started meanwhile`
  let uses = 0
  slowNodeDisk(node, factor, () => {
    uses++
    report.tookEffect = true
    report.effect = `${disk}: ${uses} ${uses === 1 ? 'pull or start' : 'pulls and starts'} took longer`
  })
  trace.record({ cause: NO_CAUSE, actor: 'fault', action: 'disk slowed down', subject, detail: `${factor} times, ${length}` })
  if (fault.duration === null) return
  sim.after(fault.duration, () => {
    trace.record({ cause: NO_CAUSE, actor: 'fault', action: 'disk is well again', subject })
    slowNodeDisk(node, 1, () => {})
  })
}
