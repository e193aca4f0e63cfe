import type { IntOrString } from '../../api/objects/index.ts'
import type { Nanos } from '../../units.ts'

/** What the DaemonSet controller sees of one pod on one node. */
export interface DaemonPod {
  readonly name: string
  readonly updated: boolean
  readonly createdAt: Nanos
  readonly ended: boolean
  readonly ready: boolean
  /** Ready for `minReadySeconds`. */
  readonly available: boolean
  readonly terminating: boolean
}

export interface DaemonNode {
  readonly name: string
  readonly run: boolean
  readonly stay: boolean
  readonly pods: readonly DaemonPod[]
}

/** Nodes that get a pod, and names of pods that go. */
export interface DaemonPlan {
  readonly create: readonly string[]
  readonly delete: readonly string[]
}

/**
 * Makes the pods that are missing and deletes those that are too many: one pod a node, or with a surge one old and one new.
 *
 * Source: Kubernetes v1.36.2 pkg/controller/daemon/daemon_controller.go (podsShouldBeOnNode).
 */
export function manageNodes(nodes: readonly DaemonNode[], surges: boolean): DaemonPlan {
  const create: string[] = []
  const remove: string[] = []
  for (const { name, run, stay, pods } of nodes) {
    if (run && pods.length === 0) {
      create.push(name)
      continue
    }
    const here = pods.filter((pod) => !pod.terminating)
    if (!stay) {
      for (const pod of here) remove.push(pod.name)
      continue
    }
    for (const pod of here) if (pod.ended) remove.push(pod.name)
    const running = here.filter((pod) => !pod.ended).sort((a, b) => a.createdAt - b.createdAt)
    if (running.length <= 1) continue
    if (!surges) {
      for (const pod of running.slice(1)) remove.push(pod.name)
      continue
    }
    const old = running.filter((pod) => !pod.updated)
    const updated = running.filter((pod) => pod.updated)
    for (const pod of running) if (pod !== old[0] && pod !== updated[0]) remove.push(pod.name)
    const [oldest] = old
    const [newest] = updated
    if (oldest !== undefined && newest !== undefined && (!oldest.ready || newest.available)) remove.push(oldest.name)
  }
  return { create, delete: remove }
}

/**
 * The step of a rolling update: without a surge old pods are deleted, as many as may be unavailable at once; with one, new pods are made
 * beside the old, which go when the new are available. Old pods that are not available are replaced in any case.
 *
 * Source: Kubernetes v1.36.2 pkg/controller/daemon/update.go (rollingUpdate).
 */
export function rollNodes(nodes: readonly DaemonNode[], maxUnavailable: number, maxSurge: number): DaemonPlan {
  const replaced: string[] = []
  const candidates: string[] = []
  const remove: string[] = []
  let busy = 0
  const most = maxSurge === 0 ? maxUnavailable : maxSurge
  for (const { name, pods } of nodes) {
    // A node without pods is none of the rollout's business.
    if (pods.length === 0) continue
    const here = pods.filter((pod) => !pod.terminating)
    const old = here.filter((pod) => !pod.updated)
    const updated = here.filter((pod) => pod.updated)
    if (old.length > 1 || updated.length > 1) {
      busy++
      continue
    }
    const [before] = old
    const [after] = updated
    if (maxSurge === 0) {
      if (before === undefined || after !== undefined) {
        if (after === undefined || before !== undefined || !after.available) busy++
      } else if (!before.available) replaced.push(before.name)
      else if (busy < most) candidates.push(before.name)
      continue
    }
    if (before === undefined) continue
    if (after === undefined) {
      if (!before.available) replaced.push(name)
      else if (busy < most) candidates.push(name)
    } else if (after.available) remove.push(before.name)
    else busy++
  }
  const chosen = [...replaced, ...candidates.slice(0, Math.max(0, most - busy))]
  return maxSurge === 0 ? { create: [], delete: chosen } : { create: chosen, delete: remove }
}

/** Both bounds as counts of nodes, rounded up; they are never both 0. Source: as above (updatedDesiredNodeCounts). */
export function daemonBounds(
  maxUnavailable: IntOrString,
  maxSurge: IntOrString,
  desired: number,
): { readonly maxUnavailable: number; readonly maxSurge: number } {
  const surge = scaledUp(maxSurge, desired)
  const unavailable = scaledUp(maxUnavailable, desired)
  return { maxSurge: surge, maxUnavailable: surge === 0 && unavailable === 0 ? 1 : unavailable }
}

function scaledUp(value: IntOrString, total: number): number {
  return typeof value === 'number' ? value : Math.ceil((Number.parseInt(value, 10) * total) / 100)
}
