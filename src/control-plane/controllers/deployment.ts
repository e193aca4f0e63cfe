import { matchesSelector } from '../../api/labels.ts'
import type { Deployment, DeploymentStatus, PodTemplate, ReplicaSet } from '../../api/objects/index.ts'
import type { Wait } from '../../engine/process.ts'
import type { HopId } from '../../engine/trace.ts'
import { SECOND } from '../../units.ts'
import { withCondition } from '../conditions.ts'
import type { Informer } from '../informer.ts'
import { keyOf } from '../object-key.ts'
import { controllerOf, OwnerIndex } from '../owner-index.ts'
import { Controller, type ControllerManager, type Outcome } from './controller.ts'
import { ControllerRefManager, wakeOwners } from './controller-ref-manager.ts'
import { completes, deadlineCheckAt, hasDeadline, withPause, withProgress, withProgressing } from './deployment-progress.ts'
import { DESIRED, MAX, replicaAnnotations, replicaSetOf, templateHash } from './deployment-replica-set.ts'
import { newestRevision, REVISION, REVISION_HISTORY, revisionOf } from './deployment-revisions.ts'
import { maxUnavailableOf, newReplicaSetSize, oldReplicaSetSizes, proportionalSizes, rolloutBounds } from './rolling-update.ts'

/** Source: feature gate DeploymentReplicaSetTerminatingReplicas, beta and on since 1.35. */
export const TERMINATING_REPLICAS_SINCE = 35

/** Source: `--concurrent-deployment-syncs`. */
export const WORKERS = 5

/**
 * The Deployment controller: makes a ReplicaSet for every pod template and moves replicas from the old ones to the new.
 *
 * Each reconcile does one step (grow the new set, or shrink old ones) and returns; the changes that follow wake it again.
 * Rolling back is kubectl's: it puts an old template back, and the ReplicaSet that has it gets a new revision here.
 *
 * Source: Kubernetes pkg/controller/deployment/{deployment_controller,sync,rolling,recreate,progress}.go.
 */
export class DeploymentController extends Controller {
  readonly #deployments: Informer<'Deployment'>
  readonly #refs: ControllerRefManager<'ReplicaSet'>
  readonly #pods: OwnerIndex<'Pod'>
  readonly #hashes = new WeakMap<PodTemplate, string>()

