import type { KubernetesObject } from '../api/objects/index.ts'

/** `Kind/namespace/name`, or `Kind/name` for a cluster-scoped object: how the model and its stories name an object. */
export function objectKey(kind: string, namespace: string, name: string): string {
  return namespace === '' ? `${kind}/${name}` : `${kind}/${namespace}/${name}`
}

/** The key of that object. */
export function keyOf(object: KubernetesObject): string {
  return objectKey(object.kind, object.metadata.namespace, object.metadata.name)
}

/** The kind, namespace and name in a key. */
export function splitKey(key: string): { kind: string; namespace: string; name: string } {
  const parts = key.split('/')
  return parts.length === 2
    ? { kind: parts[0]!, namespace: '', name: parts[1]! }
    : { kind: parts[0]!, namespace: parts[1]!, name: parts[2]! }
}
