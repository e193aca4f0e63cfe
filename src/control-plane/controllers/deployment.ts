import type { Deployment, DeploymentStatus, PodTemplate, ReplicaSet } from '../../api/objects/index.ts'
import type { Wait } from '../../engine/process.ts'
import type { HopId } from '../../engine/trace.ts'
import { conditionOf, withCondition } from '../conditions.ts'
import { emptyMeta } from '../empty-meta.ts'
import type { Informer } from '../informer.ts'
import { keyOf } from '../object-key.ts'
import { controllerOf, OwnerIndex } from '../owner-index.ts'
import { encodeHash, fnv1a } from '../random-name.ts'
import { Controller, type ControllerManager, type Outcome } from './controller.ts'
import { maxUnavailableOf, newReplicaSetSize, oldReplicaSetSizes, proportionalSizes, rolloutBounds } from './rolling-update.ts'

export const TEMPLATE_HASH_LABEL = 'pod-template-hash'
const REVISION = 'deployment.kubernetes.io/revision'
const DESIRED = 'deployment.kubernetes.io/desired-replicas'
const MAX = 'deployment.kubernetes.io/max-replicas'

/** Source: `--concurrent-deployment-syncs`. */
const WORKERS = 5

/**
 * The Deployment controller: makes a ReplicaSet for every pod template and moves replicas from the old ones to the new.
 *
 * Each reconcile does one step (grow the new set, or shrink old ones) and returns; the changes that follow wake it again.
 * Not modelled yet: the progress deadline, rollback.
 *
 * Source: Kubernetes pkg/controller/deployment/{deployment_controller,sync,rolling,recreate,progress}.go.
 */
export class DeploymentController extends Controller {
  readonly #deployments: Informer<'Deployment'>
  readonly #sets: OwnerIndex<'ReplicaSet'>
  readonly #pods: OwnerIndex<'Pod'>
  readonly #hashes = new WeakMap<PodTemplate, string>()

