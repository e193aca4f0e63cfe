import type { AnyObject, Kind } from '../../api/objects/index.ts'
import { Completion, type Wait } from '../../engine/process.ts'
import { type HopId, NO_CAUSE } from '../../engine/trace.ts'
import { WorkQueue, type WorkQueueOptions } from '../../engine/work-queue.ts'
import type { Nanos } from '../../units.ts'
import { type ApiAccess, ApiClient } from '../api-client.ts'
import { ApiError } from '../api-error.ts'
import { EventRecorder } from '../event-recorder.ts'
import { controllerIdentity } from '../identity.ts'
import { Informer } from '../informer.ts'
import type { MetricsServer } from '../metrics-server.ts'
import { keyOf } from '../object-key.ts'
import type { WatchEvent } from '../watch-cache.ts'

/** Client rate of every controller of kube-controller-manager. Source: `--kube-api-qps`, `--kube-api-burst`, v1.36.2 defaults. */
export const CONTROLLER_LIMIT = { qps: 20, burst: 30 } as const

/**
 * kube-controller-manager that leads: its shared informers, and what its controllers need. A new leader makes a new one, which lists
 * everything and then works on all of it.
 */
export class ControllerManager {
  readonly access: ApiAccess
  /** Who serves metrics.k8s.io; null when nobody does. */
  readonly metrics: MetricsServer | null
  /** The hop by which it came to lead: what it finds in its lists, it acts on because of that. */
  readonly since: HopId
  /** Settled when every informer has its list: no controller works before. Source: client-go tools/cache (WaitForNamedCacheSync). */
  readonly synced: Completion<void>
  readonly #informers = new Map<Kind, Informer<Kind>>()
  #isSettling = false

  constructor(access: ApiAccess, since: HopId = NO_CAUSE, metrics: MetricsServer | null = null) {
    this.access = access
    this.metrics = metrics
    this.since = since
    this.synced = new Completion<void>(access.sim)
  }

  /** The one informer of that kind that all controllers share. */
  informer<K extends Kind>(kind: K): Informer<K> {
    let informer = this.#informers.get(kind)
    if (informer === undefined) {
      informer = new Informer<Kind>(this.access.server, kind, {
        name: this.access.process ?? 'kube-controller-manager',
        network: 'controlPlaneNetwork',
      })
      this.#informers.set(kind, informer)
    }
    return informer as unknown as Informer<K>
  }

  /** Starts the watches, once every controller has been made. */
  start(): void {
    let missing = this.#informers.size
    for (const informer of this.#informers.values()) {
      informer.start(() => {
        if (--missing === 0) this.synced.resolve()
      })
    }
  }

  /** The same of a manager that has led for long: its controllers know what there is, and have done what was to be done. */
  startSettled(): void {
    this.#isSettling = true
    for (const informer of this.#informers.values()) informer.startSettled()
    this.#isSettling = false
    this.synced.resolve()
  }

  /** What controllers hear of now was worked off before time 0. */
  get isSettling(): boolean {
    return this.#isSettling
  }

  /** Ends the watches. */
  stop(): void {
    for (const informer of this.#informers.values()) informer.stop()
  }
}

/** How a reconcile ended: done, or to be tried again with back-off. */
export type Outcome = 'done' | 'retry'

/**
 * A controller: events put keys into its work queue, workers reconcile one key at a time.
 *
 * The same key is never in two workers' hands; while it waits, further events for it change nothing (the reconcile reads the
 * newest state anyway), and the story names the first as the cause.
 */
export abstract class Controller {
  protected readonly access: ApiAccess
  protected readonly client: ApiClient
  protected readonly queue: WorkQueue
  /** Shares the client and its rate limit. */
  protected readonly events: EventRecorder
  readonly name: string
  readonly #manager: ControllerManager

  constructor(
    manager: ControllerManager,
    options: { name: string; account?: string; workers: number; queue?: WorkQueueOptions; limit?: { qps: number; burst: number } },
  ) {
    this.name = options.name
    this.#manager = manager
    this.access = manager.access
    this.client = new ApiClient(manager.access, {
      actor: options.name,
      identity: controllerIdentity(options.account ?? options.name),
      limit: options.limit ?? CONTROLLER_LIMIT,
      network: 'controlPlaneNetwork',
      retries: 'caller',
    })
    this.events = new EventRecorder(manager.access.sim, this.client)
    this.queue = new WorkQueue(manager.access.sim, options.queue)
    for (let worker = 0; worker < options.workers; worker++) manager.access.sim.spawn(this.#work())
  }

  protected get now(): Nanos {
    return this.access.sim.now
  }

  /** Brings the world one step nearer to what the object at `key` asks for. `cause` is the hop that led here. */
  protected abstract reconcile(key: string, cause: HopId): Generator<Wait, Outcome, unknown>

  /** Puts the key into the queue because of an event. */
  protected enqueue(key: string, event: WatchEvent<AnyObject>): void {
    if (this.#manager.isSettling) return
    this.queue.add(key, this.observed(event))
  }

  /** Tells the story that the controller has seen an event. */
  protected observed(event: WatchEvent<AnyObject>): HopId {
    return this.access.trace.record({
      cause: event.cause === NO_CAUSE ? this.#manager.since : event.cause,
      actor: this.name,
      action: 'observed',
      subject: keyOf(event.object),
      revision: event.revision,
      started: event.committedAt,
      detail: event.type,
    })
  }

  /** One reconcile; a write without an answer makes it a failed one, whatever it says itself. */
  *#attempt(key: string, cause: HopId): Generator<Wait, Outcome, unknown> {
    const steps = this.reconcile(key, cause)
    let answered = true
    let value: unknown
    for (;;) {
      // Between two waits only this worker runs: what the client counts meanwhile is this worker's.
      const before = this.client.unanswered
      let step: IteratorResult<Wait, Outcome>
      try {
        step = steps.next(value)
      } catch (error) {
        // A read without an answer ends the reconcile.
        if (!(error instanceof ApiError)) throw error
        return 'retry'
      }
      if (this.client.unanswered !== before) answered = false
      if (step.done === true) return answered ? step.value : 'retry'
      value = yield step.value
    }
  }

  *#work(): Generator<Wait, void, unknown> {
    yield this.#manager.synced
    for (;;) {
      const { key, cause } = yield* this.queue.take()
      yield this.access.sim.delay(this.access.latencies.draw('controllerSync', this.name))
      const outcome = yield* this.#attempt(key, cause)
      if (outcome === 'retry') this.queue.addRateLimited(key, cause)
      else this.queue.forget(key)
      this.queue.done(key)
    }
  }
}
