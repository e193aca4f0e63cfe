import type { ReplicaSet } from '../../api/objects/index.ts'

export const TEMPLATE_HASH_LABEL = 'pod-template-hash'
export const REVISION = 'deployment.kubernetes.io/revision'
/** Revisions that the same ReplicaSet had before, joined by commas. */
export const REVISION_HISTORY = 'deployment.kubernetes.io/revision-history'

/** The revision of a Deployment's ReplicaSet; 0 when it has none. */
export function revisionOf(rs: ReplicaSet): number {
  return Number(rs.metadata.annotations[REVISION] ?? 0)
}

/** The newest revision among ReplicaSets; 0 of none. */
export function newestRevision(sets: readonly ReplicaSet[]): number {
  return sets.reduce((max, rs) => Math.max(max, revisionOf(rs)), 0)
}
