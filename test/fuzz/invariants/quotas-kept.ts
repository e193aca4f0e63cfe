import type { Pod, ResourceQuota } from '../../../src/api/objects/index.ts'
import { isTerminal } from '../../../src/control-plane/conditions.ts'
import type { Invariant } from '../invariant.ts'

/** Once a quota is in force no more pods are stored than it says, whoever creates them. Those that were there before it may stay. */
export const quotasKept: Invariant = {
  name: 'no quota is exceeded',
  attach: (cluster, violated) => {
    const quotas = new Map<string, ResourceQuota>()
    const pods = new Map<string, Pod>()
    cluster.controlPlane.server.observeCommits(({ type, object }) => {
      const { uid, namespace } = object.metadata
      if (object.kind === 'ResourceQuota') quotas.set(uid, object as ResourceQuota)
      if (object.kind !== 'Pod') return
      if (type === 'DELETED') pods.delete(uid)
      else pods.set(uid, object as Pod)
      if (type !== 'ADDED') return
      for (const { metadata, status } of quotas.values()) {
        if (metadata.namespace !== namespace || status.hard.pods === undefined) continue
        const active = [...pods.values()].filter((pod) => pod.metadata.namespace === namespace && !isTerminal(pod)).length
        if (active > Number(status.hard.pods)) violated(`${namespace} may hold ${status.hard.pods} pods and has ${active}`)
      }
    })
    return () => {}
  },
}
