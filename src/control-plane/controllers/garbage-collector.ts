import type { AnyObject, Kind, KindMap, OwnerReference } from '../../api/objects/index.ts'
import type { Wait } from '../../engine/process.ts'
import type { HopId } from '../../engine/trace.ts'
import type { Informer } from '../informer.ts'
import { splitKey } from '../object-key.ts'
import { FOREGROUND_FINALIZER, ORPHAN_FINALIZER, type Propagation } from '../propagation.ts'
import { isServed } from '../resources.ts'
import type { WatchEvent } from '../watch-cache.ts'
import { Controller, type ControllerManager, type Outcome } from './controller.ts'
import { GarbageGraph, type GraphNode } from './garbage-graph.ts'

/** Source: `--concurrent-gc-syncs`. */
export const WORKERS = 20

/** Kinds whose objects are watched for who owns whom. An owner of another kind is looked for where it is named. */
const WATCHED: readonly Kind[] = [
  ...(['Namespace', 'Node', 'ServiceAccount', 'Deployment', 'ReplicaSet', 'ReplicationController', 'StatefulSet', 'DaemonSet'] as const),
  ...(['CronJob', 'Job', 'Pod', 'ControllerRevision', 'Service', 'EndpointSlice', 'PodDisruptionBudget'] as const),
]

/** An object's owners: those that hold it, those that are gone, and those whose foreground deletion waits for it. */
interface Owners {
  readonly solid: OwnerReference[]
  readonly dangling: OwnerReference[]
  readonly waiting: OwnerReference[]
}

/**
 * The garbage collector: deletes what belongs to owners that are all gone, lets dependents go that are to be orphaned, and in a foreground
 * deletion holds the owner back until its blocking dependents are gone.
 *
 * Before it deletes, it asks the API server itself, since its cache may be behind. An owner in another namespace counts as absent.
 *
 * Source: Kubernetes pkg/controller/garbagecollector/garbagecollector.go.
 */
export class GarbageCollector extends Controller {
  readonly #graph: GarbageGraph
  readonly #informers = new Map<string, Informer<Kind>>()
  /** The event that is being worked into the graph: the cause of what it asks for. */
  #event: WatchEvent | null = null

  constructor(manager: ControllerManager) {
    super(manager, { name: 'garbage-collector', account: 'generic-garbage-collector', workers: WORKERS })
    this.#graph = new GarbageGraph({
      consider: (node) => this.enqueue(node.key, this.#event!),
      orphan: (node) => this.enqueue(node.key, this.#event!),
      misplaced: (dependent, owner) => this.#tellMisplaced(dependent, owner),
    })
    for (const kind of WATCHED) {
      const informer = manager.informer(kind)
      this.#informers.set(kind, informer as unknown as Informer<Kind>)
      informer.listen((event) => {
        this.#event = event
        if (event.type === 'DELETED') this.#graph.removed(event.object.metadata.uid)
        else this.#graph.changed(event.object, event.previous)
      })
    }
  }

