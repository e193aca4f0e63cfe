import type { Nanos } from '../../units.ts'
import type { LabelSelector } from '../labels.ts'
import type { Condition, KubernetesObject, StringMap } from './meta.ts'

/**
 * An amount of node resources. CPU in thousandths of a core, memory in bytes.
 *
 * As a container's request, 0 asks for nothing; as its limit, 0 means that there is no limit.
 */
export interface Resources {
  readonly cpuMilli: number
  readonly memoryBytes: number
  /** Further resources by name (`ephemeral-storage`, `hugepages-2Mi`, `example.com/gpu`), in their own unit. */
  readonly others?: Readonly<Record<string, number>>
}

/** A port that a container says it listens on. */
export interface ContainerPort {
  readonly name: string
  readonly containerPort: number
  readonly hostPort: number
  /** The address that `hostPort` is bound to; absent, every one. */
  readonly hostIP?: string
  readonly protocol: Protocol
}

export type Protocol = 'TCP' | 'UDP' | 'SCTP'

/** How the kubelet asks a container for its state. All times in seconds, as in the API. */
export interface Probe {
  readonly handler: 'httpGet' | 'tcpSocket' | 'grpc' | 'exec'
  /** The port probed, as a number or a port name; 0 for `exec`. */
  readonly port: number | string
  readonly initialDelaySeconds: number
  readonly periodSeconds: number
  readonly timeoutSeconds: number
  readonly successThreshold: number
  readonly failureThreshold: number
  /** Grace of a container that this probe has killed; the pod's own when absent. */
  readonly terminationGracePeriodSeconds?: number | undefined
}

export interface Container {
  readonly name: string
  readonly image: string
  /** Of an init container, `Always` makes it a sidecar: it keeps running beside the containers. */
  readonly restartPolicy?: 'Always' | 'OnFailure' | 'Never'
  readonly imagePullPolicy: 'Always' | 'IfNotPresent' | 'Never'
  readonly ports: readonly ContainerPort[]
  /** Each resource that is not requested but limited is requested as far as it is limited. */
  readonly requests: Resources
  /** 0 for a resource means that there is no limit on it. */
  readonly limits: Resources
  readonly readinessProbe: Probe | null
  readonly livenessProbe: Probe | null
  readonly startupProbe: Probe | null
  /** Seconds that a preStop `sleep` (or `exec: sleep N`) holds back SIGTERM; 0 without a hook. */
  readonly preStopSleepSeconds: number
  /** Seconds that a postStart `sleep` (or `exec: sleep N`) holds back what comes after it. */
  readonly postStartSleepSeconds?: number | undefined
}

export interface Toleration {
  readonly key: string
  readonly operator: 'Exists' | 'Equal'
  readonly value: string
  /** Empty matches every effect. */
  readonly effect: '' | TaintEffect
  /** How long a NoExecute taint is borne; null for ever. */
  readonly tolerationSeconds: number | null
}

export type TaintEffect = 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute'

export interface NodeSelectorRequirement {
  readonly key: string
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist' | 'Gt' | 'Lt'
  readonly values: readonly string[]
}

/** Requirements within a term are ANDed, terms are ORed. */
export interface NodeSelectorTerm {
  readonly matchExpressions: readonly NodeSelectorRequirement[]
  /** The same about fields of the Node, of which there is one: `metadata.name`. */
  readonly matchFields?: readonly NodeSelectorRequirement[]
}

export interface PreferredNodeTerm {
  /** 1 to 100. */
  readonly weight: number
  readonly term: NodeSelectorTerm
}

/** Pods of some namespaces that a selector matches, and the node label that says what is "together". */
export interface PodAffinityTerm {
  /** null matches no pod. */
  readonly selector: LabelSelector | null
  /** With `namespaceSelector` null and no namespaces, the pod's own namespace is meant. */
  readonly namespaces: readonly string[]
  readonly namespaceSelector: LabelSelector | null
  readonly topologyKey: string
  /** Keys of labels of which the pod's own value is asked for, or excluded. */
  readonly matchLabelKeys: readonly string[]
  readonly mismatchLabelKeys: readonly string[]
}

