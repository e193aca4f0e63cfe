import type { LabelSelector } from '../api/labels.ts'
import type { DistributionSpec } from '../engine/distributions.ts'
import type { Wait } from '../engine/process.ts'
import type { RandomStream } from '../engine/random-stream.ts'
import type { Simulation } from '../engine/simulation.ts'
import type { HopId, Trace } from '../engine/trace.ts'
import type { Nanos } from '../units.ts'
import type { DnsAnswer } from '../workload/dns-failures.ts'
import type { HowMany } from './choice.ts'

/** Pods by their labels, of those that it can happen to when the fault strikes. */
export interface PodChoice {
  readonly namespace: string
  readonly selector: LabelSelector
  readonly count: HowMany
}

/** Makes the work of a component take `factor` times as long, until what it gives is called; `onUse` is called for each piece. Several multiply. */
export type BeginSlowness = (factor: number, onUse: () => void) => () => void

/** What a fault can do to the cluster. */
export interface FaultTarget {
  readonly sim: Simulation
  readonly trace: Trace
  /** What the fault that strikes draws from. */
  readonly dice: RandomStream
  /** Names of the nodes that have joined, those with these labels only where that is not null, in their order. */
  readonly nodesMatching: (selector: LabelSelector | null) => readonly string[]
  /** Stops the machine at once; null when it is down already. */
  readonly crashNode: (
    name: string,
  ) => { readonly pods: number; readonly requestsInFlight: number; readonly components: readonly string[] } | null
  /** Stops a machine that is no node; says which components ran there, null when it is down already. */
  readonly crashMachine: (name: string) => readonly string[] | null
  /** `cause` is the hop of its return. */
  readonly bootMachine: (name: string, cause: HopId) => void
  /** The links between machines, and those to the world outside. */
  readonly links: LinksTarget
  /** The members of etcd, counted from 1 in scenarios and from 0 here. */
  readonly etcd: EtcdTarget
  /** The kube-apiserver processes, counted from 1 in scenarios and from 0 here. */
  readonly apiServers: ApiServersTarget
  /** `cause` is the hop of its return. */
  readonly bootNode: (name: string, cause: HopId) => void
  /** False when it did not run. */
  readonly stopKubelet: (node: string) => boolean
  /** False when it runs already, or its node is down. `cause` records the hop of its return, if it returns. */
  readonly startKubelet: (node: string, cause: () => HopId) => boolean
  readonly isNodeUp: (node: string) => boolean
  /** Up, but standing still. */
  readonly isNodeFrozen: (node: string) => boolean
  /**
   * The machine stands still until then, if `goOn` is called, which says whether it still stood still. What hinders it otherwise, to be said after
   * the node's name.
   */
  readonly freezeNode: (
    node: string,
    until: Nanos,
  ) => { readonly pods: number; readonly requestsInFlight: number; readonly goOn: () => boolean } | string
  /** Stops the kubelet and asks every process of the node to end; says how many had not when `timeout` was over. */
  readonly shutDownNode: (node: string, timeout: Nanos) => Generator<Wait, number, unknown>
  /** `onUse` is called for each thing that takes longer. */
  readonly slowNodeDisk: (node: string, factor: number, onUse: () => void) => void
  /** How far the node's clock is ahead of true time. */
  readonly setNodeClock: (node: string, ahead: Nanos) => void
  /** Ends all processes of pods, that of the sandbox too; says of how many pods. `cause` records a hop for each. */
  readonly killPods: (which: PodChoice, dice: RandomStream, cause: (pod: string) => HopId) => number
  /**
   * Pods take `factor` times as long for requests that they begin from now on, until `end` is called; `onUse` is called for each. Several at
   * once multiply. Says which pods.
   */
  readonly slowPods: (
    which: PodChoice,
    factor: number,
    dice: RandomStream,
    onUse: () => void,
  ) => { readonly pods: readonly string[]; readonly end: () => void }
  /**
   * Containers use more and more memory, also after a restart, until `end` is called; `onFull` records the hop of each that has come to its
   * limit. Says of which pods.
   */
  readonly leakMemory: (
    which: PodChoice & { readonly container: string | null; readonly bytesPerSecond: number },
    dice: RandomStream,
    onFull: (pod: string, container: string) => HopId,
  ) => { readonly pods: readonly string[]; readonly end: () => void }
  /**
   * Answers of the cluster's DNS fail from now on, until what it gives is called: `draw` says of each what becomes of it, null: nothing. `struck` is
   * called for each that does, first of its lookup or not. null: nobody looks names up.
   */
  readonly failDns: (draw: () => DnsAnswer | null, struck: (isFirst: boolean) => void) => (() => void) | null
  /** False when it did not run. */
  readonly stopKubeProxy: (node: string) => boolean
  /** False when it runs already, or its node is down. `cause` records the hop of its return, if it returns. */
  readonly startKubeProxy: (node: string, cause: () => HopId) => boolean
  /** Whether it runs, and how it is made slow. */
  readonly nodeAgent: (agent: 'kubelet' | 'kube-proxy', node: string) => { readonly runs: boolean; readonly slow: BeginSlowness }
  /** The replicas of kube-controller-manager or kube-scheduler, counted from 1 in scenarios and from 0 here. */
  readonly replicas: (component: LedComponentName) => readonly ReplicaTarget[]
  /** Starts one again; false when its machine is down. `cause` records the hop of its return, if it returns. */
  readonly startReplica: (component: LedComponentName, host: string, cause: () => HopId) => boolean
  /** Ends processes; says how many. `cause` records a hop for each pod. */
  readonly crashContainers: (
    which: PodChoice & { readonly container: string | null },
    how: { readonly exitCode: number; readonly reason: string },
    dice: RandomStream,
    cause: (pod: string) => HopId,
  ) => number
}

