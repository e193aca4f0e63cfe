import { keyOf } from '../../../src/control-plane/object-key.ts'
import { controllerOf } from '../../../src/control-plane/owner-index.ts'
import type { Invariant } from '../invariant.ts'
import { storedObjects } from '../stored-objects.ts'

/** At rest nothing is left of what belonged to an owner that is gone, and nothing waits for its deletion. */
export const garbageCollected: Invariant = {
  name: 'garbage is collected',
  attach: (cluster, violated) => {
    const stored = storedObjects(cluster)
    return () => {
      const uids = new Set([...stored.values()].map((object) => object.metadata.uid))
      for (const object of stored.values()) {
        const owner = controllerOf(object.metadata)
        if (owner !== undefined && owner.kind !== 'Node' && !uids.has(owner.uid))
          violated(`${keyOf(object)} outlived its ${owner.kind} ${owner.name}`)
        if (object.metadata.deletionTimestamp !== null) violated(`${keyOf(object)} is being deleted and stays`)
      }
    }
  },
}
