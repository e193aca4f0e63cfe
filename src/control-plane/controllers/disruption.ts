import type {
  Deployment,
  OwnerReference,
  Pod,
  PodDisruptionBudget,
  ReplicaSet,
  ReplicationController,
  StatefulSet,
} from '../../api/objects/index.ts'
import type { Wait } from '../../engine/process.ts'
import type { HopId } from '../../engine/trace.ts'
import { SECOND } from '../../units.ts'
import { isReady, isTerminal, withCondition } from '../conditions.ts'
import { claims } from '../eviction.ts'
import type { Informer } from '../informer.ts'
import { keyOf, objectKey } from '../object-key.ts'
import { controllerOf } from '../owner-index.ts'
import { Controller, type ControllerManager, type Outcome } from './controller.ts'
import { budgetExpectation, disruptionsAllowed, sameBudgetStatus } from './disruption-budget.ts'

/** How long a granted eviction counts that nobody sees happen. Source: disruption.go (DeletionTimeout). */
export const DELETION_TIMEOUT = 120 * SECOND

/**
 * The disruption controller: keeps in the status of each PodDisruptionBudget how many of its pods may be evicted now.
 *
 * Source: Kubernetes pkg/controller/disruption/disruption.go.
 */
export class DisruptionController extends Controller {
  readonly #budgets: Informer<'PodDisruptionBudget'>
  readonly #pods: Informer<'Pod'>
  readonly #deployments: Informer<'Deployment'>
  readonly #sets: Informer<'ReplicaSet'>
  readonly #statefulSets: Informer<'StatefulSet'>
  readonly #replicationControllers: Informer<'ReplicationController'>
  readonly #podsOf = new Map<string, Map<string, Pod>>()

  constructor(manager: ControllerManager) {
    super(manager, { name: 'disruption-controller', workers: 1 })
    this.#budgets = manager.informer('PodDisruptionBudget')
    this.#pods = manager.informer('Pod')
    this.#deployments = manager.informer('Deployment')
    this.#sets = manager.informer('ReplicaSet')
    this.#statefulSets = manager.informer('StatefulSet')
    this.#replicationControllers = manager.informer('ReplicationController')
    this.#budgets.listen((event) => {
      const key = keyOf(event.object)
      if (event.type === 'DELETED') {
        this.#podsOf.delete(key)
        return
      }
      if (event.type === 'ADDED' || event.object.spec !== event.previous?.spec) this.#select(event.object)
      this.enqueue(key, event)
    })
    this.#pods.listen((event) => {
      const { object } = event
      if (this.#podsOf.size === 0) return
      for (const budget of this.#budgets.values()) {
        const key = keyOf(budget)
        const members = this.#podsOf.get(key)
        if (members === undefined) continue
        const podKey = keyOf(object)
        const belongs = event.type !== 'DELETED' && claims(budget, object)
        if (!belongs && !members.has(podKey)) continue
        if (belongs) members.set(podKey, object)
        else members.delete(podKey)
        this.enqueue(key, event)
      }
    })
  }

  protected *reconcile(key: string, cause: HopId): Generator<Wait, Outcome, unknown> {
    const budget = this.#budgets.get(key)
    if (budget === undefined) return 'done'
    const pods = [...(this.#podsOf.get(key)?.values() ?? [])].filter((pod) => !isTerminal(pod))
    const expectation = budgetExpectation(budget.spec, pods.length, this.#scaleOf(pods))
    const disruptedPods = this.#stillDisrupted(budget, pods)
    const currentHealthy = pods.filter(
      (pod) => pod.metadata.deletionTimestamp === null && disruptedPods[pod.metadata.name] === undefined && isReady(pod),
    ).length
    const allowed = disruptionsAllowed(expectation, currentHealthy)
    const status: PodDisruptionBudget['status'] = {
      observedGeneration: budget.metadata.generation,
      disruptionsAllowed: allowed,
      currentHealthy,
      ...expectation,
      disruptedPods,
      conditions: withCondition(
        budget.status.conditions,
        'DisruptionAllowed',
        allowed > 0 ? 'True' : 'False',
        allowed > 0 ? 'SufficientPods' : 'InsufficientPods',
        this.now,
      ),
    }
    const recheckAt = Math.min(...Object.values(disruptedPods).map((at) => at + DELETION_TIMEOUT))
    if (recheckAt !== Number.POSITIVE_INFINITY) this.queue.addAfter(key, Math.max(1, recheckAt - this.now), cause)
    if (sameBudgetStatus(status, budget.status)) return 'done'
    const why = `${currentHealthy} healthy, ${expectation.desiredHealthy} wanted: ${allowed} may be disrupted`
    const response = yield* this.client.update({ ...budget, status }, { cause, why, subresource: 'status' })
    return response.code === 200 || response.code === 404 ? 'done' : 'retry'
  }

  /** The wished replicas of all controllers of the pods, each once: of the Deployment where a ReplicaSet has one. */
  #scaleOf(pods: readonly Pod[]): number {
    const scales = new Map<string, number>()
    for (const { metadata } of pods) {
      const owner = controllerOf(metadata)
      const scaled = owner === undefined ? undefined : this.#scaledBy(metadata.namespace, owner)
      if (scaled !== undefined) scales.set(scaled.metadata.uid, scaled.spec.replicas)
    }
    let sum = 0
    for (const replicas of scales.values()) sum += replicas
    return sum
  }

  /** Source: Kubernetes pkg/controller/disruption/disruption.go (finders). */
  #scaledBy(namespace: string, { kind, name }: OwnerReference): ReplicaSet | Deployment | StatefulSet | ReplicationController | undefined {
    const key = objectKey(kind, namespace, name)
    if (kind === 'StatefulSet') return this.#statefulSets.get(key)
    if (kind === 'ReplicationController') return this.#replicationControllers.get(key)
    if (kind !== 'ReplicaSet') return undefined
    const set = this.#sets.get(key)
    const above = set === undefined ? undefined : controllerOf(set.metadata)
    return above === undefined ? set : this.#deployments.get(objectKey('Deployment', namespace, above.name))
  }

  /** Granted evictions that are not seen yet and may still come. */
  #stillDisrupted(budget: PodDisruptionBudget, pods: readonly Pod[]): Readonly<Record<string, number>> {
    const present = new Map(pods.map((pod) => [pod.metadata.name, pod]))
    return Object.fromEntries(
      Object.entries(budget.status.disruptedPods).filter(
        ([name, at]) => present.get(name)?.metadata.deletionTimestamp === null && at + DELETION_TIMEOUT > this.now,
      ),
    )
  }

  #select(budget: PodDisruptionBudget): void {
    const members = new Map<string, Pod>()
    for (const pod of this.#pods.values()) if (claims(budget, pod)) members.set(keyOf(pod), pod)
    this.#podsOf.set(keyOf(budget), members)
  }
}
