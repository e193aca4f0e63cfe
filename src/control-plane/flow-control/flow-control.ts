import type { Wait } from '../../engine/process.ts'
import { Completion, firstOf } from '../../engine/process.ts'
import type { Simulation } from '../../engine/simulation.ts'
import { type Nanos, SECOND } from '../../units.ts'
import { allocate } from './concurrency-allocation.ts'
import { flowHash } from './flow-hash.ts'
import { distinguisherOf, FLOW_SCHEMAS, type FlowSchema, flowSchemaOf, type RequestAttributes } from './flow-schemas.ts'
import { type ConcurrencyLimits, concurrencyLimits, maxSeatsOfRequest, PRIORITY_LEVELS, type PriorityLevelSpec } from './priority-levels.ts'
import { QueueSet, type SeatRequest } from './queue-set.ts'
import { RetryAfter } from './retry-after.ts'
import { deal } from './shuffle-sharding.ts'
import { listWork, mutatingWork, readWork, type WorkEstimate } from './work-estimate.ts'

/** How often seats are lent anew. Source: apf_controller.go, borrowingAdjustmentPeriod. */
export const BORROWING_PERIOD: Nanos = 10 * SECOND

/**
 * How long a request waits at most: a quarter of its deadline, which is `--request-timeout`, 60 s.
 *
 * Source: apiserver/pkg/server/filters/priority-and-fairness.go (getRequestWaitContext).
 */
export const WAIT_LIMIT: Nanos = 15 * SECOND

export interface FlowControlOptions {
  /** `--max-requests-inflight` and `--max-mutating-requests-inflight`: together the seats of the server. */
  readonly maxRequestsInflight: number
  readonly maxMutatingRequestsInflight: number
}

/** Source: Kubernetes v1.36 apiserver/pkg/server/config.go. */
export const FLOW_CONTROL_DEFAULTS: FlowControlOptions = { maxRequestsInflight: 400, maxMutatingRequestsInflight: 200 }

/** Why a request was rejected with 429. Names as in the metric apiserver_flowcontrol_rejected_requests_total. */
export type RejectReason = 'queue-full' | 'time-out' | 'concurrency-limit'

/** How many objects of a kind there are, and how many watch them all: what estimates of work need. */
export interface WorkCounts {
  objects(kind: string): number
  watchers(kind: string): number
}

/** What became of the requests of one priority level, as far as it was not the ordinary. */
export interface PriorityLevelReport {
  readonly priorityLevel: string
  readonly waited: number
  readonly longestWait: Nanos
  readonly rejected: number
}

/** A request with seats or waiting for them. `finish` must be called, also when its client has gone. */
export interface Ticket {
  readonly level: string
  readonly schema: string
  /** Waits for seats; null: they are there. */
  readonly turn: Completion<void> | null
  readonly rejected: RejectReason | null
  finish(): void
}

interface Level {
  readonly spec: PriorityLevelSpec
  readonly limits: ConcurrencyLimits
  readonly maxSeats: number | null
  readonly set: QueueSet
  readonly retryAfter: RetryAfter
  waited: number
  longestWait: Nanos
  rejected: number
}

/**
 * API Priority and Fairness: who gets the seats of an API server, in which order.
 *
 * A request is classified by the first flow schema that takes it; the schema's priority level has seats, some of them lent to or borrowed
 * from other levels every 10 s, and queues before them (queue-set.ts). What time does alone (seats lent anew, seats let go after an
 * answer) is caught up with at the next request, so that a server without a queue costs no event.
 *
 * Not modelled: seats of the first phase of a watch, configuration objects other than the ones the server makes itself.
 *
 * Source: apiserver/pkg/util/flowcontrol/apf_controller.go, KEP-1040.
 */
export class FlowControl {
  readonly #sim: Simulation
  readonly #counts: WorkCounts
  readonly #levels: readonly Level[]
  readonly #byName: ReadonlyMap<string, Level>
  readonly #nominalSum: number
  readonly #hands = new Map<string, readonly number[]>()
  readonly #schemas = new Map<string, FlowSchema>()
  readonly #turns = new Map<SeatRequest, Completion<void>>()
  #adjustAt: Nanos = BORROWING_PERIOD
  #alarmAt: Nanos = Number.POSITIVE_INFINITY

  constructor(sim: Simulation, options: FlowControlOptions & { readonly counts: WorkCounts }) {
    this.#sim = sim
    this.#counts = options.counts
    const limits = concurrencyLimits(PRIORITY_LEVELS, options.maxRequestsInflight + options.maxMutatingRequestsInflight)
    this.#levels = PRIORITY_LEVELS.map((spec, index) => this.#level(spec, limits[index]!))
    this.#byName = new Map(this.#levels.map((level) => [level.spec.name, level]))
    this.#nominalSum = limits.reduce((sum, { nominal }) => sum + nominal, 0)
    this.#lend(0)
  }

  /** Seats of a level now. */
  limitOf(level: string): number {
    return this.#byName.get(level)!.set.limit
  }

  /** Levels where a request waited or was rejected. */
  report(): PriorityLevelReport[] {
    return this.#levels
      .filter(({ waited, rejected }) => waited > 0 || rejected > 0)
      .map(({ spec, waited, longestWait, rejected }) => ({ priorityLevel: spec.name, waited, longestWait, rejected }))
  }

  /** Seconds after which a client of that level is told to ask again. */
  retryAfter(level: string): number {
    return this.#byName.get(level)!.retryAfter.seconds
  }

