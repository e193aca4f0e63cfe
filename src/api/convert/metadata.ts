import type { PickedMetadata } from '../modelled-fields.ts'
import type { ObjectMeta } from '../objects/meta.ts'

/** Metadata of an object that the API server has not seen yet. `namespace` is empty for a cluster-scoped kind. */
export function objectMeta(metadata: PickedMetadata | undefined, namespace: string): ObjectMeta {
  return {
    name: metadata?.name ?? '',
    namespace,
    uid: '',
    labels: metadata?.labels ?? {},
    annotations: metadata?.annotations ?? {},
    resourceVersion: 0,
    generation: 0,
    creationTimestamp: 0,
    deletionTimestamp: null,
    deletionGracePeriodSeconds: null,
    ownerReferences: (metadata?.ownerReferences ?? []).map((owner) => ({
      kind: owner.kind ?? '',
      name: owner.name ?? '',
      uid: owner.uid ?? '',
      controller: owner.controller ?? false,
      ...(owner.blockOwnerDeletion === true ? { blockOwnerDeletion: true } : {}),
    })),
    finalizers: metadata?.finalizers ?? [],
  }
}
