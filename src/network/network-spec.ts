import type { Nanos } from '../units.ts'

export interface NetworkSpec {
  /** One-way delays. */
  readonly sameNode: Nanos
  readonly sameZone: Nanos
  readonly crossZone: Nanos
  /** One way between a client outside the cluster and a node. */
  readonly external: Nanos
}
