import type { Pod } from '../../../src/api/objects/index.ts'
import type { Invariant } from '../invariant.ts'

/** A pod that has a node keeps it until it is gone. */
export const boundOnce: Invariant = {
  name: 'no pod is bound twice',
  attach: (cluster, violated) => {
    const nodes = new Map<string, string>()
    cluster.controlPlane.server.observeCommits(({ type, object }) => {
      if (object.kind !== 'Pod') return
      const { metadata, spec } = object as Pod
      const before = nodes.get(metadata.uid) ?? ''
      if (before !== '' && spec.nodeName !== before) violated(`Pod ${metadata.name} went from ${before} to "${spec.nodeName}"`)
      if (type === 'DELETED') nodes.delete(metadata.uid)
      else nodes.set(metadata.uid, spec.nodeName)
    })
    return () => {}
  },
}
