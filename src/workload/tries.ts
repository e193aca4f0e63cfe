import type { HandlerId, Simulation } from '../engine/simulation.ts'
import { invariant } from '../invariant.ts'
import { NO_CLIENT, OK } from '../metrics/failure-cause.ts'
import type { TrafficMetrics } from '../metrics/request-metrics.ts'
import type { UnseenChange } from '../metrics/unseen-change.ts'
import type { Nanos } from '../units.ts'
import { BackOff } from './back-off.ts'
import { OUTSIDE } from './connection-table.ts'
import { ExpiryQueue } from './expiry-queue.ts'
import type { RequestRecorder } from './records/request-recorder.ts'
import { HEDGE, type RequestTable } from './request-table.ts'
import { RetryBudget } from './retry-budget.ts'
import { causesToRetry } from './retry-conditions.ts'
import type { RequestSampler } from './samples/request-sampler.ts'
import type { HedgeSpec, RetrySpec } from './specs.ts'
import { NO_TRY, WishTable } from './wish-table.ts'

/** Who sends the tries; a try is a request. */
export interface TrySender {
  /** Makes the request of a wish's next try, tells {@link Tries.joined}, and sends it. `number`: 0 for the first; `givesUpAt`: at the latest. */
  sendTry(wish: number, number: number, givesUpAt: Nanos): void
  /** The client gives a try up. */
  giveUpTry(request: number): void
  /** The cause of a try that had no answer until now. */
  causeOfTimeOut(request: number): number
  /** What the rules behind that try's failure had not seen. To be asked before its connection is closed. */
  unseenBy(request: number, cause: number): UnseenChange | null
  /** Which process of a client pod runs. */
  incarnation(client: number): number
  /** That process still runs. */
  runs(client: number, incarnation: number): boolean
  /** How long it still stands still, with its node; 0: it does not. */
  thawsIn(client: number): Nanos
}

export interface TriesOptions {
  readonly sim: Simulation
  readonly table: RequestTable
  readonly sender: TrySender
  /** null: nobody watches requests. */
  readonly sampler: RequestSampler | null
  /** null: nobody asks for the requests that have ended. */
  readonly recorder: RequestRecorder | null
  /** Index of the traffic. */
  readonly traffic: number
  readonly metrics: TrafficMetrics
  /** Of a wish as a whole. */
  readonly timeout: Nanos
  readonly retries: RetrySpec | undefined
  readonly hedge: HedgeSpec | undefined
  /** The user has the outcome. */
  readonly ended: (user: number, cause: number) => void
}

/**
 * The wishes of one traffic whose clients may try more than once: what the user sees as one request is a wish, and each try is a request.
 *
 * ```text
 *   wish   |────────────────── latency, or until the time-out ──────────────────|
 *   tries  |── try 0: reset   back-off   |── try 1 ─────────────────────────────| answered
 *                                            after  |── hedge ─────────| given up, as try 1 was first
 * ```
 *
 * - **Retry**: a try has failed by a cause that the client retries, no other is on its way, it has retries left, the budget has a token, and
 *   the next would be sent before the wish's time-out. Otherwise the wish fails at once, by the cause of the try that failed last (*assumption*
 *   for a back-off that would end after the time-out: the client does not wait it out). `perTryTimeout` ends a try by its own clock.
 * - **Back-off**: see {@link BackOff}. It is a function of the wish's seed and the retry's number alone.
 * - **Hedge**: the wish has waited `after`, and so long again for each further one, while a try is on its way: another is sent beside it.
 *   The first answer is taken; what the others do is given up, as for a time-out: the pod goes on with it.
 * - **Demand**: all tries of a wish have its seed, so each takes a pod the same time: the same question is the same work.
 * - **Budgets** are each client's own, one for retries and one for hedges.
 *
 * Sources: retries and budgets as in Finagle and linkerd; hedges as gRPC's `hedgingDelay` and Finagle's BackupRequestFilter have them.
 */