  protected *reconcile(key: string, cause: HopId): Generator<Wait, Outcome, unknown> {
    const node = this.#graph.at(key)
    if (node === undefined || node.virtual) return 'done'
    const seen = this.#informers.get(splitKey(key).kind)?.get(key)
    if (seen !== undefined && seen.metadata.deletionTimestamp !== null && seen.metadata.finalizers.includes(ORPHAN_FINALIZER))
      return yield* this.#orphanDependents(node, cause)
    if (node.beingDeleted && !node.deletingDependents) return 'done'
    const { kind, namespace, name } = splitKey(key)
    const live = yield* this.client.get(kind as Kind, namespace, name)
    if (live === undefined || live.metadata.uid !== node.uid) return 'done'
    if (node.deletingDependents) return yield* this.#finishForeground(node, cause)
    const { ownerReferences } = live.metadata
    if (ownerReferences.length === 0) return 'done'
    const owners = yield* this.#classify(live)
    if (owners === null) return 'done'
    const { solid, dangling, waiting } = owners
    const gone = [...dangling, ...waiting]
    if (solid.length > 0) {
      if (gone.length === 0) return 'done'
      const why = `no longer owned by ${named(gone)}`
      return yield* this.#patchOwners(live, (owner) => !gone.some(({ uid }) => uid === owner.uid), cause, why)
    }
    if (waiting.length > 0 && node.dependents.size > 0) {
      // Two that wait for each other would wait for ever: the one let go of here no longer blocks its owner.
      if ([...node.dependents.values()].some((dependent) => dependent.deletingDependents)) {
        const unblocked = yield* this.#unblock(live, cause)
        if (unblocked === 'retry') return 'retry'
      }
      return yield* this.#delete(node, 'Foreground', cause, `its owner ${named(waiting)} is being deleted`)
    }
    const { finalizers } = live.metadata
    const propagation = finalizers.includes(ORPHAN_FINALIZER)
      ? 'Orphan'
      : finalizers.includes(FOREGROUND_FINALIZER)
        ? 'Foreground'
        : 'Background'
    const why = dangling.length > 0 ? `its owner ${named(dangling)} is gone` : `its owner ${named(waiting)} is being deleted`
    return yield* this.#delete(node, propagation, cause, why)
  }

