import type { Simulation } from '../../engine/simulation.ts'
import { invariant } from '../../invariant.ts'
import { PARTS, RETRIES } from '../../metrics/blame.ts'
import { OK } from '../../metrics/failure-cause.ts'
import type { Nanos } from '../../units.ts'
import type { ConnectionTable } from '../connection-table.ts'
import { CONNECTED } from '../connection-table.ts'
import { grown } from '../free-places.ts'
import { NO_CONNECTION, type RequestTable } from '../request-table.ts'
import { NO_WISH } from '../wish-table.ts'
import { Choice, FAILED, NAMED, SLOWEST } from './choice.ts'
import { ROUTED, routed } from './marks.ts'
import { CALL, GIVEN_UP, NO_SPAN, QUERY, REQUEST, Spans, TRY, UNENDED, UPSTREAM_TRY } from './spans.ts'
import { stepsOf } from './steps.ts'

/** What is to be kept of the requests of a run. */
export interface SampleSpec {
  /** Of each traffic: so many spread over time, so many of the slowest, so many of each cause of failure. */
  readonly count: number
  /** Requests that are kept in any case. */
  readonly named?: readonly { readonly traffic: string; readonly number: number }[]
}

export interface SamplerOptions extends SampleSpec {
  readonly sim: Simulation
  readonly measureFrom: Nanos
  readonly duration: Nanos
}

/** A traffic of which requests may be kept. */
interface Sampled {
  readonly name: string
  /** Sent for nobody; the requests of another are kept with what they were sent for. */
  readonly isRoot: boolean
  readonly choice: Choice
  readonly named: ReadonlySet<number>
  count: number
}

/**
 * Keeps some requests with every step that they went through.
 *
 * Which ones is known only at their end, so each live request has its marks, and all that pods sent for it is in its tree. It watches and
 * changes nothing: no event, no draw, so every other result is the same with it as without. Where there is none, a request costs the
 * branches that ask for it.
 */
export class RequestSampler {
  readonly spans = new Spans()
  readonly #sim: Simulation
  readonly #options: SamplerOptions
  readonly #traffics: (Sampled | undefined)[] = []
  /** By request: its span, or NO_SPAN. By traffic, then by wish of that traffic: the same. */
  #ofRequest = new Int32Array(0)
  readonly #ofWish: Int32Array[] = []
  /** The span that what is sent next is sent for, see {@link sendsFor}. */
  #above = NO_SPAN
  #aboveKind = CALL
  readonly #kept = new Set<number>()
  #requests: RequestTable | null = null
  #connections: ConnectionTable | null = null

  constructor(options: SamplerOptions) {
    this.#sim = options.sim
    this.#options = options
  }

  /** Where the requests are. Before any is sent. */
  attach(requests: RequestTable, connections: ConnectionTable): void {
    this.#requests = requests
    this.#connections = connections
    requests.accounts.attach(this)
  }

