import {
  type EndpointConditions,
  type EndpointSlice,
  type ObjectMeta,
  type Protocol,
  SERVICE_NAME_LABEL,
  type Service,
} from '../api/objects/index.ts'
import { Simulation } from '../engine/simulation.ts'
import { NO_CAUSE, Trace } from '../engine/trace.ts'
import type { KubeProxySpec } from '../kube-proxy/kube-proxy-spec.ts'
import { type KubernetesMinor, NEWEST_MINOR } from '../kubernetes-version.ts'
import type { NetworkSpec } from '../network/network-spec.ts'
import { SOFTIRQ_DEFAULTS, type SoftirqSpec } from '../node/packet-cores.ts'
import type { HostedPod } from '../node/pod-host.ts'
import { type CostProfile, LINUX_6_1 } from '../profiles/cost-profile.ts'
import { MICROSECOND, MILLISECOND, type Nanos, SECOND } from '../units.ts'
import { DataPlane } from './data-plane.ts'
import type { DirectorSpec } from './director/director.ts'
import type { NetworkPlugin } from './packet-filter.ts'
import type { DnsSpec, KnowsName } from './resolver.ts'
import type { TrafficSpec, WorkloadSpec } from './specs.ts'

/** One way delays of the tests and benchmarks, all different. */
export const TEST_NETWORK: NetworkSpec = {
  sameNode: 30 * MICROSECOND,
  sameZone: 250 * MICROSECOND,
  crossZone: MILLISECOND,
  external: 10 * MILLISECOND,
}

export const READY: EndpointConditions = { ready: true, serving: true, terminating: false }
export const TERMINATING: EndpointConditions = { ready: false, serving: true, terminating: true }
export const NOT_READY: EndpointConditions = { ready: false, serving: false, terminating: false }

export interface TestPod {
  readonly id: HostedPod
  readonly name: string
  readonly address: string
  readonly node: number
}

export interface TestClusterOptions {
  readonly version?: KubernetesMinor
  readonly seed?: string
  /** Zone of each node; two nodes in one zone when left out. */
  readonly zones?: readonly string[]
  readonly cpuMilli?: number
  readonly kubeProxy?: KubeProxySpec
  readonly network?: NetworkSpec
  readonly softirq?: Partial<SoftirqSpec>
  readonly costProfile?: CostProfile
  readonly measureFrom?: Nanos
  /** What looks at packets; absent: nothing does. */
  readonly plugin?: NetworkPlugin
  /** What stands before the cluster in the place of a cloud's balancer. */
  readonly director?: DirectorSpec
  /** How client pods look names up. */
  readonly dns?: { readonly spec: DnsSpec; readonly knows: KnowsName }
}

const ALL_PODS = { matchLabels: {}, matchExpressions: [] }

/** Serves one request at a time, at once. */
export const INSTANT: WorkloadSpec = {
  selector: ALL_PODS,
  serviceTime: { kind: 'constant', value: 0 },
  concurrency: 1,
  queue: 1000,
  startUp: { kind: 'constant', value: 0 },
  cpuMilli: 1000,
  onTerminate: 'drain',
}

/**
 * A data plane without a control plane: objects written here are published and heard of by every kube-proxy at once, with the next
 * revision. For tests and benchmarks.
 */
export class TestCluster {
  readonly sim: Simulation
  readonly trace: Trace
  readonly dataPlane: DataPlane
  readonly #nodes: number
  readonly #workloads = new Map<string, WorkloadSpec>()
  /** Of the pods, by their address. */
  readonly #nodeNameOf = new Map<string, string>()
  #revision = 0
  #pods = 0

  constructor(options: TestClusterOptions = {}) {
    const zones = options.zones ?? ['a', 'a']
    this.#nodes = zones.length
    this.sim = new Simulation({ seed: options.seed ?? '1' })
    this.trace = new Trace(this.sim)
    this.dataPlane = new DataPlane({
      sim: this.sim,
      nodes: zones.map((zone, index) => ({
        name: `worker-${index}`,
        zone,
        cpuMilli: options.cpuMilli ?? 8000,
        internalIP: `192.168.0.${index + 1}`,
        labels: { name: `worker-${index}` },
      })),
      version: options.version ?? NEWEST_MINOR,
      network: options.network ?? TEST_NETWORK,
      softirq: { ...SOFTIRQ_DEFAULTS, ...options.softirq },
      kubeProxy: options.kubeProxy ?? { mode: 'iptables', scheduler: 'rr' },
      costProfile: options.costProfile ?? LINUX_6_1,
      trace: this.trace,
      workloadOf: (pod) => this.#workloads.get(pod.podName)!,
      measureFrom: options.measureFrom ?? 0,
      dns: options.dns,
      director: options.director,
      plugin: options.plugin,
    })
  }

  get revision(): number {
    return this.#revision
  }

