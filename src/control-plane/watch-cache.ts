import type { AnyObject, Pod } from '../api/objects/index.ts'
import { firstOf, Signal, type Wait } from '../engine/process.ts'
import type { HandlerId, Simulation } from '../engine/simulation.ts'
import type { HopId } from '../engine/trace.ts'
import { type Nanos, SECOND } from '../units.ts'
import type { Delays, LatencyName } from './latencies.ts'
import { keyOf } from './object-key.ts'
import { WatchHistory } from './watch-history.ts'

/** A change of one object, as a watcher learns it. */
export interface WatchEvent<T extends AnyObject = AnyObject> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  /** For DELETED: the last state there was. */
  readonly object: T
  readonly previous: T | undefined
  readonly revision: number
  /** The hop of the write that made the change. */
  readonly cause: HopId
  /** When etcd applied it. */
  readonly committedAt: Nanos
  /** It was not watched but found in a list, the first or one that made up for a gap. */
  readonly fromList?: true
}

/** Does what comes to a machine, now or when that runs again; in its order. */
export type WhenRunning = (run: () => void) => void

/** Who watches, and what comes to it. Events of one watcher arrive in revision order, each once. */
export interface WatcherOptions {
  /** For the watcher's own random stream of delays. */
  readonly name: string
  /** Field selector `spec.nodeName=…`, pods only. */
  readonly nodeName?: string
  /** The way between the API server and the watcher. */
  readonly network: LatencyName
  /** Where the watcher's machine may stand still; left out, it always runs. */
  readonly whenRunning?: WhenRunning | undefined
  readonly deliver: (event: WatchEvent) => void
  /**
   * Called once, before any event, with the revision up to which the list goes. When given, what exists is not delivered as
   * ADDED events: the watcher looks it up by revision.
   */
  readonly listed?: (revision: number) => void
}

/** A watch as a server serves it: it begins after a revision, or with a list, and ends. */
export interface ServedWatch extends WatcherOptions {
  /** Only what is newer; null: what exists is listed first. */
  readonly from: number | null
  /** The stream is over: the server has closed it (everything sent has arrived), or the connection broke. */
  readonly ended?: (how: 'closed' | 'broken') => void
}

/** A running watch. */
export interface Watch {
  /** Nothing more is delivered, not even what is on its way. */
  stop(): void
}

/** A watch, and what only its server knows of it. */
export interface StreamOfEvents extends Watch {
  /** The server ends it: the end arrives after everything that has been sent. */
  close(): void
  /** Entries of the list with which it began. */
  readonly listLength: number
  /** The first event that has been sent and has not arrived. */
  readonly onTheWay: number | null
}

/** Delivered events are dropped from a watcher's queue in runs of this many. */
const QUEUE_COMPACTED_AT = 1024
/** Stands in a queue for the end of the stream. */
const END = -1

/** How long a list waits for the cache to be as new as it asks for. Source: Kubernetes cacher/watch_cache.go, blockTimeout. */
export const BLOCK_TIMEOUT: Nanos = 3 * SECOND

class Watcher {
  readonly options: ServedWatch
  /** Events on their way; a number stands for the list, up to that revision, or for the end. */
  readonly #queue: (WatchEvent | number)[] = []
  #next = 0
  lastAt: Nanos = 0
  stopped = false

  constructor(options: ServedWatch) {
    this.options = options
  }

  get idle(): boolean {
    return this.#next === this.#queue.length
  }

  get queued(): number {
    return this.#queue.length - this.#next
  }

  get onTheWay(): number | null {
    const first = this.#queue.slice(this.#next).find((event) => typeof event !== 'number')
    return first === undefined ? null : (first as WatchEvent).revision
  }

  push(event: WatchEvent | number): void {
    this.#queue.push(event)
  }

  deliverNext(): void {
    const event = this.#queue[this.#next++]!
    if (this.#next === this.#queue.length || this.#next === QUEUE_COMPACTED_AT) {
      this.#queue.splice(0, this.#next)
      this.#next = 0
    }
    if (this.stopped) return
    if (typeof event !== 'number') this.options.deliver(event)
    else if (event !== END) this.options.listed!(event)
    else {
      this.stopped = true
      this.options.ended?.('closed')
    }
  }
}

