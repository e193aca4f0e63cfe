import type { DaemonSet, Deployment, Job, OpaqueObject, Pod, PodTemplate, ReplicaSet, StatefulSet } from '../../../src/api/objects/index.ts'
import { isActive, isReady } from '../../../src/control-plane/conditions.ts'
import { keyOf } from '../../../src/control-plane/object-key.ts'
import { controllerOf } from '../../../src/control-plane/owner-index.ts'
import type { Invariant } from '../invariant.ts'
import { podsAtSlowWork } from '../slow-work.ts'
import { ofKind, storedObjects } from '../stored-objects.ts'

/**
 * At rest every workload has just the pods that it asks for, all Ready, and its status says so. Not where a pod is not Ready as all its servers
 * are busy with what they began while it was slow: nothing restarts it (no random scenario has a liveness probe), and a StatefulSet that keeps
 * an order goes no further. How many pods a ReplicaSet has is judged all the same.
 */
export const convergence: Invariant = {
  name: 'replica counts converge',
  attach: (cluster, violated) => {
    const stored = storedObjects(cluster)
    const slowWork = podsAtSlowWork(cluster)
    return () => {
      // A command without an answer may have been done or not: it may have left a rollout paused, or all nodes cordoned.
      if (cluster.controlPlane.kubectl.refusals.some(({ reason }) => reason.startsWith('500'))) return
      // Where a quota stood in the way, pods are missing, and the back-off until the next attempt may be a quarter of an hour.
      const events = ofKind<OpaqueObject>(stored, 'Event').map(({ content }) => JSON.stringify(content))
      if (events.some((content) => content.includes('FailedCreate') && content.includes('quota'))) return
      const podsOf = new Map<string, Pod[]>()
      for (const pod of ofKind<Pod>(stored, 'Pod')) {
        const owner = controllerOf(pod.metadata)
        if (owner === undefined) continue
        const pods = podsOf.get(owner.uid)
        if (pods === undefined) podsOf.set(owner.uid, [pod])
        else pods.push(pod)
      }
      const atWork = slowWork()
      const isHeldUp = (pods: readonly Pod[]): boolean => pods.some((pod) => !isReady(pod) && atWork.has(pod.metadata.uid))
      const sets = ofKind<ReplicaSet>(stored, 'ReplicaSet')
      for (const set of sets) {
        const pods = (podsOf.get(set.metadata.uid) ?? []).filter(isActive)
        if (pods.length !== set.spec.replicas) violated(`${keyOf(set)} asks for ${set.spec.replicas} pods and has ${pods.length}`)
        if (set.status.replicas !== pods.length) violated(`${keyOf(set)} has ${pods.length} pods and says ${set.status.replicas}`)
      }
      for (const deployment of ofKind<Deployment>(stored, 'Deployment')) {
        const { spec, status, metadata } = deployment
        const owned = sets.filter((set) => controllerOf(set.metadata)?.uid === metadata.uid)
        const pods = owned.flatMap((set) => (podsOf.get(set.metadata.uid) ?? []).filter(isActive))
        // One whose resumption was refused, as no API server was there, stands as it was.
        if (isHeldUp(pods) || spec.paused) continue
        const ready = pods.filter(isReady).length
        if (pods.length !== spec.replicas || ready !== spec.replicas)
          violated(`${keyOf(deployment)} asks for ${spec.replicas} pods; ${pods.length} are there and ${ready} Ready`)
        if (status.observedGeneration !== metadata.generation)
          violated(`${keyOf(deployment)} is at generation ${metadata.generation} and was seen at ${status.observedGeneration}`)
        if (status.availableReplicas !== spec.replicas || status.updatedReplicas !== spec.replicas)
          violated(
            `${keyOf(deployment)} asks for ${spec.replicas}; its status says ${status.availableReplicas} available, ${status.updatedReplicas} updated`,
          )
        const current = owned.filter((set) => set.spec.replicas > 0)
        if (current.length > 1) violated(`${keyOf(deployment)} still has ${current.length} ReplicaSets with pods`)
        for (const pod of pods) checkImage(pod, spec.template, violated)
      }
      for (const set of ofKind<StatefulSet>(stored, 'StatefulSet')) {
        const pods = (podsOf.get(set.metadata.uid) ?? []).filter(isActive)
        if (isHeldUp(pods)) continue
        const ready = pods.filter(isReady).length
        if (pods.length !== set.spec.replicas || ready !== set.spec.replicas)
          violated(`${keyOf(set)} asks for ${set.spec.replicas} pods; ${pods.length} are there and ${ready} Ready`)
        const ordinals = pods.map(({ metadata }) => Number(metadata.name.slice(set.metadata.name.length + 1))).sort((a, b) => a - b)
        if (ordinals.some((ordinal, i) => ordinal !== i)) violated(`${keyOf(set)} has the ordinals ${ordinals.join(' ')}`)
        for (const pod of pods) checkImage(pod, set.spec.template, violated)
      }
      for (const set of ofKind<DaemonSet>(stored, 'DaemonSet')) {
        const pods = (podsOf.get(set.metadata.uid) ?? []).filter(isActive)
        const nodes = pods.map((pod) => pod.spec.nodeName).sort()
        if (nodes.join() !== [...cluster.nodeNames].sort().join()) violated(`${keyOf(set)} has pods on ${nodes.join(' ')}`)
        for (const pod of pods) checkImage(pod, set.spec.template, violated)
      }
      for (const job of ofKind<Job>(stored, 'Job')) {
        const { conditions, succeeded } = job.status
        const ended = (type: string): boolean => conditions.some((condition) => condition.type === type && condition.status === 'True')
        if (!ended('Complete') && !ended('Failed')) violated(`${keyOf(job)} has not ended`)
        if (ended('Complete') && succeeded < (job.spec.completions ?? 1))
          violated(`${keyOf(job)} is complete with ${succeeded} of ${job.spec.completions}`)
        const active = (podsOf.get(job.metadata.uid) ?? []).filter(isActive)
        if (active.length > 0) violated(`${keyOf(job)} has ended and ${active.length} pods go on`)
      }
    }
  },
}

function checkImage(pod: Pod, template: PodTemplate, violated: (detail: string) => void): void {
  const { image } = pod.spec.containers[0]!
  if (image !== template.spec.containers[0]!.image) violated(`${keyOf(pod)} has the image ${image} at rest`)
}
