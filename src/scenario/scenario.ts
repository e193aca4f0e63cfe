import type { AnyObject } from '../api/objects/index.ts'
import type { FlowControlOptions } from '../control-plane/flow-control/flow-control.ts'
import type { Identity } from '../control-plane/identity.ts'
import type { InstallName } from '../control-plane/installs/index.ts'
import type { KubectlVerb } from '../control-plane/kubectl/kubectl.ts'
import type { SchedulerSpec } from '../control-plane/scheduler/scheduler.ts'
import type { ChoosingFault, Fault } from '../faults/index.ts'
import type { FaultPlan } from '../faults/planned-fault.ts'
import type { KubeProxySpec } from '../kube-proxy/kube-proxy-spec.ts'
import type { KubernetesMinor } from '../kubernetes-version.ts'
import type { LinuxVersion } from '../linux-version.ts'
import type { NetworkSpec } from '../network/network-spec.ts'
import type { ConntrackConfig } from '../node/conntrack.ts'
import type { ImagePolicy } from '../node/image-store.ts'
import type { SoftirqSpec } from '../node/packet-cores.ts'
import type { RuntimeName } from '../node/runtimes/index.ts'
import type { Nanos } from '../units.ts'
import type { DirectorSpec } from '../workload/director/director.ts'
import type { DnsSpec } from '../workload/resolver.ts'
import type { TrafficSpec, WorkloadSpec } from '../workload/specs.ts'
import type { OtherServicesSpec } from './other-services.ts'
import type { StatedFields } from './stated-fields.ts'

export type { KubeProxySpec } from '../kube-proxy/kube-proxy-spec.ts'
export type { NetworkSpec } from '../network/network-spec.ts'
export type {
  ArrivalSpec,
  CallSpec,
  CallStep,
  ClosedLoopSpec,
  ConnectionSpec,
  ErrorSpec,
  IngressControllerSpec,
  RunSpec,
  SocketSpec,
  TrafficSource,
  TrafficSpec,
  TrafficTarget,
  WarmUpSpec,
  WorkloadSpec,
} from '../workload/specs.ts'
export type ImageSpec = ImagePolicy
export type KubectlCommand = KubectlVerb
export type FaultSpec = Fault | ChoosingFault

/**
 * A checked scenario: what assembly builds a simulation from.
 *
 * Every cross-reference has been resolved and every number is in range; nothing here needs checking again.
 */
export interface Scenario {
  readonly name: string
  readonly seed: string
  /** Simulated time of the whole run, warm-up included. */
  readonly duration: Nanos
  /** Time given to the cluster to come up. Traffic starts at its end, unless it says otherwise, and measuring begins there. */
  readonly warmUp: Nanos
  readonly cluster: ClusterSpec
  /** What `kubectl apply` sends at time 0, in file order. */
  readonly manifests: readonly AnyObject[]
  readonly workloads: readonly WorkloadSpec[]
  readonly traffic: readonly TrafficSpec[]
  readonly timeline: readonly TimelineEntry[]
  readonly thresholds: readonly Threshold[]
  /** What its file says, with the changes of the variant; absent: it was not read from one. Nothing of the run depends on it. */
  readonly stated?: StatedFields
}

export interface ClusterSpec {
  readonly version: KubernetesMinor
  /** Of every node. */
  readonly kernel: LinuxVersion
  readonly nodes: readonly NodeGroup[]
  /** null: a control plane that stands nowhere in particular. */
  readonly install: InstallName | null
  /** The run begins with the installation; only with an install. */
  readonly bootstrap: boolean
  /** Namespaces, Services and Deployments of the manifests have been applied long before the run; absent: no. */
  readonly settled?: boolean | undefined
  /** Of a control-plane node beside `nodes`. */
  readonly controlPlane: { readonly cpuMilli: number; readonly memoryBytes: number }
  /** 1, 3 or 5. */
  readonly etcdMembers: number
  /** API servers, behind a load balancer when there are several. */
  readonly apiServers: number
  /** Seats of each. */
  readonly apiServer: FlowControlOptions
  readonly kubeProxy: KubeProxySpec
  /** Services beside those of the manifests, from the start. */
  readonly otherServices: OtherServicesSpec
  /** How large the connection tracking tables are. */
  readonly conntrack: ConntrackConfig
  readonly network: NetworkSpec
  /** How pods look names up; absent: they are resolved at once. */
  readonly dns?: DnsSpec | undefined
  /** What stands before the cluster; absent: the balancer of a cloud. */
  readonly director?: DirectorSpec | undefined
  /** How nodes share packets among their cores. */
  readonly softirq: SoftirqSpec
  /** Of the quota of containers with a CPU limit; null: limits do not hold. */
  readonly cpuQuotaPeriod: Nanos | null
  /** How images are pulled, and how large they are. */
  readonly images: ImageSpec
  readonly runtime: RuntimeName
  readonly scheduler: SchedulerSpec
}

export interface NodeGroup {
  readonly count: number
  readonly cpuMilli: number
  readonly memoryBytes: number
  readonly maxPods: number
  /** Nodes of the group take the zones in turn. */
  readonly zones: readonly string[]
}

export type TimelineEntry =
  | { readonly at: Nanos; readonly kind: 'kubectl'; readonly command: KubectlCommand; readonly as: Identity | null; readonly text: string }
  | (FaultPlan & { readonly kind: 'fault' })

/** `metric{label=value,…} operator limit`. Times are in milliseconds, rates are fractions. */
export interface Threshold {
  readonly text: string
  readonly metric: string
  readonly labels: Readonly<Record<string, string>>
  readonly operator: '<' | '<=' | '>' | '>='
  readonly limit: number
}

/** One scenario with some fields changed. The first has the file's own values when no variant is named. */
export interface Variant {
  readonly name: string
  readonly scenario: Scenario
}
