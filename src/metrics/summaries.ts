import type { BlameSummary } from './blame.ts'

export interface QuantileSummary {
  readonly count: number
  readonly mean: number | null
  readonly p50: number | null
  readonly p90: number | null
  readonly p99: number | null
  readonly max: number | null
}

export interface TrafficSummary {
  readonly traffic: string
  /** Which pods send it, by label selector, where it is their calls; left out for traffic of the scenario itself. */
  readonly from?: string
  readonly sent: number
  readonly ok: number
  readonly failed: number
  readonly inFlight: number
  /** Cause to count; only causes that occurred, in a fixed order. */
  readonly failedByCause: Readonly<Record<string, number>>
  readonly errorRate: number
  readonly requestsPerSecond: number
  readonly latencyMs: QuantileSummary
  /** What the time of the answered requests was spent on. */
  readonly blameMs: BlameSummary
}

/** kube-proxy over all nodes and the whole run. */
export interface KubeProxySummary {
  readonly mode: string
  readonly syncs: number
  readonly rulesMax: number
  readonly syncMsMax: number
}
