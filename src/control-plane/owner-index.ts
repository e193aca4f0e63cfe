import type { Kind, KindMap, ObjectMeta, OwnerReference } from '../api/objects/index.ts'
import type { Informer } from './informer.ts'
import { keyOf } from './object-key.ts'

/** The owner that manages an object, if it has one. */
export function controllerOf(metadata: ObjectMeta): OwnerReference | undefined {
  return metadata.ownerReferences.find((owner) => owner.controller)
}

/** Which objects of an informer belong to which owner, and which to none, kept up to date with it. */
export class OwnerIndex<K extends Kind> {
  readonly #byOwner = new Map<string, Map<string, KindMap[K]>>()
  /** By namespace. */
  readonly #orphans = new Map<string, Map<string, KindMap[K]>>()

  constructor(informer: Informer<K>) {
    informer.listen(({ type, object, previous }) => {
      const key = keyOf(object)
      const at = shelfOf(object.metadata)
      if (previous !== undefined) {
        const before = shelfOf(previous.metadata)
        if (before.owner !== at.owner || before.name !== at.name) this.#remove(before, key)
      }
      if (type === 'DELETED') this.#remove(at, key)
      else this.#put(at, key, object)
    })
  }

  /** In the order in which they first appeared. */
  of(ownerUid: string): KindMap[K][] {
    const owned = this.#byOwner.get(ownerUid)
    return owned === undefined ? [] : [...owned.values()]
  }

  /** Those without a controller, in the order in which they were first seen without one. */
  orphans(namespace: string): KindMap[K][] {
    const orphans = this.#orphans.get(namespace)
    return orphans === undefined ? [] : [...orphans.values()]
  }

  #put({ owner, name }: Shelf, key: string, object: KindMap[K]): void {
    const shelves = owner ? this.#byOwner : this.#orphans
    const shelf = shelves.get(name)
    if (shelf === undefined) shelves.set(name, new Map([[key, object]]))
    else shelf.set(key, object)
  }

  #remove({ owner, name }: Shelf, key: string): void {
    const shelves = owner ? this.#byOwner : this.#orphans
    const shelf = shelves.get(name)
    shelf?.delete(key)
    if (shelf?.size === 0) shelves.delete(name)
  }
}

/** Where an object stands: with its owner's uid, or with the orphans of its namespace. */
interface Shelf {
  readonly owner: boolean
  readonly name: string
}

function shelfOf(metadata: ObjectMeta): Shelf {
  const uid = controllerOf(metadata)?.uid
  return uid === undefined ? { owner: false, name: metadata.namespace } : { owner: true, name: uid }
}
