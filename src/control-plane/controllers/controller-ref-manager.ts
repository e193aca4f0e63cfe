import type { Kind, KindMap, KubernetesObject, OwnerReference, StringMap } from '../../api/objects/index.ts'
import type { Wait } from '../../engine/process.ts'
import type { HopId } from '../../engine/trace.ts'
import type { ApiClient } from '../api-client.ts'
import { keyOf } from '../object-key.ts'
import { controllerOf, type OwnerIndex } from '../owner-index.ts'
import type { WatchEvent } from '../watch-cache.ts'

/** What an owner may claim. */
export interface ClaimRules<T> {
  /** Its labels are those that the owner selects. */
  readonly selects: (labels: StringMap) => boolean
  /** Others are neither adopted nor released, and are not the owner's. All are when not given. */
  readonly considers?: (object: T) => boolean
}

export interface Claim<T> {
  /** What is the owner's, those just adopted among them, in the form they now have. */
  readonly owned: T[]
  /** False when an adoption or a release was refused or had no answer. */
  readonly succeeded: boolean
}

/** A finalizer that what is owned has: adoption puts it on, release takes it off. */
type Finalizer = string | null

/**
 * Which objects of a kind are an owner's: what its selector matches and nobody controls is adopted, what it controls and the selector no
 * longer matches is released. An owner that is being deleted does neither.
 *
 * Before the first adoption of a reconcile the owner is read from the API server: only the very object that the cache shows, and one that
 * is not being deleted, may adopt.
 *
 * Source: Kubernetes v1.36.2 pkg/controller/controller_ref_manager.go (ClaimObject, RecheckDeletionTimestamp).
 */
export class ControllerRefManager<K extends Kind> {
  readonly #index: OwnerIndex<K>
  readonly #client: ApiClient
  readonly #finalizer: Finalizer

  constructor(index: OwnerIndex<K>, client: ApiClient, finalizer: Finalizer = null) {
    this.#index = index
    this.#client = client
    this.#finalizer = finalizer
  }

  *claim(owner: KubernetesObject, rules: ClaimRules<KindMap[K]>, cause: HopId): Generator<Wait, Claim<KindMap[K]>, unknown> {
    const considers = rules.considers ?? (() => true)
    const fits = ({ metadata }: KindMap[K]): boolean => rules.selects(metadata.labels)
    const mayChange = owner.metadata.deletionTimestamp === null
    const owned: KindMap[K][] = []
    let succeeded = true
    for (const object of this.#index.of(owner.metadata.uid)) {
      if (!considers(object)) continue
      if (fits(object)) owned.push(object)
      else if (mayChange && !(yield* this.#release(owner, object, cause))) succeeded = false
    }
    if (!mayChange) return { owned, succeeded }
    let mayAdopt: boolean | null = null
    for (const object of this.#index.orphans(owner.metadata.namespace)) {
      if (object.metadata.deletionTimestamp !== null || !considers(object) || !fits(object)) continue
      mayAdopt ??= yield* this.#mayAdopt(owner)
      if (!mayAdopt) return { owned, succeeded: false }
      const adopted = yield* this.#adopt(owner, object, cause)
      if (adopted === 'refused') succeeded = false
      else if (adopted !== 'gone') owned.push(adopted)
    }
    return { owned, succeeded }
  }

  *#mayAdopt({ kind, metadata }: KubernetesObject): Generator<Wait, boolean, unknown> {
    const live = yield* this.#client.get(kind as Kind, metadata.namespace, metadata.name)
    return live !== undefined && live.metadata.uid === metadata.uid && live.metadata.deletionTimestamp === null
  }

  *#adopt(owner: KubernetesObject, object: KindMap[K], cause: HopId): Generator<Wait, KindMap[K] | 'gone' | 'refused', unknown> {
    const { kind, metadata } = owner
    const { namespace, name, uid } = object.metadata
    const reference: OwnerReference = { kind, name: metadata.name, uid: metadata.uid, controller: true, blockOwnerDeletion: true }
    const change = (current: KindMap[K]): KindMap[K] => {
      const { ownerReferences, finalizers } = current.metadata
      // The API server refuses a second controller.
      if (current.metadata.uid !== uid || controllerOf(current.metadata) !== undefined) return current
      const others = ownerReferences.filter((each) => each.uid !== metadata.uid)
      const added = this.#finalizer === null || finalizers.includes(this.#finalizer) ? [] : [this.#finalizer]
      return withMeta(current, { ownerReferences: [...others, reference], finalizers: [...finalizers, ...added] })
    }
    const because = { cause, why: `adopted by ${kind} ${metadata.name}` }
    const response = yield* this.#client.patch(object.kind as K, namespace, name, change, because)
    if (response.code === 404) return 'gone'
    if (response.code !== 200 || response.object === undefined) return 'refused'
    return controllerOf(response.object.metadata)?.uid === metadata.uid ? response.object : 'refused'
  }

  *#release(owner: KubernetesObject, object: KindMap[K], cause: HopId): Generator<Wait, boolean, unknown> {
    const { namespace, name, uid } = object.metadata
    const change = (current: KindMap[K]): KindMap[K] => {
      const { ownerReferences, finalizers } = current.metadata
      const kept = ownerReferences.filter((each) => each.uid !== owner.metadata.uid)
      if (current.metadata.uid !== uid || kept.length === ownerReferences.length) return current
      return withMeta(current, { ownerReferences: kept, finalizers: finalizers.filter((each) => each !== this.#finalizer) })
    }
    const because = { cause, why: `released by ${owner.kind} ${owner.metadata.name}: its labels no longer match` }
    const response = yield* this.#client.patch(object.kind as K, namespace, name, change, because)
    return response.code === 200 || response.code === 404
  }
}

function withMeta<K extends Kind>(
  object: KindMap[K],
  change: { readonly ownerReferences: readonly OwnerReference[]; readonly finalizers: readonly string[] },
): KindMap[K] {
  return { ...object, metadata: { ...object.metadata, ...change } }
}

/**
 * Who has to look because of what happened to an object that may belong to it: the controller it had and has no more, and, when nobody
 * controls it and that or its labels are new, all that select it. Its present controller is the listener's own affair.
 *
 * Source: Kubernetes pkg/controller/replicaset/replica_set.go (addPod, updatePod), and the same in the other controllers.
 */
export function wakeOwners<T extends KubernetesObject, O extends KubernetesObject>(
  event: WatchEvent,
  {
    kind,
    owners,
    selects,
  }: { readonly kind: string; readonly owners: () => Iterable<O>; readonly selects: (owner: O, object: T) => boolean },
  wake: (ownerKey: string) => void,
): void {
  const object = event.object as KubernetesObject as T
  const owner = controllerOf(object.metadata)
  const before = event.previous === undefined ? undefined : controllerOf(event.previous.metadata)
  const { namespace } = object.metadata
  if (before !== undefined && before.uid !== owner?.uid && before.kind === kind) wake(`${kind}/${namespace}/${before.name}`)
  if (owner !== undefined || event.type === 'DELETED' || object.metadata.deletionTimestamp !== null) return
  const isNews = event.previous === undefined || before !== undefined || !sameLabels(event.previous.metadata.labels, object.metadata.labels)
  if (!isNews) return
  for (const candidate of owners()) if (candidate.metadata.namespace === namespace && selects(candidate, object)) wake(keyOf(candidate))
}

function sameLabels(a: StringMap, b: StringMap): boolean {
  if (a === b) return true
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((key) => b[key] === a[key])
}
