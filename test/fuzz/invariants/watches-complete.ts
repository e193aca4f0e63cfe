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
  /** The newest revision that was committed when the watch began. */
  readonly from: number
  readonly seen: Set<number>
  last: number
  stopped: boolean
}

/** What was committed so shortly before the end may still be on its way. */
const ON_THE_WAY = SECOND

/** Every watcher is told of every change of its kind, once, in the order of revisions. */
export const watchesComplete: Invariant = {
  name: 'every watch sees every revision once and in order',
  attach: (cluster, violated) => {
    const { server } = cluster.controlPlane
    const commits: WatchEvent[] = []
    server.observeCommits((event) => commits.push(event))
    const watches: Watched[] = []
    const watch = server.watch.bind(server)
    server.watch = (kind, options) => {
      const from = commits.at(-1)?.revision ?? 0
      const watched: Watched = {
        name: `${options.name}/${kind}`,
        kind,
        nodeName: options.nodeName,
        from,
        seen: new Set(),
        last: 0,
        stopped: false,
      }
      watches.push(watched)
      const running = watch(kind, {
        ...options,
        deliver: (event) => {
          const fromList = event.cause === -1 && event.type === 'ADDED' && event.previous === undefined
          if (!fromList && event.revision <= watched.last)
            violated(`${watched.name} was told of ${keyOf(event.object)} at ${event.revision} after ${watched.last}`)
          if (watched.seen.has(event.revision)) violated(`${watched.name} was told twice of ${keyOf(event.object)} at ${event.revision}`)
          watched.last = Math.max(watched.last, event.revision)
          watched.seen.add(event.revision)
          options.deliver(event)
        },
      })
      return {
        stop: () => {
          watched.stopped = true
          running.stop()
        },
      }
    }
    return () => {
      const arrived = commits.filter(({ committedAt }) => committedAt <= cluster.sim.now - ON_THE_WAY)
      for (const { name, kind, nodeName, from, seen, last, stopped } of watches) {
        const until = stopped ? last : Number.POSITIVE_INFINITY
        const missed = arrived.find(
          ({ object, revision }) =>
            object.kind === kind &&
            revision > from &&
            revision <= until &&
            (nodeName === undefined || (object as Pod).spec.nodeName === nodeName) &&
            !seen.has(revision),
        )
        if (missed !== undefined) violated(`${name} was never told of ${keyOf(missed.object)} at ${missed.revision}`)
      }
    }
  },
}
