import type { LabelSelector } from '../api/labels.ts'
import type { StringMap } from '../api/objects/index.ts'
import { type Distribution, type DistributionSpec, distribution, SAMPLE_MAX } from '../engine/distributions.ts'
import { Completion, type Waitable } from '../engine/process.ts'
import { ReseedableStream } from '../engine/random-stream.ts'
import type { Simulation } from '../engine/simulation.ts'
import { LEAVES, Station, type StationOptions } from '../engine/station.ts'
import { invariant } from '../invariant.ts'
import * as metrics from '../metrics/connection-metrics.ts'
import { OK } from '../metrics/failure-cause.ts'
import { type PodLoad, PodLoads } from '../metrics/pod-loads.ts'
import type { Addresses, EndpointId } from '../network/addresses.ts'
import { type CpuStat, cfsQuota } from '../node/container-cpu.ts'
import type { HostedPod, PodHost, SandboxSpec } from '../node/pod-host.ts'
import { mix32 } from '../proxy/mix.ts'
import type { Nanos } from '../units.ts'
import type { Calls } from './calls.ts'
import { ClientPool } from './client-pool.ts'
import { CpuServers } from './cpu-servers.ts'
import type { Gateway } from './gateway.ts'
import type { RequestSampler } from './samples/request-sampler.ts'
import { ERROR_CODES, isError } from './server-errors.ts'
import type { TlsServerSpec, WarmUpSpec, WorkloadSpec } from './specs.ts'

/** Nobody has the address. */
export const NO_BACKEND = -1

/** The namespace that no pod has. */
export const HOST_CLIENTS = ''

/** What runs on a node itself never gets a request. */
const SENDS_ONLY: WorkloadSpec = {
  selector: { matchLabels: {}, matchExpressions: [] },
  serviceTime: { kind: 'constant', value: 0 },
  cpuMilli: 0,
  concurrency: 1,
  queue: 0,
  startUp: { kind: 'constant', value: 0 },
  onTerminate: 'exit',
}

/** The sandbox has its address and nothing listens: a SYN is answered with RST. */
const QUIET = 0
const LISTENING = 1
/** Asked to stop: a SYN is answered with RST, what was accepted goes on. */
const DRAINING = 2
/** The address is gone: packets vanish. */
const GONE = 3

export const NO_HANDSHAKE = 0
export const FULL_HANDSHAKE = 1
export const RESUMED_HANDSHAKE = 2

/** What makes a pod slow for a while. */
export interface Slowdown {
  /** How many times as long service takes. */
  readonly factor: number
  /** Called for each request that begins meanwhile. */
  readonly onUse: () => void
}

/** What the CPU of nodes is like, as far as it holds pods back. */
export interface CpuSpec {
  /** Of each node, whole ones. */
  readonly cores: readonly number[]
  /** Of the quota of containers with a CPU limit; null: limits do not hold. */
  readonly quotaPeriod: Nanos | null
}

/** What pods do with requests concerns those who keep them. */
export interface RequestKeeper {
  /** The 32-bit number that a request's demand is drawn from. */
  seedOf(request: number): number
  /** The same, but another one for each further try of a request. */
  trySeedOf(request: number): number
  /** A server takes it up, or goes on with it. */
  begun(request: number): void
  /** Its server needs CPU time and gets none: its container has used up what its limit allows. {@link begun} ends it. */
  throttled(request: number): void
  /** Which handshake of a request the pod has in its hands: {@link NO_HANDSHAKE}, {@link FULL_HANDSHAKE} or {@link RESUMED_HANDSHAKE}. */
  handshakeOf(request: number): number
  /** The pod has done its part of the handshake. */
  handshaken(request: number): void
  /** Its server waits for what it has called. */
  calls(request: number): void
  /** A gateway takes it from its server. */
  passedOn(request: number): void
  /** Its service is over. */
  served(request: number): void
  /** As {@link served}, but the answer is an HTTP error, an index into FAILURE_CAUSES. */
  refused(request: number, cause: number): void
  /** The process ended while it had the request. With a reset the client is told, without it hears nothing. */
  dropped(request: number, withReset: boolean): void
  /** A pod has stopped accepting connections, to end once it has answered what it has. */
  drains(pod: number): void
  /** A pod's process is gone, and with it what it had open, as server and as client. With a reset its peers are told. */
  processEnded(pod: number, withReset: boolean): void
}

