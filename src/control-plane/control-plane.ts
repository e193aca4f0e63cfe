import type { AnyObject, Lease, Namespace, Node, ServiceAccount, StringMap, Taint } from '../api/objects/index.ts'
import type { Simulation } from '../engine/simulation.ts'
import type { Trace } from '../engine/trace.ts'
import type { KubernetesMinor } from '../kubernetes-version.ts'
import { systemPriorityClasses } from './admission/priority-classes.ts'
import type { ApiAccess } from './api-client.ts'
import type { ApiPaths } from './api-paths.ts'
import { ApiServer } from './api-server.ts'
import { bootstrapRoles } from './authorization/bootstrap.ts'
import { ClusterRoleAggregationController } from './controllers/cluster-role-aggregation.ts'
import { ControllerManager } from './controllers/controller.ts'
import { CronJobController } from './controllers/cron-job.ts'
import { DaemonSetController } from './controllers/daemon-set.ts'
import { DeploymentController } from './controllers/deployment.ts'
import { DisruptionController } from './controllers/disruption.ts'
import { EndpointSliceController } from './controllers/endpoint-slice.ts'
import { GarbageCollector } from './controllers/garbage-collector.ts'
import { HorizontalPodAutoscalerController } from './controllers/hpa/hpa-controller.ts'
import { JobController } from './controllers/job.ts'
import { NamespaceController } from './controllers/namespace.ts'
import { NodeLifecycleController } from './controllers/node-lifecycle.ts'
import { PodGarbageCollector } from './controllers/pod-gc.ts'
import { ReplicaSetController } from './controllers/replica-set.ts'
import { ReplicationManager } from './controllers/replication-manager.ts'
import { ResourceQuotaController } from './controllers/resource-quota.ts'
import { ServiceAccountController } from './controllers/service-account.ts'
import { StatefulSetController } from './controllers/stateful-set.ts'
import { TaintEvictionController } from './controllers/taint-eviction.ts'
import { TtlAfterFinishedController } from './controllers/ttl-after-finished.ts'
import { emptyMeta } from './empty-meta.ts'
import { FLOW_CONTROL_DEFAULTS, type FlowControlOptions } from './flow-control/flow-control.ts'
import { CONTROLLER_MANAGER, SCHEDULER } from './identity.ts'
import { type ComponentName, mirrorPod } from './installs/static-pods.ts'
import { Kubectl } from './kubectl/kubectl.ts'
import { Latencies, type LatencyOverrides, type MachineSpec } from './latencies.ts'
import { heldLease, LEASE_NAMESPACE } from './leader-election/leader-elector.ts'
import { type LedComponent, Replica } from './leader-election/replica.ts'
import { MetricsServer } from './metrics-server.ts'
import { Scheduler, type SchedulerSpec } from './scheduler/scheduler.ts'

/** Source: kubeadm `networking.serviceSubnet`. */
const SERVICE_CIDR = '10.96.0.0/12'
/** Source: the API server's bootstrap namespaces. */
const NAMESPACES = ['default', 'kube-system', 'kube-public', 'kube-node-lease'] as const
/** Source: kubelet nodeLeaseDurationSeconds. */
export const LEASE_DURATION_SECONDS = 40

export interface ControlPlaneOptions {
  readonly trace: Trace
  readonly version: KubernetesMinor
  /** 1, 3 or 5. */
  readonly etcdMembers: number
  /** API servers, behind a load balancer when there are several; 1 when not given. */
  readonly apiServers?: number | undefined
  /** The nodes that have joined before the scenario begins. */
  readonly nodes: readonly NodeSeed[]
  /** Seats of the API server; Kubernetes' defaults when not given. */
  readonly flowControl?: FlowControlOptions
  /** Whether metrics-server runs; nobody but autoscalers asks it. */
  readonly metricsServer?: boolean
  /** The machines on which a kube-controller-manager and a kube-scheduler run, each a replica; the first has both leaders at time 0. */
  readonly hosts?: readonly string[]
  /** Where faults may come between the API's clients and servers. */
  readonly paths?: ApiPaths | undefined
  /** Nothing runs and no node has joined yet: a bootstrap is to come. So many members of etcd are the first. */
  readonly asleep?: { readonly voters: number } | undefined
  /** Delays that differ from the table in latencies.ts. */
  readonly latencies?: LatencyOverrides
  /** The cluster has run for long: components know the objects that are installed and have nothing to do about them. */
  readonly settled?: boolean
  /** The defaults of kube-scheduler when not given. */
  readonly scheduler?: SchedulerSpec
  /** One machine that runs everything, nodes included; left out, nobody waits for a core. */
  readonly machine?: MachineSpec
}

