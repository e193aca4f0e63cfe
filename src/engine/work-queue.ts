import { Heap } from 'heap-js'
import { invariant } from '../invariant.ts'
import { MILLISECOND, type Nanos, SECOND } from '../units.ts'
import { Signal, type Wait } from './process.ts'
import { NO_TIMER, type Simulation } from './simulation.ts'
import { TokenBucket } from './token-bucket.ts'
import { type HopId, NO_CAUSE } from './trace.ts'

export interface WorkQueueOptions {
  /** First delay after a failure; it doubles with each further one. */
  readonly baseDelay?: Nanos
  readonly maxDelay?: Nanos
  /** The retries of all keys together pass a token bucket of this rate and burst. */
  readonly ratePerSecond?: number
  readonly burst?: number
}

/** Source: kubernetes v1.36.2 staging/src/k8s.io/client-go/util/workqueue/default_rate_limiters.go (DefaultControllerRateLimiter). */
export const WORK_QUEUE_DEFAULTS = { baseDelay: 5 * MILLISECOND, maxDelay: 1000 * SECOND, ratePerSecond: 10, burst: 100 } as const

/** A key to work on and the hop that made it necessary. */
export interface WorkItem {
  readonly key: string
  readonly cause: HopId
}

interface DelayedAdd {
  readonly key: string
  readonly cause: HopId
  readonly readyAt: Nanos
  readonly order: number
}

/**
 * A controller's work queue, with client-go's rules: a key waits at most once; a key that is being worked on is not given to a second
 * worker, and when it was added meanwhile it waits again once that work is done; of two delayed adds the earlier counts; a retry is
 * delayed by the longer of the key's own doubling back-off and the shared token bucket.
 *
 * Source: kubernetes v1.36.2 staging/src/k8s.io/client-go/util/workqueue (queue.go, delaying_queue.go, default_rate_limiters.go).
 */
export class WorkQueue {
  readonly #sim: Simulation
  readonly #baseDelay: Nanos
  readonly #maxDelay: Nanos
  readonly #bucket: TokenBucket
  readonly #failures = new Map<string, number>()
  /** Keys in need of work, with their first cause: those in the queue, and those added while being worked on. */
  readonly #dirty = new Map<string, HopId>()
  readonly #processing = new Set<string>()
  #queue: string[] = []
  /** Keys before this place of the queue were taken. */
  #head = 0
  readonly #added: Signal
  /** Delayed adds by (time, order of adding); an entry that `#delayedByKey` does not name was replaced by an earlier one. */
  readonly #delayed = new Heap<DelayedAdd>((x, y) => x.readyAt - y.readyAt || x.order - y.order)
  readonly #delayedByKey = new Map<string, DelayedAdd>()
  #delayedOrder = 0
  #timer = NO_TIMER
  #timerAt: Nanos = Number.POSITIVE_INFINITY

  constructor(sim: Simulation, options: WorkQueueOptions = {}) {
    const { baseDelay, maxDelay, ratePerSecond, burst } = { ...WORK_QUEUE_DEFAULTS, ...options }
    this.#sim = sim
    this.#baseDelay = baseDelay
    this.#maxDelay = maxDelay
    this.#bucket = new TokenBucket(sim, { ratePerSecond, burst })
    this.#added = new Signal(sim)
  }

  /** Keys that could be taken now. */
  get length(): number {
    return this.#queue.length - this.#head
  }

  /** Failures of a key since it was last forgotten. */
  requeues(key: string): number {
    return this.#failures.get(key) ?? 0
  }

  add(key: string, cause: HopId = NO_CAUSE): void {
    if (this.#dirty.has(key)) return
    this.#dirty.set(key, cause)
    if (!this.#processing.has(key)) this.#enqueue(key)
  }

  addAfter(key: string, delay: Nanos, cause: HopId = NO_CAUSE): void {
    if (delay <= 0) {
      this.add(key, cause)
      return
    }
    const readyAt = this.#sim.now + delay
    const earlier = this.#delayedByKey.get(key)
    if (earlier !== undefined && earlier.readyAt <= readyAt) return
    const entry = { key, cause: earlier?.cause ?? cause, readyAt, order: this.#delayedOrder++ }
    this.#delayedByKey.set(key, entry)
    this.#delayed.push(entry)
    this.#arm()
  }

  /** Adds a key after its next back-off, and counts a failure. */
  addRateLimited(key: string, cause: HopId = NO_CAUSE): void {
    const failures = this.requeues(key)
    this.#failures.set(key, failures + 1)
    let backOff = this.#baseDelay
    for (let n = 0; n < failures && backOff < this.#maxDelay; n++) backOff *= 2
    this.addAfter(key, Math.max(Math.min(backOff, this.#maxDelay), this.#bucket.reserve()), cause)
  }

  /** Forgets the failures of a key: it was worked on well. */
  forget(key: string): void {
    this.#failures.delete(key)
  }

  /** Waits for a key and takes it; whoever takes it calls {@link done}. */
  *take(): Generator<Wait, WorkItem, unknown> {
    while (this.length === 0) yield this.#added
    const key = this.#queue[this.#head++]!
    if (this.#head > 64 && this.#head * 2 > this.#queue.length) {
      this.#queue = this.#queue.slice(this.#head)
      this.#head = 0
    }
    const cause = this.#dirty.get(key) ?? NO_CAUSE
    this.#dirty.delete(key)
    this.#processing.add(key)
    return { key, cause }
  }

  /** The work on a key has ended, well or not. */
  done(key: string): void {
    invariant(this.#processing.delete(key), 'A key is done that nobody works on')
    if (this.#dirty.has(key)) this.#enqueue(key)
  }

  #enqueue(key: string): void {
    this.#queue.push(key)
    this.#added.fire()
  }

  /** Sets the one timer to the earliest delayed add. */
  #arm(): void {
    const first = this.#delayed.peek()
    if (first === undefined || this.#timerAt <= first.readyAt) return
    this.#sim.cancel(this.#timer)
    this.#timerAt = first.readyAt
    this.#timer = this.#sim.after(first.readyAt - this.#sim.now, () => this.#addReady())
  }

  #addReady(): void {
    this.#timerAt = Number.POSITIVE_INFINITY
    for (let first = this.#delayed.peek(); first !== undefined && first.readyAt <= this.#sim.now; first = this.#delayed.peek()) {
      this.#delayed.pop()
      if (this.#delayedByKey.get(first.key) !== first) continue
      this.#delayedByKey.delete(first.key)
      this.add(first.key, first.cause)
    }
    this.#arm()
  }
}
