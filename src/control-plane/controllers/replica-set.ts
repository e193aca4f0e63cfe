import { type LabelSelector, matchesSelector, selectorOf } from '../../api/labels.ts'
import type { Pod, ReplicaSet, ReplicaSetStatus, ReplicationController, StringMap } from '../../api/objects/index.ts'
import type { Wait } from '../../engine/process.ts'
import type { HopId } from '../../engine/trace.ts'
import { MINUTE, type Nanos, SECOND } from '../../units.ts'
import { availableAt, isActive, isAvailable, isReady, isTerminal } from '../conditions.ts'
import { emptyMeta } from '../empty-meta.ts'
import type { Informer } from '../informer.ts'
import { keyOf, objectKey } from '../object-key.ts'
import { controllerOf, OwnerIndex } from '../owner-index.ts'
import { Controller, type ControllerManager, type Outcome } from './controller.ts'
import { ControllerRefManager, wakeOwners } from './controller-ref-manager.ts'
import { recordFailedCreate } from './failed-create.ts'
import { podsToDelete } from './pod-deletion-ranking.ts'

/** Source: `--concurrent-replicaset-syncs`. */
export const WORKERS = 5
/** Pods created or deleted in one reconcile at most. Source: pkg/controller/replicaset/replica_set.go (BurstReplicas). */
export const BURST_REPLICAS = 500
/** Source: pkg/controller/controller_utils.go (ExpectationsTimeout). */
export const EXPECTATIONS_TIMEOUT: Nanos = 5 * MINUTE

/** A ReplicaSet, or its forerunner, which is worked on in the same way. */
type ReplicaKeeper = ReplicaSet | ReplicationController
type ReplicaKind = ReplicaKeeper['kind']

/** Creates and deletes that were asked for and that the cache does not show yet. */
interface Expectations {
  creations: number
  readonly deletions: Set<string>
  readonly since: Nanos
}

/**
 * The ReplicaSet controller: keeps as many pods as `spec.replicas` says.
 *
 * Pods are created in batches of 1, 2, 4, …, each all at once, and the next batch starts when the last has succeeded (slow
 * start). Until the cache shows what was asked for, the count is left alone (expectations).
 *
 * Source: Kubernetes pkg/controller/replicaset/replica_set.go.
 */
export class ReplicaSetController extends Controller {
  readonly #sets: Informer<ReplicaKind>
  readonly #setsByOwner: OwnerIndex<ReplicaKind>
  readonly #pods: OwnerIndex<'Pod'>
  readonly #refs: ControllerRefManager<'Pod'>
  readonly #expectations = new Map<string, Expectations>()

