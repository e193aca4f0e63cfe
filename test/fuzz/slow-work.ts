import type { SimulatedCluster } from '../../src/scenario/simulated-cluster.ts'

/**
 * Uids of pods that were slow once and serve something now. `pod-slow` ends for what a pod begins later; what it began goes on as it was, and
 * factors multiply: a request of 5 ms takes two months in a pod that three of them made 1000 times as slow.
 *
 * To be attached before the cluster starts, and asked at rest, when requests have long stopped.
 */
export function podsAtSlowWork(cluster: SimulatedCluster): () => ReadonlySet<string> {
  const { backends } = cluster.dataPlane
  const uids = new Map<number, string>()
  const slowed = new Set<number>()
  const { sandboxUp, slowDown } = backends
  backends.sandboxUp = (spec, ...rest) => {
    const pod = sandboxUp.call(backends, spec, ...rest)
    uids.set(pod, spec.podUid)
    return pod
  }
  backends.slowDown = (pod, slowdown) => {
    slowed.add(pod)
    slowDown.call(backends, pod, slowdown)
  }
  return () => new Set([...slowed].filter((pod) => backends.inFlight(pod) > 0).map((pod) => uids.get(pod)!))
}
