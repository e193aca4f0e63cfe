import { invariant } from '../invariant.ts'
import type { Nanos } from '../units.ts'
import type { Simulation, Timer } from './simulation.ts'

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

/**
 * @internal One who waits in a line: a process, or a subscriber.
 *
 * It is its own place in the line, so that waiting allocates nothing for a process.
 */
export abstract class Waiter<T> {
  /** @internal Neighbours in the line. */
  behind: Waiter<T> | null = null
  /** @internal */
  ahead: Waiter<T> | null = null

  /** Goes on, in an event of its own, with this value. Called when it stands in no line any more. */
  abstract wake(value: T): void
}

/** @internal Those who wait for one thing, in the order in which they came. Who is woken is in the line no more. */
export class WaitingLine<T> {
  #first: Waiter<T> | null = null
  #last: Waiter<T> | null = null
  #size = 0

  get size(): number {
    return this.#size
  }

  join(waiter: Waiter<T>): void {
    const last = this.#last
    waiter.ahead = last
    if (last === null) this.#first = waiter
    else last.behind = waiter
    this.#last = waiter
    this.#size++
  }

  /** Takes out one who stands in it. */
  leave(waiter: Waiter<T>): void {
    const { ahead, behind } = waiter
    if (ahead === null) this.#first = behind
    else ahead.behind = behind
    if (behind === null) this.#last = ahead
    else behind.ahead = ahead
    waiter.ahead = null
    waiter.behind = null
    this.#size--
  }

  /** Takes out the first, or null. */
  takeFirst(): Waiter<T> | null {
    const first = this.#first
    if (first !== null) this.leave(first)
    return first
  }

  /** Wakes all who wait now; who joins from here on waits for the next time. */
  wakeAll(value: T): void {
    for (let left = this.#size; left > 0; left--) this.takeFirst()!.wake(value)
  }
}

/** One who waits with a callback. */
class Subscriber<T> extends Waiter<T> {
  readonly #sim: Simulation
  readonly #resume: (value: T) => void
  /** The event that wakes it. */
  #timer: Timer | null = null
  #hasLeft = false

  constructor(sim: Simulation, resume: (value: T) => void) {
    super()
    this.#sim = sim
    this.#resume = resume
  }

  wake(value: T): void {
    this.#timer = this.#sim.after(0, () => this.#resume(value))
  }

