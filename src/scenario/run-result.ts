import type { FaultOutcome } from '../faults/planned-fault.ts'
import type { KubeProxySummary, NodesSummary, QuantileSummary, TrafficSummary } from '../metrics/summaries.ts'
import type { Table } from '../metrics/table.ts'
import type { Threshold } from './scenario.ts'

export type { KubeProxySummary, NodesSummary, QuantileSummary, TrafficSummary } from '../metrics/summaries.ts'

/** What one variant's run gives back. Everything in it is a function of (scenario, seed, version). */
export interface RunResult {
  readonly variant: string
  /** Per interval and traffic: sent, ok, failed by cause, latency quantiles. */
  readonly requests: Table
  /** How the latency of each traffic's answered requests is distributed. */
  readonly latency: Table
  /** Every hop of every API object. */
  readonly objects: Table
  /** Every kube-proxy sync. */
  readonly proxy: Table
  /** Every pod that could serve: how long it listened, and what came to it. */
  readonly pods: Table
  /** Per interval and node: what its CPUs did, and how full connection tracking was. */
  readonly nodes: Table
  /** Per interval and pod: the connections that it has open at its end, and the requests that it has not answered. */
  readonly connections: Table
  /** Why requests failed, and by which changes that their node had not seen. */
  readonly failures: Table
  /** Some requests with every step of theirs; only where they were asked for. */
  readonly samples?: Table
  /** Commands, rollouts and faults, with their start and end. */
  readonly events: Table
  readonly summary: VariantSummary
}

/** Plain data for `summary.json` and the terminal. Times in milliseconds; null where nothing was observed. */
export interface VariantSummary {
  readonly variant: string
  readonly traffic: readonly TrafficSummary[]
  /** From an EndpointSlice write to its being programmed on a node, over all nodes and writes. */
  readonly propagation: QuantileSummary
  readonly deployments: readonly DeploymentSummary[]
  readonly kubeProxy: KubeProxySummary
  readonly nodes: NodesSummary
  /** Only of runs that begin with one: when every node was Ready; null when that did not happen. */
  readonly bootstrap?: { readonly allNodesReadySeconds: number | null }
  readonly faults: readonly FaultOutcome[]
  /** kubectl commands of the timeline that the API server refused. */
  readonly refusals: readonly { readonly command: string; readonly reason: string }[]
  /** Priority levels of the API server in which a request waited for a seat or was rejected; left out when there is none. */
  readonly flowControl?: readonly FlowControlSummary[]
  readonly thresholds: readonly ThresholdResult[]
  readonly engine: { readonly events: number; readonly hops: number; readonly simulatedSeconds: number }
}

export interface FlowControlSummary {
  readonly priorityLevel: string
  /** Requests that waited for a seat and got one. */
  readonly waited: number
  readonly longestWaitMs: number
  /** Requests that were answered 429. */
  readonly rejected: number
}

export interface DeploymentSummary {
  readonly namespace: string
  readonly name: string
  readonly replicas: number
  readonly available: number
  /** When the Deployment first had all replicas available. */
  readonly availableAtSeconds: number | null
  /** Requests a second of its busiest pod over the mean of its pods; null when no pod listens at the end or none had a request. */
  readonly imbalance: number | null
  /** Share of the CPU periods of its pods in which they were throttled; absent where nobody counts them. */
  readonly throttled?: number
}

export interface ThresholdResult extends Omit<Threshold, 'labels' | 'text'> {
  readonly expression: string
  /** null when nothing was measured, which fails the threshold. */
  readonly value: number | null
  readonly passed: boolean
}
