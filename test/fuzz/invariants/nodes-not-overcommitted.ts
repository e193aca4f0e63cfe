import type { Node, Pod } from '../../../src/api/objects/index.ts'
import { isTerminal } from '../../../src/control-plane/conditions.ts'
import type { Invariant } from '../invariant.ts'

/** Never are more resources requested by the pods of a node than it can give, nor more pods on it than it takes. */
export const nodesNotOvercommitted: Invariant = {
  name: 'no node is overcommitted',
  attach: (cluster, violated) => {
    const allocatable = new Map<string, Node['status']['allocatable']>()
    const pods = new Map<string, Pod>()
    const used = new Map<string, { cpuMilli: number; pods: number }>()
    const count = (pod: Pod, sign: number): void => {
      if (pod.spec.nodeName === '' || isTerminal(pod)) return
      const sum = used.get(pod.spec.nodeName) ?? { cpuMilli: 0, pods: 0 }
      for (const container of pod.spec.containers) sum.cpuMilli += sign * container.requests.cpuMilli
      sum.pods += sign
      used.set(pod.spec.nodeName, sum)
    }
    cluster.controlPlane.server.observeCommits(({ type, object }) => {
      if (object.kind === 'Node') allocatable.set(object.metadata.name, (object as Node).status.allocatable)
      if (object.kind !== 'Pod') return
      const pod = object as Pod
      const before = pods.get(pod.metadata.uid)
      if (before !== undefined) count(before, -1)
      if (type === 'DELETED') {
        pods.delete(pod.metadata.uid)
        return
      }
      pods.set(pod.metadata.uid, pod)
      count(pod, 1)
      const limit = allocatable.get(pod.spec.nodeName)
      const sum = used.get(pod.spec.nodeName)
      if (limit === undefined || sum === undefined) return
      if (sum.cpuMilli > limit.cpuMilli) violated(`${pod.spec.nodeName} has ${limit.cpuMilli}m and its pods ask for ${sum.cpuMilli}m`)
      if (sum.pods > limit.pods) violated(`${pod.spec.nodeName} takes ${limit.pods} pods and has ${sum.pods}`)
    })
    return () => {}
  },
}
