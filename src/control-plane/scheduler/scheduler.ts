import type { Node, Pod } from '../../api/objects/index.ts'
import type { Wait } from '../../engine/process.ts'
import { Signal } from '../../engine/process.ts'
import type { RandomStream } from '../../engine/random-stream.ts'
import { NO_TIMER, type Timer } from '../../engine/simulation.ts'
import type { HopId } from '../../engine/trace.ts'
import type { Nanos } from '../../units.ts'
import { type ApiAccess, ApiClient } from '../api-client.ts'
import { isTerminal, withCondition } from '../conditions.ts'
import { SCHEDULER } from '../identity.ts'
import { Informer } from '../informer.ts'
import { keyOf } from '../object-key.ts'
import { FILTERS } from './filter.ts'
import { NodeInfo, podRequests } from './node-info.ts'
import { type QueuedPod, SchedulingQueue } from './scheduling-queue.ts'
import { totalScores } from './score.ts'

const ACTOR = 'kube-scheduler'
/** Source: clientConnection.qps and burst of kube-scheduler. */
const LIMIT = { qps: 50, burst: 100 } as const
/** Below this many nodes all are looked at. Source: schedule_one.go (minFeasibleNodesToFind). */
const MIN_FEASIBLE_NODES = 100

/**
 * kube-scheduler: one pod at a time is given a node; the write of the binding goes on beside the next pod.
 *
 * A cycle filters the nodes (on a big cluster it stops when it has found enough, and goes on from there with the next pod),
 * scores those that are left, and takes one of the best at random. The pod counts as bound from then on ("assumed"), until
 * the watch confirms it or the write fails.
 *
 * Not modelled yet: preemption, pod affinity, topology spread constraints of the pod's own, volumes.
 *
 * Source: Kubernetes pkg/scheduler/schedule_one.go.
 */
export class Scheduler {
  readonly #access: ApiAccess
  readonly #client: ApiClient
  readonly #queue = new SchedulingQueue()
  readonly #wakeUp: Signal<void>
  readonly #ties: RandomStream
  readonly #nodes: NodeInfo[] = []
  readonly #byName = new Map<string, NodeInfo>()
  /** Where each pod counts: bound (confirmed by the watch) or assumed. */
  readonly #placed = new Map<string, { pod: Pod; node: string }>()
  /** Pods bound to a node that has not been seen yet. */
  readonly #orphans = new Map<string, Pod[]>()
  #nextNode = 0
  #backoffTimer: Timer = NO_TIMER

