import type { AnyObject } from '../api/objects/index.ts'
import type { Wait } from '../engine/process.ts'
import { Signal } from '../engine/process.ts'
import type { Simulation } from '../engine/simulation.ts'
import type { Nanos } from '../units.ts'
import { EventLease } from './event-lease.ts'
import type { Latencies } from './latencies.ts'
import { WatchCache, type WatchEvent } from './watch-cache.ts'

/** What {@link ApiServerProcess.serve} gives for a request whose server died. */
export const BROKEN: unique symbol = Symbol('the server died')

/**
 * One kube-apiserver process: its watch caches, and the requests that it works on.
 *
 * All state that must last is in etcd; a process that dies loses its caches, every watch that it served and every request in flight. A write
 * that it has handed to etcd may be committed all the same.
 */
export class ApiServerProcess {
  readonly id: number
  /** As stories name it: `kube-apiserver`, or with its number where there are several. */
  readonly name: string
  up = true
  /** Counts crashes, so that what belongs to an earlier life is recognised. */
  life = 0
  readonly events: EventLease
  /** Fires when the process dies. */
  readonly died: Signal
  readonly #sim: Simulation
  readonly #latencies: Latencies
  readonly #caches = new Map<string, WatchCache>()
  /** Told when the process dies: those who wait for etcd on behalf of a request. */
  readonly #interrupts = new Set<() => void>()
  #inFlight = 0

  constructor(sim: Simulation, latencies: Latencies, id: number, several: boolean, grantLease: (ttl: Nanos) => number) {
    this.#sim = sim
    this.#latencies = latencies
    this.id = id
    this.name = several ? `kube-apiserver-${id + 1}` : 'kube-apiserver'
    this.died = new Signal(sim)
    this.events = new EventLease(grantLease)
  }

  /** Requests that it works on now; watches are not counted. */
  get inFlight(): number {
    return this.#inFlight
  }

  cache(kind: string): WatchCache {
    let cache = this.#caches.get(kind)
    if (cache === undefined) {
      cache = new WatchCache(this.#sim, this.#latencies, this.id === 0 ? '' : this.name)
      this.#caches.set(kind, cache)
    }
    return cache
  }

  /** A change that etcd has applied. */
  accept(event: WatchEvent): void {
    this.cache(event.object.kind).accept(event)
  }

  /** Runs the steps of a request as long as the process lives. */
  *serve<T>(steps: Generator<Wait, T, unknown>): Generator<Wait, T | typeof BROKEN, unknown> {
    const { life } = this
    let value: unknown
    this.#inFlight++
    try {
      for (;;) {
        const step = steps.next(value)
        if (step.done === true) return step.value
        value = yield step.value
        if (this.life !== life) return BROKEN
      }
    } finally {
      this.#inFlight--
      steps.return(undefined as T)
    }
  }

  /** Calls `interrupt` when the process dies, unless the returned function was called before. */
  onDeath(interrupt: () => void): () => void {
    this.#interrupts.add(interrupt)
    return () => {
      this.#interrupts.delete(interrupt)
    }
  }

  /** The process dies. */
  crash(): { readonly requests: number; readonly watches: number } {
    this.up = false
    this.life++
    const requests = this.#inFlight
    let watches = 0
    for (const cache of this.#caches.values()) watches += cache.clear()
    const interrupts = [...this.#interrupts]
    this.#interrupts.clear()
    for (const interrupt of interrupts) interrupt()
    this.died.fire()
    return { requests, watches }
  }

  /** Its caches have been filled from a list of etcd: it answers from now on. */
  ready(objects: ReadonlyMap<string, AnyObject[]>, kinds: Iterable<string>, revision: number): void {
    for (const kind of kinds) this.cache(kind).fill(objects.get(kind) ?? [], revision)
    this.up = true
  }
}
