import type { Pod, ResourceQuota } from '../../../src/api/objects/index.ts'
import { isTerminal } from '../../../src/control-plane/conditions.ts'
import { MILLISECOND, type Nanos } from '../../../src/units.ts'
import type { Invariant } from '../invariant.ts'

/**
 * The API server's informer shows a new quota so long after it was stored, at most. A pod that it admits before that is in no count until the quota
 * controller counts afresh, here as in Kubernetes, where additions do not make it do so (resource_quota_monitor.go).
 */
const UNSEEN: Nanos = 30 * MILLISECOND

interface Seen {
  quota: ResourceQuota
  readonly from: Nanos
  /** The most pods by which a fresh count was behind what was stored: it is made from caches, and may be written over the newer one of admission. */
  behind: number
}

/**
 * Once a quota is in force no more pods are stored than it says, whoever creates them. Kubernetes does not promise more: beside those there may be pods
 * that were made before the quota was seen, and as many as the controller once counted too few.
 */
export const quotasKept: Invariant = {
  name: 'no quota is exceeded',
  attach: (cluster, violated) => {
    const quotas = new Map<string, Seen>()
    const pods = new Map<string, Pod>()
    const activeIn = (namespace: string): Pod[] =>
      [...pods.values()].filter((pod) => pod.metadata.namespace === namespace && !isTerminal(pod))
    cluster.controlPlane.server.observeCommits(({ type, object }) => {
      const { uid, namespace } = object.metadata
      if (object.kind === 'ResourceQuota') {
        const quota = object as ResourceQuota
        const seen = quotas.get(uid) ?? { quota, from: cluster.sim.now + UNSEEN, behind: 0 }
        seen.quota = quota
        const { used } = quota.status
        if (used.pods !== undefined) seen.behind = Math.max(seen.behind, activeIn(namespace).length - Number(used.pods))
        quotas.set(uid, seen)
      }
      if (object.kind !== 'Pod') return
      if (type === 'DELETED') pods.delete(uid)
      else pods.set(uid, object as Pod)
      if (type !== 'ADDED') return
      for (const { quota, from, behind } of quotas.values()) {
        const { metadata, status } = quota
        if (metadata.namespace !== namespace || status.hard.pods === undefined) continue
        const active = activeIn(namespace)
        const early = active.filter((pod) => pod.metadata.creationTimestamp < from).length
        if (active.length > Number(status.hard.pods) + early + behind)
          violated(
            `${namespace} may hold ${status.hard.pods} pods, ${early} from before it and ${behind} by a late count, and has ${active.length}`,
          )
      }
    })
    return () => {}
  },
}
