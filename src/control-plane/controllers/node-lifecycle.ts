import type { Lease, Node, Pod, Taint } from '../../api/objects/index.ts'
import type { Wait } from '../../engine/process.ts'
import type { HopId } from '../../engine/trace.ts'
import { MILLISECOND, type Nanos, SECOND } from '../../units.ts'
import { type ApiAccess, ApiClient } from '../api-client.ts'
import { conditionOf, isTerminal, withCondition } from '../conditions.ts'
import { controllerIdentity } from '../identity.ts'
import type { Informer } from '../informer.ts'
import { keyOf, objectKey } from '../object-key.ts'
import { PodsByNode } from '../pods-by-node.ts'
import { CONTROLLER_LIMIT, type ControllerManager } from './controller.ts'
import { UNREACHABLE, UNSCHEDULABLE } from './taints.ts'

/** Source: `--node-monitor-period`. */
export const MONITOR_PERIOD: Nanos = 5 * SECOND
/** Source: `--node-monitor-grace-period`: 40 s up to 1.31; 50 s since, as a dead connection is noticed after 45 s. */
export const MONITOR_GRACE: Nanos = 50 * SECOND
export const MONITOR_GRACE_UNTIL_31: Nanos = 40 * SECOND
/** Source: pkg/controller/nodelifecycle (NodeEvictionPeriod). */
export const TAINT_PASS_PERIOD: Nanos = 100 * MILLISECOND
/** Nodes a second, burst 1, in a zone that is not disrupted. Source: `--node-eviction-rate`. */
export const EVICTION_RATE = 0.1
/** The same in a large zone that is partly disrupted. Source: `--secondary-node-eviction-rate`. */
export const SECONDARY_EVICTION_RATE = 0.01
/** Source: `--large-cluster-size-threshold`. */
export const LARGE_ZONE_NODES = 50
/** Source: `--unhealthy-zone-threshold`. */
export const UNHEALTHY_SHARE = 0.55

const ZONE_LABEL = 'topology.kubernetes.io/zone'
const NO_SCHEDULE: Taint = { key: UNREACHABLE, value: '', effect: 'NoSchedule' }
const NO_EXECUTE: Taint = { key: UNREACHABLE, value: '', effect: 'NoExecute' }

/** What the controller remembers of a node. */
interface Health {
  /** The renewal it saw last, and when it saw it: its own clock counts, not the node's. */
  renewTime: Nanos
  /** The heartbeat in the node's status that it saw last. */
  heartbeat: Nanos | undefined
  seenAt: Nanos
  silent: boolean
  /** The hop of the write that said so. */
  cause: HopId
}

/** A zone's queue of nodes to be tainted NoExecute. */
interface Zone {
  readonly waiting: string[]
  /** When the next node may be tainted. */
  nextAt: Nanos
}

/** On a node from its registration until it is Ready. Source: plugin/pkg/admission/nodetaint. */
const NOT_READY = 'node.kubernetes.io/not-ready'

/**
 * The node lifecycle controller: notices that a node's heartbeats have stopped.
 *
 * Every 5 s it looks at all nodes. One whose lease has not been renewed, as seen from here, for the grace period becomes
 * Ready=Unknown, is tainted unreachable:NoSchedule, and its pods are marked not Ready (so they leave their Services). From a
 * queue with a rate per zone it is then tainted unreachable:NoExecute, which starts the clock of the pods' tolerations.
 * When the heartbeats are back, the taints go.
 *
 * Source: Kubernetes pkg/controller/nodelifecycle/node_lifecycle_controller.go.
 */
export class NodeLifecycleController {
  readonly #access: ApiAccess
  readonly #client: ApiClient
  readonly #nodes: Informer<'Node'>
  readonly #leases: Informer<'Lease'>
  readonly #pods: PodsByNode
  readonly #health = new Map<string, Health>()
  readonly #zones = new Map<string, Zone>()
  /** Nodes a second, by zone. */
  readonly #rates = new Map<string, number>()
  #allSilent = false
  readonly #grace: Nanos

