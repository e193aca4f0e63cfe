import type { AnyObject, Pod } from '../../api/objects/index.ts'
import type { Verb } from '../authorization.ts'
import type { Identity } from '../identity.ts'
import { qualifiedResource } from '../resources.ts'

const NODE_USER = 'system:node:'

/**
 * What a kubelet must not do although the rules of nodes allow it: touch another Node, another node's Lease, or a pod that is not bound to it.
 *
 * Source: Kubernetes plugin/pkg/admission/noderestriction/admission.go.
 */
export function nodeRestriction(
  identity: Identity,
  verb: Verb,
  { kind, name, current }: { readonly kind: string; readonly name: string; readonly current: AnyObject | undefined },
): { code: number; message: string } | null {
  if (!identity.groups.includes('system:nodes') || !identity.user.startsWith(NODE_USER)) return null
  const node = identity.user.slice(NODE_USER.length)
  const why = reasonAgainst(verb, { kind, name, current }, node)
  return why === null ? null : { code: 403, message: `${qualifiedResource(kind)} "${name}" is forbidden: ${why}` }
}

function reasonAgainst(
  verb: Verb,
  { kind, name, current }: { readonly kind: string; readonly name: string; readonly current: AnyObject | undefined },
  node: string,
): string | null {
  if (kind === 'Node' && name !== node) return `node "${node}" is not allowed to modify node "${name}"`
  if (kind === 'Lease' && name !== node) return `can only access node lease with the same name as the requesting node`
  if (kind !== 'Pod' || current === undefined || (current as Pod).spec.nodeName === node) return null
  return verb === 'delete'
    ? `node "${node}" can only delete pods with spec.nodeName set to itself`
    : `node "${node}" can only update pod status for pods with spec.nodeName set to itself`
}
