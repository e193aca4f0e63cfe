import { keyOf } from '../../../src/control-plane/object-key.ts'
import type { Invariant } from '../invariant.ts'

/** A uid belongs to one object for ever, a name in a namespace to one object at a time, and revisions only grow. */
export const uniqueIds: Invariant = {
  name: 'ids are unique',
  attach: (cluster, violated) => {
    const keyOfUid = new Map<string, string>()
    const uidOfKey = new Map<string, string>()
    let last = 0
    cluster.controlPlane.server.observeCommits(({ type, object, revision }) => {
      const key = keyOf(object)
      const { uid } = object.metadata
      if (revision <= last) violated(`revision ${revision} came after ${last}`)
      last = revision
      if (uid === '') violated(`${key} has no uid`)
      if ((keyOfUid.get(uid) ?? key) !== key) violated(`${key} has the uid of ${keyOfUid.get(uid)}`)
      if (uidOfKey.has(key) && uidOfKey.get(key) !== uid) violated(`${key} is there twice: ${uidOfKey.get(key)} and ${uid}`)
      keyOfUid.set(uid, key)
      if (type === 'DELETED') uidOfKey.delete(key)
      else uidOfKey.set(key, uid)
    })
    return () => {}
  },
}