/** A node that is Ready at time 0. */
export interface NodeSeed {
  readonly name: string
  readonly zone: string
  readonly cpuMilli: number
  readonly memoryBytes: number
  readonly maxPods: number
  readonly podCIDR: string
  readonly internalIP: string
  /** Given to the machines of the control plane. */
  readonly controlPlane?: { readonly tainted: boolean; readonly components: readonly ComponentName[] }
}

/** Adds a controller of kube-controller-manager: one line here, one file beside the others. */
const CONTROLLERS: readonly (new (manager: ControllerManager) => unknown)[] = [
  ServiceAccountController,
  DeploymentController,
  ReplicaSetController,
  ReplicationManager,
  StatefulSetController,
  DaemonSetController,
  JobController,
  CronJobController,
  TtlAfterFinishedController,
  EndpointSliceController,
  GarbageCollector,
  DisruptionController,
  NamespaceController,
  PodGarbageCollector,
  NodeLifecycleController,
  TaintEvictionController,
  ResourceQuotaController,
  ClusterRoleAggregationController,
  HorizontalPodAutoscalerController,
]

/** The control plane of a cluster that is up: API server with etcd, controllers, scheduler, and an administrator's kubectl. */
export class ControlPlane {
  readonly access: ApiAccess
  readonly server: ApiServer
  readonly kubectl: Kubectl
  readonly metricsServer: MetricsServer | null
  /** Of kube-controller-manager; the first leads at time 0. */
  readonly controllerManagers: readonly Replica[]
  /** Of kube-scheduler; the first leads at time 0. */
  readonly schedulers: readonly Replica[]
  readonly #asleep: boolean
  /** Processes that begin now have run since before time 0. */
  #isStarting = false

  constructor(sim: Simulation, options: ControlPlaneOptions) {
    const latencies = new Latencies(sim, options.latencies, options.machine)
    const { trace, etcdMembers, flowControl = FLOW_CONTROL_DEFAULTS } = options
    this.server = new ApiServer(sim, {
      trace,
      latencies,
      etcdMembers,
      serviceCidr: SERVICE_CIDR,
      flowControl,
      count: options.apiServers,
      paths: options.paths,
      asleep: options.asleep,
    })
    this.access = { sim, server: this.server, trace: options.trace, latencies, version: options.version }
    for (const object of [...bootstrapRoles(), ...systemPriorityClasses()]) this.server.install(object)
    for (const object of bootstrapObjects(options.asleep === undefined ? options.nodes : [])) this.server.seed(object)
    this.server.begin()
    this.metricsServer = options.metricsServer ? new MetricsServer(this.access) : null
    const hosts = options.hosts ?? ['control-plane']
    const replicas = (component: LedComponent): Replica[] =>
      hosts.map((host) => new Replica(this.access, component, host, hosts.length === 1))
    const isSettled = (): boolean => this.#isStarting && options.settled === true
    this.controllerManagers = replicas(controllerManagerComponent(this.metricsServer, isSettled))
    this.schedulers = replicas(schedulerComponent(options.scheduler, isSettled))
    this.#asleep = options.asleep !== undefined
    for (const { component, firstHolder } of this.#asleep ? [] : [this.controllerManagers[0]!, this.schedulers[0]!]) {
      this.server.seed(heldLease(component.name, firstHolder))
    }
    this.kubectl = new Kubectl(this.access)
  }

