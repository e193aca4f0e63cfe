import type { AnyObject } from '../api/objects/index.ts'
import type { Wait } from '../engine/process.ts'
import { Signal } from '../engine/process.ts'
import type { Simulation } from '../engine/simulation.ts'
import { Slowness } from '../engine/slowness.ts'
import type { Nanos } from '../units.ts'
import { BROKEN } from './broken.ts'
import { EventLease } from './event-lease.ts'
import { FlowControl, type FlowControlOptions, type PriorityLevelReport } from './flow-control/flow-control.ts'
import type { Delays } from './latencies.ts'
import { API_SERVER_WORK, SlowedLatencies } from './slowed-latencies.ts'
import { WatchCache, type WatchEvent } from './watch-cache.ts'

export interface ApiServerProcessOptions {
  readonly latencies: Delays
  /** Counted from 0. */
  readonly id: number
  /** Whether it is one of several. */
  readonly several: boolean
  readonly grantLease: (ttl: Nanos) => number
  readonly flowControl: FlowControlOptions
}

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
  /** How slow it is, in whichever of its lives. */
  readonly slowness = new Slowness()
  /** What its own work takes. */
  readonly latencies: Delays
  readonly events: EventLease
  /** Fires when the process dies. */
  readonly died: Signal
  /** Who gets its seats. */
  flowControl: FlowControl
  readonly #seats: FlowControlOptions
  readonly #earlierReports: PriorityLevelReport[] = []
  readonly #sim: Simulation
  readonly #caches = new Map<string, WatchCache>()
  /** Told when the process dies: those who wait for etcd on behalf of a request. */
  readonly #interrupts = new Set<() => void>()
  #inFlight = 0

  constructor(sim: Simulation, options: ApiServerProcessOptions) {
    const { latencies, id, several, grantLease } = options
    this.#sim = sim
    this.latencies = new SlowedLatencies(latencies, API_SERVER_WORK, this.slowness)
    this.#seats = options.flowControl
    this.id = id
    this.name = several ? `kube-apiserver-${id + 1}` : 'kube-apiserver'
    this.died = new Signal(sim)
    this.events = new EventLease(grantLease)
    this.flowControl = this.#newFlowControl()
  }

  /** What was made to wait or rejected in each of its lives. */
  flowControlReports(): readonly PriorityLevelReport[] {
    return [...this.#earlierReports, ...this.flowControl.report()]
  }

  #newFlowControl(): FlowControl {
    const counts = {
      objects: (kind: string) => this.#caches.get(kind)?.size ?? 0,
      watchers: (kind: string) => this.#caches.get(kind)?.watchersOfAll ?? 0,
    }
    return new FlowControl(this.#sim, { ...this.#seats, counts })
  }

  /** Requests that it works on now; watches are not counted. */
  get inFlight(): number {
    return this.#inFlight
  }

  cache(kind: string): WatchCache {
    let cache = this.#caches.get(kind)
    if (cache === undefined) {
      cache = new WatchCache(this.#sim, this.latencies, this.id === 0 ? '' : this.name)
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
    this.#earlierReports.push(...this.flowControl.report())
    this.flowControl.abandon()
    this.flowControl = this.#newFlowControl()
    this.died.fire()
    return { requests, watches }
  }

  /** Its caches have been filled from a list of etcd: it answers from now on. */
  ready(objects: ReadonlyMap<string, AnyObject[]>, kinds: Iterable<string>, revision: number): void {
    for (const kind of kinds) this.cache(kind).fill(objects.get(kind) ?? [], revision)
    this.up = true
  }
}
