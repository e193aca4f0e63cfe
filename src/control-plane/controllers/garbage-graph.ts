import type { AnyObject, OwnerReference } from '../../api/objects/index.ts'
import { keyOf, objectKey } from '../object-key.ts'
import { FOREGROUND_FINALIZER, ORPHAN_FINALIZER } from '../propagation.ts'

/** An object in the graph, or (virtual) one that others name as their owner and that nobody has seen. */
export interface GraphNode {
  readonly uid: string
  key: string
  namespace: string
  owners: readonly OwnerReference[]
  readonly dependents: Map<string, GraphNode>
  virtual: boolean
  beingDeleted: boolean
  /** Its foreground deletion has begun. */
  deletingDependents: boolean
}

/** What a change of the graph asks the garbage collector to look at. */
export interface GraphWork {
  /** Should this object be deleted, or can it go? */
  readonly consider: (node: GraphNode) => void
  /** Its dependents are to be let go. */
  readonly orphan: (node: GraphNode) => void
  /** It names an owner that lives in another namespace. */
  readonly misplaced: (dependent: GraphNode, owner: GraphNode) => void
}

/**
 * Who owns whom, as the garbage collector has seen it. Owners are known by uid; one that is named before it is seen is there as a virtual
 * object until it has been looked for.
 *
 * Source: Kubernetes pkg/controller/garbagecollector/graph_builder.go (processGraphChanges).
 */
export class GarbageGraph {
  readonly #nodes = new Map<string, GraphNode>()
  readonly #byKey = new Map<string, GraphNode>()
  /** Owners that were seen to go while they had dependents. */
  readonly #absent = new Set<string>()
  readonly #work: GraphWork

  constructor(work: GraphWork) {
    this.#work = work
  }

  /** The object that has that key, a virtual one only where there is no other. */
  at(key: string): GraphNode | undefined {
    return this.#byKey.get(key)
  }

  isKnownAbsent(uid: string): boolean {
    return this.#absent.has(uid)
  }

  changed(object: AnyObject, previous: AnyObject | undefined): void {
    const { uid, namespace, ownerReferences, finalizers, deletionTimestamp } = object.metadata
    let node = this.#nodes.get(uid)
    const isNew = node === undefined || node.virtual
    if (node === undefined) {
      node = newNode(uid, keyOf(object), namespace, false)
      this.#nodes.set(uid, node)
    }
    if (node.virtual) {
      if (this.#byKey.get(node.key) === node) this.#byKey.delete(node.key)
      node.virtual = false
      node.key = keyOf(object)
      node.namespace = namespace
      for (const dependent of node.dependents.values()) if (isMisplaced(dependent, node)) this.#misplaced(dependent, node)
    }
    this.#byKey.set(keyOf(object), node)
    if (isNew || previous === undefined || previous.metadata.ownerReferences !== ownerReferences) this.#link(node, object)
    if (deletionTimestamp === null) return
    node.beingDeleted = true
    const before = previous?.metadata.deletionTimestamp === null ? [] : (previous?.metadata.finalizers ?? [])
    const begins = (finalizer: string): boolean => finalizers.includes(finalizer) && (isNew || !before.includes(finalizer))
    if (begins(ORPHAN_FINALIZER)) this.#work.orphan(node)
    if (begins(FOREGROUND_FINALIZER)) {
      node.deletingDependents = true
      for (const dependent of node.dependents.values()) this.#work.consider(dependent)
      this.#work.consider(node)
    }
  }

  /** An owner was looked for in vain. One that nobody has seen is then as gone as one that was seen to go: its other dependents are looked at too. */
  missing(uid: string): void {
    if (this.#nodes.get(uid)?.virtual === true) this.removed(uid)
  }

  /** The object is gone. */
  removed(uid: string): void {
    const node = this.#nodes.get(uid)
    if (node === undefined) return
    this.#nodes.delete(uid)
    if (this.#byKey.get(node.key) === node) this.#byKey.delete(node.key)
    if (node.dependents.size > 0) this.#absent.add(uid)
    for (const { uid: ownerUid } of node.owners) {
      const owner = this.#nodes.get(ownerUid)
      owner?.dependents.delete(uid)
      if (owner?.deletingDependents === true) this.#work.consider(owner)
    }
    for (const dependent of node.dependents.values()) this.#work.consider(dependent)
  }

  /** The dependents that keep a foreground deletion waiting. */
  blocking(node: GraphNode): GraphNode[] {
    return [...node.dependents.values()].filter((dependent) =>
      dependent.owners.some((owner) => owner.uid === node.uid && owner.blockOwnerDeletion === true),
    )
  }

  #misplaced(dependent: GraphNode, owner: GraphNode): void {
    this.#work.misplaced(dependent, owner)
    this.#work.consider(dependent)
  }

  #link(node: GraphNode, object: AnyObject): void {
    const before = node.owners
    const after = object.metadata.ownerReferences
    node.owners = after
    for (const { uid } of before) {
      const now = after.find((owner) => owner.uid === uid)
      const owner = this.#nodes.get(uid)
      if (owner === undefined) continue
      if (now === undefined) owner.dependents.delete(node.uid)
      if (owner.deletingDependents && now?.blockOwnerDeletion !== true) this.#work.consider(owner)
    }
    let isUnsure = false
    for (const reference of after) {
      if (before.some(({ uid }) => uid === reference.uid)) continue
      let owner = this.#nodes.get(reference.uid)
      if (owner === undefined) {
        owner = newNode(reference.uid, objectKey(reference.kind, node.namespace, reference.name), node.namespace, true)
        this.#nodes.set(reference.uid, owner)
        if (!this.#byKey.has(owner.key)) this.#byKey.set(owner.key, owner)
        isUnsure = true
      } else if (isMisplaced(node, owner)) this.#misplaced(node, owner)
      owner.dependents.set(node.uid, node)
      if (owner.deletingDependents) isUnsure = true
    }
    if (isUnsure || after.some(({ uid }) => this.#absent.has(uid))) this.#work.consider(node)
  }
}

/** An owner in another namespace is none: in its own the dependent has no such owner. */
function isMisplaced(dependent: GraphNode, owner: GraphNode): boolean {
  return !owner.virtual && owner.namespace !== '' && owner.namespace !== dependent.namespace
}

function newNode(uid: string, key: string, namespace: string, virtual: boolean): GraphNode {
  return { uid, key, namespace, owners: [], dependents: new Map(), virtual, beingDeleted: false, deletingDependents: false }
}