  /** Leaves what it waits for, unless it has gone on or has left before. */
  leave(wait: OwnWait<T>): void {
    if (this.#hasLeft) return
    this.#hasLeft = true
    if (this.#timer === null) wait.giveUp(this, false)
    else if (this.#sim.cancel(this.#timer)) wait.giveUp(this, true)
  }
}

/**
 * @internal What the engine itself gives to be waited for: a process of the same simulation takes its place in the line itself.
 */
export abstract class OwnWait<T> implements Waitable<T> {
  readonly sim: Simulation

  constructor(sim: Simulation) {
    this.sim = sim
  }

  get wakesByEvent(): boolean {
    return true
  }

  subscribe(resume: (value: T) => void): () => void {
    const subscriber = new Subscriber(this.sim, resume)
    this.admit(subscriber)
    return () => subscriber.leave(this)
  }

  /** @internal From now on `waiter` waits, and is woken once; at once, where there is nothing to wait for. */
  abstract admit(waiter: Waiter<T>): void
  /** @internal It leaves: out of the line, or after it was woken, whose event has been taken back. */
  abstract giveUp(waiter: Waiter<T>, wasWoken: boolean): void
}

/** Happens again and again; who waits when it fires is woken with its value. */
export class Signal<T = void> extends OwnWait<T> {
  readonly #line = new WaitingLine<T>()

  fire(value: T): void {
    this.#line.wakeAll(value)
  }

  /** @internal */
  admit(waiter: Waiter<T>): void {
    this.#line.join(waiter)
  }

  /** @internal */
  giveUp(waiter: Waiter<T>, wasWoken: boolean): void {
    if (!wasWoken) this.#line.leave(waiter)
  }
}

/** Happens once; who waits later gets the value at once. */
export class Completion<T> extends OwnWait<T> {
  readonly #line = new WaitingLine<T>()
  #outcome: { value: T } | null = null

  get settled(): boolean {
    return this.#outcome !== null
  }

  /** Settles it; a second time is a bug of the caller. */
  resolve(value: T): void {
    invariant(this.#outcome === null, 'A completion was resolved twice')
    this.#outcome = { value }
    this.#line.wakeAll(value)
  }

  /** @internal */
  admit(waiter: Waiter<T>): void {
    if (this.#outcome !== null) waiter.wake(this.#outcome.value)
    else this.#line.join(waiter)
  }

  /** @internal */
  giveUp(waiter: Waiter<T>, wasWoken: boolean): void {
    if (!wasWoken) this.#line.leave(waiter)
  }
}

/** What a process is doing: it waits for a time and will be handed nothing, */
const DELAYED = 0
/** for something else, or has been handed it, */
const WAITS = 1
/** takes a step, */
const STEPS = 2
/** or takes a step in which it was killed. */
const KILLED = 3

/** A process is not done, */
const RUNS = 0
/** has ended, by what it threw or with what it is about to give, */
const ENDED = 1
/** or has given what it returned. */
const RETURNED = 2

type State = typeof DELAYED | typeof WAITS | typeof STEPS | typeof KILLED

type Body<T> = Generator<Wait, T, unknown>

/** `next` of all generators: every generator function has a shape of its own, so that a look-up at each step would be slow. */
const NEXT: (this: Body<unknown>, value: unknown) => IteratorResult<Wait, unknown> = Object.getPrototypeOf(function* () {}).prototype.next

/**
 * @internal The processes of a simulation that are not done, by index. What a step from one delay to the next needs stands in columns: such a step
 * touches the generator and nothing else of the process, which with thousands of them is what costs.
 */
export class ProcessTable {
  readonly sim: Simulation
  readonly #bodies: (Body<unknown> | null)[] = []
  readonly #processes: (Process<unknown> | null)[] = []
  readonly #free: number[] = []
  /** {@link State}. */
  #states = new Uint8Array(16)
  /** The event of the next step, where there is one. */
  #timers = new Float64Array(16)

  constructor(sim: Simulation) {
    this.sim = sim
  }

  /** A place for a process, whose first step is an event at `now`. */
  add<T>(body: Body<T>, ended: (() => void) | undefined): Process<T> {
    const index = this.#free.pop() ?? this.#processes.length
    const process = new Process<T>(this, index, ended)
    this.#bodies[index] = body
    this.#processes[index] = process as Process<unknown>
    if (index === this.#states.length) this.#grow()
    this.delay(index, 0)
    return process
  }

  remove(index: number): void {
    this.#bodies[index] = null
    this.#processes[index] = null
    this.#free.push(index)
  }

  stateOf(index: number): State {
    return this.#states[index] as State
  }

  setState(index: number, state: State): void {
    this.#states[index] = state
  }

  /** The process waits for `ns`, and nothing else. */
  delay(index: number, ns: Nanos): void {
    this.#states[index] = DELAYED
    this.#timers[index] = this.sim.timerAt(this.sim.scheduleStep(ns, index))
  }

  /** The process goes on in an event at `now`, with what it was handed. */
  wake(index: number): void {
    this.#states[index] = WAITS
    this.#timers[index] = this.sim.timerAt(this.sim.scheduleStep(0, index))
  }

  /** Takes the event of the next step back; false when there was none. */
  cancel(index: number): boolean {
    return this.sim.cancel(this.#timers[index]!)
  }

  /** The process goes on to its next wait. Called by the event that it waits for, by nobody else. */
  step(index: number): void {
    const value = this.#states[index] === DELAYED ? undefined : this.#processes[index]!.take()
    const result = this.resume(index, value)
    if (this.#states[index] === STEPS && result.done !== true && result.value instanceof Delay) this.delay(index, result.value.ns)
    else this.#processes[index]!.begin(result)
  }

  /** Runs the body from where it waits. */
  resume(index: number, value: unknown): IteratorResult<Wait, unknown> {
    const body = this.#bodies[index]!
    this.#states[index] = STEPS
    try {
      return NEXT.call(body, value)
    } catch (error) {
      this.#processes[index]!.end()
      throw error
    }
  }

  /** Runs the body's finally blocks. */
  return(index: number): IteratorResult<Wait, unknown> {
    this.#states[index] = STEPS
    try {
      return this.#bodies[index]!.return(undefined)
    } catch (error) {
      this.#processes[index]!.end()
      throw error
    }
  }

  #grow(): void {
    const states = new Uint8Array(this.#states.length * 2)
    const timers = new Float64Array(this.#states.length * 2)
    states.set(this.#states)
    timers.set(this.#timers)
    this.#states = states
    this.#timers = timers
  }
}

/**
 * A running process, made by `sim.spawn`. Who waits for it gets what it returned, or undefined when it was killed. What it throws comes
 * out of `sim.run`; then it is done, and who waits for it is not woken.
 */
export class Process<T> extends Waiter<unknown> implements Waitable<T> {
  readonly #table: ProcessTable
  /** Its place in the table while it is not done. */
  readonly #index: number
  readonly #ended: (() => void) | undefined
  /** What the next step begins with; what it returned, once it has. */
  #value: unknown = undefined
  /** What it waits for, where it stands in a line itself; otherwise what leaves it. */
  #wait: OwnWait<unknown> | (() => void) | null = null
  /** Made when somebody asks. */
  #completion: Completion<T> | null = null
  #fate: typeof RUNS | typeof ENDED | typeof RETURNED = RUNS

  /** @internal */
  constructor(table: ProcessTable, index: number, ended: (() => void) | undefined) {
    super()
    this.#table = table
    this.#index = index
    this.#ended = ended
  }

  get wakesByEvent(): boolean {
    return true
  }

  get done(): boolean {
    return this.#fate !== RUNS
  }

  subscribe(resume: (value: T) => void): () => void {
    return this.#whenDone().subscribe(resume)
  }

  #whenDone(): Completion<T> {
    if (this.#completion === null) {
      this.#completion = new Completion(this.#table.sim)
      if (this.#fate === RETURNED) this.#completion.resolve(this.#value as T)
    }
    return this.#completion
  }

  /** @internal It is handed what it waited for. */
  wake(value: unknown): void {
    this.#value = value
    this.#table.wake(this.#index)
  }

  /** @internal What the next step begins with; what it waited for is over. */
  take(): unknown {
    const value = this.#value
    this.#value = undefined
    this.#wait = null
    return value
  }

  /**
   * Ends the process where it waits: the wait is cancelled, its finally blocks run now (a wait inside them is honoured), those who wait
   * for it are resumed with undefined. A process that kills itself ends at its next wait.
   */
  kill(): void {
    if (this.#fate !== RUNS) return
    const state = this.#table.stateOf(this.#index)
    if (state === STEPS || state === KILLED) {
      this.#table.setState(this.#index, KILLED)
      return
    }
    const wasWoken = this.#table.cancel(this.#index)
    const wait = this.#wait
    if (typeof wait === 'function') wait()
    else wait?.giveUp(this, wasWoken)
    this.take()
    this.begin(this.#table.return(this.#index))
  }

  /** @internal Begins what the body now waits for, or ends with it. */
  begin(first: IteratorResult<Wait, unknown>): void {
    const table = this.#table
    let result = first as IteratorResult<Wait, T>
    while (table.stateOf(this.#index) === KILLED && result.done !== true) result = table.return(this.#index) as IteratorResult<Wait, T>
    if (result.done === true) {
      this.end()
      this.#fate = RETURNED
      this.#value = result.value
      this.#completion?.resolve(result.value)
      return
    }
    const wait = result.value
    if (wait instanceof Delay) {
      table.delay(this.#index, wait.ns)
      return
    }
    table.setState(this.#index, WAITS)
    if (wait instanceof OwnWait && wait.sim === table.sim) this.#join(wait)
    else if (wait instanceof Process && wait.#table.sim === table.sim) this.#join(wait.#whenDone())
    else this.#subscribeTo(wait)
  }

  #join(wait: OwnWait<unknown>): void {
    this.#wait = wait
    wait.admit(this)
  }

  #subscribeTo(wait: Waitable): void {
    const byEvent = (value: unknown): void => {
      this.#wait = null
      this.wake(value)
    }
    const atOnce = (value: unknown): void => {
      this.#wait = null
      this.#value = value
      this.#table.step(this.#index)
    }
    this.#wait = wait.subscribe(wait.wakesByEvent === true ? atOnce : byEvent)
  }

  /** @internal It is done, by what it threw or otherwise. */
  end(): void {
    this.#fate = ENDED
    this.#table.remove(this.#index)
    this.#ended?.()
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