  /** Starts all watches. Observers must have been attached before. */
  start(): void {
    this.metricsServer?.start()
    if (this.#asleep) return
    this.#isStarting = true
    for (const replicas of [this.controllerManagers, this.schedulers]) {
      for (const [index, replica] of replicas.entries()) {
        const { name } = replica.component
        replica.inherit(index === 0 ? (this.server.peek('Lease', LEASE_NAMESPACE, name) ?? null) : null)
      }
    }
    this.#isStarting = false
  }
}

/** Its controllers and their caches begin when it leads. Source: cmd/kube-controller-manager/app/controllermanager.go (run). */
const controllerManagerComponent = (metrics: MetricsServer | null, isSettled: () => boolean): LedComponent => ({
  name: 'kube-controller-manager',
  identity: CONTROLLER_MANAGER,
  work: 'controllerSync',
  make(access) {
    let manager: ControllerManager | null = null
    return {
      standBy() {},
      lead(cause) {
        manager = new ControllerManager(access, cause, metrics)
        for (const Controller of CONTROLLERS) new Controller(manager)
        if (isSettled()) manager.startSettled()
        else manager.start()
      },
      stop() {
        manager?.stop()
      },
    }
  },
})

/** Its caches are kept while it stands by. Source: cmd/kube-scheduler/app/server.go (Run). */
const schedulerComponent = (spec: SchedulerSpec | undefined, isSettled: () => boolean): LedComponent => ({
  name: 'kube-scheduler',
  identity: SCHEDULER,
  work: 'schedulingCycle',
  make: (access) => new Scheduler(access, spec, isSettled),
})

function bootstrapObjects(nodes: readonly NodeSeed[]): AnyObject[] {
  const objects: AnyObject[] = []
  for (const name of NAMESPACES) {
    objects.push({ apiVersion: 'v1', kind: 'Namespace', metadata: emptyMeta(name, '') } satisfies Namespace)
    objects.push({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: emptyMeta('default', name) } satisfies ServiceAccount)
  }
  for (const seed of nodes) {
    objects.push(nodeOf(seed))
    objects.push({
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: emptyMeta(seed.name, 'kube-node-lease'),
      holder: seed.name,
      renewTime: 0,
      durationSeconds: LEASE_DURATION_SECONDS,
    } satisfies Lease)
    for (const component of seed.controlPlane?.components ?? []) objects.push(mirrorPod(component, seed.name, seed.internalIP, 0))
  }
  return objects
}

/** Source: cmd/kubeadm/app/phases/markcontrolplane/markcontrolplane.go. */
export const CONTROL_PLANE_TAINT: Taint = { key: 'node-role.kubernetes.io/control-plane', value: '', effect: 'NoSchedule' }

/** The labels that a machine's Node has when it joins. */
export function nodeLabels(seed: NodeSeed): StringMap {
  return {
    'kubernetes.io/hostname': seed.name,
    'kubernetes.io/os': 'linux',
    'kubernetes.io/arch': 'amd64',
    ...(seed.zone === '' ? {} : { 'topology.kubernetes.io/zone': seed.zone }),
    ...(seed.controlPlane === undefined ? {} : { 'node-role.kubernetes.io/control-plane': '' }),
    ...(seed.controlPlane?.tainted === true ? { 'node.kubernetes.io/exclude-from-external-load-balancers': '' } : {}),
  }
}

/** The Node of a machine, Ready. */
export function nodeOf(seed: NodeSeed): Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { ...emptyMeta(seed.name, ''), labels: nodeLabels(seed) },
    spec: { podCIDR: seed.podCIDR, unschedulable: false, taints: seed.controlPlane?.tainted === true ? [CONTROL_PLANE_TAINT] : [] },
    status: {
      allocatable: { cpuMilli: seed.cpuMilli, memoryBytes: seed.memoryBytes, pods: seed.maxPods },
      conditions: [{ type: 'Ready', status: 'True', reason: 'KubeletReady', lastTransitionTime: 0 }],
      internalIP: seed.internalIP,
    },
  }
}
