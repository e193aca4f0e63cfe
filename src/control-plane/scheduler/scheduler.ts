import type { Kind, Node, Pod } from '../../api/objects/index.ts'
import type { Wait } from '../../engine/process.ts'
import { Signal } from '../../engine/process.ts'
import type { RandomStream } from '../../engine/random-stream.ts'
import { NO_TIMER, type Timer } from '../../engine/simulation.ts'
import { type HopId, NO_CAUSE } from '../../engine/trace.ts'
import type { Nanos } from '../../units.ts'
import { type ApiAccess, ApiClient } from '../api-client.ts'
import { isTerminal, withCondition } from '../conditions.ts'
import { SCHEDULER } from '../identity.ts'
import { Informer } from '../informer.ts'
import { keyOf } from '../object-key.ts'
import type { WatchEvent } from '../watch-cache.ts'
import { ClusterCache, type SelectingWorkload } from './cluster-cache.ts'
import { type ClusterEvent, nodeChangeMatters } from './cluster-event.ts'
import { findFeasible, noNodeMessage } from './feasible-nodes.ts'
import type { NodeInfo } from './node-info.ts'
import { NominatedPods } from './nominated-pods.ts'
import { defaultPlugins, type WeightedPlugin } from './plugins/index.ts'
import { LEAST_ALLOCATED, type ScoringStrategy } from './plugins/scoring-strategy.ts'
import { PodInfo } from './pod-info.ts'
import { type Candidate, type DisruptionBudget, findPreemption } from './preemption.ts'
import { Preemptor } from './preemptor.ts'
import { type NodeVerdict, PreparedPod, totalScores } from './prepared-pod.ts'
import { type QueuedPod, SchedulingQueue } from './scheduling-queue.ts'

/** What of kube-scheduler's configuration can be chosen. */
export interface SchedulerSpec {
  /** Of NodeResourcesFit. */
  readonly strategy: ScoringStrategy
  /** 0: a share that falls with the size of the cluster. Source: KubeSchedulerConfiguration percentageOfNodesToScore. */
  readonly percentageOfNodesToScore: number
}

const SCHEDULER_DEFAULTS: SchedulerSpec = { strategy: LEAST_ALLOCATED, percentageOfNodesToScore: 0 }

const ACTOR = 'kube-scheduler'
/** Source: clientConnection.qps and burst of kube-scheduler. */
export const LIMIT = { qps: 50, burst: 100 } as const
/** SchedulerAsyncPreemption: victims are deleted beside the next pods. Source: feature gates of Kubernetes (1.33 on). */
export const ASYNC_PREEMPTION_SINCE = 33
/** DynamicResources has a word in the message since it is on. Source: Kubernetes feature gate DynamicResourceAllocation (1.34 on). */
export const DYNAMIC_RESOURCES_SINCE = 34
/** What makes pods that belong together. Source: plugins/helper/spread.go (DefaultSelector). */
const WORKLOAD_KINDS = ['ReplicaSet', 'StatefulSet', 'ReplicationController'] as const

/**
 * kube-scheduler: one pod at a time is given a node; the write of the binding goes on beside the next pod.
 *
 * A cycle filters the nodes (on a big cluster it stops when it has found enough, and goes on from there with the next pod),
 * scores those that are left, and takes one of the best at random. The pod counts as bound from then on ("assumed"), until
 * the watch confirms it or the write fails. A pod that fits nowhere may drive out others of lower priority, and waits for a
 * change that may help it.
 *
 * Left out: volumes, dynamic resources, scheduling gates, several profiles, extenders.
 *
 * Source: Kubernetes pkg/scheduler/schedule_one.go.
 */