  /** Starts the kube-proxy of a node, which lists the present state at once. */
  startProxy(node: number): void {
    const proxy = this.dataPlane.proxy(node)
    proxy.start()
    proxy.listed('Service', this.#revision, NO_CAUSE)
    proxy.listed('EndpointSlice', this.#revision, NO_CAUSE)
  }

  /** Starts every kube-proxy and lets the first syncs finish. */
  startProxies(): void {
    for (let node = 0; node < this.#nodes; node++) this.startProxy(node)
    this.sim.run(this.sim.now + 30 * SECOND)
  }

  service(
    name: string,
    options: {
      type?: Service['spec']['type']
      nodePort?: number
      ports?: readonly number[]
      protocol?: Protocol
      deleted?: boolean
      spec?: Partial<Service['spec']>
    } = {},
  ): number {
    const service: Service = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: meta(name),
      spec: {
        type: options.type ?? 'ClusterIP',
        clusterIP: '10.96.0.1',
        ports: (options.ports ?? [80]).map((port) => ({
          name: `p${port}`,
          protocol: options.protocol ?? 'TCP',
          port,
          targetPort: 8080,
          nodePort: options.nodePort ?? 0,
        })),
        selector: null,
        publishNotReadyAddresses: false,
        ...options.spec,
      },
    }
    return this.publish(service, options.deleted ?? false)
  }

  /** A slice of a Service whose one port is 80. */
  slice(
    service: string,
    endpoints: readonly (readonly [address: string, conditions: EndpointConditions])[],
    name = `${service}-1`,
    protocol: Protocol = 'TCP',
  ): number {
    const slice: EndpointSlice = {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { ...meta(name), labels: { [SERVICE_NAME_LABEL]: service } },
      endpoints: endpoints.map(([address, conditions]) => ({
        address,
        conditions,
        nodeName: this.#nodeNameOf.get(address) ?? '',
        zone: '',
        podName: '',
        podUid: '',
      })),
      ports: [{ name: 'p80', protocol, port: 8080 }],
    }
    return this.publish(slice, false)
  }

  /** A slice with these pods, all ready. */
  sliceOf(service: string, pods: readonly TestPod[], protocol: Protocol = 'TCP'): number {
    return this.slice(
      service,
      pods.map((pod) => [pod.address, READY] as const),
      undefined,
      protocol,
    )
  }

  /** A pod that listens at once. */
  pod(options: { node: number; app: string; workload?: WorkloadSpec; listens?: boolean; address?: string }): TestPod {
    const index = this.#pods++
    const name = `${options.app}-${index}`
    const address = options.address ?? `10.244.${Math.floor(index / 250)}.${(index % 250) + 1}`
    this.#nodeNameOf.set(address, `worker-${options.node}`)
    this.#workloads.set(name, options.workload ?? INSTANT)
    const id = this.dataPlane.backends.sandboxUp({
      podUid: `uid-${index}`,
      podName: name,
      namespace: 'shop',
      labels: { app: options.app },
      address,
      nodeIndex: options.node,
    })
    if (options.listens ?? true) this.dataPlane.backends.listen(id)
    return { id, name, address, node: options.node }
  }

  /** A traffic to port 80 of a Service, from the pods of an app, from outside, or from nodes of that name. */
  traffic(options: {
    service: string
    from: string | 'outside' | { readonly nodes: readonly string[] }
    /** Addresses of clients outside. */
    clients?: number
    /** With `kind`; or else `arrivals`. */
    ratePerSecond?: number
    arrivals?: TrafficSpec['arrivals']
    name?: string
    kind?: 'poisson' | 'constant'
    start?: Nanos
    stop?: Nanos
    timeout?: Nanos
    connection?: TrafficSpec['connection']
    /** At whose node port clients outside call. */
    node?: number
    /** Over UDP, by such sockets. */
    socket?: TrafficSpec['socket']
    connectTimeout?: TrafficSpec['connectTimeout']
    retries?: TrafficSpec['retries']
    hedge?: TrafficSpec['hedge']
  }): void {
    const spec: TrafficSpec = {
      name: options.name ?? 'shoppers',
      target: {
        namespace: 'shop',
        service: options.service,
        port: 80,
        host: options.service,
        path: '/',
        ...(options.socket && { protocol: 'UDP' }),
        node: options.node,
      },
      from: sourceOf(options),
      arrivals: options.arrivals ?? { kind: options.kind ?? 'constant', ratePerSecond: options.ratePerSecond! },
      timeout: options.timeout ?? 2 * SECOND,
      connection: options.connection,
      socket: options.socket,
      connectTimeout: options.connectTimeout,
      retries: options.retries,
      hedge: options.hedge,
      start: options.start ?? this.sim.now,
      stop: options.stop ?? Number.MAX_SAFE_INTEGER,
    }
    this.dataPlane.addTraffic(spec)
  }

  /** Publishes any object. */
  publish(object: Service | EndpointSlice, deleted: boolean): number {
    const revision = ++this.#revision
    this.dataPlane.history.apply(revision, { object, deleted, committedAt: this.sim.now })
    for (let node = 0; node < this.#nodes; node++) this.dataPlane.proxy(node).observe(object.kind, revision, NO_CAUSE)
    return revision
  }
}

function sourceOf({ from, clients = 1000 }: Pick<Parameters<TestCluster['traffic']>[0], 'from' | 'clients'>): TrafficSpec['from'] {
  if (from === 'outside') return { kind: 'external', clients }
  if (typeof from === 'string') return { kind: 'pods', namespace: 'shop', selector: { matchLabels: { app: from }, matchExpressions: [] } }
  const named = { key: 'name', operator: 'In', values: from.nodes } as const
  return { kind: 'nodes', selector: { matchLabels: {}, matchExpressions: [named] } }
}

function meta(name: string): ObjectMeta {
  return {
    name,
    namespace: 'shop',
    uid: '',
    labels: {},
    annotations: {},
    resourceVersion: 0,
    generation: 1,
    creationTimestamp: 0,
    deletionTimestamp: null,
    deletionGracePeriodSeconds: null,
    ownerReferences: [],
    finalizers: [],
  }
}
