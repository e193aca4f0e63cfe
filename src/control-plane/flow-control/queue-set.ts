import { MILLISECOND, type Nanos } from '../../units.ts'
import type { Queuing } from './priority-levels.ts'
import { SeatDemand } from './seat-demand.ts'
import type { WorkEstimate } from './work-estimate.ts'

/** What a request is expected to take before it has ended. Source: queueset.go, estimatedServiceDuration. */
export const SERVICE_ESTIMATE: Nanos = 3 * MILLISECOND

/** One request in a queue set. */
export interface SeatRequest {
  readonly initialSeats: number
  finalSeats: number
  additionalLatency: Nanos
  /** Held from its dispatch until it is done. */
  readonly seats: number
  readonly arrivedAt: Nanos
  /** In virtual time. */
  readonly arrivalR: number
  /** null in a set without queues. */
  readonly queue: Queue | null
  startedAt: Nanos
  state: 'waiting' | 'executing' | 'done' | 'rejected'
}

interface Queue {
  readonly index: number
  readonly waiting: SeatRequest[]
  /** Seat-nanoseconds of the waiting. */
  workWaiting: number
  executing: number
  seatsInUse: number
  /** The virtual time at which its next request starts. */
  nextDispatchR: number
}

/**
 * The requests of one priority level: so many seats, and queues before them that are served fairly.
 *
 * A request goes to the queue with the least work of those that its flow was dealt. Virtual time R advances at the seats that each busy queue
 * gets; a queue's next request starts where its last one ended in virtual time, taken as 3 ms until the truth is known. Whenever seats are
 * free, the queue whose head ends first in virtual time is next; its head waits until all its seats are there.
 *
 * A request that finds no one waiting and enough seats costs no walk over the queues.
 *
 * Source: apiserver/pkg/util/flowcontrol/fairqueuing/queueset/queueset.go; KEP-1040.
 */
export class QueueSet {
  readonly demand = new SeatDemand()
  readonly #queuing: Queuing | null
  readonly #exempt: boolean
  readonly #onDispatch: (request: SeatRequest, now: Nanos) => void
  readonly #queues: Queue[] = []
  /** Requests that have been answered and still hold seats, by the time at which they let go. */
  readonly #lingering: { readonly at: Nanos; readonly request: SeatRequest }[] = []
  #limit: number
  #inUse = 0
  #executing = 0
  #waiting = 0
  #seatsWaiting = 0
  #activeQueues = 0
  #r = 0
  #rAt: Nanos = 0
  #robin = 0
  #enqueues = 0

  /** `onDispatch` is told of requests that had to wait. */
  constructor(options: {
    readonly queuing: Queuing | null
    readonly exempt: boolean
    readonly limit: number
    readonly onDispatch: (request: SeatRequest, now: Nanos) => void
  }) {
    this.#queuing = options.queuing
    this.#exempt = options.exempt
    this.#limit = options.limit
    this.#onDispatch = options.onDispatch
    for (let index = 0; index < (options.queuing?.queues ?? 0); index++) {
      this.#queues.push({ index, waiting: [], workWaiting: 0, executing: 0, seatsInUse: 0, nextDispatchR: 0 })
    }
  }

  get limit(): number {
    return this.#limit
  }

  get waiting(): number {
    return this.#waiting
  }

  get seatsInUse(): number {
    return this.#inUse
  }

  /** When the next seats come free of themselves; Infinity: never. */
  get nextReleaseAt(): Nanos {
    return this.#lingering[0]?.at ?? Number.POSITIVE_INFINITY
  }

  setLimit(limit: number, now: Nanos): void {
    this.#syncTime(now)
    this.#limit = limit
    this.#dispatchAll(now)
  }

  /** Lets go of the seats whose time has come; call it with `nextReleaseAt` before anything later happens. */
  release(now: Nanos): void {
    while (this.nextReleaseAt <= now) {
      this.#releaseSeats(this.#lingering.shift()!.request, now)
      this.#dispatchAll(now)
    }
  }

