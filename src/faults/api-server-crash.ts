import { NO_CAUSE } from '../engine/trace.ts'
import { MILLISECOND, type Nanos, SECOND } from '../units.ts'
import { drawnServer } from './drawn-server.ts'
import type { FaultReport, FaultTarget } from './fault.ts'

/**
 * One kube-apiserver process dies: requests in flight have no answer, its watches break, new connections are refused. After `duration` it
 * is started again, fills its watch caches from etcd and serves; never when that is null.
 */
export interface ApiServerCrash {
  readonly kind: 'api-server-crash'
  /** From 1; null: one of those that are up, drawn. */
  readonly server: number | null
  readonly duration: Nanos | null
}

/** Strikes now. */
export function crashApiServer(fault: ApiServerCrash, { sim, trace, dice, apiServers }: FaultTarget, report: FaultReport): void {
  const id = fault.server === null ? drawnServer(dice.uniform(), apiServers) : fault.server - 1
  const lost = id === null ? null : apiServers.crash(id)
  if (id === null || lost === null) {
    report.effect = id === null ? 'every API server was down already' : `${apiServers.nameOf(id)} was down already`
    return
  }
  const subject = apiServers.nameOf(id)
  const length = fault.duration === null ? 'for good' : `for ${fault.duration / SECOND} s`
  const took = `${lost.requests} requests in flight, ${lost.watches} watches`
  report.tookEffect = true
  report.effect = `${subject} was down ${length}: ${took} broke`
  trace.record({ cause: NO_CAUSE, actor: 'fault', action: 'API server crashed', subject, detail: `${length}, ${took}` })
  if (fault.duration === null) return
  sim.after(fault.duration, () => {
    const started = sim.now
    const cause = trace.record({ cause: NO_CAUSE, actor: 'fault', action: 'API server was started', subject, detail: 'with empty caches' })
    apiServers.start(id, () => {
      report.effect += `; it served again ${Math.round((sim.now - started) / MILLISECOND)} ms after its start`
      trace.record({ cause, actor: subject, action: 'serves', subject, started, detail: 'watch caches filled from etcd' })
    })
  })
}