  constructor(manager: ControllerManager) {
    super(manager, { name: 'deployment-controller', workers: WORKERS })
    this.#deployments = manager.informer('Deployment')
    const sets = manager.informer('ReplicaSet')
    const pods = manager.informer('Pod')
    this.#refs = new ControllerRefManager(new OwnerIndex(sets), this.client)
    this.#pods = new OwnerIndex(pods)
    this.#deployments.listen((event) => {
      if (event.type !== 'DELETED') this.enqueue(keyOf(event.object), event)
      else this.events.forget(keyOf(event.object))
    })
    sets.listen((event) => {
      wakeOwners<ReplicaSet, Deployment>(
        event,
        {
          kind: 'Deployment',
          owners: () => this.#deployments.values(),
          selects: ({ spec }, { metadata }) => matchesSelector(spec.selector, metadata.labels),
        },
        (key) => this.enqueue(key, event),
      )
      const owner = controllerOf(event.object.metadata)
      if (owner?.kind === 'Deployment') this.enqueue(`Deployment/${event.object.metadata.namespace}/${owner.name}`, event)
    })
    pods.listen((event) => {
      // Only Recreate waits for pods to be gone; a rolling update follows the ReplicaSets' own counts.
      if (event.type !== 'DELETED') return
      const deployment = this.#deploymentOfPod(event.object.metadata.namespace, controllerOf(event.object.metadata)?.name)
      if (deployment?.spec.strategy.type === 'Recreate') this.enqueue(keyOf(deployment), event)
    })
  }

  protected *reconcile(key: string, cause: HopId): Generator<Wait, Outcome, unknown> {
    const found = this.#deployments.get(key)
    if (found === undefined || found.metadata.deletionTimestamp !== null) return 'done'
    const claim = yield* this.#refs.claim(found, { selects: (labels) => matchesSelector(found.spec.selector, labels) }, cause)
    if (!claim.succeeded) return 'retry'
    const sets = claim.owned.sort(byAge)
    const plainHash = this.#hashOf(found.spec.template)
    const existing = sets.find((rs) => this.#hashOf(rs.spec.template) === plainHash)
    const old = sets.filter((rs) => rs !== existing)
    const conditions = withPause(found, this.now)
    let deployment: Deployment | null = found
    if (conditions !== found.status.conditions) {
      const why = found.spec.paused ? 'paused' : 'resumed'
      deployment = yield* this.#write({ ...found, status: { ...found.status, conditions } }, why, cause)
      if (deployment === null) return 'retry'
    }

    const scaling = isScaling(deployment, sets)
    if (existing === undefined && (deployment.spec.paused || scaling)) return yield* this.#stand(deployment, undefined, old, cause)
    if (existing === undefined && deployment.spec.strategy.type === 'Recreate')
      return yield* this.#recreate(deployment, undefined, old, cause)
    const current =
      existing === undefined ? yield* this.#createReplicaSet(deployment, old, cause) : yield* this.#renew(deployment, existing, old, cause)
    if (current === null) return 'retry'
    deployment = yield* this.#syncRevision(deployment, current, existing === undefined, cause)
    if (deployment === null) return 'retry'
    if (deployment.spec.paused || scaling) return yield* this.#stand(deployment, current, old, cause)
    if (deployment.spec.strategy.type === 'Recreate') return yield* this.#recreate(deployment, current, old, cause)
    return yield* this.#roll(deployment, current, old, cause)
  }

  /** No rollout: only the number of replicas is followed. */
  *#stand(
    deployment: Deployment,
    current: ReplicaSet | undefined,
    old: readonly ReplicaSet[],
    cause: HopId,
  ): Generator<Wait, Outcome, unknown> {
    const after = yield* this.#scale(deployment, current, old, cause)
    if (after === null) return 'retry'
    if (deployment.spec.paused) yield* this.#cleanUp(deployment, old, cause)
    return yield* this.#report(deployment, current, old, cause, 'counts')
  }

  /** A ReplicaSet that was there already is the newest revision now, if it was not. Source: sync.go (getNewReplicaSet). */
  *#renew(deployment: Deployment, rs: ReplicaSet, old: readonly ReplicaSet[], cause: HopId): Generator<Wait, ReplicaSet | null, unknown> {
    const { minReadySeconds } = deployment.spec
    const revision = newestRevision(old) + 1
    const isOlder = revisionOf(rs) < revision
    if (!isOlder && rs.spec.minReadySeconds === minReadySeconds) return rs
    const had = rs.metadata.annotations[REVISION]
    const history = [rs.metadata.annotations[REVISION_HISTORY], had].filter((part) => part !== undefined && part !== '').join(',')
    const renewed = { [REVISION]: String(revision), ...(history === '' ? {} : { [REVISION_HISTORY]: history }) }
    const annotations = isOlder ? { ...rs.metadata.annotations, ...renewed } : rs.metadata.annotations
    const spec = rs.spec.minReadySeconds === minReadySeconds ? rs.spec : { ...rs.spec, minReadySeconds }
    const why = isOlder ? `its template is wanted again: revision ${had} becomes ${revision}` : `minReadySeconds ${minReadySeconds}`
    const response = yield* this.client.update({ ...rs, metadata: { ...rs.metadata, annotations }, spec }, { cause, why })
    return response.code === 200 ? response.object! : null
  }

  /** Notes the newest revision at the Deployment, with a first sign of progress. */
  *#syncRevision(deployment: Deployment, current: ReplicaSet, created: boolean, cause: HopId): Generator<Wait, Deployment | null, unknown> {
    const revision = current.metadata.annotations[REVISION]!
    let { conditions } = deployment.status
    if (hasDeadline(deployment)) {
      if (created) conditions = withProgressing(conditions, 'True', 'NewReplicaSetCreated', this.now)
      else if (!conditions.some(({ type }) => type === 'Progressing'))
        conditions = withProgressing(conditions, 'True', 'FoundNewReplicaSet', this.now)
    }
    const same = deployment.metadata.annotations[REVISION] === revision
    if (same && conditions === deployment.status.conditions) return deployment
    const annotations = same ? deployment.metadata.annotations : { ...deployment.metadata.annotations, [REVISION]: revision }
    const next = { ...deployment, metadata: { ...deployment.metadata, annotations }, status: { ...deployment.status, conditions } }
    return yield* this.#write(next, `revision ${revision}`, cause)
  }

  *#write(next: Deployment, why: string, cause: HopId): Generator<Wait, Deployment | null, unknown> {
    const response = yield* this.client.update(next, { cause, why })
    return response.code === 200 ? response.object! : null
  }

  *#roll(deployment: Deployment, current: ReplicaSet, old: readonly ReplicaSet[], cause: HopId): Generator<Wait, Outcome, unknown> {
    const { replicas, strategy } = deployment.spec

    const size = newReplicaSetSize(strategy, replicas, [...old, current].map(countOf), current.spec.replicas)
    const wanted = Math.min(size, replicas)
    if (wanted !== current.spec.replicas) {
      const grown = yield* this.#resize(deployment, current, wanted, cause)
      return grown === null ? 'retry' : yield* this.#report(deployment, grown, old, cause)
    }

    const sizes = oldReplicaSetSizes(maxUnavailableOf(strategy, replicas), replicas, old.map(countOf), countOf(current))
    const after: ReplicaSet[] = []
    for (const [i, rs] of old.entries()) {
      const next = sizes[i] === rs.spec.replicas ? rs : yield* this.#resize(deployment, rs, sizes[i]!, cause)
      if (next === null) return 'retry'
      after.push(next)
    }
    if (isComplete(deployment)) yield* this.#cleanUp(deployment, after, cause)
    return yield* this.#report(deployment, current, after, cause)
  }

  *#recreate(
    given: Deployment,
    existing: ReplicaSet | undefined,
    old: readonly ReplicaSet[],
    cause: HopId,
  ): Generator<Wait, Outcome, unknown> {
    let deployment = given
    let scaledDown = false
    const after: ReplicaSet[] = []
    for (const rs of old) {
      const next = rs.spec.replicas === 0 ? rs : yield* this.#resize(deployment, rs, 0, cause)
      if (next === null) return 'retry'
      scaledDown ||= next !== rs
      after.push(next)
    }
    const oldPods = old.some((rs) =>
      this.#pods.of(rs.metadata.uid).some((pod) => pod.status.phase !== 'Failed' && pod.status.phase !== 'Succeeded'),
    )
    if (scaledDown || oldPods) return yield* this.#report(deployment, existing, after, cause)
    const current = existing ?? (yield* this.#createReplicaSet(deployment, after, cause))
    if (current === null) return 'retry'
    if (existing === undefined) {
      const synced = yield* this.#syncRevision(deployment, current, true, cause)
      if (synced === null) return 'retry'
      deployment = synced
    }
    const grown =
      current.spec.replicas === deployment.spec.replicas
        ? current
        : yield* this.#resize(deployment, current, deployment.spec.replicas, cause)
    if (grown === null) return 'retry'
    if (isComplete(deployment)) yield* this.#cleanUp(deployment, after, cause)
    return yield* this.#report(deployment, grown, after, cause)
  }

  /** `spec.replicas` changed: one set with pods takes it all, several share it in proportion. */
  *#scale(
    deployment: Deployment,
    current: ReplicaSet | undefined,
    old: readonly ReplicaSet[],
    cause: HopId,
  ): Generator<Wait, true | null, unknown> {
    const all = current === undefined ? [...old] : [...old, current]
    const active = all.filter((rs) => rs.spec.replicas > 0)
    const only = active.length === 1 ? active[0] : active.length === 0 ? current : undefined
    if (only !== undefined) {
      if (only.spec.replicas === deployment.spec.replicas) return true
      return (yield* this.#resize(deployment, only, deployment.spec.replicas, cause)) === null ? null : true
    }
    if (deployment.spec.strategy.type === 'Recreate') return true
    const newestFirst = active.reverse()
    const sizes = proportionalSizes(
      rolloutBounds(deployment.spec.strategy, deployment.spec.replicas),
      deployment.spec.replicas,
      newestFirst.map((rs) => ({
        desired: rs.spec.replicas,
        previousMax: Number(rs.metadata.annotations[MAX] ?? deployment.status.replicas),
      })),
    )
    for (const [i, rs] of newestFirst.entries()) {
      if ((yield* this.#resize(deployment, rs, sizes[i]!, cause)) === null) return null
    }
    return true
  }

  *#createReplicaSet(deployment: Deployment, old: readonly ReplicaSet[], cause: HopId): Generator<Wait, ReplicaSet | null, unknown> {
    const { metadata, spec, status } = deployment
    const hash = this.#hashOf(spec.template, status.collisionCount ?? 0)
    const size = newReplicaSetSize(spec.strategy, spec.replicas, old.map(countOf), 0)
    const revision = newestRevision(old) + 1
    const wanted = replicaSetOf(deployment, { hash, revision, replicas: Math.min(size, spec.replicas) })
    const response = yield* this.client.create(wanted, { cause, why: `template revision ${revision}, ${wanted.spec.replicas} replicas` })
    if (response.code === 201) {
      this.#tellScaled(deployment, wanted, 0)
      return response.object!
    }
    if (response.code !== 409 || response.object === undefined) return null
    // The cache is behind: the set was made a moment ago.
    const mine = controllerOf(response.object.metadata)?.uid === metadata.uid
    if (mine && this.#hashOf(response.object.spec.template) === this.#hashOf(spec.template)) return response.object
    const collisionCount = (status.collisionCount ?? 0) + 1
    yield* this.#write({ ...deployment, status: { ...status, collisionCount } }, `the hash ${hash} is taken`, cause)
    return null
  }

  /** Nothing is written where the ReplicaSet has that size and knows of the Deployment's. Source: sync.go (scaleReplicaSet). */
  *#resize(deployment: Deployment, rs: ReplicaSet, replicas: number, cause: HopId): Generator<Wait, ReplicaSet | null, unknown> {
    const told = replicaAnnotations(deployment)
    const knows = Object.entries(told).every(([name, value]) => rs.metadata.annotations[name] === value)
    if (knows && rs.spec.replicas === replicas) return rs
    const annotations = { ...rs.metadata.annotations, ...told }
    const next = { ...rs, metadata: { ...rs.metadata, annotations }, spec: { ...rs.spec, replicas } }
    const response = yield* this.client.update(next, { cause, why: `scaled from ${rs.spec.replicas} to ${replicas}` })
    if (response.code !== 200) return null
    this.#tellScaled(deployment, next, rs.spec.replicas)
    return response.object!
  }

  #tellScaled(deployment: Deployment, rs: ReplicaSet, before: number): void {
    const { replicas } = rs.spec
    if (replicas === before) return
    const direction = replicas > before ? 'up' : 'down'
    this.events.record(deployment, 'ScalingReplicaSet', `Scaled ${direction} replica set ${rs.metadata.name} from ${before} to ${replicas}`)
  }

  *#cleanUp(deployment: Deployment, old: readonly ReplicaSet[], cause: HopId): Generator<Wait, void, unknown> {
    const empty = old.filter(
      (rs) => rs.spec.replicas === 0 && rs.status.replicas === 0 && rs.status.observedGeneration >= rs.metadata.generation,
    )
    for (const rs of empty.slice(0, Math.max(0, old.length - deployment.spec.revisionHistoryLimit))) {
      yield* this.client.delete('ReplicaSet', rs.metadata.namespace, rs.metadata.name, null, { cause, why: 'beyond revisionHistoryLimit' })
    }
  }

  /** Writes status when it differs. `counts`: this was no step of a rollout, and Progressing stays as it is. */
  *#report(
    deployment: Deployment,
    current: ReplicaSet | undefined,
    old: readonly ReplicaSet[],
    cause: HopId,
    what: 'rollout' | 'counts' = 'rollout',
  ): Generator<Wait, Outcome, unknown> {
    const status = this.#status(deployment, current, old, what)
    if (sameStatus(status, deployment.status)) {
      const at = what === 'rollout' ? deadlineCheckAt(deployment, status) : null
      if (at !== null) this.queue.addAfter(keyOf(deployment), Math.max(SECOND, at - this.now), cause)
      return 'done'
    }
    const why = `status: ${status.updatedReplicas} updated, ${status.availableReplicas} of ${deployment.spec.replicas} available`
    const response = yield* this.client.update({ ...deployment, status }, { cause, why })
    return response.code === 200 || response.code === 404 ? 'done' : 'retry'
  }

  #status(
    deployment: Deployment,
    current: ReplicaSet | undefined,
    old: readonly ReplicaSet[],
    what: 'rollout' | 'counts',
  ): DeploymentStatus {
    const all = current === undefined ? old : [...old, current]
    const total = (field: 'replicas' | 'readyReplicas' | 'availableReplicas' | 'terminatingReplicas'): number =>
      all.reduce((n, rs) => n + rs.status[field], 0)
    const available = total('availableReplicas')
    const desired = all.reduce((n, rs) => n + rs.spec.replicas, 0)
    const { collisionCount } = deployment.status
    const counts = {
      observedGeneration: deployment.metadata.generation,
      replicas: total('replicas'),
      updatedReplicas: current?.status.replicas ?? 0,
      readyReplicas: total('readyReplicas'),
      availableReplicas: available,
      unavailableReplicas: Math.max(0, desired - available),
      ...(this.access.version >= TERMINATING_REPLICAS_SINCE ? { terminatingReplicas: total('terminatingReplicas') } : {}),
      ...(collisionCount === undefined ? {} : { collisionCount }),
    }
    const { replicas, strategy } = deployment.spec
    const enough = available >= replicas - maxUnavailableOf(strategy, replicas)
    const reason = enough ? 'MinimumReplicasAvailable' : 'MinimumReplicasUnavailable'
    const conditions = withCondition(deployment.status.conditions, 'Available', enough ? 'True' : 'False', reason, this.now)
    return { ...counts, conditions: what === 'rollout' ? withProgress(conditions, deployment, counts, this.now) : conditions }
  }

  #hashOf(template: PodTemplate, collisions = 0): string {
    const known = collisions === 0 ? this.#hashes.get(template) : undefined
    if (known !== undefined) return known
    const hash = templateHash(template, collisions)
    if (collisions === 0) this.#hashes.set(template, hash)
    return hash
  }

  #deploymentOfPod(namespace: string, setName: string | undefined): Deployment | undefined {
    if (setName === undefined) return undefined
    return this.#deployments.get(`Deployment/${namespace}/${setName.slice(0, setName.lastIndexOf('-'))}`)
  }
}

