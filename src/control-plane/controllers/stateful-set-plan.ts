/** What the StatefulSet controller sees of one pod. */
export interface SetPod {
  readonly ordinal: number
  /** The revision's name, from the pod's label. */
  readonly revision: string
  readonly phase: 'Pending' | 'Running' | 'Succeeded' | 'Failed' | 'Unknown'
  readonly ready: boolean
  /** Ready for `minReadySeconds`. */
  readonly available: boolean
  readonly terminating: boolean
}

export interface SetState {
  readonly replicas: number
  readonly start: number
  readonly ordered: boolean
  readonly rolling: boolean
  readonly partition: number
  /** Of the status as it was written last. */
  readonly currentReplicas: number
  readonly currentRevision: string
  readonly updateRevision: string
}

/** What one reconcile does: creations first, then deletions. */
export interface SetPlan {
  readonly create: readonly { readonly ordinal: number; readonly revision: string }[]
  readonly delete: readonly { readonly ordinal: number; readonly why: string }[]
  readonly counts: {
    readonly replicas: number
    readonly readyReplicas: number
    readonly availableReplicas: number
    readonly currentReplicas: number
    readonly updatedReplicas: number
  }
}

/**
 * The StatefulSet controller's step.
 *
 * Replicas are looked at from the lowest ordinal up; a pod that is missing is made, one that has ended is deleted so that it can be made
 * anew. With OrderedReady the walk stops at the first pod that is not (yet) available. Then pods beyond `replicas` go, from the highest
 * down, with OrderedReady one after the other has gone. Only when all of that is done, a rolling update deletes the highest pod of another
 * revision, and stops at a pod that is not available.
 *
 * The counts are those of the pods before the step; only the pod that a rolling update deletes is left out already.
 *
 * Source: Kubernetes v1.36.2 pkg/controller/statefulset/stateful_set_control.go (updateStatefulSet), with the gate
 * MaxUnavailableStatefulSet off, as it is by default; checked against a recorded StatefulSet.
 */
export function planStatefulSet(state: SetState, pods: readonly SetPod[]): SetPlan {
  const end = state.start + state.replicas
  const replicas: (SetPod | undefined)[] = Array.from({ length: state.replicas }, () => undefined)
  const condemned: SetPod[] = []
  for (const pod of pods) {
    if (pod.ordinal >= state.start && pod.ordinal < end) replicas[pod.ordinal - state.start] = pod
    else condemned.push(pod)
  }
  condemned.sort((a, b) => b.ordinal - a.ordinal)
  const counts = countPods(state, pods)
  const create: { ordinal: number; revision: string }[] = []
  const remove: { ordinal: number; why: string }[] = []
  const plan = (updating = false): SetPlan => ({
    create,
    delete: remove,
    counts: updating ? { ...counts, currentReplicas: counts.currentReplicas - 1 } : counts,
  })

  let ended = false
  for (const [index, pod] of replicas.entries()) {
    const ordinal = state.start + index
    if (pod === undefined) {
      create.push({ ordinal, revision: revisionOfNew(state, ordinal) })
      if (state.ordered) return plan()
      continue
    }
    if (pod.phase === 'Failed' || pod.phase === 'Succeeded') {
      if (!pod.terminating) remove.push({ ordinal, why: `it has ended, phase ${pod.phase}` })
      if (state.ordered) return plan()
      ended = true
      continue
    }
    if (state.ordered && (pod.terminating || !isUp(pod))) return plan()
  }
  if (ended) return plan()

  const firstUnhealthy = [...replicas, ...condemned].find((pod) => pod === undefined || pod.terminating || !isUp(pod))
  for (const pod of condemned) {
    if (pod.terminating) {
      if (state.ordered) return plan()
      continue
    }
    if (state.ordered && !isUp(pod) && pod !== firstUnhealthy) return plan()
    remove.push({ ordinal: pod.ordinal, why: `has more than ${state.replicas} pods` })
    if (state.ordered) return plan()
  }

  if (!state.rolling) return plan()
  for (let ordinal = end - 1; ordinal >= Math.max(state.start, state.partition); ordinal--) {
    const pod = replicas[ordinal - state.start]
    // Made in this very step.
    if (pod === undefined) return plan()
    if (pod.revision !== state.updateRevision && !pod.terminating) {
      remove.push({ ordinal, why: `rolling update to ${state.updateRevision}` })
      return plan(pod.revision === state.currentRevision)
    }
    if (pod.terminating || !isUp(pod)) return plan()
  }
  return plan()
}

/** Whether a rolling update has come to its end, so that the update revision becomes the current one. Source: as above (completeRollingUpdate). */
export function isRolledOut(state: SetState, counts: SetPlan['counts']): boolean {
  const { rolling, replicas } = state
  return rolling && counts.replicas === replicas && counts.updatedReplicas === replicas && counts.readyReplicas === replicas
}

function isUp(pod: SetPod): boolean {
  return pod.phase === 'Running' && pod.ready && pod.available
}

function countPods(state: SetState, pods: readonly SetPod[]): SetPlan['counts'] {
  const count = (holds: (pod: SetPod) => boolean): number => pods.filter(holds).length
  return {
    replicas: pods.length,
    readyReplicas: count((pod) => pod.phase === 'Running' && pod.ready),
    availableReplicas: count(isUp),
    currentReplicas: count((pod) => !pod.terminating && pod.revision === state.currentRevision),
    updatedReplicas: count((pod) => !pod.terminating && pod.revision === state.updateRevision),
  }
}

/** Below the partition pods keep the current revision; without a rolling update, as many as have it. Source: as above (newVersionedStatefulSetPod). */
function revisionOfNew(state: SetState, ordinal: number): string {
  const keep = state.rolling ? ordinal < state.partition : ordinal < state.start + state.currentReplicas
  return keep ? state.currentRevision : state.updateRevision
}
