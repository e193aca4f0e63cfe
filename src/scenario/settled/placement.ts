import type { Pod } from '../../api/objects/index.ts'
import { type NodeSeed, nodeOf } from '../../control-plane/control-plane.ts'
import { ClusterCache } from '../../control-plane/scheduler/cluster-cache.ts'
import { defaultPlugins, type WeightedPlugin } from '../../control-plane/scheduler/plugins/index.ts'
import { LEAST_ALLOCATED } from '../../control-plane/scheduler/plugins/scoring-strategy.ts'
import { PodInfo } from '../../control-plane/scheduler/pod-info.ts'
import { PreparedPod } from '../../control-plane/scheduler/prepared-pod.ts'
import type { KubernetesMinor } from '../../kubernetes-version.ts'

/**
 * Where the pods of a settled cluster stand: each on the next node, in turn through the zones, that kube-scheduler's filters let it have.
 *
 * Simplified: scores are not asked for, so that pods are spread evenly whatever the scheduler's strategy is.
 */
export class Placement {
  readonly #cluster: ClusterCache
  readonly #plugins: readonly WeightedPlugin[] = defaultPlugins(LEAST_ALLOCATED)
  #next = 0

  constructor(nodes: readonly NodeSeed[], version: KubernetesMinor) {
    this.#cluster = new ClusterCache(version)
    for (const node of nodes) this.#cluster.setNode(nodeOf(node))
  }

  /** The name of the pod's node; null when it fits on none. */
  place(pod: Pod): string | null {
    const { nodes } = this.#cluster
    const prepared = new PreparedPod(new PodInfo(pod), this.#cluster, this.#plugins)
    if (prepared.everywhere !== null) return null
    for (let looked = 0; looked < nodes.length; looked++) {
      const index = (this.#next + looked) % nodes.length
      const node = nodes[index]!
      if (prepared.nodeNames !== null && !prepared.nodeNames.has(node.name)) continue
      if (prepared.verdictOn(node) !== null) continue
      this.#next = (index + 1) % nodes.length
      this.#cluster.place(pod, node.name)
      return node.name
    }
    return null
  }
}