  /** A request arrives: it executes at once, waits, or is rejected. `hand`: the queues of its flow. */
  arrive(work: WorkEstimate, hand: readonly number[], now: Nanos): SeatRequest {
    this.#syncTime(now)
    const queue = this.#queuing === null ? null : this.#leastLoaded(hand)
    const seats = Math.max(work.initialSeats, work.finalSeats)
    const request: SeatRequest = { ...work, seats, arrivedAt: now, arrivalR: this.#r, queue, startedAt: now, state: 'waiting' }
    if (queue === null) {
      if (this.#fits(seats)) this.#execute(request, now)
      else request.state = 'rejected'
      return request
    }
    if (this.#inUse >= this.#limit && queue.waiting.length >= this.#queuing!.queueLengthLimit) {
      request.state = 'rejected'
      return request
    }
    if (!isActive(queue)) {
      queue.nextDispatchR = this.#r
      this.#activeQueues++
    }
    if (this.#waiting === 0 && this.#inUse < this.#limit && this.#fits(seats)) {
      queue.nextDispatchR = Math.max(queue.nextDispatchR, request.arrivalR)
      this.#robin = queue.index
      this.#start(request, queue, now)
      return request
    }
    queue.waiting.push(request)
    queue.workWaiting += workOf(request)
    this.#waiting++
    this.#seatsWaiting += seats
    boundNextDispatch(queue)
    this.#wanted(now)
    this.#dispatchAll(now)
    return request
  }

  /** A request has been answered, or has given up waiting. */
  finish(request: SeatRequest, now: Nanos): void {
    const { state, queue } = request
    if (state === 'done' || state === 'rejected') return
    this.#syncTime(now)
    request.state = 'done'
    if (state === 'waiting') {
      this.#leaveQueue(request, queue!)
      boundNextDispatch(queue!)
      this.#wanted(now)
      return
    }
    this.#executing--
    if (queue !== null) {
      queue.executing--
      queue.nextDispatchR -= request.initialSeats * (SERVICE_ESTIMATE - (now - request.startedAt))
      boundNextDispatch(queue)
      if (!isActive(queue)) this.#activeQueues--
    }
    if (request.additionalLatency === 0) this.#releaseSeats(request, now)
    else this.#linger(request, now + request.additionalLatency)
    this.#dispatchAll(now)
  }

  /** Advances virtual time: what was true since the last change still is. */
  #syncTime(now: Nanos): void {
    if (now === this.#rAt) return
    if (this.#activeQueues > 0) {
      this.#r += (Math.min(this.#inUse + this.#seatsWaiting, this.#limit) / this.#activeQueues) * (now - this.#rAt)
    }
    this.#rAt = now
  }

  /** Ties go to the hand's cards in turn. */
  #leastLoaded(hand: readonly number[]): Queue {
    const offset = this.#enqueues++ % hand.length
    let best = this.#queues[hand[offset]!]!
    for (let i = 1; i < hand.length && best.workWaiting > 0; i++) {
      const queue = this.#queues[hand[(offset + i) % hand.length]!]!
      if (queue.workWaiting < best.workWaiting) best = queue
    }
    return best
  }

  /** A request wider than the level runs alone. */
  #fits(seats: number): boolean {
    if (this.#exempt) return true
    return seats > this.#limit ? this.#executing === 0 : this.#inUse + seats <= this.#limit
  }

  #dispatchAll(now: Nanos): void {
    while (this.#waiting > 0 && this.#inUse < this.#limit) {
      const queue = this.#nextQueue()
      const request = queue.waiting[0]!
      if (!this.#fits(request.seats)) return
      this.#robin = queue.index
      this.#leaveQueue(request, queue)
      if (request.finalSeats > this.#limit) {
        request.additionalLatency = Math.round((request.finalSeats * request.additionalLatency) / this.#limit)
        request.finalSeats = this.#limit
      }
      this.#start(request, queue, now)
      boundNextDispatch(queue)
      this.#onDispatch(request, now)
    }
  }

  /** The queue whose oldest request ends first in virtual time; ties go round. Called only when something waits. */
  #nextQueue(): Queue {
    const count = this.#queues.length
    let best: Queue | null = null
    let earliest = Number.POSITIVE_INFINITY
    for (let i = 1; i <= count; i++) {
      const queue = this.#queues[(this.#robin + i) % count]!
      if (queue.waiting.length === 0) continue
      const finish = queue.nextDispatchR + workOf(queue.waiting[0]!)
      if (finish < earliest) {
        earliest = finish
        best = queue
      }
    }
    return best!
  }

  #start(request: SeatRequest, queue: Queue, now: Nanos): void {
    queue.executing++
    queue.seatsInUse += request.seats
    queue.nextDispatchR += workOf(request)
    this.#execute(request, now)
  }

  #execute(request: SeatRequest, now: Nanos): void {
    request.state = 'executing'
    request.startedAt = now
    this.#executing++
    this.#inUse += request.seats
    this.#wanted(now)
  }

  /** An active queue stays so when its head starts; one that is given up on may not. */
  #leaveQueue(request: SeatRequest, queue: Queue): void {
    queue.waiting.splice(queue.waiting.indexOf(request), 1)
    queue.workWaiting -= workOf(request)
    this.#waiting--
    this.#seatsWaiting -= request.seats
    if (request.state === 'done' && !isActive(queue)) this.#activeQueues--
  }

  #linger(request: SeatRequest, at: Nanos): void {
    let place = this.#lingering.length
    while (place > 0 && this.#lingering[place - 1]!.at > at) place--
    this.#lingering.splice(place, 0, { at, request })
  }

  #releaseSeats(request: SeatRequest, now: Nanos): void {
    this.#syncTime(now)
    this.#inUse -= request.seats
    if (request.queue !== null) request.queue.seatsInUse -= request.seats
    this.#wanted(now)
  }

  #wanted(now: Nanos): void {
    this.demand.set(this.#inUse + this.#seatsWaiting, now)
  }
}

function isActive(queue: Queue): boolean {
  return queue.waiting.length > 0 || queue.executing > 0
}

/** Seat-nanoseconds. */
function workOf({ initialSeats, finalSeats, additionalLatency }: SeatRequest): number {
  return initialSeats * SERVICE_ESTIMATE + finalSeats * additionalLatency
}

/** A queue does not save up: nothing starts in virtual time before it has arrived. */
function boundNextDispatch(queue: Queue): void {
  const oldest = queue.waiting[0]
  if (oldest !== undefined && queue.nextDispatchR < oldest.arrivalR) queue.nextDispatchR = oldest.arrivalR
}
