import type { ObjectMeta } from '../api/objects/index.ts'

/** Metadata with a name and nothing else: what a component starts from that makes an object. */
export function emptyMeta(name: string, namespace: string): ObjectMeta {
  return {
    name,
    namespace,
    uid: '',
    labels: {},
    annotations: {},
    resourceVersion: 0,
    generation: 0,
    creationTimestamp: 0,
    deletionTimestamp: null,
    deletionGracePeriodSeconds: null,
    ownerReferences: [],
    finalizers: [],
  }
}
