import type { Lease, Pod } from '../api/objects/index.ts'
import { type ApiAccess, ApiClient } from '../control-plane/api-client.ts'
import { isTerminal } from '../control-plane/conditions.ts'
import { nodeIdentity } from '../control-plane/identity.ts'
import { Informer } from '../control-plane/informer.ts'
import type { Delays } from '../control-plane/latencies.ts'
import type { PodPoints } from '../control-plane/metrics-server.ts'
import { isMirror, OF_COMPONENT } from '../control-plane/mirror-pod.ts'
import { keyOf } from '../control-plane/object-key.ts'
import { KUBELET_WORK, SlowedLatencies } from '../control-plane/slowed-latencies.ts'
import type { WatchEvent } from '../control-plane/watch-cache.ts'
import { firstOf, type Process, type Wait } from '../engine/process.ts'
import type { RandomStream } from '../engine/random-stream.ts'
import type { Simulation } from '../engine/simulation.ts'
import { Slowness } from '../engine/slowness.ts'
import { type HopId, NO_CAUSE } from '../engine/trace.ts'
import { type Nanos, SECOND } from '../units.ts'
import { ContainerRuntime, type ProcessBehaviour } from './container-runtime.ts'
import { ContainerStats } from './container-stats.ts'
import { type ImagePolicy, ImageStore } from './image-store.ts'
import { HostLocalIpam } from './ipam.ts'
import { MirrorPods, mirrored, staticPodOf } from './mirror-pods.ts'
import { type Allocatable, refusal } from './node-admission.ts'
import { NodeStatus } from './node-status.ts'
import type { PodHost } from './pod-host.ts'
import { isSidecar, type NodeContext, PodWorker } from './pod-worker.ts'
import type { RegistryLink } from './registry-link.ts'
import { CriTimes, RUNTIMES, type RuntimeName } from './runtimes/index.ts'
import { servingContainer } from './serving-container.ts'
import { StatusManager } from './status-manager.ts'

/** Source: kubelet kubeAPIQPS and kubeAPIBurst. */
export const LIMIT = { qps: 50, burst: 100 } as const
/** Renewed every quarter of nodeLeaseDurationSeconds (40 s). */
export const LEASE_PERIOD: Nanos = 10 * SECOND
/** Source: Kubernetes cmd/kubelet/app/server.go (heartbeatClientConfig.Timeout: the shorter of nodeStatusUpdateFrequency and a quarter of the lease). */
export const HEARTBEAT_PATIENCE: Nanos = 10 * SECOND
/** Share of the period that a renewal may be late. Source: Kubernetes pkg/kubelet (nodeStatusUpdateFrequency jitter, 4 %). */
export const LEASE_JITTER = 0.04

export interface KubeletOptions {
  readonly name: string
  readonly index: number
  readonly hostIP: string
  /** What pods can have of the node. */
  readonly allocatable: Allocatable
  readonly host: PodHost
  readonly images: ImagePolicy
  /** Where the bytes of images come through when nodes share the registry's; a link of its own when not given. */
  readonly registry?: RegistryLink | undefined
  /** containerd when not given. */
  readonly runtime?: RuntimeName | undefined
  readonly behaviourOf: (pod: Pod) => ProcessBehaviour
  /** Manifests that the kubelet finds in its folder: it runs them from its start on, with or without an API server. */
  readonly staticPods?: readonly Pod[] | undefined
  /** Whether somebody asks what containers use; nobody looks otherwise. */
  readonly measured?: boolean
  /** What the work of its containers is counted by; by time itself when not given. */
  readonly work?: Simulation | undefined
}

/**
 * The kubelet of one node: a worker for every pod that is bound to it, heartbeats, status.
 *
 * `crash` stops everything at once, as a power cut does; `boot` begins anew with what the API server says, so pods that
 * were bound here before start again from their images.
 *
 * Source: Kubernetes pkg/kubelet/kubelet.go.
 */