export interface WeightedPodAffinityTerm {
  /** 1 to 100. */
  readonly weight: number
  readonly term: PodAffinityTerm
}

/** `affinity.podAffinity` or `affinity.podAntiAffinity`. */
export interface PodAffinity {
  readonly required: readonly PodAffinityTerm[]
  readonly preferred: readonly WeightedPodAffinityTerm[]
}

export interface TopologySpreadConstraint {
  readonly maxSkew: number
  readonly topologyKey: string
  readonly whenUnsatisfiable: 'DoNotSchedule' | 'ScheduleAnyway'
  /** null matches no pod. */
  readonly selector: LabelSelector | null
  /** null counts as 1. */
  readonly minDomains: number | null
  readonly nodeAffinityPolicy: 'Honor' | 'Ignore'
  readonly nodeTaintsPolicy: 'Honor' | 'Ignore'
  readonly matchLabelKeys: readonly string[]
}

export interface PodSpec {
  /** Empty until the scheduler has bound the pod. */
  readonly nodeName: string
  readonly serviceAccountName: string
  readonly initContainers: readonly Container[]
  readonly containers: readonly Container[]
  readonly nodeSelector: StringMap
  /** `affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution`; empty for none. */
  readonly requiredNodeAffinity: readonly NodeSelectorTerm[]
  readonly preferredNodeAffinity?: readonly PreferredNodeTerm[]
  readonly podAffinity?: PodAffinity
  readonly podAntiAffinity?: PodAffinity
  readonly topologySpreadConstraints?: readonly TopologySpreadConstraint[]
  readonly tolerations: readonly Toleration[]
  readonly terminationGracePeriodSeconds: number
  readonly restartPolicy: 'Always' | 'OnFailure' | 'Never'
  readonly priority: number
  /** The PriorityClass that the priority is taken from at admission; absent for the default. */
  readonly priorityClassName?: string
  /** `Never`: it waits rather than drive others out. Absent: PreemptLowerPriority. */
  readonly preemptionPolicy?: 'Never' | 'PreemptLowerPriority'
  /** What the sandbox itself needs. */
  readonly overhead?: Resources
  readonly hostNetwork: boolean
  /** Condition types that must be True besides ContainersReady for the pod to be Ready. */
  readonly readinessGates?: readonly string[] | undefined
}

export type PodPhase = 'Pending' | 'Running' | 'Succeeded' | 'Failed' | 'Unknown'

export interface ContainerStatus {
  readonly name: string
  readonly state: 'waiting' | 'running' | 'terminated'
  readonly reason: string
  readonly ready: boolean
  readonly started: boolean
  readonly restartCount: number
  /** Of the terminated state. */
  readonly exitCode?: number | undefined
  readonly finishedAt?: Nanos | undefined
  /** How the run before this state ended. */
  readonly lastTermination?: Termination | undefined
}

/** How one run of a container ended. */
export interface Termination {
  readonly exitCode: number
  /** `Completed`, `Error` or `OOMKilled`. */
  readonly reason: string
  readonly finishedAt: Nanos
}

export interface PodStatus {
  readonly phase: PodPhase
  /** Dotted IPv4; empty until the sandbox has a network. */
  readonly podIP: string
  readonly hostIP: string
  readonly startTime: Nanos | null
  /** Where room is being made for it by preemption. */
  readonly nominatedNodeName?: string
  readonly conditions: readonly Condition[]
  readonly containerStatuses: readonly ContainerStatus[]
  readonly initContainerStatuses?: readonly ContainerStatus[] | undefined
  /** Why the kubelet refused the pod, such as `OutOfcpu`. */
  readonly reason?: string | undefined
}

export interface Pod extends KubernetesObject {
  readonly kind: 'Pod'
  readonly spec: PodSpec
  readonly status: PodStatus
}

export interface PodTemplate {
  readonly labels: StringMap
  readonly annotations: StringMap
  readonly spec: PodSpec
}

export type { LabelSelector }