  constructor(manager: ControllerManager) {
    this.#access = manager.access
    this.#grace = manager.access.version >= 32 ? MONITOR_GRACE : MONITOR_GRACE_UNTIL_31
    this.#client = new ApiClient(manager.access, {
      actor: 'node-lifecycle-controller',
      identity: controllerIdentity('node-controller'),
      limit: CONTROLLER_LIMIT,
      network: 'controlPlaneNetwork',
    })
    this.#nodes = manager.informer('Node')
    this.#leases = manager.informer('Lease')
    this.#pods = new PodsByNode(manager.informer('Pod'))
    this.#nodes.listen(({ type, object, cause }) => {
      const isTainted = object.spec.taints.some((taint) => taint.key === UNSCHEDULABLE)
      if (
        type !== 'DELETED' &&
        conditionOf(object.status.conditions, 'Ready')?.status === 'True' &&
        object.spec.taints.some((taint) => taint.key === NOT_READY)
      )
        this.#access.sim.spawn(this.#becameReady(object, cause))
      if (type !== 'DELETED' && object.spec.unschedulable !== isTainted) this.#access.sim.spawn(this.#followCordon(object, cause))
    })
    manager.access.sim.spawn(this.#monitor())
    manager.access.sim.spawn(this.#taintPass())
  }

  /** The taint that a node has had since it registered goes when it is Ready. Source: node_lifecycle_controller.go (doNoScheduleTaintingPass). */
  *#becameReady(node: Node, cause: HopId): Generator<Wait, void, unknown> {
    const untaint = (current: Node): Node => {
      const taints = current.spec.taints.filter((taint) => taint.key !== NOT_READY)
      return taints.length === current.spec.taints.length ? current : { ...current, spec: { ...current.spec, taints } }
    }
    yield* this.#client.patch('Node', '', node.metadata.name, untaint, { cause, why: 'taint not-ready removed: the node is Ready' })
  }

  *#monitor(): Generator<Wait, void, unknown> {
    for (;;) {
      yield this.#access.sim.delay(MONITOR_PERIOD)
      // The next period begins when the round is over, so that ten rounds take more than 50 s and the grace is over in the tenth.
      yield this.#access.sim.delay(this.#access.latencies.draw('controllerSync', this.#client.actor))
      for (const node of [...this.#nodes.values()]) yield* this.#check(node)
      yield* this.#judgeZones()
    }
  }

  *#check(node: Node): Generator<Wait, void, unknown> {
    const { name } = node.metadata
    const now = this.#access.sim.now
    const lease = this.#leases.get(objectKey('Lease', 'kube-node-lease', name))
    const health = this.#healthOf(node, lease)
    // A lease counts as renewed when its time is later than before, as the node's clock gives it; since when is told by the clock here.
    if (lease !== undefined && lease.renewTime > health.renewTime) {
      health.renewTime = lease.renewTime
      health.seenAt = now
    }
    const condition = conditionOf(node.status.conditions, 'Ready')
    if (condition?.lastHeartbeatTime !== health.heartbeat) {
      health.heartbeat = condition?.lastHeartbeatTime
      health.seenAt = now
    }
    const ready = condition?.status
    if (now - health.seenAt > this.#grace) {
      if (ready !== 'Unknown') yield* this.#nodeSilent(node, health)
      else this.#queueForTaint(node)
    } else if (ready === 'True' && (health.silent || node.spec.taints.some((taint) => taint.key === UNREACHABLE))) {
      yield* this.#nodeBack(node, health)
    }
  }

  *#nodeSilent(node: Node, health: Health): Generator<Wait, void, unknown> {
    const { name } = node.metadata
    const { sim, trace } = this.#access
    const silence = Math.round((sim.now - health.seenAt) / MILLISECOND)
    const noticed = trace.record({
      cause: -1,
      actor: this.#client.actor,
      action: 'noticed silence',
      subject: keyOf(node),
      detail: `no heartbeat seen for ${silence} ms`,
    })
    health.silent = true
    const unknown = (current: Node): Node => ({
      ...current,
      status: { ...current.status, conditions: withCondition(current.status.conditions, 'Ready', 'Unknown', 'NodeStatusUnknown', sim.now) },
    })
    const response = yield* this.#client.patch('Node', '', name, unknown, {
      cause: noticed,
      why: 'Ready=Unknown: kubelet stopped posting status',
      // Without an answer it is tried again in the next round, if the node is silent then: not before its heartbeats could be seen.
      once: true,
    })
    if (response.code >= 500) return
    health.cause = response.hop
    yield* this.#taint(name, NO_SCHEDULE, health.cause)
    for (const pod of this.#pods.of(name)) {
      if (isTerminal(pod) || conditionOf(pod.status.conditions, 'Ready')?.status !== 'True') continue
      yield* this.#client.patch('Pod', pod.metadata.namespace, pod.metadata.name, (current) => notReady(current, sim.now), {
        cause: health.cause,
        why: `Ready=False: node ${name} is not ready`,
        subresource: 'status',
      })
    }
    this.#zoneOf(node).waiting.push(name)
  }

  /** A node that has been silent for longer waits for its NoExecute taint too: its place was given up while every zone was silent. */
  #queueForTaint({ metadata, spec }: Node): void {
    if (spec.taints.some((taint) => taint.key === UNREACHABLE && taint.effect === 'NoExecute')) return
    const { waiting } = this.#zoneOf({ metadata })
    if (!waiting.includes(metadata.name)) waiting.push(metadata.name)
  }

  *#nodeBack(node: Node, health: Health): Generator<Wait, void, unknown> {
    const { name } = node.metadata
    health.silent = false
    const waiting = this.#zoneOf(node).waiting
    const index = waiting.indexOf(name)
    if (index >= 0) waiting.splice(index, 1)
    const untaint = (current: Node): Node => ({
      ...current,
      spec: { ...current.spec, taints: current.spec.taints.filter((taint) => taint.key !== UNREACHABLE) },
    })
    yield* this.#client.patch('Node', '', name, untaint, { cause: health.cause, why: 'heartbeats are back: taints removed' })
  }

  /** Works off the zones' queues, one node at a time. */
  *#taintPass(): Generator<Wait, void, unknown> {
    for (;;) {
      yield this.#access.sim.delay(TAINT_PASS_PERIOD)
      for (const [zoneName, zone] of this.#zones) {
        const rate = zone.waiting.length === 0 ? 0 : (this.#rates.get(zoneName) ?? EVICTION_RATE)
        if (rate === 0 || this.#access.sim.now < zone.nextAt) continue
        const name = zone.waiting.shift()!
        zone.nextAt = this.#access.sim.now + Math.round(SECOND / rate)
        yield* this.#taint(name, NO_EXECUTE, this.#health.get(name)!.cause)
      }
    }
  }

  /**
   * What share of each zone is silent decides how fast its nodes may be tainted. When every zone is silent, the fault is likely here: the
   * taints go, and after that has passed every node gets a whole grace period again.
   *
   * Source: Kubernetes pkg/controller/nodelifecycle (handleDisruption).
   */
  *#judgeZones(): Generator<Wait, void, unknown> {
    const counts = new Map<string, { ready: number; silent: number }>()
    for (const node of this.#nodes.values()) {
      const zone = node.metadata.labels[ZONE_LABEL] ?? ''
      let count = counts.get(zone)
      if (count === undefined) {
        count = { ready: 0, silent: 0 }
        counts.set(zone, count)
      }
      if (conditionOf(node.status.conditions, 'Ready')?.status === 'True') count.ready++
      else count.silent++
    }
    const allSilent = counts.size > 0 && [...counts.values()].every(({ ready }) => ready === 0)
    for (const [zone, count] of counts) this.#rates.set(zone, allSilent ? 0 : evictionRate(count.ready, count.silent))
    if (allSilent === this.#allSilent) return
    this.#allSilent = allSilent
    for (const node of [...this.#nodes.values()]) {
      if (!allSilent) {
        const health = this.#health.get(node.metadata.name)
        if (health !== undefined) health.seenAt = this.#access.sim.now
        continue
      }
      const waiting = this.#zoneOf(node).waiting
      const index = waiting.indexOf(node.metadata.name)
      if (index >= 0) waiting.splice(index, 1)
      if (!node.spec.taints.some((taint) => taint.key === UNREACHABLE && taint.effect === 'NoExecute')) continue
      const untaint = (current: Node): Node => ({
        ...current,
        spec: { ...current.spec, taints: current.spec.taints.filter((taint) => taint.key !== UNREACHABLE || taint.effect !== 'NoExecute') },
      })
      yield* this.#client.patch('Node', '', node.metadata.name, untaint, { cause: -1, why: 'every zone is silent: evictions stop' })
    }
  }

  /** A node that is cordoned has a taint that says so. Source: node_lifecycle_controller.go (doNoScheduleTaintingPass). */
  *#followCordon({ metadata, spec: { unschedulable } }: Node, cause: HopId): Generator<Wait, void, unknown> {
    if (unschedulable) {
      yield* this.#taint(metadata.name, { key: UNSCHEDULABLE, value: '', effect: 'NoSchedule' }, cause)
      return
    }
    const untaint = (current: Node): Node => ({
      ...current,
      spec: { ...current.spec, taints: current.spec.taints.filter((taint) => taint.key !== UNSCHEDULABLE) },
    })
    yield* this.#client.patch('Node', '', metadata.name, untaint, { cause, why: 'uncordoned: taint removed' })
  }

  *#taint(name: string, taint: Taint, cause: HopId): Generator<Wait, void, unknown> {
    const add = (current: Node): Node =>
      current.spec.taints.some((held) => held.key === taint.key && held.effect === taint.effect)
        ? current
        : { ...current, spec: { ...current.spec, taints: [...current.spec.taints, taint] } }
    yield* this.#client.patch('Node', '', name, add, { cause, why: `tainted ${taint.key}:${taint.effect}` })
  }

  #healthOf({ metadata: { name }, status }: Node, lease: Lease | undefined): Health {
    let health = this.#health.get(name)
    if (health === undefined) {
      const heartbeat = conditionOf(status.conditions, 'Ready')?.lastHeartbeatTime
      health = { renewTime: lease?.renewTime ?? -1, heartbeat, seenAt: this.#access.sim.now, silent: false, cause: -1 }
      this.#health.set(name, health)
    }
    return health
  }

  #zoneOf(node: Pick<Node, 'metadata'>): Zone {
    const name = node.metadata.labels[ZONE_LABEL] ?? ''
    let zone = this.#zones.get(name)
    if (zone === undefined) {
      zone = { waiting: [], nextAt: 0 }
      this.#zones.set(name, zone)
    }
    return zone
  }
}

/**
 * Nodes a second that may be tainted in a zone that is not alone in being silent. 0 stops evictions.
 *
 * Source: Kubernetes pkg/controller/nodelifecycle (ComputeZoneState, ReducedQPSFunc, HealthyQPSFunc).
 */
export function evictionRate(ready: number, silent: number): number {
  if (ready === 0 || silent <= 2 || silent / (ready + silent) < UNHEALTHY_SHARE) return EVICTION_RATE
  return ready + silent > LARGE_ZONE_NODES ? SECONDARY_EVICTION_RATE : 0
}

/** Only the status changes, no reason is given. Source: recorded; pkg/controller/util/node/controller_utils.go (MarkPodsNotReady). */
function notReady(pod: Pod, now: Nanos): Pod {
  const reason = conditionOf(pod.status.conditions, 'Ready')?.reason ?? ''
  const conditions = withCondition(pod.status.conditions, 'Ready', 'False', reason, now)
  return conditions === pod.status.conditions ? pod : { ...pod, status: { ...pod.status, conditions } }
}
