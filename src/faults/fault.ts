import type { Simulation } from '../engine/simulation.ts'
import type { HopId, Trace } from '../engine/trace.ts'

/** What a fault can do to the cluster. */
export interface FaultTarget {
  readonly sim: Simulation
  readonly trace: Trace
  /** Stops the machine at once; null when it is down already. */
  readonly crashNode: (name: string) => { readonly pods: number; readonly requestsInFlight: number } | null
  /** `cause` is the hop of its return. */
  readonly bootNode: (name: string, cause: HopId) => void
}

/** What became of a fault. Filled in when it strikes. */
export interface FaultReport {
  readonly fault: string
  tookEffect: boolean
  effect: string
}