/**
 * Pods as servers: an address, a process that may listen there, and behind it a station of `concurrency` servers and a bounded queue.
 *
 * The kubelet says when addresses and processes come and go; packets ask {@link owner}, {@link accepts}, {@link accept} and {@link enter}.
 * The time that a request takes of its server is a function of the request's own seed and the pod's distribution, so it is the same
 * whichever pod of the workload serves it, and in every variant of a scenario.
 */
export class Backends implements PodHost {
  readonly #sim: Simulation
  readonly #addresses: Addresses
  readonly #workloadOf: (pod: SandboxSpec) => WorkloadSpec
  readonly #requests: RequestKeeper
  #gateway: Gateway | null = null
  #calls: Calls | null = null
  /** What a visit that has just left is answered with. */
  #outcome = OK
  readonly #loads = new PodLoads()
  /** By a label that all their pods have, as {@link labelKey} says it; those without such a label apart. */
  readonly #poolsByLabel = new Map<string, ClientPool[]>()
  readonly #poolsOfAny: ClientPool[] = []
  /** The latest of a namespace and selector, and its changes when it was new. */
  readonly #poolOf = new Map<string, { readonly pool: ClientPool; readonly changesAtFirst: number }>()
  readonly #distributions = new Map<DistributionSpec, Distribution>()
  readonly #demand = new ReseedableStream()
  readonly #pods: Pod[] = []
  #cpu: CpuSpec = { cores: [], quotaPeriod: null }
  /** By address: who has it. */
  #owners = new Int32Array(1024).fill(NO_BACKEND)
  /** Of pods with the host's network. */
  readonly #hostOwners = new Map<EndpointId, number>()
  /** Processes of the nodes themselves, among the pods. */
  readonly #hostClients: number[] = []
  /** A row of ROW integers a pod: see {@link STATE}. */
  #rows = new Int32Array(256 * ROW)

  constructor(options: { sim: Simulation; addresses: Addresses; workloadOf: (pod: SandboxSpec) => WorkloadSpec; requests: RequestKeeper }) {
    this.#sim = options.sim
    this.#addresses = options.addresses
    this.#workloadOf = options.workloadOf
    this.#requests = options.requests
  }

  /** Who runs the pods whose workload is an ingress controller. Before any of them starts. */
  attachGateway(gateway: Gateway): void {
    this.#gateway = gateway
  }

  /** Who makes the calls of the pods whose workload has some. Before any of them serves. */
  attachCalls(calls: Calls): void {
    this.#calls = calls
  }

  /** The CPU of the nodes. Before any pod listens whose CPU time counts. */
  attachCpu(cpu: CpuSpec): void {
    this.#cpu = cpu
  }

  /** A server of a pod that waited for calls goes on. */
  resume(pod: number, server: number): void {
    this.#pods[pod]!.station!.resume(server)
  }

  /** What a gateway's try is sent is sent for it, as the sampler knows it. */
  tellSpanOf(attempt: number, sampler: RequestSampler): void {
    this.#gateway!.tellSpanOf(attempt, sampler)
  }

  /** What a server does with a request: it waits for calls, or works. */
  waits(request: number, forCalls: boolean): void {
    if (request < 0) return
    if (forCalls) this.#requests.calls(request)
    else this.#requests.begun(request)
  }

