import { invariant } from '../invariant.ts'
import type { Nanos } from '../units.ts'
import { EventQueue, NONE } from './event-queue.ts'
import { Delay, type Process, ProcessTable, type Wait } from './process.ts'
import { NamedStream, type RandomStream } from './random-stream.ts'

/** Names one scheduled event; below 2^53, so a column of timers is a Float64Array. A timer never comes to mean another event. */
export type Timer = number

/** Names a registered handler. */
export type HandlerId = number

/** A timer that is never pending: cancelling it answers false. */
export const NO_TIMER: Timer = -1

/** The handler of closures. */
const CALLBACK: HandlerId = 0
/** The handler of processes; the loop calls it by itself, which spares a call that the compiler cannot foresee. */
const STEP: HandlerId = 1

/** The last representable time, about 104 days. */
export const TIME_MAX: Nanos = Number.MAX_SAFE_INTEGER

/**
 * One run: a clock, a future event list, processes and named random streams.
 *
 * Time is an integer number of nanoseconds from 0. Order is (time, order of scheduling) and nothing else. A handler runs to completion;
 * what it schedules at `now` runs after everything already scheduled at `now`. All state of a run lives here: two simulations in one
 * program never meet.
 *
 * ```ts
 * const sim = new Simulation({ seed: '42' })
 * const arrive = sim.handler((request, hop) => { … })
 * const timer = sim.schedule(2 * MILLISECOND, arrive, request, 0)
 * sim.cancel(timer)
 * sim.spawn(kubelet(sim))
 * sim.run(5 * MINUTE)
 * ```
 */
export class Simulation {
  readonly seed: string
  readonly #queue: EventQueue
  readonly #handlers: ((a: number, b: number) => void)[] = []
  readonly #streams = new Map<string, RandomStream>()
  /** Closures of `after`, by the `a` of their event, and the places that are free in it. */
  readonly #callbacks: (() => void)[] = []
  readonly #callbacksFree: number[] = []
  readonly #processes: ProcessTable
  #now: Nanos = 0
  #eventsExecuted = 0
  #running = false

  constructor(options: { seed: string })
  /** @internal `sharing`: the simulation that has the queue. */
  constructor(options: { seed: string }, sharing?: Simulation)
  constructor(options: { seed: string }, sharing?: Simulation) {
    this.seed = options.seed
    this.#queue = sharing === undefined ? new EventQueue() : sharing.#queue
    // In the order of CALLBACK and STEP.
    this.#handlers.push(
      (index) => this.#releaseCallback(index)(),
      (index) => this.#processes.step(index),
    )
    this.#processes = new ProcessTable(this)
  }

  get now(): Nanos {
    return this.#now
  }

  /** Events that have run. */
  get eventsExecuted(): number {
    return this.#eventsExecuted
  }

  /** Events that wait. */
  get pending(): number {
    return this.#queue.size
  }

  /** Registers a handler, once, to be scheduled by its id. Its two arguments are 32-bit integers. */
  handler(run: (a: number, b: number) => void): HandlerId {
    return this.#handlers.push(run) - 1
  }

  /** Runs `handler` with `a` and `b` (signed 32-bit integers) after `delay`, a whole number of ns >= 0. */
  schedule(delay: Nanos, handler: HandlerId, a = 0, b = 0): Timer {
    const time = this.#now + delay
    if (!(delay >= 0 && time <= TIME_MAX && Math.floor(delay) === delay)) invariant(false, `A delay of ${delay} ns at ${this.#now} ns`)
    if ((a | 0) !== a || (b | 0) !== b) invariant(false, `Arguments ${a} and ${b} of an event are not 32-bit integers`)
    if (handler >>> 0 >= this.#handlers.length) invariant(false, `Handler ${handler} is not registered`)
    return this.#queue.push(time, handler, a, b)
  }

  /** @internal The next step of a process, after `delay`. Returns the slot of the event: {@link timerAt}. */
  scheduleStep(delay: Nanos, index: number): number {
    const time = this.#now + delay
    if (!(delay >= 0 && time <= TIME_MAX && Math.floor(delay) === delay)) invariant(false, `A delay of ${delay} ns at ${this.#now} ns`)
    return this.#queue.add(time, STEP, index, 0)
  }

  /** @internal The timer of the event that has this slot now. */
  timerAt(slot: number): Timer {
    return this.#queue.keyOf(slot)
  }

  /** Runs a closure after `delay`: for cold paths, where a closure reads better than a handler with two integers. */
  after(delay: Nanos, callback: () => void): Timer {
    const index = this.#callbacksFree.pop() ?? this.#callbacks.length
    const timer = this.schedule(delay, CALLBACK, index)
    this.#callbacks[index] = callback
    return timer
  }

  /** Takes a waiting event out, at once. False when it has run, or runs now, or was cancelled before. */
  cancel(timer: Timer): boolean {
    const slot = this.#queue.slotOf(timer)
    if (slot === NONE) return false
    if (this.#queue.handlerAt(slot) === CALLBACK) this.#releaseCallback(this.#queue.aAt(slot))
    this.#queue.cancelSlot(slot)
    return true
  }

  /** The random stream of this name, made at first use; its numbers depend on (seed of the run, name) and on nothing else. */
  rng(name: string): RandomStream {
    let stream = this.#streams.get(name)
    if (stream === undefined) {
      stream = new NamedStream(this.seed, name)
      this.#streams.set(name, stream)
    }
    return stream
  }

  /** A wait of `ns` for a process: `yield sim.delay(2 * SECOND)`. */
  delay(ns: Nanos): Delay {
    return new Delay(this, ns)
  }

  /** Starts a process; its first step is an event at `now`. `ended` is called when it is done, however it ends. */
  spawn<T>(body: Generator<Wait, T, unknown>, ended?: () => void): Process<T> {
    return this.#processes.add(body, ended)
  }

  /**
   * Runs every event with time <= `until`, then sets `now` to `until`. May be called again, with a later or equal time.
   *
   * What a handler or a process throws comes out here, with `now` at the time of that event.
   */
  run(until: Nanos): void {
    invariant(!this.#running, 'run() was called from within an event')
    invariant(
      until >= this.#now && until <= TIME_MAX && Math.floor(until) === until,
      `Cannot run until ${until} ns: now is ${this.#now} ns`,
    )
    const queue = this.#queue
    const handlers = this.#handlers
    const processes = this.#processes
    this.#running = true
    try {
      for (;;) {
        const slot = queue.popUntil(until)
        if (slot === NONE) break
        this.#now = queue.timeAt(slot)
        this.#eventsExecuted++
        const handler = queue.handlerAt(slot)
        const a = queue.aAt(slot)
        if (handler === STEP) processes.step(a)
        else handlers[handler]!(a, queue.bAt(slot))
      }
      this.#now = until
    } finally {
      this.#running = false
    }
  }

  #releaseCallback(index: number): () => void {
    const callback = this.#callbacks[index]!
    this.#callbacks[index] = released
    this.#callbacksFree.push(index)
    return callback
  }
}

/** Fills the place of a closure that has run, so that what it held can be collected. */
function released(): void {
  invariant(false, 'A closure ran twice')
}
