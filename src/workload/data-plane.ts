import type { Simulation } from '../engine/simulation.ts'
import type { Trace } from '../engine/trace.ts'
import { invariant } from '../invariant.ts'
import { KubeProxies, type KubeProxy } from '../kube-proxy/kube-proxy.ts'
import type { KubeProxySpec } from '../kube-proxy/kube-proxy-spec.ts'
import { PROXY_MODES } from '../kube-proxy/modes/index.ts'
import type { ProxyMode } from '../kube-proxy/modes/mode.ts'
import { NodeRules } from '../kube-proxy/node-rules.ts'
import { ServiceHistory, type ServicePortId } from '../kube-proxy/service-history.ts'
import type { KubernetesMinor } from '../kubernetes-version.ts'
import { DEFAULT_LINUX, type LinuxVersion } from '../linux-version.ts'
import { ConnectionMetrics } from '../metrics/connection-metrics.ts'
import { NodeMetrics } from '../metrics/node-metrics.ts'
import { ProxyMetrics } from '../metrics/proxy-metrics.ts'
import { RequestMetrics, type TrafficMetrics } from '../metrics/request-metrics.ts'
import type { KubeProxySummary, NodesSummary, QuantileSummary, TrafficSummary } from '../metrics/summaries.ts'
import type { Table } from '../metrics/table.ts'
import { Addresses, type EndpointId, parseIpv4 } from '../network/addresses.ts'
import type { Links } from '../network/links.ts'
import { LoadBalancer } from '../network/load-balancer.ts'
import { EXTERNAL, Network } from '../network/network.ts'
import type { NetworkSpec } from '../network/network-spec.ts'
import { wholeCores } from '../node/container-cpu.ts'
import { Kernels, type MachineSpec } from '../node/kernel.ts'
import { PacketCores, SOFTIRQ_DEFAULTS, type SoftirqSpec, softirqCores } from '../node/packet-cores.ts'
import type { SandboxSpec } from '../node/pod-host.ts'
import { UserWork } from '../node/user-work.ts'
import type { CostProfile } from '../profiles/cost-profile.ts'
import { reuseRules } from '../proxy/ipvs/reuse-rules.ts'
import type { Nanos } from '../units.ts'
import { type Backends, HOST_CLIENTS } from './backends.ts'
import { Calls } from './calls.ts'
import type { ClientPool } from './client-pool.ts'
import { ClosedLoop } from './closed-loop.ts'
import { clashOf } from './datagrams/clash.ts'
import { Director, type DirectorSpec } from './director/director.ts'
import { NodeChecks } from './director/node-checks.ts'
import type { GatewayFactory } from './gateway.ts'
import { OpenLoop } from './open-loop.ts'
import type { NetworkPlugin } from './packet-filter.ts'
import type { RequestRecorder } from './records/request-recorder.ts'
import type { PodEndpoints } from './requests/traffic.ts'
import { Requests } from './requests.ts'
import { type DnsSpec, type KnowsName, type NamesToTry, namesByNamespace } from './resolver.ts'
import type { RequestSampler } from './samples/request-sampler.ts'
import { sampleTable } from './samples/sample-table.ts'
import { type ExternalClients, Senders } from './senders.ts'
import type { CallSpec, TrafficSource, TrafficSpec, TrafficTarget, WorkloadSpec } from './specs.ts'
import { UnseenChanges } from './unseen-changes.ts'

