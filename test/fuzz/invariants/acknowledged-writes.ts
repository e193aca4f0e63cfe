import { keyOf, objectKey } from '../../../src/control-plane/object-key.ts'
import type { Invariant } from '../invariant.ts'
import { storedObjects } from '../stored-objects.ts'

/** Whoever was told that something is written finds it in the log of commits: under its key, at its revision, not later than the answer. */
export const acknowledgedWrites: Invariant = {
  name: 'no acknowledged write is lost',
  attach: (cluster, violated) => {
    const { server } = cluster.controlPlane
    /** Key of each commit, by revision. */
    const commits = new Map<number, string>()
    const stored = storedObjects(cluster)
    server.observeCommits(({ object, revision }) => commits.set(revision, keyOf(object)))
    const write = server.write.bind(server)
    server.write = function* (request) {
      const response = yield* write(request)
      const { code, object } = response
      if (code === 201 || (code === 200 && object !== undefined && response.message === 'configured')) {
        const revision = object!.metadata.resourceVersion
        if (commits.get(revision) !== keyOf(object!))
          violated(`${keyOf(object!)} was answered ${code} at revision ${revision}, which holds ${commits.get(revision)}`)
      } else if (code === 200 && response.message === 'deleted') {
        const key = objectKey(request.kind, request.namespace, request.name)
        const now = stored.get(key)
        if (now !== undefined && now.metadata.uid === object?.metadata.uid) violated(`${key} was answered as deleted and is still there`)
      }
      return response
    }
    return () => {
      for (const [key, object] of stored) {
        if (commits.has(object.metadata.resourceVersion) && commits.get(object.metadata.resourceVersion) !== key)
          violated(`${key} is stored at a revision that holds another object`)
        const peeked = server.peek(object.kind as 'Pod', object.metadata.namespace, object.metadata.name)
        if (peeked?.metadata.resourceVersion !== object.metadata.resourceVersion)
          violated(`${key} was committed at ${object.metadata.resourceVersion}; stored is ${peeked?.metadata.resourceVersion}`)
      }
    }
  },
}