export class Kubelet {
  /** How slow its own work is, whichever process does it. */
  readonly slowness = new Slowness()
  /** What its own work and that of its node take. */
  readonly latencies: Delays
  readonly #access: ApiAccess
  readonly #options: KubeletOptions
  readonly #client: ApiClient
  readonly #heartbeats: ApiClient
  readonly #pods: Informer<'Pod'>
  readonly #workers = new Map<string, PodWorker>()
  readonly #context: NodeContext
  readonly #jitter: RandomStream
  readonly #status: NodeStatus
  /** By uid. With the last status: the runtime's records tell it to a kubelet that starts. */
  readonly #static = new Map<string, Pod>()
  readonly #mirrors: MirrorPods
  readonly #stats: ContainerStats | null
  #processes: Process<void>[] = []
  /** How far the node's clock is ahead of true time. */
  #clockAhead: Nanos = 0
  /** The hop of the kubelet's start: pods that it finds bound here are taken up because of it. */
  #started: HopId = NO_CAUSE

  constructor(given: ApiAccess, options: KubeletOptions) {
    this.latencies = new SlowedLatencies(given.latencies, KUBELET_WORK, this.slowness)
    const access = { ...given, latencies: this.latencies }
    this.#access = access
    this.#options = options
    const actor = `kubelet/${options.name}`
    const identity = nodeIdentity(options.name)
    this.#client = new ApiClient(access, { actor, identity, limit: LIMIT, network: 'nodeNetwork' })
    this.#heartbeats = new ApiClient(access, { actor, identity, limit: null, network: 'nodeNetwork', patience: HEARTBEAT_PATIENCE })
    const { server, whenRunning } = access
    this.#pods = new Informer(server, 'Pod', { name: actor, network: 'nodeNetwork', nodeName: options.name, whenRunning })
    this.#pods.listen((event) => this.#podChanged(event))
    this.#jitter = access.sim.rng(`kubelet/${options.name}/lease`)
    const runtime = RUNTIMES[options.runtime ?? 'containerd']
    this.#context = {
      access,
      client: this.#client,
      name: options.name,
      hostIP: options.hostIP,
      runtime: new ContainerRuntime({
        sim: access.sim,
        work: options.work,
        host: options.host,
        ipam: new HostLocalIpam(options.index),
        nodeIndex: options.index,
        startUps: access.sim.rng(`kubelet/${options.name}/start-up`),
        runs: access.sim.rng(`kubelet/${options.name}/run`),
      }),
      images: new ImageStore({
        sim: access.sim,
        policy: options.images,
        nodeIndex: options.index,
        link: options.registry,
        nameOf: runtime.imageName,
      }),
      cri: new CriTimes(runtime, access.sim.rng(`kubelet/${options.name}/runtime`)),
      disk: { factor: 1, onUse: () => {} },
      status: new StatusManager(access.sim, this.#client),
      behaviourOf: options.behaviourOf,
      refusal: (pod) => refusal(pod, this.#others(pod), options.allocatable),
      jitter: access.sim.rng(`kubelet/${options.name}/requeue`),
    }
    this.#mirrors = new MirrorPods(access, this.#client, options.name, access.sim.rng(`kubelet/${options.name}/mirror`))
    for (const manifest of options.staticPods ?? []) {
      const pod = staticPodOf(manifest, options.name)
      this.#static.set(pod.metadata.uid, pod)
    }
    this.#status = new NodeStatus({
      access,
      client: this.#client,
      heartbeats: this.#heartbeats,
      name: options.name,
      images: this.#context.images,
      clock: () => access.sim.now + this.#clockAhead,
      phases: access.sim.rng(`kubelet/${options.name}/node-status`),
    })
    const jitter = access.sim.rng(`kubelet/${options.name}/housekeeping`)
    const { behaviourOf } = options
    this.#stats = options.measured ? new ContainerStats({ sim: access.sim, runtime: this.#context.runtime, behaviourOf, jitter }) : null
  }

  /** The kubelet of a node that has been up for a while when the scenario begins. */
  start(): void {
    this.#start(() => this.#pods.start())
  }

  /** The same, where nothing but these pods is bound to the node, for which {@link settle} has been called. */
  startSettled(pods: readonly Pod[]): void {
    this.#start(() => this.#pods.startSynced(pods))
    for (const pod of pods) {
      const { uid } = pod.metadata
      this.#workers.set(uid, new PodWorker(this.#context, pod, NO_CAUSE, () => this.#workers.delete(uid), true))
    }
  }

  /** An address for a pod that has run for long; null when there is none left. */
  settledAddress(pod: Pod): string | null {
    return pod.spec.hostNetwork ? this.#options.hostIP : this.#context.runtime.reserveAddress()
  }

  /** The pod has run for long: its images are here, its sandbox has its address, and its containers run. */
  settle(pod: Pod): void {
    const { runtime, images, behaviourOf } = this.#context
    const sandbox = runtime.addSandbox(pod, pod.status.podIP)
    const behaviour = behaviourOf(pod)
    const serving = servingContainer(pod.spec)
    for (const { image } of [...pod.spec.initContainers, ...pod.spec.containers]) images.put(image)
    for (const { name, restartPolicy } of pod.spec.initContainers)
      if (isSidecar(restartPolicy, this.#access.version)) runtime.runsAlready(sandbox, { name, role: 'sidecar', serves: false }, behaviour)
    for (const [i, { name }] of pod.spec.containers.entries())
      runtime.runsAlready(sandbox, { name, role: 'main', serves: i === serving }, behaviour)
  }

  #start(watch: () => void): void {
    watch()
    this.#context.status.start()
    this.#stats?.start()
    const first = Math.floor(this.#jitter.uniform() * LEASE_PERIOD)
    for (const pod of this.#static.values()) this.#runStatic(pod, NO_CAUSE)
    this.#processes = [this.#access.sim.spawn(this.#renewLease(first)), this.#access.sim.spawn(this.#status.keep('running'))]
  }

  /** What its containers use, as `/metrics/resource` says; null when the kubelet does not answer. */
  containerPoints(): Iterable<PodPoints> | null {
    return this.up && this.#stats !== null ? this.#stats.pods() : null
  }

  /** Whether the kubelet runs. */
  get up(): boolean {
    return this.#processes.length > 0
  }

  /** The API server has given the kubelet's connection up. */
  sever(): void {
    this.#pods.sever()
  }

  /** The machine stops. Nothing is told to anybody. */
  crash(): void {
    this.stop()
    this.#context.runtime.vanish()
  }

  /** The kubelet alone stops: its containers go on, and nobody looks after them. */
  stop(): void {
    for (const process of this.#processes) process.kill()
    this.#processes = []
    for (const worker of this.#workers.values()) worker.abandon()
    this.#workers.clear()
    this.#mirrors.stop()
    this.#pods.stop()
    this.#context.status.stop()
    this.#stats?.stop()
    this.#context.images.interrupt()
  }

  /**
   * The kubelet starts: heartbeats at once, then Ready=True, then the pods that are bound here. Containers that still run are
   * taken up as they are; after a power cut there are none. `cause` is the hop of its return.
   */
  boot(cause: HopId, detail = 'after a reboot'): void {
    this.#context.status.start()
    this.#stats?.start()
    this.#processes = [this.#access.sim.spawn(this.#renewLease(0)), this.#access.sim.spawn(this.#comeBack(cause, detail))]
  }

  /** A manifest is put into the kubelet's folder: from now on it runs, also after a restart. */
  runStatic(manifest: Pod): void {
    const pod = staticPodOf(manifest, this.#options.name)
    this.#static.set(pod.metadata.uid, pod)
    if (this.up) this.#runStatic(pod, NO_CAUSE)
  }

  /** The worker of a pod of this node, by the pod's namespace and name. */
  worker(namespace: string, name: string): PodWorker | undefined {
    for (const worker of this.#workers.values()) {
      const { metadata } = worker.pod
      if (metadata.namespace === namespace && metadata.name === name) return worker
    }
    return undefined
  }

  /** The node's clock is set; leases are stamped by it. Its timers run on, as they count time and do not read clocks. */
  setClock(ahead: Nanos): void {
    this.#clockAhead = ahead
  }

  /** The node's disk takes `factor` times as long from now on; `onUse` is called for each thing that does. */
  slowDisk(factor: number, onUse: () => void): void {
    this.#context.disk.factor = factor
    this.#context.disk.onUse = onUse
  }

  /**
   * The machine is being shut down: the kubelet stops, and every process is asked to end. Gives how many have not done so when `timeout` is over.
   */
  *shutDown(timeout: Nanos): Generator<Wait, number, unknown> {
    const { sim } = this.#access
    this.stop()
    const until = sim.now + timeout
    const running = this.#context.runtime.running()
    for (const container of running) container.terminate()
    for (const { exited, ended } of running) if (ended === null && sim.now < until) yield firstOf(exited, sim.delay(until - sim.now))
    return running.filter(({ ended }) => ended === null).length
  }

  /** The workers of the pods that are bound here. */
  workers(): IterableIterator<PodWorker> {
    return this.#workers.values()
  }

  *#others(pod: Pod): Generator<Pod, void, unknown> {
    for (const worker of this.#workers.values()) if (worker.active && worker.pod.metadata.uid !== pod.metadata.uid) yield worker.pod
  }

  *#comeBack(booted: HopId, detail: string): Generator<Wait, void, unknown> {
    const { name } = this.#options
    const { sim, latencies, trace } = this.#access
    const started = sim.now
    yield sim.delay(latencies.draw('nodeBoot', name))
    const cause = trace.record({
      cause: booted,
      actor: `kubelet/${name}`,
      action: 'started',
      subject: `Node/${name}`,
      started,
      detail,
    })
    this.#started = cause
    for (const pod of this.#static.values()) this.#runStatic(pod, cause)
    yield* this.#status.becomeReady(cause)
    this.#pods.start()
    yield* this.#status.keep('started')
  }

  *#renewLease(first: Nanos): Generator<Wait, void, unknown> {
    const { sim } = this.#access
    yield sim.delay(first)
    for (;;) {
      const renew = (current: Lease): Lease => ({ ...current, renewTime: sim.now + this.#clockAhead })
      yield* this.#heartbeats.beat('Lease', 'kube-node-lease', this.#options.name, renew)
      yield sim.delay(Math.floor(LEASE_PERIOD * (1 + LEASE_JITTER * this.#jitter.uniform())))
    }
  }

  #runStatic(pod: Pod, cause: HopId): void {
    const { uid } = pod.metadata
    if (this.#workers.has(uid)) return
    const found = this.#access.trace.record({
      cause,
      actor: this.#client.actor,
      action: 'found',
      subject: keyOf(pod),
      detail: 'a static pod in its folder',
    })
    this.#workers.set(uid, new PodWorker(this.#context, pod, found, () => this.#workers.delete(uid)))
    this.#mirrors.keep(pod, found)
  }

  /** The object of a static pod: nothing runs because of it. What it says is compared with what the pod's worker knows. */
  #mirrorChanged({ type, object, cause }: WatchEvent<Pod>): void {
    const { namespace, name } = object.metadata
    const pod = [...this.#static.values()].find(({ metadata }) => metadata.namespace === namespace && metadata.name === name)
    if (type === 'DELETED') {
      if (pod !== undefined) this.#mirrors.keep(pod, cause)
      return
    }
    this.#mirrors.observed(object, pod, cause)
    if (pod === undefined || mirrored(object) !== pod.metadata.uid) return
    const { status } = object
    if (status.containerStatuses.length > 0) this.#static.set(pod.metadata.uid, { ...pod, status })
    this.#workers.get(pod.metadata.uid)?.update({ ...pod, status }, cause)
  }

  #podChanged(event: WatchEvent<Pod>): void {
    const pod = event.object
    if (isMirror(pod)) {
      if (mirrored(pod) !== OF_COMPONENT) this.#mirrorChanged(event)
      return
    }
    const { uid } = pod.metadata
    const worker = this.#workers.get(uid)
    if (event.type === 'DELETED') {
      worker?.removed(event.cause)
      return
    }
    if (worker !== undefined) {
      worker.update(pod, event.cause)
      return
    }
    // One that is held back by a finalizer alone is no business of the kubelet's any more.
    const { deletionTimestamp, deletionGracePeriodSeconds } = pod.metadata
    if (isTerminal(pod) && (deletionTimestamp === null || deletionGracePeriodSeconds === 0)) return
    const observed = this.#access.trace.record({
      cause: event.cause === NO_CAUSE ? this.#started : event.cause,
      actor: this.#client.actor,
      action: 'observed',
      subject: keyOf(pod),
      revision: event.revision,
      started: event.committedAt,
      detail: 'a pod bound to this node',
    })
    this.#workers.set(uid, new PodWorker(this.#context, pod, observed, () => this.#workers.delete(uid)))
  }
}
