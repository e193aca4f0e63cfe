import { matchesSelector } from '../../api/labels.ts'
import type { ControllerRevision, Pod, StatefulSet, StatefulSetStatus, StringMap } from '../../api/objects/index.ts'
import type { Wait } from '../../engine/process.ts'
import type { HopId } from '../../engine/trace.ts'
import { SECOND } from '../../units.ts'
import { becameReady, isAvailable, isReady } from '../conditions.ts'
import type { Informer } from '../informer.ts'
import { keyOf, objectKey } from '../object-key.ts'
import { controllerOf, OwnerIndex } from '../owner-index.ts'
import { Controller, type ControllerManager, type Outcome } from './controller.ts'
import { ControllerRefManager, wakeOwners } from './controller-ref-manager.ts'
import { podFromTemplate } from './pod-from-template.ts'
import { POD_REVISION_LABEL, RevisionHistory } from './revision-history.ts'
import { slowStart } from './slow-start.ts'
import { isRolledOut, planStatefulSet, type SetPlan, type SetPod, type SetState } from './stateful-set-plan.ts'

/** Source: `--concurrent-statefulset-syncs`. */
export const WORKERS = 5
const POD_NAME_LABEL = 'statefulset.kubernetes.io/pod-name'
/** Since 1.28. */
const POD_INDEX_LABEL = 'apps.kubernetes.io/pod-index'

/**
 * The StatefulSet controller: pods of fixed names, made and deleted in order.
 *
 * A pod of that name can be made only when the one before it is gone for good: while a dead node holds it, the set waits. What a reconcile
 * does is in {@link planStatefulSet}. Volume claims are not modelled.
 *
 * Source: Kubernetes pkg/controller/statefulset/{stateful_set,stateful_set_control,stateful_set_utils}.go.
 */
export class StatefulSetController extends Controller {
  readonly #sets: Informer<'StatefulSet'>
  readonly #refs: ControllerRefManager<'Pod'>
  readonly #revisionRefs: ControllerRefManager<'ControllerRevision'>
  readonly #history: RevisionHistory

