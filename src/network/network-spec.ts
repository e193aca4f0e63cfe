import type { DistributionSpec } from '../engine/distributions.ts'
import type { Nanos } from '../units.ts'

/** Links by where their two ends are. */
export interface ByLink<T> {
  readonly sameNode: T
  readonly sameZone: T
  readonly crossZone: T
  /** Between a client outside the cluster and a node. */
  readonly external: T
}

export const LINK_CLASSES = ['sameNode', 'sameZone', 'crossZone', 'external'] as const satisfies readonly (keyof ByLink<unknown>)[]

/** One-way delays, and what else happens to packets. */
export interface NetworkSpec extends ByLink<Nanos> {
  /** Share of packets that are lost, each way; none where not given. */
  readonly loss?: ByLink<number> | undefined
  /** What each packet is longer on its way; null on links without. */
  readonly jitter?: ByLink<DistributionSpec | null> | undefined
  /** Bytes a second of each node's card, each way; without a limit where not given. */
  readonly bandwidth?: number | undefined
  /** Pods of different nodes speak through tunnels of VXLAN; their packets are routed as they are where not given. */
  readonly isOverlay?: boolean | undefined
}