export interface DataPlaneOptions {
  readonly sim: Simulation
  /** By node index. All are up at first, without kube-proxy. */
  readonly nodes: readonly MachineSpec[]
  readonly version: KubernetesMinor
  readonly network: NetworkSpec
  /** What faults do to links, nodes first; left out where no fault does anything. */
  readonly links?: Links | null
  /** How nodes share packets among their cores; the defaults when left out. */
  readonly softirq?: SoftirqSpec
  /** Of the quota of containers with a CPU limit; limits do not hold when null or left out. */
  readonly cpuQuotaPeriod?: Nanos | null
  readonly kubeProxy: KubeProxySpec
  /** Of every node. */
  readonly kernel?: LinuxVersion
  readonly costProfile: CostProfile
  readonly trace: Trace
  /** How a pod's container behaves. Asked once a sandbox. */
  readonly workloadOf: (pod: SandboxSpec) => WorkloadSpec
  /** How client pods look names up, and what the servers know; absent: names are resolved at once. */
  readonly dns?: { readonly spec: DnsSpec; readonly knows: KnowsName } | undefined
  /** The addresses that DNS has for a headless Service, or (pod) for one of its pods; where traffic asks for them. Absent: none does. */
  readonly podAddresses?: ((name: { namespace: string; service: string; pod: string | null }) => readonly string[]) | undefined
  /** Makes who runs the pods that pass requests on, where there are any. */
  readonly gateway?: GatewayFactory | undefined
  /** The nodes' network plugins, where there are NetworkPolicies. */
  readonly plugin?: NetworkPlugin | undefined
  /** What stands before the cluster in the place of a cloud's load balancer, if anything does. */
  readonly director?: DirectorSpec | undefined
  /** End of the warm-up. */
  readonly measureFrom: Nanos
  /** Length of a row of the tables of requests and of nodes; 1 s when left out. */
  readonly interval?: Nanos
  /** Keeps some requests with every step of theirs; absent: none. */
  readonly sampler?: RequestSampler | null | undefined
  /** Tells every request that has ended; absent: nobody asks. */
  readonly recorder?: RequestRecorder | null | undefined
}

/** 198.18.0.0, of the network set aside for benchmarks. Source: RFC 2544. */
const FIRST_EXTERNAL = 0xc612_0000 | 0

/**
 * The data plane of a cluster, from the watch event at a node's kube-proxy and from a client's wish, to the answer.
 *
 * ```text
 *  watch cache ─ history.apply ─▶ ServiceHistory ◀─ looks up ─┐
 *  watch ─ proxy(n).observe ─▶ KubeProxy ─ sync ─▶ NodeRules ─┴▶ ProxyMode ◀─ connect ─ Requests ◀─ send ─ OpenLoop
 *  kubelet ─ backends.listen … ─▶ Backends ◀─ accept, enter ───────────────────────────────┘
 * ```
 */
export class DataPlane {
  readonly history: ServiceHistory
  /** Where in the history each node's kernel stands. */
  readonly rules: NodeRules
  readonly backends: Backends
  readonly mode: ProxyMode
  readonly kernels: Kernels
  /** CPU time that the nodes spend on packets. */
  readonly cores: PacketCores
  readonly loadBalancer: LoadBalancer
  /** In the place of the load balancer; null: there is none. */
  readonly director: Director | null
  readonly requests: Requests
  readonly unseen: UnseenChanges
  /** null: names are resolved at once. */
  readonly dns: DnsSpec | null
  readonly #podAddresses: DataPlaneOptions['podAddresses']
  readonly #sim: Simulation
  readonly #proxies: KubeProxies
  readonly #requestMetrics: RequestMetrics
  readonly #proxyMetrics: ProxyMetrics
  readonly #nodeMetrics: NodeMetrics
  readonly #sampler: RequestSampler | null
  readonly #recorder: RequestRecorder | null
  readonly #external: Nanos
  readonly #connectionMetrics: ConnectionMetrics
  readonly #traffic: TrafficMetrics[] = []
  readonly #nodes: number
  readonly #machines: readonly MachineSpec[]
  #hasHostClients = false
  #nextExternal = FIRST_EXTERNAL
  /** Traffic of calls, and who makes them; null without any. */
  readonly #edges: number[] = []
  #calls: Calls | null = null

