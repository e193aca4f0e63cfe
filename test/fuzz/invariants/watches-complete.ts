import type { Pod } from '../../../src/api/objects/index.ts'
import { keyOf } from '../../../src/control-plane/object-key.ts'
import type { WatchEvent } from '../../../src/control-plane/watch-cache.ts'
import { SECOND } from '../../../src/units.ts'
import type { Invariant } from '../invariant.ts'

/** What is known of one watch: events of its kind at or below `from` came as a list. */
interface Watched {
  readonly name: string
  readonly kind: string
  readonly nodeName: string | undefined
  /** The newest revision that was committed when the watch began, or when its first list was there where no server answered at first. */
  from: number
  readonly seen: Set<number>
  /** Revisions that a later list stands for: above the first, up to the second. */
  readonly lists: { readonly after: number; readonly upTo: number }[]
  /** The newest revision of each object, by uid, and whether it is gone. */
  readonly objects: Map<string, { readonly revision: number; readonly key: string; readonly gone: boolean }>
  /** It is told of lists by their revision alone. */
  readonly onlyRevisions: boolean
  last: number
  stopped: boolean
}

/** What was committed so shortly before the end may still be on its way. A server that starts, or a refused client, takes longer. */
const ON_THE_WAY = SECOND

/**
 * Every watcher is told of every change of its kind, once, in the order of revisions, whatever servers and connections do. After a gap that
 * no server can tell any more a list stands for the changes up to its revision: states in between may be skipped, but per object revisions
 * only grow and nothing is told twice; and in the end what the watcher was told is what is stored.
 */
export const watchesComplete: Invariant = {
  name: 'every watch sees every revision once and in order',
  attach: (cluster, violated) => {
    const { server } = cluster.controlPlane
    const commits: WatchEvent[] = []
    /** The last change of each object, by uid; what is there from the start and never changes is not in it. */
    const stored = new Map<string, { revision: number; gone: boolean }>()
    server.observeCommits((event) => {
      commits.push(event)
      stored.set(event.object.metadata.uid, { revision: event.revision, gone: event.type === 'DELETED' })
    })
    const watches: Watched[] = []
    const watch = server.watch.bind(server)
    server.watch = (kind, options) => {
      const watched: Watched = {
        name: `${options.name}/${kind}`,
        kind,
        nodeName: options.nodeName,
        from: commits.at(-1)?.revision ?? 0,
        seen: new Set(),
        lists: [],
        onlyRevisions: options.listed !== undefined,
        objects: new Map(),
        last: 0,
        stopped: false,
      }
      watches.push(watched)
      const began = cluster.sim.now
      const running = watch(kind, {
        ...options,
        relisted: (after, upTo) => {
          watched.lists.push({ after, upTo })
          options.relisted?.(after, upTo)
        },
        synced: () => {
          if (cluster.sim.now - began > ON_THE_WAY) watched.from = commits.at(-1)?.revision ?? 0
          options.synced?.()
        },
        deliver: (event) => {
          check(watched, event, violated)
          options.deliver(event)
        },
      })
      return {
        stop: () => {
          watched.stopped = true
          running.stop()
        },
        sever: () => running.sever(),
      }
    }
    return () => {
      const arrived = commits.filter(({ committedAt }) => committedAt <= cluster.sim.now - ON_THE_WAY)
      for (const { name, kind, nodeName, from, seen, lists, objects, last, stopped, onlyRevisions } of watches) {
        const until = stopped ? last : Number.POSITIVE_INFINITY
        const missed = arrived.find(
          ({ object, revision }) =>
            object.kind === kind &&
            revision > from &&
            revision <= until &&
            (nodeName === undefined || (object as Pod).spec.nodeName === nodeName) &&
            !seen.has(revision) &&
            !lists.some(({ after, upTo }) => revision > after && revision <= upTo),
        )
        if (missed !== undefined) violated(`${name} was never told of ${keyOf(missed.object)} at ${missed.revision}`)
        if (stopped || onlyRevisions) continue
        const settled = arrived.at(-1)?.revision ?? 0
        for (const [uid, { key, gone, revision }] of objects) {
          const now = stored.get(uid)
          if (gone || now === undefined || now.revision > settled) continue
          if (now.gone) violated(`${name} was never told that ${key} is gone`)
          else if (now.revision !== revision) violated(`${name} has ${key} at ${revision}, stored is ${now.revision}`)
        }
      }
    }
  },
}

function check(watched: Watched, event: WatchEvent, violated: (detail: string) => void): void {
  const { uid } = event.object.metadata
  const key = keyOf(event.object)
  const before = watched.objects.get(uid)
  // The objects of a list come in no order of revisions.
  const fromList = event.fromList === true
  if (!fromList && event.revision <= watched.last) violated(`${watched.name} was told of ${key} at ${event.revision} after ${watched.last}`)
  if (before?.gone === true) violated(`${watched.name} was told of ${key} at ${event.revision} after it was gone`)
  if (before !== undefined && event.revision <= before.revision && !(event.type === 'DELETED' && fromList))
    violated(`${watched.name} was told twice of ${key} at ${before.revision}, then ${event.revision}`)
  watched.objects.set(uid, { revision: event.revision, key, gone: event.type === 'DELETED' })
  watched.last = Math.max(watched.last, event.revision)
  watched.seen.add(event.revision)
}