  constructor(manager: ControllerManager) {
    super(manager, { name: 'statefulset-controller', workers: WORKERS })
    this.#sets = manager.informer('StatefulSet')
    const pods = manager.informer('Pod')
    this.#refs = new ControllerRefManager(new OwnerIndex(pods), this.client)
    const revisions = new OwnerIndex(manager.informer('ControllerRevision'))
    this.#revisionRefs = new ControllerRefManager(revisions, this.client)
    this.#history = new RevisionHistory(revisions, this.client)
    this.#sets.listen((event) => {
      if (event.type !== 'DELETED') this.enqueue(keyOf(event.object), event)
    })
    pods.listen((event) => {
      wakeOwners<Pod, StatefulSet>(event, { kind: 'StatefulSet', owners: () => this.#sets.values(), selects: selectsPod }, (key) =>
        this.enqueue(key, event),
      )
      const owner = controllerOf(event.object.metadata)
      if (owner?.kind !== 'StatefulSet') return
      const key = objectKey('StatefulSet', event.object.metadata.namespace, owner.name)
      this.enqueue(key, event)
      const minReady = this.#sets.get(key)?.spec.minReadySeconds ?? 0
      // A second more, since the time of readiness is a whole second.
      if (minReady > 0 && becameReady(event.object, event.previous)) this.queue.addAfter(key, (minReady + 1) * SECOND, event.cause)
    })
  }

  protected *reconcile(key: string, cause: HopId): Generator<Wait, Outcome, unknown> {
    const set = this.#sets.get(key)
    if (set === undefined || set.metadata.deletionTimestamp !== null) return 'done'
    const adopted = yield* this.#revisionRefs.claim(set, { selects: (labels) => selects(set, labels) }, cause)
    if (!adopted.succeeded) return 'retry'
    const newest = yield* this.#history.newest(set, set.spec.template, { cause, why: '' })
    if (newest === null) return 'retry'
    const revisions = new Map([...this.#history.of(set), newest].map((revision) => [revision.metadata.name, revision]))
    const current = revisions.get(set.status.currentRevision) ?? newest
    const state = stateOf(set, current, newest)
    const pods = new Map<number, Pod>()
    const claim = yield* this.#refs.claim(
      set,
      { selects: (labels) => selects(set, labels), considers: (pod) => ordinalOf(set, pod) !== null },
      cause,
    )
    if (!claim.succeeded) return 'retry'
    for (const pod of claim.owned) {
      const ordinal = ordinalOf(set, pod)
      if (ordinal !== null) pods.set(ordinal, pod)
    }
    const plan = planStatefulSet(
      state,
      [...pods].map(([ordinal, pod]) => this.#viewOf(set, ordinal, pod)),
    )
    const succeeded = yield* this.#carryOut(set, plan, pods, revisions, cause)
    const written = yield* this.#report(set, state, plan.counts, cause)
    const used = new Set([...pods.values()].map((pod) => pod.metadata.labels[POD_REVISION_LABEL]))
    const inUse = ({ metadata: { name } }: ControllerRevision): boolean =>
      name === current.metadata.name || name === newest.metadata.name || used.has(name)
    yield* this.#history.trim(set, inUse, set.spec.revisionHistoryLimit, { cause, why: '' })
    return succeeded && written ? 'done' : 'retry'
  }

  *#carryOut(
    set: StatefulSet,
    plan: SetPlan,
    pods: ReadonlyMap<number, Pod>,
    revisions: ReadonlyMap<string, ControllerRevision>,
    cause: HopId,
  ): Generator<Wait, boolean, unknown> {
    const { sim } = this.access
    const made = yield* slowStart(plan.create.length, (i) => {
      const { ordinal, revision } = plan.create[i]!
      return sim.spawn(this.#create(set, ordinal, revisions.get(revision)!, cause))
    })
    if (made.succeeded < plan.create.length) return false
    const gone = yield* slowStart(plan.delete.length, (i) => {
      const { ordinal, why } = plan.delete[i]!
      return sim.spawn(this.#delete(pods.get(ordinal)!, why, cause))
    })
    return gone.succeeded === plan.delete.length
  }

  *#create(set: StatefulSet, ordinal: number, revision: ControllerRevision, cause: HopId): Generator<Wait, boolean, unknown> {
    const name = `${set.metadata.name}-${ordinal}`
    const index = this.access.version >= 28 ? { [POD_INDEX_LABEL]: String(ordinal) } : {}
    const labels = { [POD_NAME_LABEL]: name, [POD_REVISION_LABEL]: revision.metadata.name, ...index }
    const response = yield* this.client.create(podFromTemplate(set, revision.data, { name, labels }), {
      cause,
      why: `pod ${ordinal} is missing, revision ${revision.revision}`,
    })
    if (response.code === 201) {
      this.events.record(set, 'SuccessfulCreate', `Create Pod ${name} in StatefulSet ${set.metadata.name} successful`)
      return true
    }
    const pod = `Pod ${name} in StatefulSet ${set.metadata.name}`
    this.events.record(set, 'FailedCreate', `create ${pod} failed error: ${response.message}`)
    return false
  }

  *#delete(pod: Pod, why: string, cause: HopId): Generator<Wait, boolean, unknown> {
    const { namespace, name } = pod.metadata
    const response = yield* this.client.delete('Pod', namespace, name, null, { cause, why })
    return response.code === 200 || response.code === 404
  }

  *#report(set: StatefulSet, state: SetState, counted: SetPlan['counts'], cause: HopId): Generator<Wait, boolean, unknown> {
    const rolledOut = isRolledOut(state, counted)
    const counts = rolledOut ? { ...counted, currentReplicas: counted.updatedReplicas } : counted
    const status: StatefulSetStatus = {
      observedGeneration: set.metadata.generation,
      ...counts,
      currentRevision: rolledOut ? state.updateRevision : state.currentRevision,
      updateRevision: state.updateRevision,
    }
    if (sameStatus(status, set.status)) return true
    const why = `status: ${status.replicas} pods, ${status.readyReplicas} ready, ${status.updatedReplicas} updated`
    const response = yield* this.client.update({ ...set, status }, { cause, why, subresource: 'status' })
    return response.code === 200 || response.code === 404
  }

  #viewOf(set: StatefulSet, ordinal: number, pod: Pod): SetPod {
    return {
      ordinal,
      revision: pod.metadata.labels[POD_REVISION_LABEL] ?? '',
      phase: pod.status.phase,
      ready: isReady(pod),
      available: isAvailable(pod, set.spec.minReadySeconds, this.now),
      terminating: pod.metadata.deletionTimestamp !== null,
    }
  }
}

function selects({ spec }: StatefulSet, labels: StringMap): boolean {
  return matchesSelector(spec.selector, labels)
}

function selectsPod(set: StatefulSet, pod: Pod): boolean {
  return selects(set, pod.metadata.labels)
}

function stateOf(set: StatefulSet, current: ControllerRevision, newest: ControllerRevision): SetState {
  const { spec, status } = set
  return {
    replicas: spec.replicas,
    start: spec.ordinals.start,
    ordered: spec.podManagementPolicy === 'OrderedReady',
    rolling: spec.updateStrategy.type === 'RollingUpdate',
    partition: spec.updateStrategy.partition,
    currentReplicas: status.currentReplicas,
    currentRevision: current.metadata.name,
    updateRevision: newest.metadata.name,
  }
}

/** The number at the end of the pod's name, or null for a name that the set did not give. */
function ordinalOf(set: StatefulSet, pod: Pod): number | null {
  const text = pod.metadata.name.slice(set.metadata.name.length + 1)
  return pod.metadata.name.startsWith(`${set.metadata.name}-`) && /^\d+$/.test(text) ? Number(text) : null
}

function sameStatus(a: StatefulSetStatus, b: StatefulSetStatus): boolean {
  return (
    a.observedGeneration === b.observedGeneration &&
    a.replicas === b.replicas &&
    a.readyReplicas === b.readyReplicas &&
    a.availableReplicas === b.availableReplicas &&
    a.currentReplicas === b.currentReplicas &&
    a.updatedReplicas === b.updatedReplicas &&
    a.currentRevision === b.currentRevision &&
    a.updateRevision === b.updateRevision
  )
}
