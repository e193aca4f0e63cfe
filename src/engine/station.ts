import { invariant } from '../invariant.ts'
import type { Nanos } from '../units.ts'
import { type HandlerId, NO_TIMER, type Simulation } from './simulation.ts'

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
  readonly #serversMax: number
  readonly #queueCapacity: number
  readonly #onStart: ((customer: number, server: number) => Nanos) | undefined
  readonly #onPart: ((customer: number, server: number) => Nanos) | undefined
  readonly #onDone: (customer: number) => void
  readonly #finish: HandlerId
  /** A row of WIDTH numbers for the station, then one a server; servers appear when first needed. */
  #rows = new Float64Array(4 * WIDTH)
  /** Servers that have appeared, and those of them that are busy or held. */
  #servers = 0
  #taken = 0
  /** The server that became idle last, or {@link NONE}. */
  #idle = NONE
  /** null: nobody has waited yet. */
  #ring: Int32Array | null = null
  #head = 0
  #queued = 0

  constructor(sim: Simulation, options: StationOptions) {
    invariant(options.servers >= 1 && options.queueCapacity >= 0, 'A station needs servers >= 1 and a queue capacity >= 0')
    this.#sim = sim
    this.#serversMax = options.servers
    this.#queueCapacity = options.queueCapacity
    this.#onStart = options.onStart
    this.#onPart = options.onPart
    this.#onDone = options.onDone
    this.#finish = sim.handler((customer, server) => this.#end(customer, server))
  }

  get busy(): number {
    return this.#taken
  }

  get queued(): number {
    return this.#queued
  }

  /** How long servers have been busy so far, all together. */
  get busyTime(): Nanos {
    let ahead = 0
    const now = this.#workedUntil
    for (let server = 0; server < this.#servers; server++) {
      const end = this.#rows[rowOf(server) + END]!
      if (end > now) ahead += end - now
    }
    return this.#rows[BEGUN]! - ahead
  }

  /** Serves the customer, at once or later. False: all servers are busy and the queue is full. */
  arrive(customer: number): boolean {
    if (this.#taken < this.#serversMax) {
      this.#start(customer, this.#takeServer())
      return true
    }
    if (this.#queued >= this.#queueCapacity) return false
    let ring = this.#ring
    if (ring === null || this.#queued === ring.length) ring = this.#grow(ring)
    ring[(this.#head + this.#queued) & (ring.length - 1)] = customer
    this.#queued++
    return true
  }

  /** A server that was held goes on. */
  resume(server: number): void {
    const row = rowOf(server)
    if (this.#rows[row + TIMER] !== NO_TIMER) invariant(false, `Server ${server} is not held`)
    this.#end(this.#rows[row + CUSTOMER]!, server)
  }

  /** The servers stand still until then, as their machine does: what they have begun ends as much later. Nobody is to arrive meanwhile. */
  standStill(until: Nanos): void {
    const { now } = this.#sim
    const rows = this.#rows
    for (const server of this.#inService()) {
      const row = rowOf(server)
      if (rows[row + TIMER] === NO_TIMER) continue
      this.#sim.cancel(rows[row + TIMER]!)
      rows[row + END]! += until - now
      rows[row + TIMER] = this.#sim.schedule(rows[row + END]! - now, this.#finish, rows[row + CUSTOMER]!, server)
    }
    rows[STILL_UNTIL] = until
  }

  /**
   * Empties the station: hands over those in service with their server, in the order in which service started, then those who wait, in
   * their order, with -1.
   */
  clear(onDropped: (customer: number, server: number) => void): void {
    const rows = this.#rows
    const inService = this.#inService()
    const dropped = inService.map((server) => [rows[rowOf(server) + CUSTOMER]!, server] as const)
    for (const server of inService) {
      const row = rowOf(server)
      this.#sim.cancel(rows[row + TIMER]!)
      const ahead = rows[row + END]! - this.#workedUntil
      if (ahead > 0) {
        rows[BEGUN]! -= ahead
        rows[row + END] = this.#sim.now
      }
      this.#giveServer(server)
    }
    rows[STILL_UNTIL] = 0
    while (this.#queued > 0) dropped.push([this.#takeFirst(), -1])
    for (const [customer, server] of dropped) onDropped(customer, server)
  }

  /** Servers that are busy or held, in the order in which their service started. */
  #inService(): number[] {
    const rows = this.#rows
    const servers: number[] = []
    for (let server = 0; server < this.#servers; server++) if (rows[rowOf(server) + STARTED] !== IDLE) servers.push(server)
    return servers.toSorted((x, y) => rows[rowOf(x) + STARTED]! - rows[rowOf(y) + STARTED]!)
  }

  /** Nothing was worked on between now and then. */
  get #workedUntil(): Nanos {
    return Math.max(this.#sim.now, this.#rows[STILL_UNTIL]!)
  }

  #takeServer(): number {
    this.#taken++
    const idle = this.#idle
    if (idle !== NONE) {
      this.#idle = this.#rows[rowOf(idle) + NEXT_IDLE]!
      return idle
    }
    const server = this.#servers++
    if (rowOf(server) === this.#rows.length) {
      const grown = new Float64Array(2 * this.#rows.length)
      grown.set(this.#rows)
      this.#rows = grown
    }
    return server
  }

  #giveServer(server: number): void {
    const row = rowOf(server)
    this.#rows[row + NEXT_IDLE] = this.#idle
    this.#rows[row + STARTED] = IDLE
    this.#idle = server
    this.#taken--
  }

  #start(customer: number, server: number): void {
    const row = rowOf(server)
    this.#rows[row + CUSTOMER] = customer
    this.#rows[row + STARTED] = this.#rows[STARTS]!++
    const service = this.#onStart === undefined ? 0 : this.#onStart(customer, server)
    if (service === HOLDS) {
      this.#rows[row + TIMER] = NO_TIMER
      this.#rows[row + END] = this.#sim.now
    } else this.#serve(customer, server, service)
  }

  #serve(customer: number, server: number, service: Nanos): void {
    const rows = this.#rows
    const row = rowOf(server)
    rows[BEGUN]! += service
    rows[row + END] = this.#sim.now + service
    rows[row + TIMER] = this.#sim.schedule(service, this.#finish, customer, server)
  }

  #end(customer: number, server: number): void {
    if (this.#onPart !== undefined) {
      const part = this.#onPart(customer, server)
      if (part === HOLDS) {
        this.#rows[rowOf(server) + TIMER] = NO_TIMER
        return
      }
      if (part !== LEAVES) {
        this.#serve(customer, server, part)
        return
      }
    }
    if (this.#queued > 0) this.#start(this.#takeFirst(), server)
    else this.#giveServer(server)
    this.#onDone(customer)
  }

  #takeFirst(): number {
    const ring = this.#ring!
    const customer = ring[this.#head]!
    this.#head = (this.#head + 1) & (ring.length - 1)
    this.#queued--
    return customer
  }

  #grow(ring: Int32Array | null): Int32Array {
    const grown = new Int32Array(ring === null ? 16 : 2 * ring.length)
    if (ring !== null) {
      grown.set(ring.subarray(this.#head))
      grown.set(ring.subarray(0, this.#head), ring.length - this.#head)
    }
    this.#ring = grown
    this.#head = 0
    return grown
  }
}

/** Of the station: service that has begun, whole: what of it still lies ahead is found when somebody asks; when its servers go on that stand still, 0 when none ever did; services started. */
const BEGUN = 0
const STILL_UNTIL = 1
const STARTS = 2
/** Of a server: its customer, or the server that became idle before it; the event of its end; how many services had started before; when it ends. */
const CUSTOMER = 0
const NEXT_IDLE = 0
const TIMER = 1
const STARTED = 2
const END = 3
const WIDTH = 4

/** No server. */
const NONE = -1
/** In the place of {@link STARTED}. */
const IDLE = -1

function rowOf(server: number): number {
  return (server + 1) * WIDTH
}