  constructor(manager: ControllerManager) {
    super(manager, { name: 'deployment-controller', workers: WORKERS })
    this.#deployments = manager.informer('Deployment')
    const sets = manager.informer('ReplicaSet')
    const pods = manager.informer('Pod')
    this.#sets = new OwnerIndex(sets)
    this.#pods = new OwnerIndex(pods)
    this.#deployments.listen((event) => {
      if (event.type !== 'DELETED') this.enqueue(keyOf(event.object), event)
      else this.events.forget(keyOf(event.object))
    })
    sets.listen((event) => {
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
    const deployment = this.#deployments.get(key)
    if (deployment === undefined) return 'done'
    const hash = this.#hashOf(deployment.spec.template)
    const sets = this.#sets.of(deployment.metadata.uid).sort(byAge)
    const current = sets.find((rs) => rs.metadata.labels[TEMPLATE_HASH_LABEL] === hash)
    const old = sets.filter((rs) => rs !== current)

    if (deployment.spec.paused || isScaling(deployment, sets)) {
      if (!(yield* this.#scale(deployment, current, old, cause))) return 'retry'
      return yield* this.#report(deployment, current, old, cause)
    }
    if (deployment.spec.strategy.type === 'Recreate') return yield* this.#recreate(deployment, current, old, hash, cause)
    return yield* this.#roll(deployment, current, old, hash, cause)
  }

  *#roll(
    deployment: Deployment,
    existing: ReplicaSet | undefined,
    old: readonly ReplicaSet[],
    hash: string,
    cause: HopId,
  ): Generator<Wait, Outcome, unknown> {
    const current = existing ?? (yield* this.#createReplicaSet(deployment, old, hash, cause))
    if (current === null) return 'retry'
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
    deployment: Deployment,
    existing: ReplicaSet | undefined,
    old: readonly ReplicaSet[],
    hash: string,
    cause: HopId,
  ): Generator<Wait, Outcome, unknown> {
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
    const current = existing ?? (yield* this.#createReplicaSet(deployment, after, hash, cause))
    if (current === null) return 'retry'
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
  ): Generator<Wait, boolean, unknown> {
    const all = current === undefined ? [...old] : [...old, current]
    const active = all.filter((rs) => rs.spec.replicas > 0)
    const only = active.length === 1 ? active[0] : active.length === 0 ? current : undefined
    if (only !== undefined) {
      if (only.spec.replicas === deployment.spec.replicas) return true
      return (yield* this.#resize(deployment, only, deployment.spec.replicas, cause)) !== null
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
      if ((yield* this.#resize(deployment, rs, sizes[i]!, cause)) === null) return false
    }
    return true
  }

  *#createReplicaSet(
    deployment: Deployment,
    old: readonly ReplicaSet[],
    hash: string,
    cause: HopId,
  ): Generator<Wait, ReplicaSet | null, unknown> {
    const { metadata, spec } = deployment
    const labels = { ...spec.template.labels, [TEMPLATE_HASH_LABEL]: hash }
    const replicas = newReplicaSetSize(spec.strategy, spec.replicas, old.map(countOf), 0)
    const revision = old.reduce((max, rs) => Math.max(max, Number(rs.metadata.annotations[REVISION] ?? 0)), 0) + 1
    const wanted: ReplicaSet = {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: {
        ...emptyMeta(`${metadata.name}-${hash}`, metadata.namespace),
        labels,
        annotations: { ...this.#replicaAnnotations(deployment), [REVISION]: String(revision) },
        ownerReferences: [{ kind: 'Deployment', name: metadata.name, uid: metadata.uid, controller: true }],
      },
      spec: {
        replicas: Math.min(replicas, spec.replicas),
        selector: { ...spec.selector, matchLabels: { ...spec.selector.matchLabels, [TEMPLATE_HASH_LABEL]: hash } },
        template: { ...spec.template, labels },
        minReadySeconds: spec.minReadySeconds,
      },
      status: { observedGeneration: 0, replicas: 0, readyReplicas: 0, availableReplicas: 0, terminatingReplicas: 0 },
    }
    const response = yield* this.client.create(wanted, { cause, why: `template revision ${revision}, ${wanted.spec.replicas} replicas` })
    if (response.code === 201) {
      this.#tellScaled(deployment, wanted, 0)
      return response.object!
    }
    // The cache is behind: the set was made a moment ago.
    const mine = response.object !== undefined && controllerOf(response.object.metadata)?.uid === metadata.uid
    return response.code === 409 && mine ? response.object! : null
  }

  *#resize(deployment: Deployment, rs: ReplicaSet, replicas: number, cause: HopId): Generator<Wait, ReplicaSet | null, unknown> {
    const annotations = { ...rs.metadata.annotations, ...this.#replicaAnnotations(deployment) }
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

  /** Writes status (and the revision annotation) when it differs. */
  *#report(
    deployment: Deployment,
    current: ReplicaSet | undefined,
    old: readonly ReplicaSet[],
    cause: HopId,
  ): Generator<Wait, Outcome, unknown> {
    const status = this.#status(deployment, current, old)
    const revision = current?.metadata.annotations[REVISION]
    const annotations =
      revision === undefined || deployment.metadata.annotations[REVISION] === revision
        ? deployment.metadata.annotations
        : { ...deployment.metadata.annotations, [REVISION]: revision }
    if (sameStatus(status, deployment.status) && annotations === deployment.metadata.annotations) return 'done'
    const next = { ...deployment, metadata: { ...deployment.metadata, annotations }, status }
    const why = `status: ${status.updatedReplicas} updated, ${status.availableReplicas} of ${deployment.spec.replicas} available`
    const response = yield* this.client.update(next, { cause, why })
    return response.code === 200 || response.code === 404 ? 'done' : 'retry'
  }

  #status(deployment: Deployment, current: ReplicaSet | undefined, old: readonly ReplicaSet[]): DeploymentStatus {
    const all = current === undefined ? old : [...old, current]
    const total = (field: 'replicas' | 'readyReplicas' | 'availableReplicas'): number => all.reduce((n, rs) => n + rs.status[field], 0)
    const available = total('availableReplicas')
    const desired = all.reduce((n, rs) => n + rs.spec.replicas, 0)
    const counts = {
      observedGeneration: deployment.metadata.generation,
      replicas: total('replicas'),
      updatedReplicas: current?.status.replicas ?? 0,
      readyReplicas: total('readyReplicas'),
      availableReplicas: available,
      unavailableReplicas: Math.max(0, desired - available),
    }
    return { ...counts, conditions: this.#conditions(deployment, counts, current) }
  }

  #conditions(
    deployment: Deployment,
    counts: Omit<DeploymentStatus, 'conditions'>,
    current: ReplicaSet | undefined,
  ): DeploymentStatus['conditions'] {
    const { replicas, strategy } = deployment.spec
    const enough = counts.availableReplicas >= replicas - maxUnavailableOf(strategy, replicas)
    let conditions = withCondition(
      deployment.status.conditions,
      'Available',
      enough ? 'True' : 'False',
      enough ? 'MinimumReplicasAvailable' : 'MinimumReplicasUnavailable',
      this.now,
    )
    const progressing = conditionOf(conditions, 'Progressing')
    const before = deployment.status
    const complete = counts.updatedReplicas === replicas && counts.replicas === replicas && counts.availableReplicas === replicas
    const progressed =
      counts.updatedReplicas > before.updatedReplicas ||
      counts.replicas - counts.updatedReplicas < before.replicas - before.updatedReplicas ||
      counts.availableReplicas > before.availableReplicas
    let reason = progressing?.reason
    if (current !== undefined && deployment.metadata.annotations[REVISION] !== current.metadata.annotations[REVISION])
      reason = 'NewReplicaSetCreated'
    else if (complete) reason = 'NewReplicaSetAvailable'
    else if (progressed && progressing?.reason !== 'NewReplicaSetAvailable') reason = 'ReplicaSetUpdated'
    else if (progressed && counts.updatedReplicas > before.updatedReplicas) reason = 'ReplicaSetUpdated'
    if (reason !== undefined) conditions = withCondition(conditions, 'Progressing', 'True', reason, this.now)
    return conditions
  }

  #replicaAnnotations(deployment: Deployment): Record<string, string> {
    const { replicas, strategy } = deployment.spec
    return { [DESIRED]: String(replicas), [MAX]: String(replicas + rolloutBounds(strategy, replicas).maxSurge) }
  }

  #hashOf(template: PodTemplate): string {
    let hash = this.#hashes.get(template)
    if (hash === undefined) {
      hash = encodeHash(fnv1a(JSON.stringify(template)))
      this.#hashes.set(template, hash)
    }
    return hash
  }

  #deploymentOfPod(namespace: string, setName: string | undefined): Deployment | undefined {
    if (setName === undefined) return undefined
    return this.#deployments.get(`Deployment/${namespace}/${setName.slice(0, setName.lastIndexOf('-'))}`)
  }
}

/** Everything is of the newest template and available, and the status says so for this generation. */
export function isComplete(deployment: Deployment): boolean {
  const { status, spec, metadata } = deployment
  return (
    status.observedGeneration >= metadata.generation &&
    status.updatedReplicas === spec.replicas &&
    status.replicas === spec.replicas &&
    status.availableReplicas === spec.replicas
  )
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
    a.conditions === b.conditions
  )
}
