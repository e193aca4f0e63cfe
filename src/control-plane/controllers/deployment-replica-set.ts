import type { Deployment, PodTemplate, ReplicaSet } from '../../api/objects/index.ts'
import { emptyMeta } from '../empty-meta.ts'
import { encodeHash, fnv1a } from '../random-name.ts'
import { REVISION, TEMPLATE_HASH_LABEL } from './deployment-revisions.ts'
import { rolloutBounds } from './rolling-update.ts'

export const DESIRED = 'deployment.kubernetes.io/desired-replicas'
export const MAX = 'deployment.kubernetes.io/max-replicas'

/** Of the template without the label that the hash itself becomes; `collisions` makes another one of the same template. */
export function templateHash(template: PodTemplate, collisions = 0): string {
  const { [TEMPLATE_HASH_LABEL]: _hash, ...labels } = template.labels
  const text = JSON.stringify({ ...template, labels })
  return encodeHash(fnv1a(collisions === 0 ? text : `${text}${collisions}`))
}

/** What a Deployment tells its ReplicaSets of its size. */
export function replicaAnnotations({ spec: { replicas, strategy } }: Deployment): Record<string, string> {
  return { [DESIRED]: String(replicas), [MAX]: String(replicas + rolloutBounds(strategy, replicas).maxSurge) }
}

/**
 * The ReplicaSet of a Deployment's template, before it has pods.
 *
 * Source: Kubernetes pkg/controller/deployment/sync.go (getNewReplicaSet).
 */
export function replicaSetOf(
  deployment: Deployment,
  { hash, replicas, revision }: { readonly hash: string; readonly replicas: number; readonly revision: number },
): ReplicaSet {
  const { metadata, spec } = deployment
  const labels = { ...spec.template.labels, [TEMPLATE_HASH_LABEL]: hash }
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      ...emptyMeta(`${metadata.name}-${hash}`, metadata.namespace),
      labels,
      annotations: { ...replicaAnnotations(deployment), [REVISION]: String(revision) },
      ownerReferences: [{ kind: 'Deployment', name: metadata.name, uid: metadata.uid, controller: true, blockOwnerDeletion: true }],
    },
    spec: {
      replicas,
      selector: { ...spec.selector, matchLabels: { ...spec.selector.matchLabels, [TEMPLATE_HASH_LABEL]: hash } },
      template: { ...spec.template, labels },
      minReadySeconds: spec.minReadySeconds,
    },
    status: { observedGeneration: 0, replicas: 0, readyReplicas: 0, availableReplicas: 0, terminatingReplicas: 0 },
  }
}