  constructor(options: DataPlaneOptions) {
    const { sim, nodes, kubeProxy, kernel = DEFAULT_LINUX } = options
    const nodeNames = nodes.map((node) => node.name)
    this.#sim = sim
    this.#nodes = nodes.length
    this.#machines = nodes
    this.#sampler = options.sampler ?? null
    this.#recorder = options.recorder ?? null
    this.#external = options.network.external
    this.dns = options.dns?.spec ?? null
    this.#podAddresses = options.podAddresses
    this.history = new ServiceHistory(new Addresses(), { names: nodeNames, zones: nodes.map((node) => node.zone) })
    this.kernels = new Kernels(nodes, options.version, kernel, sim.rng('node/early-drop'))
    const rules = new NodeRules(this.history, nodes.length)
    this.rules = rules
    this.mode = PROXY_MODES[kubeProxy.mode]({
      sim,
      rules,
      costs: options.costProfile,
      nodeNames,
      nodeAddresses: nodes.map((node) => node.internalIP),
      scheduler: kubeProxy.scheduler,
      reuse: reuseRules(kernel, kubeProxy.connReuseMode),
    })
    const softirq = options.softirq ?? SOFTIRQ_DEFAULTS
    this.cores = new PacketCores({
      coresOfNode: nodes.map(({ cpuMilli }) => softirqCores(cpuMilli, softirq)),
      backlog: softirq.backlog,
      laterPacket: this.mode.establishedCost,
    })
    const syncs = new UserWork({ cores: this.cores, coresOfNode: nodes.map(({ cpuMilli }) => wholeCores(cpuMilli)) })
    this.#proxyMetrics = new ProxyMetrics({ nodeNames, measureFrom: options.measureFrom })
    this.#proxies = new KubeProxies({
      sim,
      rules,
      mode: this.mode,
      threads: syncs,
      trace: options.trace,
      metrics: this.#proxyMetrics,
      nodeNames,
      version: options.version,
      afterSync: (sync) => this.requests.datagrams.afterSync(sync),
    })
    const zones = nodes.map((node) => node.zone)
    const network = new Network(options.network, zones, { sim, links: options.links ?? null })
    this.loadBalancer = new LoadBalancer({
      sim,
      nodes: nodes.length,
      healthy: (node, servicePort) =>
        nodes[node]!.excludedFromLoadBalancers !== true &&
        this.kernels.isUp(node) &&
        !this.kernels.isFrozen(node) &&
        !network.isCut(EXTERNAL, node) &&
        !network.isCut(node, EXTERNAL) &&
        this.#proxies.of(node).healthy &&
        rules.passesHealthCheck(node, servicePort),
    })
    this.director = options.director === undefined ? null : this.#newDirector(options, options.director)
    this.unseen = new UnseenChanges(this.history)
    this.requests = new Requests({
      sim,
      version: options.version,
      history: this.history,
      rules,
      unseen: this.unseen,
      mode: this.mode,
      network,
      loadBalancer: this.loadBalancer,
      director: this.director,
      kernels: this.kernels,
      cores: this.cores,
      workloadOf: options.workloadOf,
      gateway: options.gateway,
      policies: options.plugin && {
        plugin: options.plugin,
        nodeAddresses: Int32Array.from(nodes, ({ internalIP }) => parseIpv4(internalIP) ?? 0),
      },
      dns: options.dns && { ...options.dns, metrics: queryMetrics(options.measureFrom) },
      sampler: this.#sampler,
      recorder: this.#recorder,
    })
    this.requests.datagrams.attachClash(clashOf(kernel))
    this.requests.datagrams.attachSyncs((node, servicePort, entry) => this.#proxies.of(node).slipsThrough(servicePort, entry))
    this.backends = this.requests.backends
    this.backends.attachCpu({
      cores: nodes.map(({ cpuMilli }) => wholeCores(cpuMilli)),
      quotaPeriod: options.cpuQuotaPeriod ?? null,
    })
    const { interval, measureFrom } = options
    const intervals = interval === undefined ? { measureFrom } : { measureFrom, interval }
    this.#requestMetrics = new RequestMetrics(intervals)
    this.#nodeMetrics = new NodeMetrics({
      ...intervals,
      nodeNames,
      counters: {
        coresOf: (node) => this.cores.coresOf(node),
        readCores: (node, now, spent, into, at) => this.cores.read(node, now, spent, into, at),
        syncTime: (node, now) => syncs.spent(node, now),
        syncs: (node) => this.#proxyMetrics.syncsOf(node),
        conntrackEntries: (node) => this.conntrackEntries(node),
        conntrackDropped: (node) => this.kernels.conntrackDropped(node),
      },
    })
    const { requests, backends } = this
    this.#connectionMetrics = new ConnectionMetrics({
      ...intervals,
      counters: {
        get pods() {
          return backends.count
        },
        state: (pod) => backends.serverState(pod),
        openConnections: () => requests.openConnections(),
        inFlight: (pod) => backends.inFlight(pod),
        nameOf: (pod) => {
          const { namespace, podName: name, nodeIndex } = backends.specOf(pod)
          return namespace === HOST_CLIENTS ? null : { namespace, name, node: nodeNames[nodeIndex]! }
        },
      },
    })
  }

  /** Measuring begins after this moment: what counts from then on starts at nothing, and what is not ready for it is noted. */
  beginMeasuring(): void {
    this.backends.countLoads()
    for (const [node, proxy] of [...this.#proxies].entries()) if (proxy.running && !proxy.healthy) this.#proxyMetrics.isLate(node)
  }

  /** The kube-proxy of a node. */
  proxy(node: number): KubeProxy {
    return this.#proxies.of(node)
  }

  /** A traffic source; it sends from its start to its stop. Names are unique. To be called before its start. */
  addTraffic(spec: TrafficSpec): void {
    invariant(!this.#traffic.some((traffic) => traffic.name === spec.name), `Two traffics are called "${spec.name}"`)
    const { namespace, service, port, protocol = 'TCP', host, path, node } = spec.target
    const { from, headers, cookies, tls } = spec
    const names = from.kind === 'pods' ? this.#namesFor(spec.target) : undefined
    const socket = protocol === 'UDP' ? (spec.socket ?? { reuse: false }) : undefined
    const metrics = this.#requestMetrics.addTraffic(spec)
    const servicePort = this.history.servicePort(namespace, service, port, protocol)
    const route = { host, path, isTls: tls !== undefined, headers, cookies }
    // Who waits for nothing gives nothing up.
    const timeout = socket?.oneWay === true ? Number.POSITIVE_INFINITY : spec.timeout
    const pods = this.#podsOf(spec.target)
    const traffic = this.requests.addTraffic({ ...spec, timeout, metrics, servicePort, route, socket, names, node, pods })
    this.#traffic.push(metrics)
    this.#sampler?.addTraffic(traffic, { ...spec, isRoot: true })
    this.#recorder?.addTraffic(traffic, spec.name)
    const { requests, kernels } = this
    const clients = this.#clientsOf(from, servicePort, node)
    const senders = new Senders({ sim: this.#sim, requests, kernels, traffic, clients })
    const { name, start, stop, arrivals } = spec
    const common = { sim: this.#sim, name, senders, start, stop }
    if (arrivals.kind === 'closed') new ClosedLoop({ ...common, users: arrivals })
    else new OpenLoop({ ...common, arrivals })
  }

  /** The calls that pods of a workload make while they serve; counted from `start` on, before which there are none. Before such a pod listens. */
  addCalls(workload: WorkloadSpec, from: string, start: Nanos): void {
    this.#calls ??= this.#newCalls()
    const calls = this.#calls
    const trafficOf = (call: CallSpec): number => {
      const { name, target, timeout, optional, connection } = call
      const { namespace, service, port, host, path } = target
      const metrics = this.#requestMetrics.addTraffic({ name, calledBy: from, start, stop: Number.MAX_SAFE_INTEGER })
      const servicePort = this.history.servicePort(namespace, service, port, 'TCP')
      const traffic = this.requests.addTraffic({
        metrics,
        servicePort,
        timeout,
        route: { host, path, isTls: false },
        connection,
        names: this.#namesFor(target),
        pods: this.#podsOf(target),
      })
      this.#sampler?.addTraffic(traffic, { name, start, stop: Number.MAX_SAFE_INTEGER, isRoot: false })
      this.#recorder?.addTraffic(traffic, name)
      this.requests.onOutcome(traffic, (visit, cause) => calls.ended(visit, optional, cause))
      this.#traffic.push(metrics)
      this.#edges.push(traffic)
      return traffic
    }
    calls.plan(workload, workload.calls ?? [], trafficOf)
  }

  /** What client pods look up for it; undefined: they need not. */
  #namesFor({ host, isNumeric }: TrafficTarget): NamesToTry | undefined {
    if (this.dns === null || isNumeric) return undefined
    return namesByNamespace(host, this.dns.ndots, (client) => this.backends.specOf(client).namespace)
  }

  /** undefined: it goes to a Service. */
  #podsOf({ namespace, service, port, straight }: TrafficTarget): PodEndpoints | undefined {
    if (straight === undefined) return undefined
    const podAddresses = this.#podAddresses
    invariant(podAddresses !== undefined, 'Somebody knows the addresses of pods')
    const { addresses } = this.history
    const { pod } = straight
    const name = { namespace, service, pod }
    let known: readonly string[] = []
    let endpoints: readonly EndpointId[] = []
    return () => {
      const found = podAddresses(name)
      if (found !== known) {
        known = found
        endpoints = found.map((address) => addresses.endpoint(address, port))
      }
      return endpoints
    }
  }

  #newCalls(): Calls {
    const { requests, backends } = this
    const calls = new Calls({
      send: (customer, traffic, pod, seed, visit) => requests.call(customer, traffic, pod, seed, visit),
      resume: (pod, server) => backends.resume(pod, server),
      waits: (request, forCalls) => backends.waits(request, forCalls),
    })
    backends.attachCalls(calls)
    return calls
  }

  #clientsOf(from: TrafficSource, servicePort: ServicePortId, node: number | undefined): ClientPool | ExternalClients {
    if (from.kind === 'external') {
      if (node === undefined) (this.director ?? this.loadBalancer).watch(servicePort)
      return this.#takeAddresses(from.clients)
    }
    if (from.kind === 'nodes') this.#addHostClients()
    return this.backends.clientPool(from.kind === 'nodes' ? HOST_CLIENTS : from.namespace, from.selector)
  }

  /** One client a node, for all traffic of nodes. */
  #addHostClients(): void {
    if (this.#hasHostClients) return
    this.#hasHostClients = true
    for (const [index, { name, internalIP: address, labels = {} }] of this.#machines.entries())
      this.backends.addHostClient({ index, name, address, labels })
  }

  #newDirector({ sim, trace, nodes }: DataPlaneOptions, spec: DirectorSpec): Director {
    const checks = new NodeChecks(sim, spec.check, () => this.requests)
    return new Director({
      sim,
      trace,
      spec,
      servers: [...nodes.entries()]
        .filter(([, { excludedFromLoadBalancers }]) => excludedFromLoadBalancers !== true)
        .map(([node, { name, internalIP }]) => ({ node, address: parseIpv4(internalIP) ?? 0, weight: spec.weights.get(name) ?? 1 })),
      nodeNames: nodes.map(({ name }) => name),
      check: (servicePort, node, ended) => checks.begin(servicePort, node, ended),
      nameOf: (servicePort) => this.history.nameOf(servicePort),
    })
  }

  /** So many addresses of clients outside, used by no other traffic. */
  #takeAddresses(count: number): ExternalClients {
    const first = this.#nextExternal
    this.#nextExternal = (first + count) | 0
    return { first, count }
  }

  /** The node stops at once and silently: pods, kernel, kube-proxy. Clients find out by their time-outs. */
  crashNode(node: number): void {
    invariant(this.kernels.isUp(node), `Node ${node} is down already`)
    this.kernels.crash(node)
    this.cores.crash(node, this.#sim.now)
    this.#proxies.crash(node)
    this.backends.crashNode(node)
  }

  /** The node stands still until then, with all that is in its memory. {@link thawNode} is to be called then. */
  freezeNode(node: number, until: Nanos): void {
    invariant(this.kernels.isUp(node), `Node ${node} is down`)
    const { now } = this.#sim
    this.kernels.freeze(node, until, this.cores.ringOf(node))
    this.cores.freeze(node, now, until)
    this.#proxies.of(node).standStill(until)
    this.backends.freezeNode(node, until)
  }

  /** It goes on, where it has not crashed meanwhile. */
  thawNode(node: number): void {
    this.kernels.thaw(node)
  }

  /** The node comes back empty. Its kube-proxy is to be started by `proxy(node).start()`, and pods by their kubelet. */
  bootNode(node: number): void {
    invariant(!this.kernels.isUp(node), `Node ${node} is up already`)
    this.kernels.boot(node)
    this.backends.bootNode(node)
  }

  /** States what must hold at the end of a run, and at any other moment. */
  checkConservation(): void {
    this.requests.checkConservation()
    const waiting = this.#edges.reduce((sum, traffic) => sum + this.requests.waiting(traffic), 0)
    const calls = this.#calls?.onTheirWay ?? 0
    invariant(waiting === calls, `Pods wait for ${calls} calls, of which ${waiting} are on their way`)
  }

  /** Every traffic's measured phase up to now, in the order in which they were added. */
  trafficSummaries(): TrafficSummary[] {
    return this.#traffic.map((traffic) => traffic.summary(this.#sim.now))
  }

  kubeProxySummary(): KubeProxySummary {
    return this.#proxyMetrics.summary(this.mode.name)
  }

  /** From an EndpointSlice write to a node's kernel: of the writes since measuring began, or of all. */
  propagation(of: 'measured' | 'all'): QuantileSummary {
    return this.#proxyMetrics.propagation(of)
  }

  requestTable(): Table {
    return this.#requestMetrics.table(this.#sim.now)
  }

  /** Why requests failed, and by which changes that their node had not seen. */
  failureTable(): Table {
    return this.#requestMetrics.failureTable()
  }

  /** How the latency of the measured requests is distributed. */
  latencyTable(): Table {
    return this.#requestMetrics.latencyTable()
  }

  /** The requests that were kept, by step; null: nobody watched. To be called once, at the end. */
  sampleTable(): Table | null {
    const sampler = this.#sampler
    if (sampler === null) return null
    const { backends, history } = this
    const nodeNames = this.#machines.map(({ name }) => name)
    return sampleTable({ sampler, backends, nodeNames, addresses: history.addresses, external: this.#external })
  }

  /** The run is over: whoever asks for the requests that have ended is told of those on their way too. */
  finishRecords(): void {
    this.#recorder?.finish()
  }

  proxyTable(): Table {
    return this.#proxyMetrics.table()
  }

  /** When the interval of the node table that runs will be over. */
  get nextIntervalEnd(): Nanos {
    return this.#nodeMetrics.nextEnd
  }

  /**
   * The interval is over at `end`, which is {@link nextIntervalEnd} or the end of the run: everything before has happened. To be called for each
   * interval; nobody waits for it, so it changes nothing of what happens.
   */
  endInterval(end: Nanos): void {
    this.#nodeMetrics.endInterval(end)
    this.#connectionMetrics.endInterval(end)
  }

  nodesSummary(): NodesSummary {
    return this.#nodeMetrics.summary()
  }

  /** What the CPUs of the nodes did in the intervals that are over. */
  nodeTable(): Table {
    return this.#nodeMetrics.table()
  }

  /** The connections that pods had open at the end of the intervals that are over. */
  connectionTable(): Table {
    return this.#connectionMetrics.table()
  }

  /** Entries in a node's connection tracking table now. */
  conntrackEntries(node: number): number {
    invariant(node >= 0 && node < this.#nodes, `Node ${node} is unknown`)
    return this.kernels.conntrack(node).count(this.#sim.now)
  }
}

/** Queries are counted, as all requests are, and shown nowhere. */
function queryMetrics(measureFrom: Nanos): TrafficMetrics {
  return new RequestMetrics({ measureFrom }).addTraffic({ name: 'dns', start: 0, stop: Number.MAX_SAFE_INTEGER })
}
