import { invariant } from '../invariant.ts'
import type { Nanos } from '../units.ts'
import type { HandlerId, Simulation, Timer } from './simulation.ts'

/**
 * Processes: behaviour that reads as a story. A process is a generator that yields what it waits for:
 *
 * ```ts
 * function* container(sim: Simulation, stop: Signal): Generator<Wait, void, unknown> {
 *   yield sim.delay(2 * SECOND)
 *   const first = yield firstOf(stop, sim.delay(30 * SECOND)) // 0: stopped, 1: time is up
 * }
 * ```
 *
 * A process goes on in an event at `now`, in scheduling order, never inside the call that woke it.
 */
export type Wait = Delay | Waitable

/** Something that happens, to be waited for. */
export interface Waitable<T = unknown> {
  /** Calls `resume` once, when it happens, unless the returned function was called before. It may already have happened. */
  subscribe(resume: (value: T) => void): () => void
  /**
   * True when `resume` is always called by an event of its own, as all waitables of the engine do: a process then goes on right there.
   * Left out, a process schedules the event itself, so `resume` may be called from anywhere.
   */
  readonly wakesByEvent?: boolean
  /** Whose wait it is, where that is known. */
  readonly sim?: Simulation
}

/** A wait of a fixed time, counted from the moment it is yielded or subscribed to. */
export class Delay implements Waitable<void> {
  readonly ns: Nanos
  readonly sim: Simulation

  constructor(sim: Simulation, ns: Nanos) {
    this.sim = sim
    this.ns = ns
  }

  get wakesByEvent(): boolean {
    return true
  }

  subscribe(resume: (value: undefined) => void): () => void {
    const timer = this.sim.after(this.ns, () => resume(undefined))
    return () => {
      this.sim.cancel(timer)
    }
  }
}

/** Those who wait for one thing, in the order in which they came. Each is woken by an event of its own and can leave until it runs. */
class WaitingLine<T> {
  readonly #sim: Simulation
  #line = new Set<{ resume: (value: T) => void; timer: Timer | null }>()

  constructor(sim: Simulation) {
    this.#sim = sim
  }

  join(resume: (value: T) => void): () => void {
    const place = { resume, timer: null as Timer | null }
    const line = this.#line
    line.add(place)
    return () => {
      line.delete(place)
      if (place.timer !== null) this.#sim.cancel(place.timer)
    }
  }

  /** Wakes all who wait now; who joins from here on waits for the next time. */
  wakeAll(value: T): void {
    const line = this.#line
    if (line.size === 0) return
    this.#line = new Set()
    for (const place of line) place.timer = this.#sim.after(0, () => place.resume(value))
  }
}

/** Wakes one late comer, by an event. */
function wakeAtOnce<T>(sim: Simulation, resume: (value: T) => void, value: T): () => void {
  const timer = sim.after(0, () => resume(value))
  return () => {
    sim.cancel(timer)
  }
}

/** Happens again and again; who waits when it fires is woken with its value. */
export class Signal<T = void> implements Waitable<T> {
  readonly wakesByEvent = true
  readonly sim: Simulation
  readonly #line: WaitingLine<T>

  constructor(sim: Simulation) {
    this.sim = sim
    this.#line = new WaitingLine(sim)
  }

  fire(value: T): void {
    this.#line.wakeAll(value)
  }

  subscribe(resume: (value: T) => void): () => void {
    return this.#line.join(resume)
  }
}

/** Happens once; who waits later gets the value at once. */
export class Completion<T> implements Waitable<T> {
  readonly wakesByEvent = true
  readonly sim: Simulation
  readonly #line: WaitingLine<T>
  #outcome: { value: T } | null = null

  constructor(sim: Simulation) {
    this.sim = sim
    this.#line = new WaitingLine(sim)
  }

  get settled(): boolean {
    return this.#outcome !== null
  }

