/** What deleting means for a stored object: marks, grace periods, finalizers. */
import type { AnyObject, Namespace, Pod } from '../api/objects/index.ts'
import { type Nanos, SECOND } from '../units.ts'
import { type Propagation, withPropagation } from './propagation.ts'

/**
 * What a DELETE makes of an object: a pod that runs somewhere is marked and stays until its kubelet has stopped it, what has finalizers
 * is marked and stays until the last of them is taken off, everything else goes at once.
 *
 * Source: Kubernetes pkg/registry/core/pod/strategy.go (CheckGracefulDelete), apiserver/pkg/registry/rest/delete.go.
 */
export function afterDelete(stored: AnyObject, gracePeriodSeconds: number | null, now: Nanos, propagation?: Propagation): AnyObject | null {
  if (stored.kind === 'Namespace') return terminating(stored as Namespace, now)
  const object = withPropagation(stored, propagation)
  if (object.kind !== 'Pod') return removedOrHeld(object, now)
  const pod = object as Pod
  const terminal = pod.status.phase === 'Succeeded' || pod.status.phase === 'Failed'
  const grace = pod.spec.nodeName === '' || terminal ? 0 : (gracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds)
  if (grace === 0) return removedOrHeld(pod, now)
  const { deletionTimestamp, deletionGracePeriodSeconds } = pod.metadata
  if (deletionTimestamp !== null && deletionGracePeriodSeconds !== null && grace >= deletionGracePeriodSeconds) return pod
  return { ...pod, metadata: { ...pod.metadata, deletionTimestamp: now + grace * SECOND, deletionGracePeriodSeconds: grace } }
}

/** Finalizers hold an object back: it is marked only. */
function removedOrHeld(object: AnyObject, now: Nanos): AnyObject | null {
  const { finalizers, deletionTimestamp, deletionGracePeriodSeconds } = object.metadata
  if (finalizers.length === 0) return null
  if (deletionTimestamp !== null && deletionGracePeriodSeconds === 0) return object
  const marked = { deletionTimestamp: deletionTimestamp === null ? now : Math.min(deletionTimestamp, now), deletionGracePeriodSeconds: 0 }
  return { ...object, metadata: { ...object.metadata, ...marked } }
}

/**
 * Whether a write takes off the last finalizer of an object that waited for nothing else.
 *
 * Source: Kubernetes apiserver/pkg/registry/generic/registry/store.go (ShouldDeleteDuringUpdate).
 */
export function isReleased(current: AnyObject, next: AnyObject): boolean {
  const before = current.metadata
  return (
    before.finalizers.length > 0 &&
    next.metadata.finalizers.length === 0 &&
    before.deletionTimestamp !== null &&
    before.deletionGracePeriodSeconds === 0
  )
}

/**
 * The removal of a pod is two writes: it is marked with a grace period of 0 first, so that watchers see it end.
 *
 * Source: recorded from Kubernetes v1.36.2; apiserver/pkg/registry/generic/registry/store.go (updateForGracefulDeletionAndFinalizers).
 */
export function isToBeMarked(object: AnyObject): boolean {
  return object.kind === 'Pod' && object.metadata.deletionGracePeriodSeconds !== 0
}

/** So marked. */
export function withoutGrace(object: AnyObject, now: Nanos): AnyObject {
  return { ...object, metadata: { ...object.metadata, deletionTimestamp: now, deletionGracePeriodSeconds: 0 } }
}

/** A namespace stays until the namespace controller has emptied it. Source: pkg/registry/core/namespace/storage. */
function terminating(namespace: Namespace, now: Nanos): Namespace {
  if (namespace.metadata.deletionTimestamp !== null) return namespace
  return { ...namespace, metadata: { ...namespace.metadata, deletionTimestamp: now }, status: { phase: 'Terminating' } }
}