  /** The running pods of a namespace that a selector matches, from now on. Who asks for the same, and would get the same order, shares it. */
  clientPool(namespace: string, selector: LabelSelector): ClientPool {
    const key = JSON.stringify([namespace, selector])
    const known = this.#poolOf.get(key)
    if (known !== undefined && known.pool.changes === known.changesAtFirst) return known.pool
    const pool = new ClientPool(namespace, selector)
    this.#addPool(pool, namespace, selector)
    for (const [pod, { spec }] of this.#pods.entries()) {
      if (this.#rows[pod * ROW + STATE] === LISTENING && pool.matches(spec.namespace, spec.labels)) pool.add(pod)
    }
    this.#poolOf.set(key, { pool, changesAtFirst: pool.changes })
    return pool
  }

  sandboxUp(spec: SandboxSpec, workload = this.#workloadOf(spec)): HostedPod {
    const address = this.#addresses.address(spec.address)
    const { hostPorts } = spec
    invariant(hostPorts !== undefined || this.#ownerOf(address) === NO_BACKEND, `Address ${spec.address} is given to two pods`)
    const serviceTime = this.#distributionOf(workload.serviceTime)
    const { cpuPerRequest } = workload
    const pod = this.#pods.length
    if (pod * ROW === this.#rows.length) this.#growPods()
    this.#pods.push({
      spec,
      address,
      workload,
      serviceTime,
      cpuPerRequest: cpuPerRequest === undefined || cpuPerRequest === 'all' ? null : this.#distributionOf(cpuPerRequest),
      station: null,
      servers: null,
      cpuBefore: NO_CPU,
      openedAt: 0,
      visits: [],
      heldMean: serviceTime.mean,
      idle: null,
      slowdowns: NO_SLOWDOWNS,
    })
    this.#loads.add()
    const row = pod * ROW
    this.#rows[row + STATE] = QUIET
    this.#rows[row + NODE] = spec.nodeIndex
    this.#rows[row + ADDRESS] = this.#addresses.ipv4(address)
    this.#rows[row + ON_HOST] = hostPorts === undefined ? 0 : 1
    if (hostPorts === undefined) this.#setOwner(address, pod)
    else for (const port of hostPorts) this.#hostOwners.set(this.#addresses.endpoint(spec.address, port), pod)
    return pod
  }

  /**
   * A process of a node itself, on the node's network: a client as a pod is, for as long as the node is up, that serves nothing. Pools know it
   * by the node's labels, in the namespace ''.
   */
  addHostClient(node: { index: number; name: string; address: string; labels: StringMap }): void {
    const { index, name, address, labels } = node
    const spec = { podUid: '', podName: name, namespace: HOST_CLIENTS, labels, address, nodeIndex: index, hostPorts: [] }
    const client = this.sandboxUp(spec, SENDS_ONLY)
    this.#hostClients.push(client)
    this.open(client)
  }

  listen(pod: HostedPod): void {
    if (this.#rows[pod * ROW + STATE] === GONE) return
    invariant(this.#rows[pod * ROW + STATE] === QUIET, `Pod ${pod} listens twice`)
    const { spec, workload } = this.#pods[pod]!
    if (workload.ingressController === undefined) this.open(pod)
    else this.#gatewayOf(pod).started(pod, spec, workload.ingressController, workload.concurrency)
  }

  /** The process accepts connections from now on. */
  open(pod: HostedPod): void {
    const record = this.#pods[pod]!
    record.station ??= this.#station(pod, record)
    record.openedAt = this.#sim.now
    this.#rows[pod * ROW + STATE] = LISTENING
    this.#loads.opened(pod, this.#sim.now)
    const { namespace, labels } = record.spec
    for (const pools of this.#poolsFor(namespace, labels)) for (const pool of pools) if (pool.matches(namespace, labels)) pool.add(pod)
  }

  stopListening(pod: HostedPod): void {
    if (this.#rows[pod * ROW + STATE] !== LISTENING) return
    this.#rows[pod * ROW + STATE] = DRAINING
    this.#loads.closed(pod, this.#sim.now)
    this.#leavePools(pod)
    this.#requests.drains(pod)
    this.#gateway?.closed(pod)
  }

  kill(pod: HostedPod): void {
    if (this.#rows[pod * ROW + STATE] === LISTENING || this.#rows[pod * ROW + STATE] === DRAINING) this.#endProcess(pod, QUIET, true)
    else if (this.#pods[pod]!.workload.ingressController !== undefined) this.#gatewayOf(pod).ended(pod, true)
  }

  sandboxDown(pod: HostedPod): void {
    if (this.#rows[pod * ROW + STATE] === GONE) return
    if (this.#pods[pod]!.spec.hostPorts !== undefined) {
      this.#endProcess(pod, QUIET, true)
      return
    }
    this.#endProcess(pod, GONE, false)
    this.#setOwner(this.#pods[pod]!.address, NO_BACKEND)
  }

  isListening(pod: HostedPod): boolean {
    return this.#rows[pod * ROW + STATE] === LISTENING
  }

  /**
   * A health call takes no time of a server, but waits for one behind the requests that are queued: as long as these take on average, where
   * servers wait for calls or share the container's CPU as long as they lately did. While the container is throttled nobody answers.
   */
  answersAfter(pod: HostedPod): Nanos | null {
    if (this.#rows[pod * ROW + STATE] !== LISTENING) return null
    const { station, servers, workload, heldMean, slowdowns, openedAt } = this.#pods[pod]!
    const throttledFor = servers === null ? 0 : servers.cpu.throttledFor
    if (station === null || station.busy < workload.concurrency) return throttledFor
    if (station.queued >= workload.queue) return null
    // How long servers were lately held has the slowness in it.
    const isHeld = workload.calls !== undefined || servers !== null
    const factor = isHeld ? 1 : factorOf(slowdowns) * this.#warmUp(workload, openedAt)
    return Math.max(throttledFor, Math.round((factor * (station.queued + 1) * heldMean) / workload.concurrency))
  }

  /** What the pod begins from now on takes longer; what it has begun goes on as it was. */
  slowDown(pod: HostedPod, slowdown: Slowdown): void {
    const record = this.#pods[pod]!
    record.slowdowns = [...record.slowdowns, slowdown]
  }

  /** The end of that. */
  speedUp(pod: HostedPod, slowdown: Slowdown): void {
    const record = this.#pods[pod]!
    const at = record.slowdowns.indexOf(slowdown)
    invariant(at >= 0, `Pod ${pod} is not slow by that`)
    record.slowdowns = record.slowdowns.toSpliced(at, 1)
  }

  inFlight(pod: HostedPod): number {
    return this.#rows[pod * ROW + IN_FLIGHT]!
  }

  /** What its requests took; or `cpuMilli` while a server is busy, where that is not said. Nothing else uses CPU. */
  cpuTime(pod: HostedPod): Nanos {
    const { station, servers, workload } = this.#pods[pod]!
    if (servers !== null) return servers.cpu.stat().used
    return station === null ? 0 : Math.round((station.busyTime * workload.cpuMilli) / 1000)
  }

  /** Requests being served or queued by the pods of a node. */
  inFlightOfNode(node: number): number {
    let total = 0
    for (let pod = 0; pod < this.#pods.length; pod++) if (this.#rows[pod * ROW + NODE] === node) total += this.#rows[pod * ROW + IN_FLIGHT]!
    return total
  }

  whenIdle(pod: HostedPod): Waitable<void> {
    const record = this.#pods[pod]!
    record.idle ??= new Completion<void>(this.#sim)
    const { idle } = record
    this.#settleIfIdle(pod)
    return idle
  }

  /** From now on {@link loads} counts; what was before is forgotten. */
  countLoads(): void {
    this.#loads.restart(this.#sim.now)
    for (const record of this.#pods) if (record.servers !== null) record.cpuBefore = record.servers.cpu.stat()
  }

  /** What each pod had to do, in the order in which they came, and what its container used of the CPU; null where that does not count. */
  loads(): readonly { readonly pod: SandboxSpec; readonly load: PodLoad; readonly cpu: CpuStat | null }[] {
    const loads = this.#pods.map(({ spec, workload, servers, cpuBefore }, pod) => ({
      pod: spec,
      load: this.#loads.load(pod, this.#sim.now),
      cpu: workload.cpuPerRequest === undefined ? null : servers === null ? NO_CPU : since(cpuBefore, servers.cpu.stat()),
    }))
    return this.#hostClients.length === 0 ? loads : loads.filter(({ pod }) => pod.namespace !== HOST_CLIENTS)
  }

  /** Everything on a node vanishes: no resets, no answers. */
  crashNode(node: number): void {
    for (let pod = 0; pod < this.#pods.length; pod++) {
      if (this.#rows[pod * ROW + NODE] !== node) continue
      if (this.#pods[pod]!.spec.hostPorts === undefined) this.sandboxDown(pod)
      else if (this.#rows[pod * ROW + STATE] !== GONE) this.#endProcess(pod, GONE, false)
    }
  }

  /** The node stands still until then: what its pods have begun goes on after that with what was left. */
  freezeNode(node: number, until: Nanos): void {
    for (let pod = 0; pod < this.#pods.length; pod++) {
      if (this.#rows[pod * ROW + NODE] !== node) continue
      const { station, servers } = this.#pods[pod]!
      station?.standStill(until)
      servers?.cpu.standStill(until)
    }
  }

  /** Its kernel answers again: with a refusal at the ports that pods with the host's network had. Its own processes send again. */
  bootNode(node: number): void {
    for (const client of this.#hostClients) if (this.#rows[client * ROW + NODE] === node) this.open(client)
    for (const pod of this.#hostOwners.values())
      if (this.#rows[pod * ROW + NODE] === node && this.#rows[pod * ROW + STATE] === GONE) this.#rows[pod * ROW + STATE] = QUIET
  }

  /**
   * Who answers at an endpoint's address, or {@link NO_BACKEND}. A pod answers on every port; one with the host's network on those that its
   * manifest names, which the node refuses once the pod is gone. Simplified: at ports that no pod has had yet it is silent.
   */
  owner(endpoint: EndpointId): number {
    const owner = this.#ownerOf(this.#addresses.addressOf(endpoint))
    if (owner !== NO_BACKEND || this.#hostOwners.size === 0) return owner
    const pod = this.#hostOwners.get(endpoint)
    return pod === undefined || this.#rows[pod * ROW + STATE] === GONE ? NO_BACKEND : pod
  }

  /** As its kubelet set it up. */
  specOf(pod: HostedPod): SandboxSpec {
    return this.#pods[pod]!.spec
  }

  /** All that ever came, those of nodes themselves too. */
  get count(): number {
    return this.#pods.length
  }

  /** As the table of connections has it. */
  serverState(pod: number): number {
    const state = this.#rows[pod * ROW + STATE]!
    return state === LISTENING ? metrics.LISTENING : state === DRAINING ? metrics.DRAINING : metrics.GONE
  }

  /** Adds the connections of the gateway, where there is one. */
  countGatewayConnections(open: Int32Array): void {
    this.#gateway?.countOpen(open)
  }

  nodeOf(pod: number): number {
    return this.#rows[pod * ROW + NODE]!
  }

  /** The pod's address as an int32. */
  addressOf(pod: number): number {
    return this.#rows[pod * ROW + ADDRESS]!
  }

  /** It has the network of its node, and so the node's address. */
  isOnHost(pod: number): boolean {
    return this.#rows[pod * ROW + ON_HOST] === 1
  }

  incarnation(pod: number): number {
    return this.#rows[pod * ROW + INCARNATION]!
  }

  /** The process of that incarnation is alive. */
  runs(pod: number, incarnation: number): boolean {
    const rows = this.#rows
    const row = pod * ROW
    return rows[row + INCARNATION] === incarnation && (rows[row + STATE] === LISTENING || rows[row + STATE] === DRAINING)
  }

  hasAddress(pod: number): boolean {
    return this.#rows[pod * ROW + STATE] !== GONE
  }

  /** A connection is made; a request will follow by it. */
  accept(pod: number): void {
    this.#rows[pod * ROW + IN_FLIGHT]!++
  }

  /** An accepted connection closed again without a request, or after a gateway's answer. */
  abandon(pod: number): void {
    this.#left(pod)
  }

  /** A request of an accepted connection arrives. False: the queue is full, and the connection is over. */
  enter(pod: number, request: number): boolean {
    this.#loads.arrived(pod)
    if (this.#pods[pod]!.station!.arrive(request)) return true
    this.#left(pod)
    return false
  }

  /** A request's TLS handshake arrives, on an accepted connection. False: as {@link enter}. */
  shakeHands(pod: number, request: number): boolean {
    if (this.#pods[pod]!.station!.arrive(request)) return true
    this.#left(pod)
    return false
  }

  /** What handshakes cost the pod; undefined: it does not speak TLS. */
  tlsOf(pod: number): TlsServerSpec | undefined {
    return this.#pods[pod]!.workload.ingressController?.tls
  }

  #station(pod: number, record: Pod): Station {
    const { concurrency, queue, calls, ingressController } = record.workload
    const tls = ingressController?.tls
    if (calls !== undefined && ingressController === undefined) return this.#callingStation(pod, record)
    return this.#stationOf(record, {
      servers: concurrency,
      queueCapacity: queue,
      onStart:
        tls === undefined
          ? (request) => this.#serviceTime(record, request)
          : (request) => {
              const handshake = this.#requests.handshakeOf(request)
              if (handshake === NO_HANDSHAKE) return this.#serviceTime(record, request)
              return handshake === FULL_HANDSHAKE ? tls.handshake : tls.resumedHandshake
            },
      onDone:
        ingressController === undefined
          ? (request) => {
              this.#answer(pod, request, this.#ownOutcome(record.workload, request))
              this.#left(pod)
            }
          : (request) => {
              if (this.#requests.handshakeOf(request) !== NO_HANDSHAKE) {
                this.#requests.handshaken(request)
                return
              }
              this.#requests.passedOn(request)
              this.#gatewayOf(pod).received(pod, request)
            },
    })
  }

  /** Its servers make calls: the service is in parts. */
  #callingStation(pod: number, record: Pod): Station {
    const { workload, visits } = record
    const calls = this.#calls
    if (calls === null) invariant(false, `Pod ${pod} has calls to make, and nobody makes them`)
    /** By server, when its request came to it. */
    const takenAt: Nanos[] = []
    return this.#stationOf(record, {
      servers: workload.concurrency,
      queueCapacity: workload.queue,
      onStart: (request, server) => {
        const service = this.#serviceTime(record, request)
        takenAt[server] = this.#sim.now
        visits[server] = calls.begin(workload, pod, server, request, this.#trySeedOf(request), service)
        const part = calls.next(visits[server]!)
        return part === LEAVES ? 0 : part
      },
      onPart: (_request, server) => {
        const visit = visits[server]!
        const part = calls.next(visit)
        if (part === LEAVES) {
          this.#outcome = calls.leave(visit)
          this.#held(record, this.#sim.now - takenAt[server]!)
        }
        return part
      },
      onDone: (request) => {
        this.#answer(pod, request, this.#outcome === OK ? this.#ownOutcome(workload, request) : this.#outcome)
        this.#left(pod)
      },
    })
  }

  /** Its servers take the CPU time of the container, where that counts. */
  #stationOf(record: Pod, station: StationOptions & Required<Pick<StationOptions, 'onStart'>>): Station {
    const { workload, spec } = record
    if (workload.cpuPerRequest === undefined) return new Station(this.#sim, station)
    const { cores, quotaPeriod: period } = this.#cpu
    const servers = new CpuServers(
      this.#sim,
      {
        cores: cores[spec.nodeIndex]!,
        quota: period === null ? null : cfsQuota(spec.cpuLimitMilli ?? 0, period),
        period: period ?? 0,
        station,
        onThrottled: (request, isThrottled) => {
          // Of a handshake all time is of one part.
          if (request < 0 || this.#requests.handshakeOf(request) !== NO_HANDSHAKE) return
          if (isThrottled) this.#requests.throttled(request)
          else this.#requests.begun(request)
        },
        onHeld: (time) => this.#held(record, time),
      },
      this.#periodOffset(record),
    )
    record.servers = servers
    return servers.station
  }

  /**
   * When the periods of a container's CPU quota end, which is chosen anew for each run of it.
   *
   * Source: Linux kernel/sched/fair.c (init_cfs_bandwidth), since 2023; before, those of one node ended together.
   */
  #periodOffset({ spec }: Pod): Nanos {
    return Math.floor(this.#sim.rng(`cfs-period/${spec.namespace}/${spec.podName}`).uniform() * (this.#cpu.quotaPeriod ?? 0))
  }

  #held(record: Pod, time: Nanos): void {
    record.heldMean += (time - record.heldMean) * HELD_WEIGHT
  }

  #answer(pod: number, request: number, cause: number): void {
    if (request < 0) this.#gatewayOf(pod).answered(~request, cause)
    else if (cause === OK) this.#requests.served(request)
    else this.#requests.refused(request, cause)
  }

  /** What the pod itself makes of a request that it has served. */
  #ownOutcome({ errors }: WorkloadSpec, request: number): number {
    return errors !== undefined && isError(errors, this.#trySeedOf(request)) ? ERROR_CODES[errors.code] : OK
  }

  #seedOf(request: number): number {
    return request >= 0 ? this.#requests.seedOf(request) : this.#gateway!.seedOf(~request)
  }

  /** Of what another try of the same request may meet otherwise: errors and calls. */
  #trySeedOf(request: number): number {
    return request >= 0 ? this.#requests.trySeedOf(request) : this.#gateway!.seedOf(~request)
  }

  #gatewayOf(pod: number): Gateway {
    if (this.#gateway === null) invariant(false, `Pod ${pod} has to do with a gateway, and there is none`)
    return this.#gateway
  }

  #serviceTime(record: Pod, request: number): Nanos {
    if (request >= 0) this.#requests.begun(request)
    else this.#gateway!.begun(~request)
    const seed = this.#seedOf(request)
    this.#demand.reseed(seed)
    const time = record.serviceTime.sample(this.#demand)
    if (record.cpuPerRequest !== null) {
      this.#demand.reseed(mix32(seed ^ CPU_SALT))
      record.servers!.share = Math.min(1, record.cpuPerRequest.sample(this.#demand) / Math.max(1, time))
    }
    const { slowdowns, workload } = record
    const warmUp = workload.warmUp === undefined ? 1 : this.#warmUp(workload, record.openedAt)
    if (slowdowns.length === 0 && warmUp === 1) return time
    for (const { onUse } of slowdowns) onUse()
    return Math.min(SAMPLE_MAX, Math.round(time * factorOf(slowdowns) * warmUp))
  }

  /** How many times as long service takes that begins now, as the process is new. */
  #warmUp({ warmUp }: WorkloadSpec, openedAt: Nanos): number {
    return warmUp === undefined ? 1 : warmUpFactor(warmUp, this.#sim.now - openedAt)
  }

  #left(pod: number): void {
    const left = --this.#rows[pod * ROW + IN_FLIGHT]!
    if (left <= 0) this.#settleIfIdle(pod)
  }

  #settleIfIdle(pod: number): void {
    if (this.#rows[pod * ROW + IN_FLIGHT]! < 0) invariant(false, `Pod ${pod} answered more than it accepted`)
    const record = this.#pods[pod]!
    if (this.#rows[pod * ROW + IN_FLIGHT] !== 0 || record.idle === null) return
    record.idle.resolve()
    record.idle = null
  }

  #endProcess(pod: number, state: number, withReset: boolean): void {
    this.#rows[pod * ROW + STATE] = state
    this.#loads.closed(pod, this.#sim.now)
    this.#rows[pod * ROW + INCARNATION]!++
    this.#leavePools(pod)
    const record = this.#pods[pod]!
    const { station, servers, visits } = record
    servers?.cpu.restart(this.#periodOffset(record))
    station?.clear((request, server) => {
      if (server >= 0 && visits.length > 0) this.#calls!.drop(visits[server]!)
      if (request >= 0) this.#requests.dropped(request, withReset)
      else this.#gatewayOf(pod).dropped(~request, withReset)
    })
    if (this.#pods[pod]!.workload.ingressController !== undefined) this.#gatewayOf(pod).ended(pod, withReset)
    else if (withReset) this.#gateway?.closed(pod)
    this.#requests.processEnded(pod, withReset)
    this.#rows[pod * ROW + IN_FLIGHT] = 0
    this.#settleIfIdle(pod)
  }

  #leavePools(pod: number): void {
    const { namespace, labels } = this.#pods[pod]!.spec
    for (const pools of this.#poolsFor(namespace, labels)) for (const pool of pools) pool.remove(pod)
  }

  #addPool(pool: ClientPool, namespace: string, { matchLabels }: LabelSelector): void {
    const first = Object.entries(matchLabels)[0]
    if (first === undefined) {
      this.#poolsOfAny.push(pool)
      return
    }
    const key = labelKey(namespace, ...first)
    const pools = this.#poolsByLabel.get(key)
    if (pools === undefined) this.#poolsByLabel.set(key, [pool])
    else pools.push(pool)
  }

  /** All pools that may match a pod. */
  #poolsFor(namespace: string, labels: StringMap): ClientPool[][] {
    const pools = [this.#poolsOfAny]
    if (this.#poolsByLabel.size === 0) return pools
    for (const [key, value] of Object.entries(labels)) {
      const some = this.#poolsByLabel.get(labelKey(namespace, key, value))
      if (some !== undefined) pools.push(some)
    }
    return pools
  }

  #distributionOf(spec: DistributionSpec): Distribution {
    let found = this.#distributions.get(spec)
    if (found === undefined) {
      found = distribution(spec)
      this.#distributions.set(spec, found)
    }
    return found
  }

  #ownerOf(address: number): number {
    return address < this.#owners.length ? this.#owners[address]! : NO_BACKEND
  }

  #setOwner(address: number, pod: number): void {
    if (address >= this.#owners.length) {
      const grown = new Int32Array(2 * address).fill(NO_BACKEND)
      grown.set(this.#owners)
      this.#owners = grown
    }
    this.#owners[address] = pod
  }

  #growPods(): void {
    const rows = new Int32Array(2 * this.#rows.length)
    rows.set(this.#rows)
    this.#rows = rows
  }
}

/**
 * Of a pod: its state; its node; how many processes of it have ended, as an accepted connection belongs to one process; accepted connections whose
 * request has not been answered; its address as an int32; 1 if it has the network of its node.
 */
const STATE = 0
const NODE = 1
const INCARNATION = 2
const IN_FLIGHT = 3
const ADDRESS = 4
const ON_HOST = 5
/** A power of two. */
const ROW = 8

/** Of the latest request in the mean of how long servers are held. As TCP smooths its round-trip time (RFC 6298). */
export const HELD_WEIGHT = 1 / 8

interface Pod {
  readonly spec: SandboxSpec
  readonly address: number
  readonly workload: WorkloadSpec
  readonly serviceTime: Distribution
  /** null: the service time is CPU time, or nothing is said of it. */
  readonly cpuPerRequest: Distribution | null
  /** Made when the process first listens. */
  station: Station | null
  /** Those of the station, where their CPU time counts. */
  servers: CpuServers | null
  /** What the container had used when counting began. */
  cpuBefore: CpuStat
  /** When its process began to listen. */
  openedAt: Nanos
  /** By server, where they make calls. */
  readonly visits: number[]
  /** How long a request holds a server, ns. */
  heldMean: number
  /** Who waits for the last answer. */
  idle: Completion<void> | null
  /** What makes it slow now. */
  slowdowns: readonly Slowdown[]
}

/** One for all pods that are not slow: what each pod has of its own is read from memory that other pods have not just used. */
const NO_SLOWDOWNS: readonly Slowdown[] = []

/** 1 without any. */
function factorOf(slowdowns: readonly Slowdown[]): number {
  let factor = 1
  for (const slowdown of slowdowns) factor *= slowdown.factor
  return factor
}

function labelKey(namespace: string, label: string, value: string): string {
  return `${namespace}/${label}=${value}`
}

/** How many times as long service takes at that age of the process. */
function warmUpFactor({ duration, factor }: WarmUpSpec, age: Nanos): number {
  return age >= duration ? 1 : 1 + (factor - 1) * (1 - age / duration)
}

/** Kept apart from other uses of a request's seed. */
const CPU_SALT = 0x1f83_d9ab

const NO_CPU: CpuStat = { used: 0, periods: 0, throttledPeriods: 0, throttled: 0 }

function since(before: CpuStat, now: CpuStat): CpuStat {
  return {
    used: now.used - before.used,
    periods: now.periods - before.periods,
    throttledPeriods: now.throttledPeriods - before.throttledPeriods,
    throttled: now.throttled - before.throttled,
  }
}
