import type { Node, Pod } from '../../api/objects/index.ts'

/**
 * What happened that may let a waiting pod in. `Pod…` are pods that are bound or assumed; `own update` is one of the waiting
 * pod itself.
 *
 * Source: Kubernetes pkg/scheduler/framework/events.go, eventhandlers.go.
 */
export type ClusterEvent =
  | { readonly kind: 'Node added'; readonly node: Node }
  | { readonly kind: 'Node updated'; readonly node: Node; readonly before: Node }
  | { readonly kind: 'Node deleted'; readonly node: Node }
  | { readonly kind: 'Pod added'; readonly pod: Pod }
  | { readonly kind: 'Pod updated'; readonly pod: Pod; readonly before: Pod }
  | { readonly kind: 'Pod deleted'; readonly pod: Pod }
  | { readonly kind: 'own update'; readonly pod: Pod; readonly before: Pod }
  | { readonly kind: 'Namespace changed' }

export type ClusterEventKind = ClusterEvent['kind']

/** Whether an update of a node is one that plugins can ask for: its capacity, labels, taints or being cordoned. */
export function nodeChangeMatters(before: Node, after: Node): boolean {
  return (
    before.status.allocatable !== after.status.allocatable ||
    before.metadata.labels !== after.metadata.labels ||
    before.spec.taints !== after.spec.taints ||
    before.spec.unschedulable !== after.spec.unschedulable
  )
}