  /** Of the traffic of that index requests may be kept: those that nobody else's caused where it `isRoot`. */
  addTraffic(index: number, traffic: { name: string; start: Nanos; stop: Nanos; isRoot: boolean }): void {
    const { count, named = [], measureFrom, duration } = this.#options
    const from = Math.max(traffic.start, measureFrom)
    this.#traffics[index] = {
      name: traffic.name,
      isRoot: traffic.isRoot,
      choice: new Choice({ from, until: Math.max(from, Math.min(traffic.stop, duration)), count: traffic.isRoot ? count : 0 }),
      named: new Set(named.filter((one) => one.traffic === traffic.name).map(({ number }) => number)),
      count: 0,
    }
  }

  nameOf(traffic: number): string {
    return this.#traffics[traffic]!.name
  }

  /** A request has got its place. One that is a try belongs to its wish. */
  begins(request: number, traffic: number, wish: number): void {
    if (request >= this.#ofRequest.length) this.#ofRequest = grown(this.#ofRequest, new Int32Array(2 * request + 1024))
    if (wish === NO_WISH) {
      this.#ofRequest[request] = this.#begin(traffic, request)
      return
    }
    const above = this.#ofWish[traffic]![wish]!
    this.#ofRequest[request] = above === NO_SPAN ? NO_SPAN : this.spans.take(TRY, above, traffic, 0, this.#sim.now, request)
  }

  wishBegins(wish: number, traffic: number): void {
    const known = this.#ofWish[traffic] ?? new Int32Array(0)
    const spans = wish < known.length ? known : grown(known, new Int32Array(2 * wish + 256))
    this.#ofWish[traffic] = spans
    spans[wish] = this.#begin(traffic, ~wish)
  }

  /** What is sent until {@link sendsNoMore} is sent for that request: a call of the pod that serves it, or a query for its name. */
  sendsFor(request: number, isQuery = false): void {
    this.#above = request < 0 ? NO_SPAN : this.#ofRequest[request]!
    this.#aboveKind = isQuery ? QUERY : CALL
  }

  /** The same for a span, see {@link upstreamBegins}. */
  sendsForSpan(span: number, serial: number): void {
    this.#above = this.spans.isLive(span, serial) ? span : NO_SPAN
    this.#aboveKind = CALL
  }

  sendsNoMore(): void {
    this.#above = NO_SPAN
  }

  /** What the account of a request is told, see `marks.ts`. */
  mark(request: number, time: Nanos, kind: number, extra: number): void {
    const span = this.#ofRequest[request]!
    if (span !== NO_SPAN) this.spans.marks.add(span, time, kind, extra)
  }

  /** The rules of a node have sent it to an endpoint, or have given another verdict. */
  routed(request: number, node: number, verdict: number): void {
    this.mark(request, this.#sim.now, ROUTED, routed(node, verdict))
  }

  /** An Ingress controller's try at a pod of the Service, for that request; gives its span, which {@link upstreamMark} and {@link upstreamEnds} need. */
  upstreamBegins(request: number, node: number, endpoint: number, isKept: boolean): number {
    const above = this.#ofRequest[request]!
    if (above === NO_SPAN) return NO_SPAN
    const { spans } = this
    const span = spans.take(UPSTREAM_TRY, above, spans.traffics[above]!, 0, this.#sim.now, NOBODY)
    spans.nodes[span] = node
    spans.endpoints[span] = endpoint
    spans.backends[span] = -1
    spans.repeats[span] = 0
    spans.isKept[span] = isKept ? 1 : 0
    return span
  }

  upstreamMark(span: number, serial: number, kind: number): void {
    if (this.spans.isLive(span, serial)) this.spans.marks.add(span, this.#sim.now, kind, 0)
  }

  upstreamEnds(span: number, serial: number, cause: number, backend: number, repeats: number): void {
    const { spans } = this
    if (!spans.isLive(span, serial)) return
    spans.endedAt[span] = this.#sim.now
    spans.causes[span] = cause
    spans.backends[span] = backend
    spans.repeats[span] = repeats
  }

  /** Its client has the answer. The account is settled. */
  answered(request: number): void {
    this.#end(request, OK)
  }

  failed(request: number, cause: number): void {
    this.#end(request, cause)
  }

  /** A try whose wish has the answer of another. */
  gaveUp(request: number): void {
    this.#end(request, GIVEN_UP)
  }

  wishEnds(wish: number, traffic: number, cause: number): void {
    const span = this.#ofWish[traffic]![wish]!
    if (span === NO_SPAN) return
    this.#ofWish[traffic]![wish] = NO_SPAN
    this.spans.endedAt[span] = this.#sim.now
    this.spans.causes[span] = cause
    if (this.spans.parents[span] === NO_SPAN) this.#decide(span, -1)
  }

  /** A request that nobody was there to send. */
  failedAtOnce(traffic: number, cause: number): void {
    const span = this.#begin(traffic, NOBODY)
    if (span === NO_SPAN) return
    this.spans.endedAt[span] = this.#sim.now
    this.spans.causes[span] = cause
    if (this.spans.parents[span] === NO_SPAN) this.#decide(span, -1)
  }

  /** The roots of what is kept, in the order of traffic, then of sending; those still on their way among them. */
  kept(): number[] {
    const { traffics, numbers } = this.spans
    return [...this.#kept].sort((a, b) => traffics[a]! - traffics[b]! || numbers[a]! - numbers[b]!)
  }

  /** The run is over: what is still on its way is told as far as it has come. */
  finish(): void {
    const { spans } = this
    for (const root of this.#kept) {
      for (const span of spans.tree(root)) {
        if (spans.causes[span] !== UNENDED) continue
        spans.endedAt[span] = spans.causes[root] === UNENDED ? this.#sim.now : spans.endedAt[root]!
        if (spans.followed[span]! >= 0 && spans.causes[root] === UNENDED) this.#note(span, spans.followed[span]!)
      }
    }
  }

  #begin(traffic: number, followed: number): number {
    const sampled = this.#traffics[traffic]
    if (sampled === undefined) return NO_SPAN
    sampled.count++
    const above = this.#above
    if (!sampled.isRoot && above === NO_SPAN) return NO_SPAN
    const { spans } = this
    const { now } = this.#sim
    const kind = above === NO_SPAN ? REQUEST : this.#aboveKind
    const span = spans.take(kind, above, traffic, sampled.count, now, followed)
    const root = spans.roots[span]!
    let reasons = above === NO_SPAN ? sampled.choice.begins(now) : 0
    if (sampled.named.has(sampled.count)) reasons |= NAMED
    if (reasons !== 0) {
      spans.reasons[root]! |= reasons
      this.#kept.add(root)
    }
    return span
  }

  #end(request: number, cause: number): void {
    const span = this.#ofRequest[request]!
    if (span === NO_SPAN) return
    this.#ofRequest[request] = NO_SPAN
    const { spans } = this
    spans.endedAt[span] = this.#sim.now
    spans.causes[span] = cause
    const isRoot = spans.parents[span] === NO_SPAN
    if (!isRoot || this.#wants(span)) this.#note(span, request)
    if (isRoot) this.#decide(span, request)
  }

  /** Whether a root that has ended will be kept, so that the rest need not be looked at. */
  #wants(root: number): boolean {
    const { reasons, causes, startedAt, endedAt, traffics } = this.spans
    if (reasons[root] !== 0 || causes[root] !== OK) return true
    return this.#traffics[traffics[root]!]!.choice.isSlow(startedAt[root]!, endedAt[root]! - startedAt[root]!)
  }

  #decide(root: number, request: number): void {
    const { spans } = this
    const { choice } = this.#traffics[spans.traffics[root]!]!
    const sentAt = spans.startedAt[root]!
    const cause = spans.causes[root]!
    if (cause === OK) {
      const latency = spans.endedAt[root]! - sentAt
      if (choice.isSlow(sentAt, latency)) {
        this.#keep(root, SLOWEST)
        const out = choice.keepSlow(root, latency)
        if (out !== NO_SPAN) this.#drop(out, SLOWEST)
      }
    } else if (choice.keepsFailure(sentAt, cause)) this.#keep(root, FAILED)
    this.#cut(root)
    if (spans.reasons[root] === 0) spans.freeTree(root)
    else if (request >= 0 && cause === OK) this.#check(root, request)
  }

  #keep(root: number, reason: number): void {
    this.spans.reasons[root]! |= reason
    this.#kept.add(root)
  }

  #drop(root: number, reason: number): void {
    const { reasons } = this.spans
    reasons[root]! &= ~reason
    if (reasons[root] !== 0) return
    this.#kept.delete(root)
    this.spans.freeTree(root)
  }

  /** Nothing under a root that has ended is followed any more. */
  #cut(root: number): void {
    const { spans } = this
    for (let span = spans.latest[root]!; span !== NO_SPAN; span = spans.previous[span]!) {
      if (span === root || spans.causes[span] !== UNENDED) continue
      const followed = spans.followed[span]!
      if (followed >= 0) {
        if (spans.reasons[root] !== 0) this.#note(span, followed)
        this.#ofRequest[followed] = NO_SPAN
      } else if (followed !== NOBODY) this.#ofWish[spans.traffics[span]!]![~followed] = NO_SPAN
      spans.serials[span]!++
    }
  }

  /** Notes where the request was. */
  #note(span: number, request: number): void {
    const { spans } = this
    const connection = this.#requests!.connections[request]!
    const table = this.#connections!
    if (connection === NO_CONNECTION) {
      spans.nodes[span] = -1
      spans.backends[span] = -1
      spans.repeats[span] = 0
      spans.isKept[span] = 0
      return
    }
    const isConnected = (table.flags[connection]! & CONNECTED) !== 0
    spans.clients[span] = table.clients[connection]!
    spans.clientAddresses[span] = table.clientAddresses[connection]!
    spans.nodes[span] = table.nodes[connection]!
    spans.backends[span] = isConnected ? table.backends[connection]! : -1
    spans.oneWay[span] = isConnected ? table.oneWay[connection]! : 0
    spans.repeats[span] = table.attempts[connection]!
    spans.isKept[span] = table.openedAt[connection]! < spans.startedAt[span]! ? 1 : 0
  }

  /** States that the steps of a kept request are what its account has. */
  #check(root: number, request: number): void {
    const { spans } = this
    const { parts } = this.#requests!.accounts
    const sums = new Float64Array(PARTS)
    for (const { part, started, ended } of stepsOf(spans.marks.of(root), {
      started: spans.startedAt[root]!,
      ended: spans.endedAt[root]!,
      oneWay: spans.oneWay[root]!,
      external: 0,
    }))
      if (part >= 0) sums[part]! += ended - started
    for (let part = 0; part < PARTS; part++) {
      const accounted = part === RETRIES ? 0 : parts[request * PARTS + part]!
      if (sums[part] !== accounted)
        invariant(false, `A kept request spent ${sums[part]} ns on part ${part}, and its account has ${accounted}`)
    }
  }
}

/** Neither a request nor a wish. */
const NOBODY = -0x8000_0000
