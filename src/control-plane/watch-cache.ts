import type { AnyObject, Pod } from '../api/objects/index.ts'
import type { HandlerId, Simulation } from '../engine/simulation.ts'
import type { HopId } from '../engine/trace.ts'
import type { Nanos } from '../units.ts'
import type { Latencies, LatencyName } from './latencies.ts'
import { keyOf } from './object-key.ts'

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
}

/** Who watches, and what comes to it. Events of one watcher arrive in revision order, each once. */
export interface WatcherOptions {
  /** For the watcher's own random stream of delays. */
  readonly name: string
  /** Field selector `spec.nodeName=…`, pods only. */
  readonly nodeName?: string
  /** The way between the API server and the watcher. */
  readonly network: LatencyName
  readonly deliver: (event: WatchEvent) => void
  /**
   * Called once, before any event, with the revision up to which the list goes. When given, what exists is not delivered as
   * ADDED events: the watcher looks it up by revision.
   */
  readonly listed?: (revision: number) => void
  /** Called once, after the last ADDED event of the list: the watcher knows what there was when it asked. */
  readonly synced?: () => void
}

/** A running watch. */
export interface Watch {
  /** Nothing more is delivered, not even what is on its way. */
  stop(): void
}

/** Stands in a watcher's queue for the end of its list. */
const LIST_ENDS = -1
/** Delivered events are dropped from a watcher's queue in runs of this many. */
const QUEUE_COMPACTED_AT = 1024

class Watcher implements Watch {
  readonly options: WatcherOptions
  /** Events on their way; a number stands for the list, up to that revision. */
  readonly #queue: (WatchEvent | number)[] = []
  #next = 0
  lastAt: Nanos = 0
  stopped = false

  constructor(options: WatcherOptions) {
    this.options = options
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
    if (event === LIST_ENDS) this.options.synced!()
    else if (typeof event === 'number') this.options.listed!(event)
    else this.options.deliver(event)
  }

  stop(): void {
    this.stopped = true
  }
}

/**
 * The API server's watch cache of one kind: the newest objects, and the watchers that every change is fanned out to.
 *
 * A change becomes visible here some time after etcd applied it and then travels to each watcher with a delay of its own,
 * never overtaking an earlier one. Watchers with a node's field selector get only that node's pods.
 *
 * Source: Kubernetes staging/src/k8s.io/apiserver/pkg/storage/cacher.
 */
export class WatchCache {
  readonly #sim: Simulation
  readonly #latencies: Latencies
  readonly #objects = new Map<string, AnyObject>()
  readonly #watchers: Watcher[] = []
  readonly #everything: number[] = []
  readonly #byNode = new Map<string, number[]>()
  readonly #onDeliver: HandlerId
  readonly #observers: ((event: WatchEvent) => void)[] = []
  #publishedAt: Nanos = 0
  /** The last revision that is visible here. */
  #revision = 0

  constructor(sim: Simulation, latencies: Latencies) {
    this.#sim = sim
    this.#latencies = latencies
    this.#onDeliver = sim.handler((watcher) => this.#watchers[watcher]!.deliverNext())
  }

  /** Hands over a change that etcd has applied now. */
  accept(event: WatchEvent): void {
    this.#publishedAt = Math.max(this.#publishedAt, this.#sim.now + this.#latencies.draw('watchCache'))
    this.#sim.after(this.#publishedAt - this.#sim.now, () => this.#publish(event))
  }

  /** Called with every change the moment it becomes visible, before any watcher has it. */
  observe(observer: (event: WatchEvent) => void): void {
    this.#observers.push(observer)
  }

  /** What there is, in the order in which it first appeared. */
  values(): IterableIterator<AnyObject> {
    return this.#objects.values()
  }

  /** Lists what there is, as ADDED events, and goes on with every change. */
  watch(options: WatcherOptions): Watch {
    const watcher = new Watcher(options)
    const index = this.#watchers.push(watcher) - 1
    if (options.nodeName === undefined) this.#everything.push(index)
    else {
      const list = this.#byNode.get(options.nodeName)
      if (list === undefined) this.#byNode.set(options.nodeName, [index])
      else list.push(index)
    }
    if (options.listed !== undefined) this.#send(index, this.#revision)
    else
      for (const object of this.#objects.values()) {
        if (options.nodeName !== undefined && (object as Pod).spec.nodeName !== options.nodeName) continue
        const revision = object.metadata.resourceVersion
        this.#send(index, { type: 'ADDED', object, previous: undefined, revision, cause: -1, committedAt: this.#sim.now })
      }
    if (options.synced !== undefined) {
      watcher.push(LIST_ENDS)
      this.#sim.schedule(Math.max(0, watcher.lastAt - this.#sim.now), this.#onDeliver, index)
    }
    return {
      stop: () => {
        watcher.stop()
        const list = options.nodeName === undefined ? this.#everything : this.#byNode.get(options.nodeName)!
        list.splice(list.indexOf(index), 1)
      },
    }
  }

  #publish(event: WatchEvent): void {
    const key = keyOf(event.object)
    this.#revision = event.revision
    if (event.type === 'DELETED') this.#objects.delete(key)
    else this.#objects.set(key, event.object)
    for (const observer of this.#observers) observer(event)
    for (const index of this.#everything) this.#send(index, event)
    if (this.#byNode.size === 0) return
    const nodeName = (event.object as Pod).spec.nodeName
    const watchers = this.#byNode.get(nodeName)
    if (watchers !== undefined) for (const index of watchers) this.#send(index, event)
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