  constructor(access: ApiAccess) {
    this.#access = access
    this.#client = new ApiClient(access, {
      actor: ACTOR,
      identity: SCHEDULER,
      limit: LIMIT,
      network: 'controlPlaneNetwork',
      retries: 'caller',
    })
    this.#wakeUp = new Signal<void>(access.sim)
    this.#ties = access.sim.rng('scheduler/ties')
  }

  start(): void {
    const options = { name: ACTOR, network: 'controlPlaneNetwork' } as const
    const nodes = new Informer(this.#access.server, 'Node', options)
    nodes.listen((event) => this.#nodeChanged(event.type === 'DELETED' ? null : event.object, event.object.metadata.name))
    const pods = new Informer(this.#access.server, 'Pod', options)
    pods.listen((event) => {
      const pod = event.object
      if (event.type !== 'DELETED' && !isTerminal(pod) && pod.spec.nodeName === '') {
        this.#queue.add(pod, this.#observed(pod, event.cause, event.committedAt), this.#access.sim.now)
        this.#wakeUp.fire()
        return
      }
      this.#queue.remove(keyOf(pod))
      if (event.type === 'DELETED' || isTerminal(pod)) this.#forget(keyOf(pod))
      else this.#place(pod, pod.spec.nodeName)
    })
    nodes.start()
    pods.start()
    this.#access.sim.spawn(this.#run())
  }

  *#run(): Generator<Wait, void, unknown> {
    for (;;) {
      const queued = this.#queue.pop()
      if (queued === undefined) {
        yield this.#wakeUp
        continue
      }
      const started = this.#access.sim.now
      yield this.#access.sim.delay(this.#access.latencies.draw('schedulingCycle'))
      this.#schedule(queued, started)
    }
  }

  #schedule(queued: QueuedPod, started: Nanos): void {
    const requests = podRequests(queued.pod)
    const enough = feasibleNodesToFind(this.#nodes.length)
    const feasible: NodeInfo[] = []
    const reasons = new Map<string, number>()
    let looked = 0
    for (; looked < this.#nodes.length && feasible.length < enough; looked++) {
      const info = this.#nodes[(this.#nextNode + looked) % this.#nodes.length]!
      const reason = FILTERS.reduce<string | null>((found, plugin) => found ?? plugin.reject(queued.pod, info, requests), null)
      if (reason === null) feasible.push(info)
      else reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
    }
    if (this.#nodes.length > 0) this.#nextNode = (this.#nextNode + looked) % this.#nodes.length
    if (feasible.length === 0) {
      this.#unschedulable(queued, started, reasons)
      return
    }
    const scores = feasible.length === 1 ? [0] : totalScores(queued.pod, feasible, requests, this.#access.version)
    const best = Math.max(...scores)
    const top = feasible.filter((_, i) => scores[i] === best)
    const node = (top.length === 1 ? top[0] : top[this.#ties.below(top.length)])!.node.metadata.name
    this.#place(queued.pod, node)
    const decided = this.#access.trace.record({
      cause: queued.cause,
      actor: ACTOR,
      action: 'chose',
      subject: queued.key,
      started,
      detail: `${node}: ${feasible.length} of ${this.#nodes.length} nodes fit, best score ${best}, ${top.length} with it`,
    })
    this.#access.sim.spawn(this.#bind(queued, node, decided))
  }

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
    if (response.code === 200 && response.object?.spec.nodeName === node) return
    this.#forget(queued.key)
    if (response.code === 404) return
    this.#queue.retry(queued)
    this.#wakeUp.fire()
  }

  #unschedulable(queued: QueuedPod, started: Nanos, reasons: ReadonlyMap<string, number>): void {
    const text = [...reasons].map(([reason, count]) => `${count} ${reason}`).join(', ')
    const message = `0/${this.#nodes.length} nodes are available${text === '' ? '' : `: ${text}`}`
    const cause = this.#access.trace.record({
      cause: queued.cause,
      actor: ACTOR,
      action: 'found no node',
      subject: queued.key,
      started,
      detail: message,
    })
    this.#queue.park(queued, this.#access.sim.now)
    this.#access.sim.spawn(this.#tellUnschedulable(queued.pod, cause))
  }

  *#tellUnschedulable(pod: Pod, cause: HopId): Generator<Wait, void, unknown> {
    const { namespace, name } = pod.metadata
    const now = (): Nanos => this.#access.sim.now
    const mark = (current: Pod): Pod => {
      const conditions = withCondition(current.status.conditions, 'PodScheduled', 'False', 'Unschedulable', now())
      return conditions === current.status.conditions ? current : { ...current, status: { ...current.status, conditions } }
    }
    yield* this.#client.patch('Pod', namespace, name, mark, { cause, why: 'PodScheduled=False: Unschedulable' })
  }

  #nodeChanged(node: Node | null, name: string): void {
    const info = this.#byName.get(name)
    if (node === null) {
      if (info === undefined) return
      this.#nodes.splice(this.#nodes.indexOf(info), 1)
      this.#byName.delete(name)
      return
    }
    if (info !== undefined) info.node = node
    else {
      const fresh = new NodeInfo(node)
      this.#nodes.push(fresh)
      this.#byName.set(name, fresh)
      for (const pod of this.#orphans.get(name) ?? []) fresh.add(pod)
      this.#orphans.delete(name)
    }
    this.#mayFitNow()
  }

  /** Counts the pod on that node, and nowhere else. */
  #place(pod: Pod, node: string): void {
    const key = keyOf(pod)
    const before = this.#placed.get(key)
    if (before !== undefined && before.node === node) return
    if (before !== undefined) this.#byName.get(before.node)?.remove(before.pod)
    this.#placed.set(key, { pod, node })
    const info = this.#byName.get(node)
    if (info !== undefined) info.add(pod)
    else this.#orphans.set(node, [...(this.#orphans.get(node) ?? []), pod])
  }

  #forget(key: string): void {
    const placed = this.#placed.get(key)
    if (placed === undefined) return
    this.#placed.delete(key)
    this.#byName.get(placed.node)?.remove(placed.pod)
    this.#mayFitNow()
  }

  /** A node has come, changed or got room: parked pods are tried again, once their back-off is over. */
  #mayFitNow(): void {
    if (this.#queue.parked === 0) return
    const { sim } = this.#access
    const next = this.#queue.wake(sim.now)
    if (this.#queue.length > 0) this.#wakeUp.fire()
    sim.cancel(this.#backoffTimer)
    this.#backoffTimer = next === null ? NO_TIMER : sim.after(next - sim.now, () => this.#mayFitNow())
  }

  #observed(pod: Pod, cause: HopId, committedAt: Nanos): HopId {
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

/**
 * How many fitting nodes are enough: all below 100; then a share that falls from 50 % by 1 % for every 125 nodes, at least 5 %
 * and at least 100 nodes.
 *
 * Source: Kubernetes pkg/scheduler/schedule_one.go (numFeasibleNodesToFind).
 */
export function feasibleNodesToFind(nodes: number): number {
  if (nodes < MIN_FEASIBLE_NODES) return nodes
  const percentage = Math.max(5, 50 - Math.trunc(nodes / 125))
  return Math.max(MIN_FEASIBLE_NODES, Math.trunc((nodes * percentage) / 100))
}
