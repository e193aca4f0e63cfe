import { keyOf } from '../../../src/control-plane/object-key.ts'
import type { Invariant } from '../invariant.ts'

/** Whenever something is written, more than half of the members of etcd are up, and one of these leads. */
export const quorum: Invariant = {
  name: 'no write without a quorum',
  attach: (cluster, violated) => {
    const { server } = cluster.controlPlane
    server.observeCommits(({ object, revision }) => {
      const { etcd } = server
      const up = Array.from({ length: etcd.memberCount }, (_, member) => member).filter((member) => etcd.isUp(member))
      if (up.length * 2 <= etcd.memberCount)
        violated(`${keyOf(object)} was written at ${revision} with ${up.length} of ${etcd.memberCount} members up`)
      if (etcd.leader === null || !up.includes(etcd.leader)) violated(`${keyOf(object)} was written at ${revision} without a leader`)
    })
    return () => {}
  },
}