/** Everything is of the newest template and available, and the status says so for this generation. */
export function isComplete(deployment: Deployment): boolean {
  return completes(deployment, deployment.status)
}

function isScaling(deployment: Deployment, sets: readonly ReplicaSet[]): boolean {
  return sets.some((rs) => {
    const desired = rs.metadata.annotations[DESIRED]
    return rs.spec.replicas > 0 && desired !== undefined && Number(desired) !== deployment.spec.replicas
  })
}

function byAge(a: ReplicaSet, b: ReplicaSet): number {
  return a.metadata.creationTimestamp - b.metadata.creationTimestamp
}

function countOf(rs: ReplicaSet): { desired: number; available: number } {
  return { desired: rs.spec.replicas, available: rs.status.availableReplicas }
}

function sameStatus(a: DeploymentStatus, b: DeploymentStatus): boolean {
  return (
    a.observedGeneration === b.observedGeneration &&
    a.replicas === b.replicas &&
    a.updatedReplicas === b.updatedReplicas &&
    a.readyReplicas === b.readyReplicas &&
    a.availableReplicas === b.availableReplicas &&
    a.unavailableReplicas === b.unavailableReplicas &&
    a.terminatingReplicas === b.terminatingReplicas &&
    a.collisionCount === b.collisionCount &&
    JSON.stringify(a.conditions) === JSON.stringify(b.conditions)
  )
}