  /** A request arrives. */
  start(request: RequestAttributes): Ticket {
    const { now } = this.#sim
    this.#catchUp(now)
    const schema = this.#schemaOf(request)
    const level = this.#byName.get(schema.priorityLevel)!
    const held = level.set.arrive(this.#workOf(request, level), this.#handOf(schema, level, request), now)
    if (held.state === 'rejected') this.#reject(level)
    const turn = held.state === 'waiting' ? new Completion<void>(this.#sim) : null
    if (turn !== null) {
      this.#turns.set(held, turn)
      this.#setAlarm()
    }
    const rejected = held.state !== 'rejected' ? null : level.spec.queuing === null ? 'concurrency-limit' : 'queue-full'
    return { level: level.spec.name, schema: schema.name, turn, rejected, finish: () => this.#finish(held, level) }
  }

  /** Waits for the ticket's turn. Gives why it was rejected, or null once it has its seats. */
  *wait(ticket: Ticket): Generator<Wait, RejectReason | null, unknown> {
    if (ticket.turn === null) return ticket.rejected
    const first = yield firstOf(ticket.turn, this.#sim.delay(WAIT_LIMIT))
    if (first === 0 || ticket.turn.settled) return null
    ticket.finish()
    this.#reject(this.#byName.get(ticket.level)!)
    return 'time-out'
  }

  /** The server has died: nobody waits here any more. What its requests still hold does not matter. */
  abandon(): void {
    const turns = [...this.#turns.values()]
    this.#turns.clear()
    for (const turn of turns) turn.resolve()
  }

  #level(spec: PriorityLevelSpec, limits: ConcurrencyLimits): Level {
    const level: Level = {
      spec,
      limits,
      maxSeats: maxSeatsOfRequest(spec, limits.nominal),
      set: new QueueSet({
        queuing: spec.queuing,
        exempt: spec.type === 'Exempt',
        limit: limits.nominal,
        onDispatch: (request, now) => this.#dispatched(level, request, now),
      }),
      retryAfter: new RetryAfter(),
      waited: 0,
      longestWait: 0,
      rejected: 0,
    }
    return level
  }

  #dispatched(level: Level, request: SeatRequest, now: Nanos): void {
    const wait = now - request.arrivedAt
    if (wait > 0) level.waited++
    level.longestWait = Math.max(level.longestWait, wait)
    this.#turns.get(request)?.resolve()
    this.#turns.delete(request)
  }

  #reject(level: Level): void {
    level.rejected++
    level.retryAfter.reject(this.#sim.now)
  }

  #finish(request: SeatRequest, level: Level): void {
    const { now } = this.#sim
    this.#catchUp(now)
    this.#turns.delete(request)
    level.set.finish(request, now)
    if (level.set.waiting > 0) this.#setAlarm()
  }

  /** Kind, verb, user and namespace decide; few of them occur, so each is looked up once. */
  #schemaOf(request: RequestAttributes): FlowSchema {
    const key = `${request.identity.user} ${request.verb} ${request.kind} ${request.namespace}`
    let schema = this.#schemas.get(key)
    if (schema === undefined) {
      schema = flowSchemaOf(FLOW_SCHEMAS, request)
      this.#schemas.set(key, schema)
    }
    return schema
  }

  #handOf(schema: FlowSchema, { spec }: Level, request: RequestAttributes): readonly number[] {
    if (spec.queuing === null) return []
    const distinguisher = distinguisherOf(schema, request)
    const key = `${schema.name} ${distinguisher}`
    let hand = this.#hands.get(key)
    if (hand === undefined) {
      hand = deal(flowHash(schema.name, distinguisher), spec.queuing.queues, spec.queuing.handSize)
      this.#hands.set(key, hand)
    }
    return hand
  }

  #workOf({ verb, kind }: RequestAttributes, { maxSeats }: Level): WorkEstimate {
    if (verb === 'get') return readWork()
    if (verb === 'list') return listWork(this.#counts.objects(kind), maxSeats)
    return mutatingWork(this.#counts.watchers(kind), maxSeats)
  }

  /** Does what time alone has done since the last request, in its order. */
  #catchUp(now: Nanos): void {
    for (;;) {
      let at = this.#adjustAt
      for (const { set } of this.#levels) at = Math.min(at, set.nextReleaseAt)
      if (at > now) return
      for (const { set } of this.#levels) if (set.nextReleaseAt === at) set.release(at)
      if (at === this.#adjustAt) {
        this.#lend(at)
        this.#adjustAt += BORROWING_PERIOD
      }
    }
  }

  /** Divides the seats by demand: never below what a level used at its peak, up to its nominal limit. */
  #lend(now: Nanos): void {
    const items = this.#levels.map(({ set, limits }) => {
      set.demand.endPeriod(now)
      const lowerBound = Math.max(limits.min, Math.min(limits.nominal, set.demand.highWatermark))
      return { lowerBound, upperBound: limits.max, target: Math.max(lowerBound, set.demand.smoothed) }
    })
    const limits = allocate(this.#nominalSum, items)
    if (limits === null) return
    for (const [index, { set }] of this.#levels.entries()) set.setLimit(Math.round(limits[index]!), now)
  }

  /** While somebody waits, what time does alone must happen at its time. */
  #setAlarm(): void {
    let at = this.#adjustAt
    for (const { set } of this.#levels) at = Math.min(at, set.nextReleaseAt)
    if (this.#alarmAt <= at) return
    this.#alarmAt = at
    this.#sim.after(at - this.#sim.now, () => {
      if (this.#alarmAt !== at || this.#turns.size === 0) return
      this.#alarmAt = Number.POSITIVE_INFINITY
      this.#catchUp(this.#sim.now)
      if (this.#turns.size > 0) this.#setAlarm()
    })
  }
}
