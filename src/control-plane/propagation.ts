import type { AnyObject } from '../api/objects/index.ts'

/** What becomes of an object's dependents when it is deleted. */
export type Propagation = 'Background' | 'Foreground' | 'Orphan'

/** Holds an owner back until the dependents that block its deletion are gone. Source: apimachinery pkg/apis/meta/v1/types.go. */
export const FOREGROUND_FINALIZER = 'foregroundDeletion'
/** Holds an owner back until its dependents have been let go. */
export const ORPHAN_FINALIZER = 'orphan'

/** Kinds whose dependents stay when nothing is said. Source: Kubernetes pkg/registry/{core/replicationcontroller,batch/job}/strategy.go. */
const ORPHANS_BY_DEFAULT: ReadonlySet<string> = new Set(['ReplicationController', 'Job'])

/**
 * The object with the finalizer that a DELETE puts on it for the garbage collector; the same one when that is how it is. Without a word about
 * dependents, what an earlier DELETE said stays in force.
 *
 * Source: Kubernetes apiserver/pkg/registry/generic/registry/store.go (deletionFinalizersForGarbageCollection).
 */
export function withPropagation(object: AnyObject, propagation: Propagation | undefined): AnyObject {
  const { finalizers } = object.metadata
  const kept = finalizers.filter((finalizer) => finalizer !== FOREGROUND_FINALIZER && finalizer !== ORPHAN_FINALIZER)
  const own = ownFinalizer(object, propagation)
  const wanted = own === null ? kept : [...kept, own]
  if (wanted.length === finalizers.length && wanted.every((finalizer) => finalizers.includes(finalizer))) return object
  return { ...object, metadata: { ...object.metadata, finalizers: wanted } }
}

function ownFinalizer({ kind, metadata }: AnyObject, propagation: Propagation | undefined): string | null {
  if (propagation === 'Orphan') return ORPHAN_FINALIZER
  if (propagation === 'Foreground') return FOREGROUND_FINALIZER
  if (propagation === 'Background') return null
  if (metadata.finalizers.includes(ORPHAN_FINALIZER)) return ORPHAN_FINALIZER
  if (metadata.finalizers.includes(FOREGROUND_FINALIZER)) return FOREGROUND_FINALIZER
  return ORPHANS_BY_DEFAULT.has(kind) ? ORPHAN_FINALIZER : null
}
