import type { Nanos } from '../units.ts'
import { drawnServer } from './drawn-server.ts'
import type { FaultReport, FaultTarget } from './fault.ts'
import { slowComponent } from './slow-component.ts'

/**
 * What one kube-apiserver does itself takes `factor` times as long, for `duration`, or to the end when that is null: requests (authentication,
 * authorisation, admission, encoding), its watch caches and what it tells its watchers, its start. etcd and the network are as fast as ever.
 *
 * *Assumption*: its machine is what slows it, so it stays slow when the process is started anew.
 */
export interface ApiServerSlow {
  readonly kind: 'api-server-slow'
  /** From 1; null: one of those that are up, drawn. */
  readonly server: number | null
  readonly factor: number
  readonly duration: Nanos | null
}

/** Strikes now. */
export function slowApiServer(fault: ApiServerSlow, target: FaultTarget, report: FaultReport): void {
  const { apiServers, dice } = target
  const id = fault.server === null ? drawnServer(dice.uniform(), apiServers) : fault.server - 1
  if (id === null || !apiServers.isUp(id)) {
    report.effect = id === null ? 'every API server was down' : `${apiServers.nameOf(id)} was down: it did nothing`
    return
  }
  const name = apiServers.nameOf(id)
  const work = ['step of its work', 'steps of its work'] as const
  slowComponent({ ...fault, name, subject: name, work }, target, report, (factor, onUse) => apiServers.slow(id, factor, onUse))
}
