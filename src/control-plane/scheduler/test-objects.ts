import type { LabelSelector } from '../../api/labels.ts'
import type { Container, Node, Pod, PodAffinityTerm, PodSpec, StringMap, Taint, TopologySpreadConstraint } from '../../api/objects/index.ts'
import { emptyMeta } from '../empty-meta.ts'
import { NodeInfo } from './node-info.ts'

/** Pods and nodes for the scheduler's tests: one container, the resources in round numbers. */
export interface PodOptions {
  readonly name?: string
  readonly namespace?: string
  readonly labels?: StringMap
  readonly priority?: number
  /** Thousandths of a core. */
  readonly cpu?: number
  readonly memory?: number
  readonly hostPort?: number
  readonly startTime?: number
  readonly node?: string
  readonly deleted?: boolean
  readonly spec?: Partial<PodSpec>
}

export function podOf(options: PodOptions = {}): Pod {
  const { name = 'p', namespace = 'd', labels = {}, priority = 0, cpu = 0, memory = 0, hostPort = 0, deleted = false } = options
  const container: Container = {
    name: 'c',
    image: 'example/c:v1',
    imagePullPolicy: 'IfNotPresent',
    ports: hostPort === 0 ? [] : [{ name: '', containerPort: hostPort, hostPort, protocol: 'TCP' }],
    requests: { cpuMilli: cpu, memoryBytes: memory },
    limits: { cpuMilli: 0, memoryBytes: 0 },
    readinessProbe: null,
    livenessProbe: null,
    startupProbe: null,
    preStopSleepSeconds: 0,
  }
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...emptyMeta(name, namespace), labels, uid: `uid-${name}`, deletionTimestamp: deleted ? 0 : null },
    spec: {
      nodeName: options.node ?? '',
      serviceAccountName: 'default',
      initContainers: [],
      containers: [container],
      nodeSelector: {},
      requiredNodeAffinity: [],
      tolerations: [],
      terminationGracePeriodSeconds: 30,
      restartPolicy: 'Always',
      priority,
      hostNetwork: false,
      ...options.spec,
    },
    status: {
      phase: 'Pending',
      podIP: '',
      hostIP: '',
      startTime: options.startTime ?? null,
      conditions: [],
      containerStatuses: [],
    },
  }
}

export interface NodeOptions {
  readonly name?: string
  readonly labels?: StringMap
  readonly cpu?: number
  readonly memory?: number
  readonly pods?: number
  readonly taints?: readonly Taint[]
  readonly unschedulable?: boolean
}

export function nodeOf(options: NodeOptions = {}): Node {
  const { name = 'n', labels = {}, cpu = 8000, memory = 32_000, pods = 110, taints = [], unschedulable = false } = options
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { ...emptyMeta(name, ''), labels },
    spec: { podCIDR: '', unschedulable, taints },
    status: { allocatable: { cpuMilli: cpu, memoryBytes: memory, pods }, conditions: [], internalIP: '' },
  }
}

export function nodeInfoOf(options: NodeOptions = {}): NodeInfo {
  return new NodeInfo(nodeOf(options))
}

export function selectorOf(matchLabels: StringMap): LabelSelector {
  return { matchLabels, matchExpressions: [] }
}

export function termOf(labels: StringMap, topologyKey: string, change: Partial<PodAffinityTerm> = {}): PodAffinityTerm {
  return {
    ...{ selector: selectorOf(labels), namespaces: [], namespaceSelector: null, topologyKey, matchLabelKeys: [], mismatchLabelKeys: [] },
    ...change,
  }
}

export function spreadOf(labels: StringMap, topologyKey: string, change: Partial<TopologySpreadConstraint> = {}): TopologySpreadConstraint {
  return {
    maxSkew: 1,
    topologyKey,
    whenUnsatisfiable: 'DoNotSchedule',
    selector: selectorOf(labels),
    minDomains: null,
    nodeAffinityPolicy: 'Honor',
    nodeTaintsPolicy: 'Ignore',
    matchLabelKeys: [],
    ...change,
  }
}