  /** Settles it; a second time is a bug of the caller. */
  resolve(value: T): void {
    invariant(this.#outcome === null, 'A completion was resolved twice')
    this.#outcome = { value }
    this.#line.wakeAll(value)
  }

  subscribe(resume: (value: T) => void): () => void {
    if (this.#outcome !== null) return wakeAtOnce(this.sim, resume, this.#outcome.value)
    return this.#line.join(resume)
  }
}

/**
 * A running process, made by `sim.spawn`. Who waits for it gets what it returned, or undefined when it was killed. What it throws comes
 * out of `sim.run`; then it is done, and who waits for it is not woken.
 */
export class Process<T> implements Waitable<T> {
  readonly wakesByEvent = true
  readonly #sim: Simulation
  readonly #body: Generator<Wait, T, unknown>
  /** The body's `next`, looked up once: every generator function has a shape of its own, so a look-up at each step would be slow. */
  readonly #next: (value: unknown) => IteratorResult<Wait, T>
  readonly #stepHandler: HandlerId
  readonly #index: number
  readonly #onDone: () => void
  readonly #completion: Completion<T>
  readonly #wake: (value: unknown) => void
  readonly #wakeByEvent: (value: unknown) => void
  /** The event of the next step, when there is one. */
  #timer: Timer
  #unsubscribe: (() => void) | null = null
  #value: unknown = undefined
  #stepping = false
  #killRequested = false
  #done = false

  /** @internal */
  constructor(options: { sim: Simulation; body: Generator<Wait, T, unknown>; stepHandler: HandlerId; index: number; onDone: () => void }) {
    this.#sim = options.sim
    this.#body = options.body
    this.#next = options.body.next
    this.#stepHandler = options.stepHandler
    this.#index = options.index
    this.#onDone = options.onDone
    this.#completion = new Completion(options.sim)
    this.#wake = (value) => {
      this.#unsubscribe = null
      this.#value = value
      this.step()
    }
    this.#wakeByEvent = (value) => {
      this.#unsubscribe = null
      this.#value = value
      this.#timer = this.#sim.schedule(0, this.#stepHandler, this.#index)
    }
    this.#timer = this.#sim.schedule(0, this.#stepHandler, this.#index)
  }

  get done(): boolean {
    return this.#done
  }

  subscribe(resume: (value: T) => void): () => void {
    return this.#completion.subscribe(resume)
  }

  /** @internal Goes on to the next wait. Called by the event that the process waits for, by nobody else. */
  step(): void {
    const value = this.#value
    if (value !== undefined) this.#value = undefined
    this.#goOn(false, value)
  }

  /**
   * Ends the process where it waits: the wait is cancelled, its finally blocks run now (a wait inside them is honoured), those who wait
   * for it are resumed with undefined. A process that kills itself ends at its next wait.
   */
  kill(): void {
    if (this.#done) return
    if (this.#stepping) {
      this.#killRequested = true
      return
    }
    this.#sim.cancel(this.#timer)
    this.#unsubscribe?.()
    this.#unsubscribe = null
    this.#value = undefined
    this.#goOn(true, undefined)
  }

  /** Runs the body to its next wait, or to its end, and starts that wait. */
  #goOn(kill: boolean, value: unknown): void {
    this.#stepping = true
    let result: IteratorResult<Wait, T>
    try {
      result = kill ? this.#body.return(undefined as T) : this.#next.call(this.#body, value)
      while (this.#killRequested && result.done !== true) {
        this.#killRequested = false
        result = this.#body.return(undefined as T)
      }
    } catch (error) {
      this.#end()
      throw error
    }
    this.#stepping = false
    if (result.done === true) {
      this.#end()
      this.#completion.resolve(result.value)
    } else if (result.value instanceof Delay) {
      this.#timer = this.#sim.schedule(result.value.ns, this.#stepHandler, this.#index)
    } else {
      const wait = result.value
      this.#unsubscribe = wait.subscribe(wait.wakesByEvent === true ? this.#wake : this.#wakeByEvent)
    }
  }

  #end(): void {
    this.#done = true
    this.#onDone()
  }
}

/**
 * Waits for the first of several waits and gives its index; the others are left. The first to be woken wins, which among those that
 * happen at the same time is the first in scheduling order.
 */
export function firstOf(...waits: Wait[]): Waitable<number> {
  return {
    wakesByEvent: waits.every((wait) => wait.wakesByEvent === true),
    ...(waits[0]?.sim === undefined ? {} : { sim: waits[0].sim }),
    subscribe(resume) {
      const leave: (() => void)[] = []
      let won = false
      const leaveAll = () => {
        won = true
        for (const unsubscribe of leave.splice(0)) unsubscribe()
      }
      waits.forEach((wait, index) => {
        if (won) return
        const unsubscribe = wait.subscribe(() => {
          if (won) return
          leaveAll()
          resume(index)
        })
        if (won) unsubscribe()
        else leave.push(unsubscribe)
      })
      return leaveAll
    },
  }
}