export type LedComponentName = 'kube-controller-manager' | 'kube-scheduler'

/** One replica of a component of which one leads. */
export interface ReplicaTarget {
  readonly host: string
  readonly up: boolean
  readonly leads: boolean
  /** False when it is down already. */
  readonly crash: () => boolean
  readonly slow: BeginSlowness
}

/** What can happen to links. Machines are called by their names, and the world outside `outside`. */
export interface LinksTarget {
  /** All machines: nodes first. */
  readonly machines: readonly string[]
  /** Those with an API server, or where the control plane stands nowhere in particular that place. */
  readonly controlPlane: readonly string[]
  /** Until the function that it gives is called; `touched` is told of each packet that was lost or late, and of each connection to an API server. */
  readonly disturb: (disturbance: {
    readonly from: readonly string[]
    readonly to: readonly string[]
    readonly oneWay: boolean
    readonly loss: number
    readonly delay: DistributionSpec | null
    readonly touched: (what: 'packet' | 'connection') => void
  }) => () => void
}

/** What can happen to the members of etcd. */
export interface EtcdTarget {
  readonly memberCount: number
  /** False when it is down already. */
  readonly crashMember: (member: number) => boolean
  readonly restartMember: (member: number) => void
  readonly isUp: (member: number) => boolean
  readonly slowDisk: (member: number, factor: number) => void
  readonly partition: (side: readonly number[], cut: boolean) => void
}

/** What can happen to the API servers. */
export interface ApiServersTarget {
  readonly count: number
  readonly isUp: (id: number) => boolean
  readonly nameOf: (id: number) => string
  readonly slow: (id: number, ...how: Parameters<BeginSlowness>) => () => void
  /** What broke; null when it is down already. */
  readonly crash: (id: number) => { readonly requests: number; readonly watches: number } | null
  /** `answers` is called when it serves. */
  readonly start: (id: number, answers: () => void) => void
}

/** What became of a fault. Filled in when it strikes. */
export interface FaultReport {
  readonly fault: string
  tookEffect: boolean
  effect: string
}
