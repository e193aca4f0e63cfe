import type { AnyObject, Pod } from '../api/objects/index.ts'
import { Completion, type Process, type Wait } from '../engine/process.ts'
import type { RandomStream } from '../engine/random-stream.ts'
import { NO_TIMER, type Simulation, type Timer } from '../engine/simulation.ts'
import { MILLISECOND, type Nanos, SECOND } from '../units.ts'
import { type ApiConnection, SILENCE_MAX } from './api-connection.ts'
import type { ApiServerProcess } from './api-server-process.ts'
import { BROKEN } from './broken.ts'
import type { Delays } from './latencies.ts'
import { keyOf } from './object-key.ts'
import type { StreamOfEvents, Watch, WatchEvent, WatcherOptions } from './watch-cache.ts'

/** What a reflector keeps up to date. */
export interface ReflectorOptions extends WatcherOptions {
  /** What the client has. A list after a gap is compared with it; without it the client does what is due itself, in `listed`. */
  readonly known?: () => Iterable<AnyObject>
  /** Called when a list has made up for a gap, before its changes are delivered: what lies between was perhaps never told. */
  readonly relisted?: (after: number, upTo: number) => void
  /** Called once, when all of the first list has been delivered. Source: client-go tools/cache (HasSynced). */
  readonly synced?: () => void
}

/** A watch, as its client has it. */
export interface ClientWatch extends Watch {
  /**
   * The server gives the connection up, as it has heard nothing of the client for long: it sends no more. The client learns of it as of
   * everything that comes.
   */
  sever(): void
}

/** What a reflector needs of the API. */
export interface ReflectorAccess {
  readonly sim: Simulation
  readonly latencies: Delays
  readonly connection: ApiConnection
  /** A list of at least that revision (null: the newest), filtered; null when the server has no answer. */
  readonly list: (
    server: ApiServerProcess,
    kind: string,
    notOlderThan: number | null,
  ) => Generator<Wait, { readonly objects: AnyObject[]; readonly revision: number } | null, unknown>
  /** The newest revision of etcd at that time, as far as it can be told. */
  readonly revisionAt: (time: Nanos) => number
}

/** Source: client-go tools/cache/reflector.go: a watch ends after a random time in [5, 10) minutes (defaultMinWatchTimeout). */
export const WATCH_TIMEOUT_MIN: Nanos = 300 * SECOND
/** Source: reflector.go: back-off from 800 ms to 30 s, factor 2, jitter 1 (so [d, 2d)), reset when 2 minutes went by without. */
export const BACKOFF_MIN: Nanos = 800 * MILLISECOND
export const BACKOFF_MAX: Nanos = 30 * SECOND
export const BACKOFF_RESET: Nanos = 120 * SECOND
/** Source: apiserver cacher.go: a bookmark a minute, and one 2 s before the watch ends. */
export const BOOKMARK_PERIOD: Nanos = 60 * SECOND
export const BOOKMARK_BEFORE_END: Nanos = 2 * SECOND
/** How far a cache may be behind without knowing. Source: kubeadm sets etcd's `--watch-progress-notify-interval=5s`. */
export const PROGRESS_PERIOD: Nanos = 5 * SECOND

/**
 * Keeps a client up to date about one kind: lists, watches, and goes on where it was when the watch ends.
 *
 * The server ends a watch after 5 to 10 minutes; a connection ends with its server. In both cases the reflector watches again at once from
 * the last revision it has heard of, through its connection, which may lead to another server. Where the connection is refused it waits,
 * longer each time. Where the server can no longer tell what came after that revision (410 Gone) it lists: what differs from what the client
 * has is delivered as changes, states in between are skipped. So per object the revisions only grow, and nothing is missed but what a list
 * stands for.
 *
 * Bookmarks are no events of the simulation: what the last one said is worked out when a watch ends.
 *
 * Simplified: a list after a gap delivers nothing for objects that have not changed (client-go calls the handler, and handlers look at the
 * revision); an object that was replaced by one of the same name is delivered as deleted and added (client-go: as an update with another uid,
 * which handlers take apart).
 *
 * Source: client-go tools/cache/reflector.go; apiserver/pkg/storage/cacher.
 */
export class Reflector implements ClientWatch {
  readonly #access: ReflectorAccess
  readonly #kind: string
  readonly #options: ReflectorOptions
  readonly #timing: RandomStream
  #stream: StreamOfEvents | null = null
  #process: Process<void> | null = null
  #timeout: Timer = NO_TIMER
  /** Of the watch that runs: when it began, and when the server ends it. */
  #begunAt: Nanos = 0
  /** Entries of the first list that have not arrived: until they have, there is nothing to go on from. */
  #listing = 0
  /** The last revision that it has heard of. */
  #revision = 0
  #backOff: Nanos = BACKOFF_MIN
  #backedOffAt: Nanos = 0
  #stopped = false
  #synced = false
  /** Revisions of events that have been sent and are held up by a link that is cut. */
  #heldUp: number[] = []
  /** Lets the connection forget the watch. */
  #leave: () => void = () => {}