  constructor(
    manager: ControllerManager,
    { kind, name }: { kind: ReplicaKind; name: string } = { kind: 'ReplicaSet', name: 'replicaset-controller' },
  ) {
    super(manager, { name, workers: WORKERS })
    this.#sets = manager.informer(kind)
    const pods = manager.informer('Pod')
    this.#setsByOwner = new OwnerIndex(this.#sets)
    this.#pods = new OwnerIndex(pods)
    this.#refs = new ControllerRefManager(this.#pods, this.client)
    this.#sets.listen((event) => {
      const key = keyOf(event.object)
      if (event.type === 'DELETED') {
        this.#expectations.delete(key)
        this.events.forget(key)
      } else this.enqueue(key, event)
    })
    pods.listen((event) => {
      wakeOwners<Pod, ReplicaKeeper>(event, { kind, owners: () => this.#sets.values(), selects: selectsPod }, (key) =>
        this.enqueue(key, event),
      )
      const owner = controllerOf(event.object.metadata)
      if (owner?.kind !== kind) return
      const key = objectKey(kind, event.object.metadata.namespace, owner.name)
      if (event.type === 'ADDED') this.#expect(key, (expected) => expected.creations--)
      if (event.type === 'DELETED' || event.object.metadata.deletionTimestamp !== null) {
        this.#expect(key, (expected) => expected.deletions.delete(keyOf(event.object)))
      }
      this.enqueue(key, event)
    })
  }

  protected *reconcile(key: string, cause: HopId): Generator<Wait, Outcome, unknown> {
    const rs = this.#sets.get(key)
    if (rs === undefined) return 'done'
    const satisfied = this.#satisfied(key)
    const claim = yield* this.#refs.claim(rs, { selects: (labels) => selects(rs, labels), considers: isActive }, cause)
    if (!claim.succeeded) return 'retry'
    const active = claim.owned
    const all = [...this.#pods.of(rs.metadata.uid).filter((pod) => !isActive(pod)), ...active]
    const managed = !satisfied || rs.metadata.deletionTimestamp !== null || (yield* this.#manage(rs, key, active, cause))
    const status = statusOf(rs, all, active, this.now)
    if (rs.spec.minReadySeconds > 0 && status.readyReplicas > status.availableReplicas) {
      this.queue.addAfter(key, nextAvailability(active, rs.spec.minReadySeconds, this.now), cause)
    }
    if (!sameStatus(status, rs.status)) {
      const why = `status: ${status.replicas} pods, ${status.readyReplicas} ready, ${status.availableReplicas} available`
      const response = yield* this.client.update({ ...rs, status }, { cause, why, subresource: 'status' })
      if (response.code === 409) return 'retry'
    }
    return managed ? 'done' : 'retry'
  }

  /** Creates or deletes pods until the count is right; false when the API server refused something. */
  *#manage(rs: ReplicaKeeper, key: string, active: readonly Pod[], cause: HopId): Generator<Wait, boolean, unknown> {
    const missing = rs.spec.replicas - active.length
    if (missing === 0) return true
    const expected: Expectations = { creations: 0, deletions: new Set(), since: this.now }
    this.#expectations.set(key, expected)
    if (missing > 0) return yield* this.#create(rs, Math.min(missing, BURST_REPLICAS), expected, cause)
    return yield* this.#delete(rs, active, Math.min(-missing, BURST_REPLICAS), expected, cause)
  }

  *#create(rs: ReplicaKeeper, count: number, expected: Expectations, cause: HopId): Generator<Wait, boolean, unknown> {
    expected.creations += count
    let made = 0
    for (let batch = 1; made < count; batch *= 2) {
      const size = Math.min(batch, count - made)
      const calls = Array.from({ length: size }, () => this.access.sim.spawn(this.#createOne(rs, cause)))
      let failed = 0
      for (const call of calls) if (!(yield call)) failed++
      made += size
      if (failed > 0) {
        expected.creations -= failed + (count - made)
        return false
      }
    }
    return true
  }

  *#createOne(rs: ReplicaKeeper, cause: HopId): Generator<Wait, boolean, unknown> {
    const response = yield* this.client.create(podOf(rs), { cause, why: `has fewer than ${rs.spec.replicas} pods` })
    if (response.code !== 201) {
      recordFailedCreate(this.events, rs, response)
      return false
    }
    this.events.record(rs, 'SuccessfulCreate', `Created pod: ${response.object!.metadata.name}`)
    return true
  }

  *#delete(
    rs: ReplicaKeeper,
    active: readonly Pod[],
    count: number,
    expected: Expectations,
    cause: HopId,
  ): Generator<Wait, boolean, unknown> {
    const victims = podsToDelete(active, this.#related(rs), count, this.now)
    for (const pod of victims) expected.deletions.add(keyOf(pod))
    const calls = victims.map((pod) => this.access.sim.spawn(this.#deleteOne(rs, pod, cause)))
    let succeeded = true
    for (const [i, call] of calls.entries()) {
      if (yield call) continue
      expected.deletions.delete(keyOf(victims[i]!))
      succeeded = false
    }
    return succeeded
  }

  *#deleteOne(rs: ReplicaKeeper, pod: Pod, cause: HopId): Generator<Wait, boolean, unknown> {
    const { namespace, name } = pod.metadata
    const response = yield* this.client.delete('Pod', namespace, name, null, { cause, why: `has more than ${rs.spec.replicas} pods` })
    if (response.code === 200) this.events.record(rs, 'SuccessfulDelete', `Deleted pod: ${name}`)
    return response.code === 200 || response.code === 404
  }

  /** Active pods of all ReplicaSets of the same Deployment: they decide how crowded a node is. */
  #related(rs: ReplicaKeeper): Pod[] {
    const owner = controllerOf(rs.metadata)
    const sets = owner === undefined ? [rs] : this.#setsByOwner.of(owner.uid)
    return sets.flatMap((set) => this.#pods.of(set.metadata.uid).filter(isActive))
  }

  #satisfied(key: string): boolean {
    const expected = this.#expectations.get(key)
    if (expected === undefined) return true
    return (expected.creations <= 0 && expected.deletions.size === 0) || this.now - expected.since > EXPECTATIONS_TIMEOUT
  }

  #expect(key: string, settle: (expected: Expectations) => void): void {
    const expected = this.#expectations.get(key)
    if (expected !== undefined) settle(expected)
  }
}

function selects({ kind, spec }: ReplicaKeeper, labels: StringMap): boolean {
  const selector = kind === 'ReplicaSet' ? (spec.selector as LabelSelector) : selectorOf(spec.selector as StringMap)
  return matchesSelector(selector, labels)
}

function selectsPod(rs: ReplicaKeeper, pod: Pod): boolean {
  return selects(rs, pod.metadata.labels)
}

/** A pod of its template, as it is asked for. */
export function podOf(rs: ReplicaKeeper): Pod {
  const { template } = rs.spec
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...emptyMeta(`${rs.metadata.name}-`, rs.metadata.namespace),
      labels: template.labels,
      annotations: template.annotations,
      ownerReferences: [{ kind: rs.kind, name: rs.metadata.name, uid: rs.metadata.uid, controller: true, blockOwnerDeletion: true }],
    },
    spec: template.spec,
    status: { phase: 'Pending', podIP: '', hostIP: '', startTime: null, conditions: [], containerStatuses: [] },
  }
}

function statusOf(rs: ReplicaKeeper, all: readonly Pod[], active: readonly Pod[], now: Nanos): ReplicaSetStatus {
  let readyReplicas = 0
  let availableReplicas = 0
  for (const pod of active) {
    if (!isReady(pod)) continue
    readyReplicas++
    if (isAvailable(pod, rs.spec.minReadySeconds, now)) availableReplicas++
  }
  const terminatingReplicas = all.filter((pod) => pod.metadata.deletionTimestamp !== null && !isTerminal(pod)).length
  return { observedGeneration: rs.metadata.generation, replicas: active.length, readyReplicas, availableReplicas, terminatingReplicas }
}

/** How long until the next pod becomes available. Source: pkg/controller/controller_utils.go (FindMinNextPodAvailabilityCheck). */
function nextAvailability(pods: readonly Pod[], minReadySeconds: number, now: Nanos): Nanos {
  let next = minReadySeconds * SECOND
  for (const pod of pods) {
    const at = availableAt(pod, minReadySeconds)
    if (at !== null && at > now) next = Math.min(next, at - now)
  }
  return next
}

function sameStatus(a: ReplicaSetStatus, b: ReplicaSetStatus): boolean {
  return (
    a.observedGeneration === b.observedGeneration &&
    a.replicas === b.replicas &&
    a.readyReplicas === b.readyReplicas &&
    a.availableReplicas === b.availableReplicas &&
    a.terminatingReplicas === b.terminatingReplicas
  )
}
