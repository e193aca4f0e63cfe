import type { AnyObject } from '../../src/api/objects/index.ts'
import { keyOf } from '../../src/control-plane/object-key.ts'
import type { SimulatedCluster } from '../../src/scenario/simulated-cluster.ts'

/** What the commits say is stored, by key, kept up to date. Without what was there before the clock started. */
export function storedObjects(cluster: SimulatedCluster): ReadonlyMap<string, AnyObject> {
  const stored = new Map<string, AnyObject>()
  cluster.controlPlane.server.observeCommits(({ type, object }) => {
    if (type === 'DELETED') stored.delete(keyOf(object))
    else stored.set(keyOf(object), object)
  })
  return stored
}

/** Those of a kind. */
export function ofKind<T extends AnyObject>(stored: ReadonlyMap<string, AnyObject>, kind: T['kind']): T[] {
  return [...stored.values()].filter((object) => object.kind === kind) as T[]
}