  constructor(access: ReflectorAccess, kind: string, options: ReflectorOptions) {
    this.#access = access
    this.#kind = kind
    this.#options = options
    this.#timing = access.sim.rng(`reflector/${options.name}/${kind}`)
  }

  /** Lists and watches. Where no server answers it begins when one does. */
  start(): void {
    const server = this.#access.connection.reachAtOnce()
    if (server === null) this.#process = this.#access.sim.spawn(this.#begin())
    else this.#follow(server, null)
  }

  stop(): void {
    this.#stopped = true
    this.#leave()
    this.#stream?.stop()
    this.#process?.kill()
    this.#access.sim.cancel(this.#timeout)
  }

  sever(): void {
    const stream = this.#stream
    if (stream === null) return
    this.#access.sim.cancel(this.#timeout)
    this.#ends(stream, 'broken')
    stream.stop()
  }

  /** False when the server cannot begin there. */
  #follow(server: ApiServerProcess, from: number | null): boolean {
    const { sim, connection } = this.#access
    const { name, nodeName, network, deliver, listed, whenRunning } = this.#options
    const heard = (event: WatchEvent): void => {
      if (this.#listing > 0) this.#listing--
      if (event.revision > this.#revision) this.#revision = event.revision
      deliver(event)
      if (this.#listing === 0) this.#hasSynced()
    }
    const stream: StreamOfEvents | null = server.cache(this.#kind).serve({
      name,
      ...(nodeName === undefined ? {} : { nodeName }),
      network,
      from,
      deliver:
        connection.isPlain && whenRunning === undefined
          ? heard
          : (event) => this.#receive(stream!, event.revision, () => this.#comes(() => heard(event))),
      ...(listed === undefined
        ? {}
        : {
            listed: (revision: number) =>
              this.#receive(stream!, revision, () =>
                this.#comes(() => {
                  this.#listing = 0
                  this.#revision = Math.max(this.#revision, revision)
                  listed(revision)
                }),
              ),
          }),
      ended: (how) => this.#receive(stream!, null, () => this.#ends(stream!, how)),
    })
    if (stream === null) return false
    this.#stream = stream
    this.#leave = connection.onBreak(() => {
      this.#ends(stream, 'broken', SILENCE_MAX)
      stream.stop()
    })
    this.#begunAt = sim.now
    this.#listing = stream.listLength
    if (this.#listing === 0 && this.#options.synced !== undefined) sim.after(0, () => this.#hasSynced())
    if (from === null) this.#revision = Math.max(this.#revision, server.cache(this.#kind).revision)
    this.#timeout = sim.after(WATCH_TIMEOUT_MIN + this.#timing.below(WATCH_TIMEOUT_MIN), () => {
      this.#timeout = NO_TIMER
      stream.close()
    })
    return true
  }

  /** What the server has sent on that watch is at the client's machine, or is held up. */
  #receive(stream: StreamOfEvents, revision: number | null, take: () => void): void {
    const { connection } = this.#access
    if (!connection.holds) {
      take()
      return
    }
    if (revision !== null) this.#heldUp.push(revision)
    connection.receive(() => {
      if (this.#stopped || this.#stream !== stream) return
      if (revision !== null) this.#heldUp.shift()
      take()
    })
  }

  /** Something has come to the client's machine. */
  #comes(run: () => void): void {
    const { whenRunning } = this.#options
    if (whenRunning === undefined) run()
    else
      whenRunning(() => {
        if (!this.#stopped) run()
      })
  }

  /** The watch ends now; what the server has said until `ago` ns ago counts, whenever the client learns of it. */
  #ends(stream: StreamOfEvents, how: 'closed' | 'broken', ago: Nanos = 0): void {
    const at = this.#access.sim.now - ago
    const onTheWay = this.#heldUp[0] ?? stream.onTheWay
    this.#comes(() => {
      if (this.#stream === stream) this.#ended(how, at, onTheWay)
    })
  }

  #ended(how: 'closed' | 'broken', at: Nanos, onTheWay: number | null): void {
    if (this.#stopped) return
    const { sim } = this.#access
    if (this.#listing === 0) this.#hearBookmark(how, at, onTheWay)
    this.#leave()
    this.#heldUp = []
    this.#stream = null
    sim.cancel(this.#timeout)
    this.#timeout = NO_TIMER
    this.#process = sim.spawn(this.#resume())
  }

  /** What the last bookmark of a watch that ended at that time said, unless something older was still on its way. */
  #hearBookmark(how: 'closed' | 'broken', at: Nanos, onTheWay: number | null): void {
    const { revisionAt } = this.#access
    const periods = Math.floor((at - this.#begunAt) / BOOKMARK_PERIOD) * BOOKMARK_PERIOD
    const last = how === 'closed' ? at - BOOKMARK_BEFORE_END : this.#begunAt + periods
    if (last <= this.#begunAt) return
    const revision = revisionAt(last - PROGRESS_PERIOD)
    if (onTheWay === null || onTheWay > revision) this.#revision = Math.max(this.#revision, revision)
  }

  *#begin(): Generator<Wait, void, unknown> {
    for (;;) {
      yield* this.#travel()
      const server = yield* this.#access.connection.reach()
      yield* this.#running()
      if (server !== null && this.#follow(server, null)) return
      yield* this.#travel()
      yield* this.#wait()
    }
  }

  *#resume(): Generator<Wait, void, unknown> {
    let relist = this.#listing > 0
    let newest = false
    for (;;) {
      yield* this.#travel()
      const server = yield* this.#access.connection.reach()
      yield* this.#running()
      if (server === null) {
        yield* this.#travel()
        yield* this.#wait()
        continue
      }
      if (!relist) {
        if (this.#follow(server, this.#revision)) return
        // 410 Gone, "too old resource version".
        relist = true
        yield* this.#travel()
        yield* this.#wait()
        continue
      }
      const { connection } = this.#access
      const { epoch } = connection
      const list = yield* server.serve(this.#access.list(server, this.#kind, newest ? null : this.#revision))
      if (list === BROKEN || !(yield* connection.answered(epoch))) continue
      yield* this.#travel()
      if (list === null) {
        // "Too large resource version", or etcd gave no answer: once more, for whatever is newest.
        newest = true
        yield* this.#wait()
        continue
      }
      this.#listing = 0
      this.#replace(list.objects, list.revision)
      relist = false
    }
  }

  /** Tells what a list shows to have changed. */
  #replace(objects: readonly AnyObject[], revision: number): void {
    const { nodeName, known, deliver, listed, relisted } = this.#options
    const after = this.#revision
    this.#revision = Math.max(after, revision)
    relisted?.(after, this.#revision)
    listed?.(this.#revision)
    if (listed !== undefined && known === undefined) return
    const had = new Map<string, AnyObject>()
    for (const object of known?.() ?? []) had.set(keyOf(object), object)
    const { now } = this.#access.sim
    const tell = (type: WatchEvent['type'], object: AnyObject, previous: AnyObject | undefined, at: number): void => {
      if (!this.#stopped) deliver({ type, object, previous, revision: at, cause: -1, committedAt: now, fromList: true })
    }
    for (const object of objects) {
      if (nodeName !== undefined && (object as Pod).spec.nodeName !== nodeName) continue
      const key = keyOf(object)
      const before = had.get(key)
      had.delete(key)
      const { resourceVersion, uid } = object.metadata
      if (before === undefined) tell('ADDED', object, undefined, resourceVersion)
      else if (before.metadata.uid !== uid) {
        tell('DELETED', before, before, before.metadata.resourceVersion)
        tell('ADDED', object, undefined, resourceVersion)
      } else if (before.metadata.resourceVersion < resourceVersion) tell('MODIFIED', object, before, resourceVersion)
    }
    for (const object of had.values()) tell('DELETED', object, object, this.#revision)
    this.#hasSynced()
  }

  #hasSynced(): void {
    if (this.#synced || this.#stopped) return
    this.#synced = true
    this.#options.synced?.()
  }

  *#travel(): Generator<Wait, void, unknown> {
    yield* travel(this.#access, this.#options)
    yield* this.#running()
  }

  /** Waits while the client's machine stands still: until then the client begins nothing and hears of nothing. */
  *#running(): Generator<Wait, void, unknown> {
    const { whenRunning } = this.#options
    if (whenRunning === undefined) return
    const runs = new Completion<void>(this.#access.sim)
    whenRunning(() => runs.resolve())
    if (!runs.settled) yield runs
  }

  *#wait(): Generator<Wait, void, unknown> {
    const { sim } = this.#access
    if (sim.now - this.#backedOffAt > BACKOFF_RESET) this.#backOff = BACKOFF_MIN
    const delay = this.#backOff + this.#timing.below(this.#backOff)
    this.#backOff = Math.min(2 * this.#backOff, BACKOFF_MAX)
    yield sim.delay(delay)
    yield* this.#running()
    this.#backedOffAt = sim.now
  }
}

/** One way between client and server, for what is no event of a watch. */
function* travel({ sim, latencies }: ReflectorAccess, { network, name }: WatcherOptions): Generator<Wait, void, unknown> {
  yield sim.delay(latencies.draw(network, `${name}/again`))
}