export class Scheduler {
  readonly #access: ApiAccess
  readonly #client: ApiClient
  readonly #plugins: readonly WeightedPlugin[]
  readonly #cluster: ClusterCache
  readonly #queue: SchedulingQueue
  readonly #nominated = new NominatedPods()
  readonly #preemptor: Preemptor
  readonly #wakeUp: Signal<void>
  readonly #ties: RandomStream
  readonly #offsets: RandomStream
  readonly #pods: Informer<'Pod'>
  readonly #budgets = new Map<string, DisruptionBudget>()
  #informers: readonly Informer<Kind>[] = []
  /** Informers whose list is not here yet. */
  #missing = 0
  readonly #synced: Signal<void>
  /** The hop by which it came to lead; null while it stands by. */
  #leads: HopId | null = null
  #nextNode = 0
  #backoffTimer: Timer = NO_TIMER
  #backoffAt: Nanos | null = null
  #parkedTimer: Timer = NO_TIMER

  readonly #percentageOfNodesToScore: number
  readonly #isSettled: () => boolean

  /** `isSettled`: whether a process that begins to watch has done so for long. */
  constructor(access: ApiAccess, spec: SchedulerSpec = SCHEDULER_DEFAULTS, isSettled = (): boolean => false) {
    const { strategy, percentageOfNodesToScore } = spec
    this.#access = access
    this.#isSettled = isSettled
    this.#client = new ApiClient(access, {
      actor: ACTOR,
      identity: SCHEDULER,
      limit: LIMIT,
      network: 'controlPlaneNetwork',
      retries: 'caller',
    })
    this.#plugins = defaultPlugins(strategy)
    this.#percentageOfNodesToScore = percentageOfNodesToScore
    this.#cluster = new ClusterCache(access.version)
    this.#preemptor = new Preemptor(access, this.#client, this.#nominated)
    this.#queue = new SchedulingQueue({
      version: access.version,
      plugins: this.#plugins.map(({ plugin }) => plugin),
      isGated: (key) => this.#preemptor.isMakingRoomFor(key),
    })
    this.#wakeUp = new Signal<void>(access.sim)
    this.#synced = new Signal<void>(access.sim)
    this.#ties = access.sim.rng('scheduler/ties')
    this.#offsets = access.sim.rng('scheduler/preemption-offset')
    this.#pods = this.#informer('Pod')
  }

  /** Watches: caches and queue fill, and nothing is scheduled. Source: cmd/kube-scheduler/app/server.go (informers start before the election). */
  standBy(): void {
    const nodes = this.#informer('Node')
    nodes.listen((event) => this.#nodeChanged(event.object, event.type === 'DELETED'))
    this.#pods.listen((event) => this.#podChanged(event))
    const namespaces = this.#informer('Namespace')
    namespaces.listen((event) => {
      const { name, labels } = event.object.metadata
      this.#cluster.setNamespace(name, event.type === 'DELETED' ? null : labels)
      this.#happened({ kind: 'Namespace changed' })
    })
    const services = this.#informer('Service')
    services.listen((event) => this.#cluster.setService(event.object, event.type === 'DELETED'))
    const workloads = WORKLOAD_KINDS.map((kind) => {
      const informer = this.#informer(kind as Kind)
      informer.listen((event) => this.#cluster.setWorkload(event.object as unknown as SelectingWorkload, event.type === 'DELETED'))
      return informer
    })
    const budgets = this.#informer('PodDisruptionBudget' as Kind)
    budgets.listen((event) => {
      const budget = event.object as unknown as DisruptionBudget
      if (event.type === 'DELETED' || budget.spec === undefined || budget.status === undefined) this.#budgets.delete(keyOf(event.object))
      else this.#budgets.set(keyOf(event.object), budget)
    })
    this.#informers = [namespaces, nodes, services, ...workloads, budgets, this.#pods] as unknown as readonly Informer<Kind>[]
    if (this.#isSettled()) {
      for (const informer of this.#informers) informer.startSettled()
      return
    }
    this.#missing = this.#informers.length
    for (const informer of this.#informers) {
      informer.start(() => {
        if (--this.#missing === 0) this.#synced.fire()
      })
    }
  }

  /** Schedules from now on. `cause` is the hop by which it came to lead. */
  lead(cause: HopId): void {
    this.#leads = cause
    this.#access.sim.spawn(this.#run())
  }

  /** Ends the watches. */
  stop(): void {
    for (const informer of this.#informers) informer.stop()
  }

  #informer<K extends Kind>(kind: K): Informer<K> {
    return new Informer(this.#access.server, kind, { name: this.#access.process ?? ACTOR, network: 'controlPlaneNetwork' })
  }

  *#run(): Generator<Wait, void, unknown> {
    const { sim, latencies } = this.#access
    while (this.#missing > 0) yield this.#synced
    for (;;) {
      const queued = this.#queue.pop()
      if (queued === undefined) {
        yield this.#wakeUp
        continue
      }
      const started = sim.now
      yield sim.delay(latencies.draw('schedulingCycle'))
      if (this.#isGone(queued)) this.#queue.done(queued.key)
      else yield* this.#schedule(queued, started)
    }
  }

  /** Deleted, being deleted or bound meanwhile. */
  #isGone(queued: QueuedPod): boolean {
    const pod = this.#pods.get(queued.key)
    return (
      pod === undefined ||
      pod.metadata.uid !== queued.pod.metadata.uid ||
      pod.metadata.deletionTimestamp !== null ||
      pod.spec.nodeName !== ''
    )
  }

  *#schedule(queued: QueuedPod, started: Nanos): Generator<Wait, void, unknown> {
    const info = new PodInfo(queued.pod)
    const prepared = new PreparedPod(info, this.#cluster, this.#plugins)
    const { feasible, verdicts, next } = findFeasible(
      prepared,
      this.#cluster,
      this.#nominated,
      this.#nextNode,
      this.#percentageOfNodesToScore,
    )
    this.#nextNode = next
    if (feasible.length === 0) {
      yield* this.#unschedulable(queued, started, prepared, verdicts)
      return
    }
    const scores = feasible.length === 1 ? [0] : totalScores(info, feasible, this.#cluster, this.#plugins)
    let best = Number.NEGATIVE_INFINITY
    for (const score of scores) best = Math.max(best, score)
    const top = feasible.filter((_, i) => scores[i] === best)
    const node = (top.length === 1 ? top[0] : top[this.#ties.below(top.length)])!.name
    this.#cluster.place(queued.pod, node)
    this.#nominated.remove(queued.key)
    const decided = this.#access.trace.record({
      cause: queued.cause,
      actor: ACTOR,
      action: 'chose',
      subject: queued.key,
      started,
      detail: `${node}: ${feasible.length} of ${this.#cluster.nodes.length} nodes fit, best score ${best}, ${top.length} with it`,
    })
    this.#access.sim.spawn(this.#bind(queued, node, decided))
  }

  /** The binding cycle. No plugin of the default profile waits (Permit) or prepares (PreBind) unless the pod has volumes or claims. */
  *#bind(queued: QueuedPod, node: string, cause: HopId): Generator<Wait, void, unknown> {
    const { namespace, name } = queued.pod.metadata
    const now = (): Nanos => this.#access.sim.now
    const bind = (pod: Pod): Pod =>
      pod.spec.nodeName !== '' || pod.metadata.deletionTimestamp !== null
        ? pod
        : {
            ...pod,
            spec: { ...pod.spec, nodeName: node },
            status: { ...pod.status, conditions: withCondition(pod.status.conditions, 'PodScheduled', 'True', '', now()) },
          }
    const response = yield* this.#client.patch('Pod', namespace, name, bind, { cause, why: `bound to ${node}` }, 'bind')
    if (response.code === 200 && response.object?.spec.nodeName === node) {
      this.#queue.done(queued.key)
      return
    }
    const assumed = this.#cluster.placed(queued.key)
    if (assumed === queued.pod) {
      this.#cluster.forget(queued.key)
      this.#happened({ kind: 'Pod deleted', pod: queued.pod })
    }
    if (response.code === 404 || this.#isGone(queued)) {
      this.#queue.done(queued.key)
      return
    }
    this.#queue.fail(queued, new Set(), now())
    this.#attend()
  }

  *#unschedulable(
    queued: QueuedPod,
    started: Nanos,
    prepared: PreparedPod,
    verdicts: ReadonlyMap<NodeInfo, NodeVerdict>,
  ): Generator<Wait, void, unknown> {
    const total = this.#cluster.nodes.length
    const rejectedBy = new Set<string>()
    for (const { plugin } of verdicts.values()) rejectedBy.add(plugin)
    const preemption = findPreemption({
      prepared,
      verdicts,
      cluster: this.#cluster,
      nominated: this.#nominated,
      budgets: [...this.#budgets.values()],
      rng: this.#offsets,
    })
    const claims = this.#access.version >= DYNAMIC_RESOURCES_SINCE ? 'no new claims to deallocate, ' : ''
    const after = preemption.ok ? '' : `${claims}preemption: ${preemption.message}`
    const reasons = [...verdicts.values()].map(({ rejection }) => rejection.reasons)
    const message = total === 0 ? 'no nodes available to schedule pods' : noNodeMessage(total, reasons, after)
    const cause = this.#access.trace.record({
      cause: queued.cause,
      actor: ACTOR,
      action: 'found no node',
      subject: queued.key,
      started,
      detail: message,
    })
    if (preemption.ok) yield* this.#preempt(queued, prepared.info, preemption.candidate, cause)
    else if (this.#nominated.nodeOf(queued.key) !== undefined && !preemption.message.startsWith('not eligible')) {
      this.#nominated.remove(queued.key)
    }
    const { sim } = this.#access
    if (this.#isGone(queued)) this.#queue.done(queued.key)
    else this.#queue.fail(queued, rejectedBy, sim.now)
    this.#attend()
    sim.spawn(this.#tellUnschedulable(queued.pod, message, cause))
  }

  *#preempt(queued: QueuedPod, info: PodInfo, candidate: Candidate, cause: HopId): Generator<Wait, void, unknown> {
    const { victims, node, violations } = candidate
    const names = victims.map(({ key }) => key).join(', ')
    const chosen = this.#access.trace.record({
      cause,
      actor: ACTOR,
      action: 'preempts',
      subject: queued.key,
      detail: `on ${node.name}: ${names}${violations === 0 ? '' : `, against ${violations} disruption budgets`}`,
    })
    this.#nominated.set(info, node.name)
    if (this.#access.version < ASYNC_PREEMPTION_SINCE) yield* this.#preemptor.makeRoom(info, candidate, chosen)
    else this.#access.sim.spawn(this.#makeRoomBeside(info, candidate, chosen))
  }

  /** A pod whose victims could not be deleted is tried again by itself: nothing will happen that could wake it. */
  *#makeRoomBeside(info: PodInfo, candidate: Candidate, cause: HopId): Generator<Wait, void, unknown> {
    const ok = yield* this.#preemptor.makeRoom(info, candidate, cause)
    if (ok) return
    this.#queue.activate(info.key, this.#access.sim.now)
    this.#attend()
  }

  *#tellUnschedulable(pod: Pod, message: string, cause: HopId): Generator<Wait, void, unknown> {
    const { namespace, name } = pod.metadata
    const nominatedNodeName = this.#nominated.nodeOf(keyOf(pod)) ?? ''
    // without a single node the cycle ends in an error, before any plugin is asked
    const reason = this.#cluster.nodes.length === 0 ? 'SchedulerError' : 'Unschedulable'
    const now = (): Nanos => this.#access.sim.now
    const mark = (current: Pod): Pod => {
      if (current.spec.nodeName !== '') return current
      const { status } = current
      const conditions = withCondition(status.conditions, 'PodScheduled', 'False', reason, now(), message)
      if (conditions === status.conditions && (status.nominatedNodeName ?? '') === nominatedNodeName) return current
      return {
        ...current,
        status: {
          ...status,
          conditions,
          ...(nominatedNodeName === '' && status.nominatedNodeName === undefined ? {} : { nominatedNodeName }),
        },
      }
    }
    yield* this.#client.patch('Pod', namespace, name, mark, { cause, why: `PodScheduled=False: ${reason}`, subresource: 'status' })
  }

  #nodeChanged(node: Node, deleted: boolean): void {
    const { name } = node.metadata
    const before = this.#cluster.node(name)?.node
    if (deleted) {
      this.#cluster.removeNode(name)
      this.#happened({ kind: 'Node deleted', node })
      return
    }
    this.#cluster.setNode(node)
    if (before === undefined) this.#happened({ kind: 'Node added', node })
    else if (nodeChangeMatters(before, node)) this.#happened({ kind: 'Node updated', node, before })
  }

  #podChanged(event: WatchEvent<Pod>): void {
    const pod = event.object
    const key = keyOf(pod)
    const { sim } = this.#access
    const gone = event.type === 'DELETED' || isTerminal(pod)
    if (!gone && pod.spec.nodeName === '') {
      if (pod.metadata.deletionTimestamp !== null) {
        this.#queue.remove(key)
        return
      }
      const promised = pod.status.nominatedNodeName ?? ''
      if (promised !== '' && !this.#queue.has(key)) this.#nominated.set(new PodInfo(pod), promised)
      const cause = this.#queue.has(key) ? event.cause : this.#observed(pod, event.cause, event.committedAt)
      this.#queue.put(pod, cause, sim.now)
      this.#attend()
      return
    }
    this.#queue.remove(key)
    this.#nominated.remove(key)
    if (gone) {
      const counted = this.#cluster.forget(key)
      if (counted !== undefined || pod.status.nominatedNodeName !== undefined) this.#happened({ kind: 'Pod deleted', pod })
      return
    }
    const before = this.#cluster.placed(key)
    this.#cluster.place(pod, pod.spec.nodeName)
    if (before === undefined || before.spec.nodeName === '') this.#happened({ kind: 'Pod added', pod })
    else if (before.metadata.labels !== pod.metadata.labels || before.spec !== pod.spec)
      this.#happened({ kind: 'Pod updated', pod, before })
  }

  #happened(event: ClusterEvent): void {
    if (this.#queue.happened(event, this.#access.sim.now)) this.#attend()
  }

  /** Sees to it that pods are taken up when they may be: at once, after their back-off, or after five minutes. */
  #attend(): void {
    const { sim } = this.#access
    if (this.#queue.length > 0 || this.#queue.backingOff > 0) this.#wakeUp.fire()
    const backoffAt = this.#queue.nextBackoffFlush()
    if (backoffAt !== this.#backoffAt) {
      sim.cancel(this.#backoffTimer)
      this.#backoffAt = backoffAt
      this.#backoffTimer = backoffAt === null ? NO_TIMER : sim.after(Math.max(0, backoffAt - sim.now), () => this.#flushBackoff())
    }
    if (this.#parkedTimer === NO_TIMER) {
      const parkedAt = this.#queue.nextParkedFlush(sim.now)
      if (parkedAt !== null) this.#parkedTimer = sim.after(parkedAt - sim.now, () => this.#flushParked())
    }
  }

  #flushBackoff(): void {
    this.#backoffTimer = NO_TIMER
    this.#backoffAt = null
    this.#queue.flushBackoff(this.#access.sim.now)
    this.#attend()
  }

  #flushParked(): void {
    this.#parkedTimer = NO_TIMER
    this.#queue.flushParked(this.#access.sim.now)
    this.#attend()
  }

  #observed(pod: Pod, writtenBy: HopId, committedAt: Nanos): HopId {
    if (this.#leads === null) return writtenBy
    const cause = writtenBy === NO_CAUSE ? this.#leads : writtenBy
    const revision = pod.metadata.resourceVersion
    return this.#access.trace.record({
      cause,
      actor: ACTOR,
      action: 'observed',
      subject: keyOf(pod),
      revision,
      started: committedAt,
      detail: 'a pod without a node',
    })
  }
}
