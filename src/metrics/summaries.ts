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
  /** Of the failed: those whose node had rules that did not know a change which would have spared them. */
  readonly stale: number
  readonly errorRate: number
  /** Tries after a failed one. */
  readonly retries: number
  /** Second tries beside one that has no answer yet, and how many of them were answered first. */
  readonly hedges: number
  readonly hedgesWon: number
  /** Tries that a budget did not allow. */
  readonly triesDenied: number
  /** Requests or tries that a pod finished when nobody waited for them any more. */
  readonly answersWasted: number
  /** Tries for each request; null without requests. */
  readonly amplification: number | null
  readonly requestsPerSecond: number
  readonly latencyMs: QuantileSummary
  /** What the time of the answered requests was spent on. */
  readonly blameMs: BlameSummary
}

/** All nodes since the warm-up. */
export interface NodesSummary {
  /** Packets that came to cores and were taken, and those that were dropped. */
  readonly packets: number
  readonly packetsDropped: number
  /** The core that spent the most CPU time on packets in one interval: the share of a whole interval, and when that began. null: no packet came. */
  readonly busiestCore: { readonly node: string; readonly share: number; readonly atSeconds: number } | null
  /** The most entries that connection tracking of a node held at the end of an interval. */
  readonly conntrackEntriesMax: number
  /** Packets that found connection tracking full. */
  readonly conntrackDropped: number
}

/** kube-proxy over all nodes and the whole run. */
export interface KubeProxySummary {
  readonly mode: string
  readonly syncs: number
  readonly rulesMax: number
  readonly syncMsMax: number
  /** Left out when every kube-proxy that ran had written its rules before measuring began. */
  readonly lateFirstSyncs?: LateFirstSyncs
}

/** kube-proxies that were still in their first sync when measuring began: what is measured until they are done is how a cluster starts. */
export interface LateFirstSyncs {
  readonly nodes: number
  /** When the last of them was done, in simulated time; null: the run ended before. */
  readonly doneSeconds: number | null
}