/**
 * One API server's watch cache of one kind: the newest objects, the last events, and the watchers that every change is fanned out to.
 *
 * A change becomes visible here some time after etcd applied it and then travels to each watcher with a delay of its own,
 * never overtaking an earlier one. Watchers with a node's field selector get only that node's pods. A watch from a revision is first told
 * what came after it, as long as that is still in the history.
 *
 * Source: Kubernetes staging/src/k8s.io/apiserver/pkg/storage/cacher.
 */
export class WatchCache {
  readonly #sim: Simulation
  readonly #latencies: Delays
  /** For the random stream of its own delay: empty for the first server. */
  readonly #place: string
  readonly #objects = new Map<string, AnyObject>()
  readonly #watchers: (Watcher | null)[] = []
  readonly #free: number[] = []
  readonly #everything: number[] = []
  readonly #byNode = new Map<string, number[]>()
  readonly #onDeliver: HandlerId
  readonly #observers: ((event: WatchEvent) => void)[] = []
  readonly #history = new WatchHistory()
  readonly #published: Signal
  #publishedAt: Nanos = 0
  /** Counts what the cache was filled with anew, so that what was meant for an earlier life is recognised. */
  #life = 0
  /** Revisions of changes that have come from etcd and are not visible yet, oldest first. */
  #pending: number[] = []
  /** The last revision that is visible here. */
  #revision = 0