  /** null when an owner is of a kind that nobody serves: what it is cannot be found out. */
  *#classify(object: AnyObject): Generator<Wait, Owners | null, unknown> {
    const owners: Owners = { solid: [], dangling: [], waiting: [] }
    for (const reference of object.metadata.ownerReferences) {
      if (this.#graph.isKnownAbsent(reference.uid)) {
        owners.dangling.push(reference)
        continue
      }
      const { kind, name, uid } = reference
      if (!isServed(kind) && !this.access.server.kinds.includes(kind)) return null
      const namespace = CLUSTER_SCOPED.has(kind) ? '' : object.metadata.namespace
      const owner: AnyObject | undefined = yield* this.client.get(kind as Kind, namespace, name)
      if (owner === undefined || owner.metadata.uid !== uid) {
        owners.dangling.push(reference)
        this.#graph.missing(uid)
      } else if (owner.metadata.deletionTimestamp !== null && owner.metadata.finalizers.includes(FOREGROUND_FINALIZER))
        owners.waiting.push(reference)
      else owners.solid.push(reference)
    }
    return owners
  }

  /** Its dependents that block are gone, and it can go; or they are looked at, if their own deletion has not begun. */
  *#finishForeground(node: GraphNode, cause: HopId): Generator<Wait, Outcome, unknown> {
    const blocking = this.#graph.blocking(node)
    if (blocking.length === 0) return yield* this.#removeFinalizer(node, FOREGROUND_FINALIZER, cause, 'its dependents are gone')
    for (const dependent of blocking) if (!dependent.deletingDependents) this.queue.add(dependent.key, cause)
    return 'done'
  }

  /** All dependents lose their reference to the owner, then the owner may go. */
  *#orphanDependents(node: GraphNode, cause: HopId): Generator<Wait, Outcome, unknown> {
    const why = `orphaned by ${node.key}`
    const calls = [...node.dependents.values()].map((dependent) => this.access.sim.spawn(this.#orphan(dependent, node.uid, cause, why)))
    let succeeded = true
    for (const call of calls) if (!(yield call)) succeeded = false
    if (!succeeded) return 'retry'
    return yield* this.#removeFinalizer(node, ORPHAN_FINALIZER, cause, 'its dependents are orphaned')
  }

  *#orphan(dependent: GraphNode, ownerUid: string, cause: HopId, why: string): Generator<Wait, boolean, unknown> {
    const { kind, namespace, name } = splitKey(dependent.key)
    const change = (current: AnyObject): AnyObject => withOwners(current, (owner) => owner.uid !== ownerUid)
    const response = yield* this.client.patch(kind as Kind, namespace, name, change as (current: KindMap[Kind]) => KindMap[Kind], {
      cause,
      why,
    })
    return response.code === 200 || response.code === 404
  }

  *#removeFinalizer(node: GraphNode, finalizer: string, cause: HopId, why: string): Generator<Wait, Outcome, unknown> {
    const { kind, namespace, name } = splitKey(node.key)
    const change = (current: AnyObject): AnyObject => {
      const { metadata } = current
      if (metadata.uid !== node.uid || !metadata.finalizers.includes(finalizer)) return current
      return { ...current, metadata: { ...metadata, finalizers: metadata.finalizers.filter((each) => each !== finalizer) } } as AnyObject
    }
    const response = yield* this.client.patch(kind as Kind, namespace, name, change as (current: KindMap[Kind]) => KindMap[Kind], {
      cause,
      why,
    })
    return response.code === 200 || response.code === 404 ? 'done' : 'retry'
  }

  *#patchOwners(object: AnyObject, keep: (owner: OwnerReference) => boolean, cause: HopId, why: string): Generator<Wait, Outcome, unknown> {
    const { namespace, name } = object.metadata
    const change = (current: AnyObject): AnyObject => withOwners(current, keep)
    const patch = change as (current: KindMap[Kind]) => KindMap[Kind]
    const response = yield* this.client.patch(object.kind as Kind, namespace, name, patch, { cause, why })
    return response.code === 200 || response.code === 404 ? 'done' : 'retry'
  }

  *#unblock({ kind, metadata }: AnyObject, cause: HopId): Generator<Wait, Outcome, unknown> {
    const change = (current: AnyObject): AnyObject => {
      const ownerReferences = current.metadata.ownerReferences.map((owner) => ({ ...owner, blockOwnerDeletion: false }))
      return { ...current, metadata: { ...current.metadata, ownerReferences } } as AnyObject
    }
    const patch = change as (current: KindMap[Kind]) => KindMap[Kind]
    const because = { cause, why: 'owners wait for each other' }
    const response = yield* this.client.patch(kind as Kind, metadata.namespace, metadata.name, patch, because)
    return response.code === 200 || response.code === 404 ? 'done' : 'retry'
  }

  /** Only the object that was looked at: one of the same name that has taken its place is left alone. */
  *#delete(node: GraphNode, propagation: Propagation, cause: HopId, why: string): Generator<Wait, Outcome, unknown> {
    const { kind, namespace, name } = splitKey(node.key)
    const response = yield* this.client.delete(kind, namespace, name, null, { cause, why }, propagation, node.uid)
    return response.code === 200 || response.code === 404 || response.code === 409 ? 'done' : 'retry'
  }

  /** Source: graph_builder.go (reportInvalidNamespaceOwnerRef). */
  #tellMisplaced(dependent: GraphNode, owner: GraphNode): void {
    const object = this.#informers.get(splitKey(dependent.key).kind)?.get(dependent.key)
    if (object === undefined) return
    const { kind, name } = splitKey(owner.key)
    const what = `${kind}, namespace: ${owner.namespace}, name: ${name}, uid: ${owner.uid}`
    this.events.record(object, 'OwnerRefInvalidNamespace', `ownerRef [${what}] does not exist in namespace "${dependent.namespace}"`)
  }
}

const CLUSTER_SCOPED: ReadonlySet<string> = new Set([
  ...['ClusterRole', 'ClusterRoleBinding', 'CustomResourceDefinition', 'Namespace', 'Node', 'PersistentVolume', 'PriorityClass'],
  ...['StorageClass', 'RuntimeClass', 'IngressClass', 'GatewayClass', 'CSIDriver', 'CSINode', 'VolumeAttachment'],
])

function named(owners: readonly OwnerReference[]): string {
  return owners.map(({ kind, name }) => `${kind} ${name}`).join(', ')
}

function withOwners(object: AnyObject, keep: (owner: OwnerReference) => boolean): AnyObject {
  const { ownerReferences } = object.metadata
  const kept = ownerReferences.filter(keep)
  return kept.length === ownerReferences.length
    ? object
    : ({ ...object, metadata: { ...object.metadata, ownerReferences: kept } } as AnyObject)
}
