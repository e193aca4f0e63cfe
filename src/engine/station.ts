import { invariant } from '../invariant.ts'
import type { Nanos } from '../units.ts'
import { type HandlerId, NO_TIMER, type Simulation, type Timer } from './simulation.ts'

/** Answers of {@link StationOptions.onPart}. */
export const LEAVES = -1
export const HOLDS = -2

export interface StationOptions {
  /** How many customers are served at once, >= 1. May be Infinity: nobody waits. */
  readonly servers: number
  /** How many wait at most, beside those in service, >= 0. May be Infinity. */
  readonly queueCapacity: number
  /** Gives the service time when service starts, or {@link HOLDS} where there are parts; left out, service takes no time. */
  readonly onStart?: (customer: number, server: number) => Nanos
  /**
   * A part of the customer's service is over, or {@link Station.resume} was called: the length of its next part, or {@link LEAVES}, or
   * {@link HOLDS}: its server waits, without being busy, until resumed. Left out, a service has one part.
   */
  readonly onPart?: (customer: number, server: number) => Nanos
  /** The customer leaves; its server has already taken the next. */
  readonly onDone: (customer: number) => void
}

/**
 * Servers with one bounded first-come-first-served queue before them. Customers are 32-bit integers, the same one may be there twice.
 *
 * No allocation per customer: servers are columns, the queue is a ring that doubles.
 */
export class Station {
  readonly #sim: Simulation
  readonly #servers: number
  readonly #queueCapacity: number
  readonly #onStart: ((customer: number, server: number) => Nanos) | undefined
  readonly #onPart: ((customer: number, server: number) => Nanos) | undefined
  readonly #onDone: (customer: number) => void
  readonly #finish: HandlerId
  /** By server: its customer, the event of its end, how many services had started before, and when it ends. Servers appear when first needed. */
  readonly #customers: number[] = []
  readonly #timers: Timer[] = []
  readonly #starts: number[] = []
  readonly #ends: Nanos[] = []
  readonly #idle: number[] = []
  #started = 0
  /** When the servers go on that stand still; 0 when none ever did. */
  #stillUntil: Nanos = 0
  /** Service that has begun, whole: what of it still lies ahead is found when somebody asks. */
  #begun: Nanos = 0
  #ring = new Int32Array(16)
  #head = 0
  #queued = 0

  constructor(sim: Simulation, options: StationOptions) {
    invariant(options.servers >= 1 && options.queueCapacity >= 0, 'A station needs servers >= 1 and a queue capacity >= 0')
    this.#sim = sim
    this.#servers = options.servers
    this.#queueCapacity = options.queueCapacity
    this.#onStart = options.onStart
    this.#onPart = options.onPart
    this.#onDone = options.onDone
    this.#finish = sim.handler((customer, server) => this.#end(customer, server))
  }

  get busy(): number {
    return this.#customers.length - this.#idle.length
  }

  get queued(): number {
    return this.#queued
  }

  /** How long servers have been busy so far, all together. */
  get busyTime(): Nanos {
    let ahead = 0
    const now = this.#workedUntil
    for (const end of this.#ends) if (end > now) ahead += end - now
    return this.#begun - ahead
  }

  /** Serves the customer, at once or later. False: all servers are busy and the queue is full. */
  arrive(customer: number): boolean {
    if (this.busy < this.#servers) {
      this.#start(customer, this.#idle.pop() ?? this.#customers.length)
      return true
    }
    if (this.#queued >= this.#queueCapacity) return false
    if (this.#queued === this.#ring.length) this.#grow()
    this.#ring[(this.#head + this.#queued) & (this.#ring.length - 1)] = customer
    this.#queued++
    return true
  }

  /** A server that was held goes on. */
  resume(server: number): void {
    if (this.#timers[server] !== NO_TIMER) invariant(false, `Server ${server} is not held`)
    this.#end(this.#customers[server]!, server)
  }

  /** The servers stand still until then, as their machine does: what they have begun ends as much later. Nobody is to arrive meanwhile. */
  standStill(until: Nanos): void {
    const { now } = this.#sim
    const idle = new Set(this.#idle)
    const busy: number[] = []
    for (let server = 0; server < this.#customers.length; server++)
      if (!idle.has(server) && this.#timers[server] !== NO_TIMER) busy.push(server)
    busy.sort((x, y) => this.#starts[x]! - this.#starts[y]!)
    for (const server of busy) {
      this.#sim.cancel(this.#timers[server]!)
      this.#ends[server]! += until - now
      this.#timers[server] = this.#sim.schedule(this.#ends[server]! - now, this.#finish, this.#customers[server]!, server)
    }
    this.#stillUntil = until
  }

  /**
   * Empties the station: hands over those in service with their server, in the order in which service started, then those who wait, in
   * their order, with -1.
   */
  clear(onDropped: (customer: number, server: number) => void): void {
    const inService: number[] = []
    const idle = new Set(this.#idle)
    for (let server = 0; server < this.#customers.length; server++) if (!idle.has(server)) inService.push(server)
    inService.sort((x, y) => this.#starts[x]! - this.#starts[y]!)
    const dropped = inService.map((server) => [this.#customers[server]!, server] as const)
    for (const server of inService) {
      this.#sim.cancel(this.#timers[server]!)
      const ahead = this.#ends[server]! - this.#workedUntil
      if (ahead > 0) {
        this.#begun -= ahead
        this.#ends[server] = this.#sim.now
      }
      this.#idle.push(server)
    }
    this.#stillUntil = 0
    while (this.#queued > 0) dropped.push([this.#takeFirst(), -1])
    for (const [customer, server] of dropped) onDropped(customer, server)
  }

  /** Nothing was worked on between now and then. */
  get #workedUntil(): Nanos {
    return Math.max(this.#sim.now, this.#stillUntil)
  }

  #start(customer: number, server: number): void {
    this.#customers[server] = customer
    this.#starts[server] = this.#started++
    const service = this.#onStart === undefined ? 0 : this.#onStart(customer, server)
    if (service === HOLDS) {
      this.#timers[server] = NO_TIMER
      this.#ends[server] = this.#sim.now
    } else this.#serve(customer, server, service)
  }

  #serve(customer: number, server: number, service: Nanos): void {
    this.#begun += service
    this.#ends[server] = this.#sim.now + service
    this.#timers[server] = this.#sim.schedule(service, this.#finish, customer, server)
  }

  #end(customer: number, server: number): void {
    if (this.#onPart !== undefined) {
      const part = this.#onPart(customer, server)
      if (part === HOLDS) {
        this.#timers[server] = NO_TIMER
        return
      }
      if (part !== LEAVES) {
        this.#serve(customer, server, part)
        return
      }
    }
    if (this.#queued > 0) this.#start(this.#takeFirst(), server)
    else this.#idle.push(server)
    this.#onDone(customer)
  }

  #takeFirst(): number {
    const customer = this.#ring[this.#head]!
    this.#head = (this.#head + 1) & (this.#ring.length - 1)
    this.#queued--
    return customer
  }

  #grow(): void {
    const ring = new Int32Array(this.#ring.length * 2)
    ring.set(this.#ring.subarray(this.#head))
    ring.set(this.#ring.subarray(0, this.#head), this.#ring.length - this.#head)
    this.#ring = ring
    this.#head = 0
  }
}
