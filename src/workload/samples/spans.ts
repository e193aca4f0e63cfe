import { FreePlaces, grown } from '../free-places.ts'
import { Marks } from './marks.ts'

export const NO_SPAN = -1

/** What a span is of. */
export const REQUEST = 0
/** Of a request that may be tried more than once: one try. */
export const TRY = 1
/** Sent by a pod that serves the span above it. */
export const CALL = 2
/** Asked of the cluster's DNS. */
export const QUERY = 3
/** Passed on to a pod by an Ingress controller. */
export const UPSTREAM_TRY = 4

/** In place of a cause: it has not ended. */
export const UNENDED = -2
/** In place of a cause: its client takes the answer of another try. */
export const GIVEN_UP = -3

/**
 * Spans in columns: a request, and all that happened for it, each in the tree under its root. A span is its place. What it went through is in
 * {@link Spans.marks}.
 */
export class Spans {
  readonly marks = new Marks()
  kinds = new Uint8Array(CAPACITY)
  /** The root of its tree; the span above it; the span that was added to the tree before it. {@link NO_SPAN}: none. */
  roots = new Int32Array(CAPACITY)
  parents = new Int32Array(CAPACITY)
  /** Of a root: the span that was added last to its tree, itself at first. */
  latest = new Int32Array(CAPACITY)
  previous = new Int32Array(CAPACITY)
  /** Counts the spans that had this place. */
  serials = new Int32Array(CAPACITY)
  /** Index of its traffic, and the how many-th of its traffic it is, from 1; 0 for what is not counted. */
  traffics = new Int32Array(CAPACITY)
  numbers = new Int32Array(CAPACITY)
  /** ns. */
  startedAt = new Float64Array(CAPACITY)
  endedAt = new Float64Array(CAPACITY)
  /** OK, an index into FAILURE_CAUSES, {@link UNENDED} or {@link GIVEN_UP}. */
  causes = new Int32Array(CAPACITY)
  /** The request or wish that it follows, so that the link can be cut; -1: none. */
  followed = new Int32Array(CAPACITY)
  /** Of a root: why it is kept. */
  reasons = new Uint8Array(CAPACITY)
  /** Where it was, as it ended: client pod or OUTSIDE and its address, translating node, serving pod or -1; of a try of an Ingress controller the endpoint. */
  clients = new Int32Array(CAPACITY)
  clientAddresses = new Int32Array(CAPACITY)
  nodes = new Int32Array(CAPACITY)
  endpoints = new Int32Array(CAPACITY)
  backends = new Int32Array(CAPACITY)
  /** Network time from client to pod, ns; SYNs repeated; whether it went on a connection that was there. */
  oneWay = new Float64Array(CAPACITY)
  repeats = new Uint8Array(CAPACITY)
  isKept = new Uint8Array(CAPACITY)
  readonly #places = new FreePlaces(CAPACITY)

  constructor() {
    this.marks.growSpans(CAPACITY)
  }

  get used(): number {
    return this.#places.used
  }

  /** Columns may have moved afterwards. */
  take(kind: number, parent: number, traffic: number, number: number, now: number, followed: number): number {
    if (this.#places.free === 0) this.#grow()
    const span = this.#places.take()
    this.kinds[span] = kind
    this.parents[span] = parent
    this.serials[span]!++
    this.traffics[span] = traffic
    this.numbers[span] = number
    this.startedAt[span] = now
    this.causes[span] = UNENDED
    this.followed[span] = followed
    this.clients[span] = NOWHERE
    if (parent === NO_SPAN) {
      this.roots[span] = span
      this.latest[span] = span
      this.previous[span] = NO_SPAN
      this.reasons[span] = 0
    } else {
      const root = this.roots[parent]!
      this.roots[span] = root
      this.previous[span] = this.latest[root]!
      this.latest[root] = span
    }
    this.marks.open(span)
    return span
  }

  isLive(span: number, serial: number): boolean {
    return span !== NO_SPAN && this.serials[span] === serial && this.causes[span] === UNENDED
  }

  /** Forgets a root with all that is under it. */
  freeTree(root: number): void {
    for (let span = this.latest[root]!; span !== NO_SPAN; ) {
      const before = this.previous[span]!
      this.marks.close(span)
      this.serials[span]!++
      this.#places.give(span)
      span = before
    }
  }

  /** A root and all that is under it, in the order in which they began. */
  tree(root: number): number[] {
    const spans: number[] = []
    for (let span = this.latest[root]!; span !== NO_SPAN; span = this.previous[span]!) spans.push(span)
    return spans.reverse()
  }

  #grow(): void {
    const capacity = this.#places.grow()
    this.marks.growSpans(capacity)
    this.kinds = grown(this.kinds, new Uint8Array(capacity))
    this.roots = grown(this.roots, new Int32Array(capacity))
    this.parents = grown(this.parents, new Int32Array(capacity))
    this.latest = grown(this.latest, new Int32Array(capacity))
    this.previous = grown(this.previous, new Int32Array(capacity))
    this.serials = grown(this.serials, new Int32Array(capacity))
    this.traffics = grown(this.traffics, new Int32Array(capacity))
    this.numbers = grown(this.numbers, new Int32Array(capacity))
    this.startedAt = grown(this.startedAt, new Float64Array(capacity))
    this.endedAt = grown(this.endedAt, new Float64Array(capacity))
    this.causes = grown(this.causes, new Int32Array(capacity))
    this.followed = grown(this.followed, new Int32Array(capacity))
    this.reasons = grown(this.reasons, new Uint8Array(capacity))
    this.clients = grown(this.clients, new Int32Array(capacity))
    this.clientAddresses = grown(this.clientAddresses, new Int32Array(capacity))
    this.nodes = grown(this.nodes, new Int32Array(capacity))
    this.endpoints = grown(this.endpoints, new Int32Array(capacity))
    this.backends = grown(this.backends, new Int32Array(capacity))
    this.oneWay = grown(this.oneWay, new Float64Array(capacity))
    this.repeats = grown(this.repeats, new Uint8Array(capacity))
    this.isKept = grown(this.isKept, new Uint8Array(capacity))
  }
}

/** In place of a client: not known. */
export const NOWHERE = -2

/** A power of two. */
const CAPACITY = 256
