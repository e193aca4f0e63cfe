import { keyOf } from '../../../src/control-plane/object-key.ts'
import type { Invariant } from '../invariant.ts'
import { storedObjects } from '../stored-objects.ts'

/** When an owner goes that is deleted in the foreground, none of the dependents that block it is left. */
export const foregroundDeletion: Invariant = {
  name: 'foreground deletion takes dependents first',
  attach: (cluster, violated) => {
    const stored = storedObjects(cluster)
    cluster.controlPlane.server.observeCommits(({ type, object, previous }) => {
      if (type !== 'DELETED' || previous?.metadata.finalizers.includes('foregroundDeletion') !== true) return
      const { uid } = object.metadata
      for (const other of stored.values())
        if (other.metadata.ownerReferences.some((owner) => owner.uid === uid && owner.blockOwnerDeletion === true))
          violated(`${keyOf(object)} is gone and ${keyOf(other)} is left`)
    })
    return () => {}
  },
}