  constructor(sim: Simulation, latencies: Delays, place = '') {
    this.#sim = sim
    this.#latencies = latencies
    this.#place = place
    this.#published = new Signal(sim)
    this.#onDeliver = sim.handler((index) => {
      const watcher = this.#watchers[index]!
      watcher.deliverNext()
      if (watcher.stopped && watcher.idle) this.#release(index, watcher)
    })
  }

  /** Hands over a change that etcd has applied now. */
  accept(event: WatchEvent): void {
    this.#publishedAt = Math.max(this.#publishedAt, this.#sim.now + this.#latencies.draw('watchCache', this.#place))
    this.#pending.push(event.revision)
    const life = this.#life
    this.#sim.after(this.#publishedAt - this.#sim.now, () => {
      if (life === this.#life) this.#publish(event)
    })
  }

  /** Fills the cache from a list of etcd; whatever it held is gone. */
  fill(objects: Iterable<AnyObject>, revision: number): void {
    this.clear()
    for (const object of objects) this.#objects.set(keyOf(object), object)
    this.#history.reset(revision)
    this.#revision = revision
  }

  /** The process is gone: its watchers' connections break. Gives their number. */
  clear(): number {
    this.#life++
    this.#pending = []
    this.#objects.clear()
    const broken = [...this.#everything, ...[...this.#byNode.values()].flat()]
    this.#everything.length = 0
    this.#byNode.clear()
    for (const index of broken) {
      const watcher = this.#watchers[index]!
      const { name, network, ended } = watcher.options
      this.#end(index, watcher)
      this.#sim.after(this.#latencies.draw(network, `${name}/end`), () => ended?.('broken'))
    }
    return broken.length
  }

  /** Puts an object in place before the clock starts and before anybody watches. */
  install(object: AnyObject): void {
    this.#objects.set(keyOf(object), object)
  }

  /** Called with every change the moment it becomes visible, before any watcher has it. */
  observe(observer: (event: WatchEvent) => void): void {
    this.#observers.push(observer)
  }

  /** What there is, in the order in which it first appeared. */
  values(): IterableIterator<AnyObject> {
    return this.#objects.values()
  }

  /** How many objects there are. */
  get size(): number {
    return this.#objects.size
  }

  /** Watchers that every change goes to; those of one node's pods are not among them. */
  get watchersOfAll(): number {
    return this.#everything.length
  }

  /** The revision of the newest change that is visible here, of its kind. */
  get revision(): number {
    return this.#revision
  }

  /** Whether everything of its kind up to that revision is visible, of what etcd has handed over. */
  isAsNewAs(revision: number): boolean {
    return this.#pending.length === 0 || this.#pending[0]! > revision
  }

  /** Waits until everything up to that revision is visible; false when that takes longer than 3 s ("Too large resource version"). */
  *untilAsNewAs(revision: number): Generator<Wait, boolean, unknown> {
    const until = this.#sim.now + BLOCK_TIMEOUT
    while (!this.isAsNewAs(revision)) {
      const left = until - this.#sim.now
      if (left <= 0) return false
      yield firstOf(this.#published, this.#sim.delay(left))
    }
    return true
  }

  /** Lists what there is, as ADDED events, and goes on with every change. */
  watch(options: WatcherOptions): StreamOfEvents {
    return this.serve({ ...options, from: null })!
  }

  /** Begins a watch; null when the history does not reach back to where it wants to begin ("too old resource version"). */
  serve(options: ServedWatch): StreamOfEvents | null {
    const missed = options.from === null ? null : this.#history.since(options.from)
    if (options.from !== null && missed === null) return null
    const watcher = new Watcher(options)
    const index = this.#free.pop() ?? this.#watchers.length
    this.#watchers[index] = watcher
    const line = this.#lineOf(options.nodeName)
    line.push(index)
    if (missed !== null) {
      for (const event of missed)
        if (options.nodeName === undefined || (event.object as Pod).spec.nodeName === options.nodeName) this.#send(index, event)
    } else if (options.listed !== undefined) this.#send(index, this.#revision)
    else
      for (const object of this.#objects.values()) {
        if (options.nodeName !== undefined && (object as Pod).spec.nodeName !== options.nodeName) continue
        const revision = object.metadata.resourceVersion
        this.#send(index, { type: 'ADDED', object, previous: undefined, revision, cause: -1, committedAt: this.#sim.now, fromList: true })
      }
    const listLength = missed === null ? watcher.queued : 0
    const leave = (): void => {
      const at = line.indexOf(index)
      if (at >= 0) line.splice(at, 1)
    }
    return {
      stop: () => {
        if (watcher.stopped) return
        leave()
        this.#end(index, watcher)
      },
      close: () => {
        if (watcher.stopped) return
        leave()
        watcher.lastAt = Math.max(watcher.lastAt, this.#sim.now + this.#latencies.draw(options.network, `${options.name}/end`))
        watcher.push(END)
        this.#sim.schedule(watcher.lastAt - this.#sim.now, this.#onDeliver, index)
      },
      listLength,
      get onTheWay() {
        return watcher.onTheWay
      },
    }
  }

  #lineOf(nodeName: string | undefined): number[] {
    if (nodeName === undefined) return this.#everything
    let line = this.#byNode.get(nodeName)
    if (line === undefined) {
      line = []
      this.#byNode.set(nodeName, line)
    }
    return line
  }

  #end(index: number, watcher: Watcher): void {
    watcher.stopped = true
    if (watcher.idle) this.#release(index, watcher)
  }

  /** Nothing is under way to it any more: the place is free for another. */
  #release(index: number, watcher: Watcher): void {
    if (this.#watchers[index] !== watcher) return
    this.#watchers[index] = null
    this.#free.push(index)
  }

  #publish(event: WatchEvent): void {
    const key = keyOf(event.object)
    this.#revision = event.revision
    this.#pending.shift()
    if (event.type === 'DELETED') this.#objects.delete(key)
    else this.#objects.set(key, event.object)
    this.#history.add(event, this.#sim.now)
    this.#published.fire()
    for (const observer of this.#observers) observer(event)
    for (const index of this.#everything) this.#tell(index, event)
    if (this.#byNode.size === 0) return
    const nodeName = (event.object as Pod).spec.nodeName
    const watchers = this.#byNode.get(nodeName)
    if (watchers !== undefined) for (const index of watchers) this.#tell(index, event)
  }

  /**
   * Sends a change to a watcher, unless it had it from another server, whose cache was ahead of this one.
   *
   * Source: Kubernetes apiserver/pkg/storage/cacher/cache_watcher.go, process: only what is newer than the revision that the watch began from.
   */
  #tell(index: number, event: WatchEvent): void {
    if (event.revision > (this.#watchers[index]!.options.from ?? 0)) this.#send(index, event)
  }

  #send(index: number, event: WatchEvent | number): void {
    const watcher = this.#watchers[index]!
    const { name, network } = watcher.options
    const delay = this.#latencies.draw('watchDelivery', name) + this.#latencies.draw(network, name)
    watcher.lastAt = Math.max(watcher.lastAt, this.#sim.now + delay)
    watcher.push(event)
    this.#sim.schedule(watcher.lastAt - this.#sim.now, this.#onDeliver, index)
  }
}
