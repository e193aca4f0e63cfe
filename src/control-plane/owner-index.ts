import type { Kind, KindMap, ObjectMeta, OwnerReference } from '../api/objects/index.ts'
import type { Informer } from './informer.ts'
import { keyOf } from './object-key.ts'

/** The owner that manages an object, if it has one. */
export function controllerOf(metadata: ObjectMeta): OwnerReference | undefined {
  return metadata.ownerReferences.find((owner) => owner.controller)
}

/** Which objects of an informer belong to which owner, kept up to date with it. */
export class OwnerIndex<K extends Kind> {
  readonly #byOwner = new Map<string, Map<string, KindMap[K]>>()

  constructor(informer: Informer<K>) {
    informer.listen((event) => {
      const owner = controllerOf(event.object.metadata)
      if (owner === undefined) return
      const key = keyOf(event.object)
      let owned = this.#byOwner.get(owner.uid)
      if (event.type === 'DELETED') {
        owned?.delete(key)
        if (owned?.size === 0) this.#byOwner.delete(owner.uid)
        return
      }
      if (owned === undefined) {
        owned = new Map()
        this.#byOwner.set(owner.uid, owned)
      }
      owned.set(key, event.object)
    })
  }

  /** In the order in which they first appeared. */
  of(ownerUid: string): KindMap[K][] {
    const owned = this.#byOwner.get(ownerUid)
    return owned === undefined ? [] : [...owned.values()]
  }
}