export class Tries {
  readonly #sim: Simulation
  readonly #table: RequestTable
  /** By wish: what the rules behind its last failed try had not seen. */
  readonly #unseen = new Map<number, UnseenChange | null>()
  readonly #sender: TrySender
  readonly #sampler: RequestSampler | null
  readonly #recorder: RequestRecorder | null
  readonly #traffic: number
  readonly #metrics: TrafficMetrics
  readonly #timeout: Nanos
  readonly #retries: RetrySpec | undefined
  readonly #hedge: HedgeSpec | undefined
  readonly #ended: (user: number, cause: number) => void
  readonly wishes = new WishTable()
  readonly #retried: Uint8Array
  readonly #retryBudgets: ClientBudgets | null
  readonly #hedgeBudgets: ClientBudgets | null
  readonly #deadlines: ExpiryQueue
  readonly #tryDeadlines: ExpiryQueue | null
  readonly #backOff: BackOff
  readonly #retryDue: HandlerId
  readonly #hedgeDue: HandlerId
  /** Tries so far: each was answered first, failed, was given up for another's answer, or is on its way. */
  #sent = 0
  #answered = 0
  #failed = 0
  #givenUp = 0

  constructor(options: TriesOptions) {
    const { sim, table, retries, hedge } = options
    this.#sim = sim
    this.#table = table
    this.#sender = options.sender
    this.#sampler = options.sampler
    this.#recorder = options.recorder
    this.#traffic = options.traffic
    this.#metrics = options.metrics
    this.#timeout = options.timeout
    this.#retries = retries
    this.#hedge = hedge
    this.#ended = options.ended
    this.#backOff = new BackOff(retries?.backOff ?? { base: 0, max: 0 })
    this.#retried = causesToRetry(retries?.on ?? [])
    this.#retryBudgets = retries?.budget === undefined ? null : new ClientBudgets(retries.budget)
    this.#hedgeBudgets = hedge?.budget === undefined ? null : new ClientBudgets(hedge.budget)
    const { wishes } = this
    this.#deadlines = new ExpiryQueue({
      sim,
      wait: options.timeout,
      waits: (wish, serial) => wishes.active[wish] === 1 && wishes.serials[wish] === serial,
      expire: (wish) => this.#timeOut(wish),
      late: (wish) => this.#late(wish),
    })
    this.#tryDeadlines =
      retries?.perTryTimeout === undefined
        ? null
        : new ExpiryQueue({
            sim,
            wait: retries.perTryTimeout,
            waits: (request, serial) => table.isWaited(request, serial),
            expire: (request) => this.#timeOutTry(request),
            late: (request) => this.#late(table.wishes[request]!),
          })
    this.#retryDue = sim.handler((wish, serial) => this.#retry(wish, serial))
    this.#hedgeDue = sim.handler((wish, serial) => this.#sendHedge(wish, serial))
  }

  /** Wishes without an outcome. */
  get waiting(): number {
    return this.wishes.size
  }

  begin(client: number, seed: number, address: number, user: number): void {
    const { wishes } = this
    const { now } = this.#sim
    const wish = wishes.take(now, seed, user)
    this.#sampler?.wishBegins(wish, this.#traffic)
    wishes.clients[wish] = client
    wishes.addresses[wish] = address
    wishes.incarnations[wish] = client === OUTSIDE ? 0 : this.#sender.incarnation(client)
    this.#retryBudgets?.of(client, address).deposit(now)
    this.#hedgeBudgets?.of(client, address).deposit(now)
    const serial = wishes.serials[wish]!
    this.#deadlines.push(wish, serial)
    if (this.#hedge !== undefined) this.#sim.schedule(this.#hedge.after, this.#hedgeDue, wish, serial)
    this.#send(wish)
  }

  /** The request that {@link TrySender} has made for a wish's next try. */
  joined(wish: number, request: number): void {
    const { wishes } = this
    const { nextTries, previousTries } = this.#table
    const next = wishes.newest[wish]!
    nextTries[request] = next
    previousTries[request] = NO_TRY
    if (next !== NO_TRY) previousTries[next] = request
    wishes.newest[wish] = request
    this.#tryDeadlines?.push(request, this.#table.serials[request]!)
  }

  /** A try has its answer, which the client takes for the wish's. */
  answered(request: number): void {
    const table = this.#table
    const wish = table.wishes[request]!
    const { newest, sentAt } = this.wishes
    this.#answered++
    if ((table.flags[request]! & HEDGE) !== 0) this.#metrics.hedgeWon(sentAt[wish]!)
    this.#leave(wish, request)
    for (let other = newest[wish]!; other !== NO_TRY; other = newest[wish]!) {
      this.#givenUp++
      this.#sampler?.gaveUp(other)
      this.#leave(wish, other)
      this.#sender.giveUpTry(other)
    }
    this.#unseen.delete(wish)
    this.#sampler?.wishEnds(wish, this.#traffic, OK)
    this.wishes.free(wish)
  }

  /** A try has failed: it is no longer one of the wish's. {@link goOn} is to follow once its connection is closed. */
  failed(request: number, cause: number): void {
    const wish = this.#table.wishes[request]!
    this.#failed++
    this.#unseen.set(wish, this.#sender.unseenBy(request, cause))
    this.#sampler?.failed(request, cause)
    this.#recorder?.tryFailed(request)
    this.#leave(wish, request)
  }

  /** What becomes of the wish after a try of it has failed by `cause`. */
  goOn(wish: number, cause: number): void {
    const { wishes } = this
    if (wishes.newest[wish] !== NO_TRY) return
    if (!this.#mayRetry(wish, cause)) {
      this.#fail(wish, cause)
      return
    }
    const wait = this.#backOff.wait(wishes.seeds[wish]!, ++wishes.retries[wish]!)
    if (this.#sim.now + wait >= wishes.sentAt[wish]! + this.#timeout) {
      this.#fail(wish, cause)
      return
    }
    if (this.#retryBudgets?.of(wishes.clients[wish]!, wishes.addresses[wish]!).tryWithdraw(this.#sim.now) === false) {
      this.#metrics.denied(wishes.sentAt[wish]!)
      this.#fail(wish, cause)
      return
    }
    this.#sim.schedule(wait, this.#retryDue, wish, wishes.serials[wish]!)
  }

  /** Every try was answered, failed, was given up, or is on its way; the last are those of the wishes. */
  checkConservation(name: string): void {
    const { wishes } = this
    const table = this.#table
    let waiting = 0
    for (let wish = 0; wish < wishes.capacity; wish++) {
      if (wishes.active[wish] === 0) continue
      for (let request = wishes.newest[wish]!; request !== NO_TRY; request = table.nextTries[request]!) {
        invariant(table.wishes[request] === wish && table.isWaited(request, table.serials[request]!), `Try ${request} is not its wish's`)
        waiting++
      }
    }
    const [sent, answered, failed, givenUp] = [this.#sent, this.#answered, this.#failed, this.#givenUp]
    invariant(
      sent === answered + failed + givenUp + waiting,
      `Of ${sent} tries of "${name}" ${answered} were answered, ${failed} failed, ${givenUp} were given up and ${waiting} wait`,
    )
  }

  #send(wish: number): void {
    const { wishes } = this
    this.#sent++
    const giveUp = wishes.sentAt[wish]! + this.#timeout
    const perTry = this.#retries?.perTryTimeout
    const givesUpAt = perTry === undefined ? giveUp : Math.min(giveUp, this.#sim.now + perTry)
    this.#sender.sendTry(wish, wishes.tries[wish]!++, givesUpAt)
  }

  #mayRetry(wish: number, cause: number): boolean {
    const retries = this.#retries
    return retries !== undefined && this.#retried[cause] === 1 && this.wishes.retries[wish]! < retries.max
  }

  #retry(wish: number, serial: number): void {
    const { wishes } = this
    if (wishes.active[wish] === 0 || wishes.serials[wish] !== serial) invariant(false, `Wish ${wish} ended before its retry`)
    const late = this.#late(wish)
    if (late > 0) {
      this.#sim.schedule(late, this.#retryDue, wish, serial)
      return
    }
    if (!this.#clientRuns(wish)) {
      this.#fail(wish, NO_CLIENT)
      return
    }
    this.#metrics.retried(wishes.sentAt[wish]!)
    this.#send(wish)
  }

  #sendHedge(wish: number, serial: number): void {
    const { wishes } = this
    if (wishes.active[wish] === 0 || wishes.serials[wish] !== serial || !this.#clientRuns(wish)) return
    const late = this.#late(wish)
    if (late > 0) {
      this.#sim.schedule(late, this.#hedgeDue, wish, serial)
      return
    }
    const { after, max } = this.#hedge!
    if (wishes.newest[wish] !== NO_TRY) {
      if (this.#hedgeBudgets?.of(wishes.clients[wish]!, wishes.addresses[wish]!).tryWithdraw(this.#sim.now) === false) {
        this.#metrics.denied(wishes.sentAt[wish]!)
        return
      }
      wishes.hedges[wish]!++
      this.#metrics.hedged(wishes.sentAt[wish]!)
      this.#send(wish)
      this.#table.flags[wishes.newest[wish]!]! |= HEDGE
    }
    if (wishes.hedges[wish]! < max) this.#sim.schedule(after, this.#hedgeDue, wish, serial)
  }

  /** How late the timers of a wish's client are. */
  #late(wish: number): Nanos {
    const client = this.wishes.clients[wish]!
    return client === OUTSIDE ? 0 : this.#sender.thawsIn(client)
  }

  #clientRuns(wish: number): boolean {
    const { clients, incarnations } = this.wishes
    return clients[wish] === OUTSIDE || this.#sender.runs(clients[wish]!, incarnations[wish]!)
  }

  /** The wish has waited as long as it may: a try is on its way, as none is begun that would come too late. */
  #timeOut(wish: number): void {
    const { newest } = this.wishes
    if (newest[wish] === NO_TRY) invariant(false, `Wish ${wish} times out without a try`)
    const cause = this.#sender.causeOfTimeOut(newest[wish]!)
    for (let request = newest[wish]!; request !== NO_TRY; request = newest[wish]!) {
      this.failed(request, cause)
      this.#sender.giveUpTry(request)
    }
    this.#fail(wish, cause)
  }

  #timeOutTry(request: number): void {
    const wish = this.#table.wishes[request]!
    const cause = this.#sender.causeOfTimeOut(request)
    this.failed(request, cause)
    this.#sender.giveUpTry(request)
    this.goOn(wish, cause)
  }

  #fail(wish: number, cause: number): void {
    const { sentAt, users } = this.wishes
    const user = users[wish]!
    if (cause === OK) invariant(false, `Wish ${wish} fails without a cause`)
    this.#metrics.failed(sentAt[wish]!, cause, this.#unseen.get(wish) ?? null)
    this.#unseen.delete(wish)
    this.#sampler?.wishEnds(wish, this.#traffic, cause)
    this.#recorder?.wishFailed(this.#traffic, wish, cause)
    this.wishes.free(wish)
    this.#ended(user, cause)
  }

  #leave(wish: number, request: number): void {
    const { nextTries, previousTries } = this.#table
    const [next, previous] = [nextTries[request]!, previousTries[request]!]
    if (previous === NO_TRY) this.wishes.newest[wish] = next
    else nextTries[previous] = next
    if (next !== NO_TRY) previousTries[next] = previous
  }
}

/** A budget for each client, a pod or an address outside. */
class ClientBudgets {
  readonly #spec: ConstructorParameters<typeof RetryBudget>[0]
  readonly #pods = new Map<number, RetryBudget>()
  readonly #addresses = new Map<number, RetryBudget>()

  constructor(spec: ConstructorParameters<typeof RetryBudget>[0]) {
    this.#spec = spec
  }

  of(client: number, address: number): RetryBudget {
    const [budgets, key] = client === OUTSIDE ? [this.#addresses, address] : [this.#pods, client]
    let budget = budgets.get(key)
    if (budget === undefined) {
      budget = new RetryBudget(this.#spec)
      budgets.set(key, budget)
    }
    return budget
  }
}
