import { keyOf } from '../../../src/control-plane/object-key.ts'
import type { Invariant } from '../invariant.ts'
import { ofKind, storedObjects } from '../stored-objects.ts'

/** At rest the network plugin of every node that is up has the NetworkPolicies that there are, and no other. */
export const policiesProgrammed: Invariant = {
  name: 'every node is programmed with the NetworkPolicies that there are',
  attach: (cluster, violated) => {
    const stored = storedObjects(cluster)
    return () => {
      if (cluster.plugins === null) return
      const wanted = ofKind(stored, 'NetworkPolicy').map(keyOf).toSorted().join()
      for (const [node, name] of cluster.nodeNames.entries()) {
        const programmed = [...cluster.plugins.programmed(node)].toSorted().join()
        if (cluster.dataPlane.kernels.isUp(node) && programmed !== wanted) violated(`${name} has "${programmed}", not "${wanted}"`)
      }
    }
  },
}
