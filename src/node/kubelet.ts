import type { Lease, Node, Pod } from '../api/objects/index.ts'
import { type ApiAccess, ApiClient } from '../control-plane/api-client.ts'
import { conditionOf, isTerminal, withCondition } from '../control-plane/conditions.ts'
import { nodeIdentity } from '../control-plane/identity.ts'
import { Informer } from '../control-plane/informer.ts'
import { MIRROR } from '../control-plane/installs/static-pods.ts'
import { keyOf } from '../control-plane/object-key.ts'
import type { WatchEvent } from '../control-plane/watch-cache.ts'
import type { Process, Wait } from '../engine/process.ts'
import type { RandomStream } from '../engine/random-stream.ts'
import { type HopId, NO_CAUSE } from '../engine/trace.ts'
import { type Nanos, SECOND } from '../units.ts'
import { ContainerRuntime, type ProcessBehaviour } from './container-runtime.ts'
import { type ImagePolicy, ImageStore } from './image-store.ts'
import { HostLocalIpam } from './ipam.ts'
import { type Allocatable, refusal } from './node-admission.ts'
import type { PodHost } from './pod-host.ts'
import { type NodeContext, PodWorker } from './pod-worker.ts'
import { StatusManager } from './status-manager.ts'

/** Source: kubelet kubeAPIQPS and kubeAPIBurst. */
const LIMIT = { qps: 50, burst: 100 } as const
/** Source: kubelet nodeStatusUpdateFrequency. */
const STATUS_PERIOD: Nanos = 10 * SECOND
/** Renewed every quarter of nodeLeaseDurationSeconds (40 s). */
const LEASE_PERIOD: Nanos = 10 * SECOND
/** Share of the period that a renewal may be late. Source: Kubernetes pkg/kubelet (nodeStatusUpdateFrequency jitter, 4 %). */
const LEASE_JITTER = 0.04

export interface KubeletOptions {
  readonly name: string
  readonly index: number
  readonly hostIP: string
  /** What pods can have of the node. */
  readonly allocatable: Allocatable
  readonly host: PodHost
  readonly images: ImagePolicy
  readonly behaviourOf: (pod: Pod) => ProcessBehaviour
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
  readonly #access: ApiAccess
  readonly #options: KubeletOptions
  readonly #client: ApiClient
  readonly #heartbeats: ApiClient
  readonly #pods: Informer<'Pod'>
  readonly #workers = new Map<string, PodWorker>()
  readonly #context: NodeContext
  readonly #jitter: RandomStream
  #processes: Process<void>[] = []
  /** The hop of the kubelet's start: pods that it finds bound here are taken up because of it. */
  #started: HopId = NO_CAUSE

  constructor(access: ApiAccess, options: KubeletOptions) {
    this.#access = access
    this.#options = options
    const actor = `kubelet/${options.name}`
    const identity = nodeIdentity(options.name)
    this.#client = new ApiClient(access, { actor, identity, limit: LIMIT, network: 'nodeNetwork' })
    this.#heartbeats = new ApiClient(access, { actor, identity, limit: null, network: 'nodeNetwork' })
    this.#pods = new Informer(access.server, 'Pod', { name: actor, network: 'nodeNetwork', nodeName: options.name })
    this.#pods.listen((event) => this.#podChanged(event))
    this.#jitter = access.sim.rng(`kubelet/${options.name}/lease`)
    this.#context = {
      access,
      client: this.#client,
      name: options.name,
      hostIP: options.hostIP,
      runtime: new ContainerRuntime({
        sim: access.sim,
        host: options.host,
        ipam: new HostLocalIpam(options.index),
        nodeIndex: options.index,
        startUps: access.sim.rng(`kubelet/${options.name}/start-up`),
        runs: access.sim.rng(`kubelet/${options.name}/run`),
      }),
      images: new ImageStore(access.sim, options.images),
      status: new StatusManager(access.sim, this.#client),
      behaviourOf: options.behaviourOf,
      refusal: (pod) => refusal(pod, this.#others(pod), options.allocatable),
      jitter: access.sim.rng(`kubelet/${options.name}/requeue`),
    }
  }

  /** The kubelet of a node that has been up for a while when the scenario begins. */
  start(): void {
    this.#pods.start()
    this.#context.status.start()
    const first = Math.floor(this.#jitter.uniform() * LEASE_PERIOD)
    this.#processes = [this.#access.sim.spawn(this.#renewLease(first)), this.#access.sim.spawn(this.#keepReady())]
  }

  /** Whether the kubelet runs. */
  get up(): boolean {
    return this.#processes.length > 0
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
    this.#pods.stop()
    this.#context.status.stop()
    this.#context.images.interrupt()
  }

  /**
   * The kubelet starts: heartbeats at once, then Ready=True, then the pods that are bound here. Containers that still run are
   * taken up as they are; after a power cut there are none. `cause` is the hop of its return.
   */
  boot(cause: HopId, detail = 'after a reboot'): void {
    this.#context.status.start()
    this.#processes = [this.#access.sim.spawn(this.#renewLease(0)), this.#access.sim.spawn(this.#comeBack(cause, detail))]
  }

  /** The worker of a pod of this node, by the pod's namespace and name. */
  worker(namespace: string, name: string): PodWorker | undefined {
    for (const worker of this.#workers.values()) {
      const { metadata } = worker.pod
      if (metadata.namespace === namespace && metadata.name === name) return worker
    }
    return undefined
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
    yield* this.#becomeReady(cause)
    this.#pods.start()
    yield* this.#keepReady()
  }

  *#becomeReady(cause: HopId): Generator<Wait, void, unknown> {
    const ready = (current: Node): Node => {
      if (conditionOf(current.status.conditions, 'Ready')?.status === 'True') return current
      const conditions = withCondition(current.status.conditions, 'Ready', 'True', 'KubeletReady', this.#access.sim.now)
      return { ...current, status: { ...current.status, conditions } }
    }
    yield* this.#client.patch('Node', '', this.#options.name, ready, { cause, why: 'Ready=True: kubelet is ready' })
  }

  /**
   * Looks at its own Node again and again, and writes when somebody has held it for lost. The look is a read from the API server's cache,
   * which is taken to cost nothing.
   *
   * Source: Kubernetes pkg/kubelet/kubelet_node_status.go (tryUpdateNodeStatus).
   */
  *#keepReady(): Generator<Wait, void, unknown> {
    const { sim, server } = this.#access
    for (;;) {
      yield sim.delay(STATUS_PERIOD)
      const node = server.peek('Node', '', this.#options.name)
      if (node !== undefined && conditionOf(node.status.conditions, 'Ready')?.status !== 'True') yield* this.#becomeReady(NO_CAUSE)
    }
  }

  *#renewLease(first: Nanos): Generator<Wait, void, unknown> {
    const { sim } = this.#access
    yield sim.delay(first)
    for (;;) {
      const renew = (current: Lease): Lease => ({ ...current, renewTime: sim.now })
      yield* this.#heartbeats.beat('Lease', 'kube-node-lease', this.#options.name, renew)
      yield sim.delay(Math.floor(LEASE_PERIOD * (1 + LEASE_JITTER * this.#jitter.uniform())))
    }
  }

  #podChanged(event: WatchEvent<Pod>): void {
    const pod = event.object
    const { uid, annotations } = pod.metadata
    // The API server's picture of a static pod: the kubelet runs it from its own disk.
    if (MIRROR in annotations) return
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
