import type { Wait } from '../engine/process.ts'
import { NO_CAUSE } from '../engine/trace.ts'
import { type Nanos, SECOND } from '../units.ts'
import type { FaultReport, FaultTarget } from './fault.ts'
import { struck } from './struck.ts'

/**
 * A node is rebooted without having been drained. `graceful`: the init system first stops all services with SIGTERM, so processes can finish
 * what they have accepted, for 90 s at most; but nobody tells the API server, and new connections to the pods are refused meanwhile. `hard`: as
 * a crash. Then the machine is away for `duration`. Images and the API's objects are there when it is back; every pod starts in a new sandbox,
 * init containers first.
 *
 * The kubelet's own graceful shutdown (shutdownGracePeriod) is off by default and is not modelled.
 */
export interface NodeReboot {
  readonly kind: 'node-reboot'
  readonly node: string
  readonly shutdown: 'graceful' | 'hard'
  /** From the end of the last process to the start of the kubelet. */
  readonly duration: Nanos
}

/** Source: systemd DefaultTimeoutStopSec. */
export const STOP_TIMEOUT: Nanos = 90 * SECOND

/** Strikes now. */
export function rebootNode(fault: NodeReboot, target: FaultTarget, report: FaultReport): void {
  if (!target.isNodeUp(fault.node)) {
    report.effect = `${fault.node} was down already`
    return
  }
  if (fault.shutdown === 'graceful' && target.isNodeFrozen(fault.node)) {
    report.effect = `${fault.node} stood still: nothing on it could be asked to end`
    return
  }
  report.tookEffect = true
  report.effect = `${fault.node} was shutting down to the end of the run`
  target.sim.spawn(reboot(fault, target, report))
}

function* reboot({ node, shutdown, duration }: NodeReboot, target: FaultTarget, report: FaultReport): Generator<Wait, void, unknown> {
  const { sim, trace } = target
  const subject = `Node/${node}`
  const began = sim.now
  let clean = ''
  if (shutdown === 'graceful') {
    trace.record({ cause: NO_CAUSE, actor: 'fault', action: 'node shuts down', subject, detail: 'SIGTERM to every process' })
    const left = yield* target.shutDownNode(node, STOP_TIMEOUT)
    clean = left === 0 ? ', every process ended by itself' : `, ${left} processes were killed after ${STOP_TIMEOUT / SECOND} s`
  }
  const lost = target.crashNode(node)
  if (lost === null) {
    report.effect = `${node} crashed while it shut down`
    return
  }
  const seconds = (sim.now - began) / SECOND
  report.effect = `${node} shut down for ${Math.round(seconds * 1000) / 1000} s${clean}, and was away for ${duration / SECOND} s, with ${struck(lost)}`
  trace.record({ cause: NO_CAUSE, actor: 'fault', action: 'node went down', subject, detail: `for ${duration / SECOND} s` })
  yield sim.delay(duration)
  const detail = 'empty, its containers start anew'
  target.bootNode(node, trace.record({ cause: NO_CAUSE, actor: 'fault', action: 'node came back', subject, detail }))
}
