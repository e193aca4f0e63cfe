import type { NodeInfo } from '../node-info.ts'
import { MAX_SCORE, type SchedulerPlugin } from '../plugin.ts'

/** Up to 1.35 the state with the pod was the score; since then it is what the pod improves. */
export const IMPROVEMENT_SINCE = 36

/**
 * How much nearer the pod brings the used shares of CPU and memory to each other: 50 + (50 + with − without) / 2, where each
 * is (1 − standard deviation) · 100. A pod that asks for nothing is left out.
 *
 * Source: Kubernetes v1.36.2 plugins/noderesources/balanced_allocation.go.
 */
export const balancedAllocation: SchedulerPlugin = {
  name: 'NodeResourcesBalancedAllocation',
  score({ requests }, nodes, { version }) {
    if (requests.cpuMilli === 0 && requests.memoryBytes === 0) return null
    return nodes.map((info) => {
      const after = evenness(info, info.cpuMilli + requests.cpuMilli, info.memoryBytes + requests.memoryBytes)
      if (version < IMPROVEMENT_SINCE) return after
      return 50 + Math.trunc((50 + after - evenness(info, info.cpuMilli, info.memoryBytes)) / 2)
    })
  },
}

/** A resource that the node has not is left out; of a single one there is nothing to balance. */
function evenness(info: NodeInfo, cpuMilli: number, memoryBytes: number): number {
  const { allocatable } = info.node.status
  if (allocatable.cpuMilli === 0 || allocatable.memoryBytes === 0) return MAX_SCORE
  const cpu = Math.min(1, cpuMilli / allocatable.cpuMilli)
  const memory = Math.min(1, memoryBytes / allocatable.memoryBytes)
  return Math.trunc((1 - Math.abs(cpu - memory) / 2) * MAX_SCORE)
}
