import { GOLDEN_RATIO_32, mix32 } from '../proxy/mix.ts'
import type { Nanos } from '../units.ts'
import { isOverlapping, OVERLAPPING } from './datagrams/clash.ts'
import { DnsFailures } from './dns-failures.ts'
import { FreePlaces, grown } from './free-places.ts'

/** How pods look names up: the Service that answers, and what their `resolv.conf` says. */
export interface DnsSpec {
  /** Namespace, name and UDP port of the Service. */
  readonly namespace: string
  readonly service: string
  readonly port: number
  /** A name with fewer dots is first tried with each search domain. */
  readonly ndots: number
  /** How long a query waits for its answer. */
  readonly timeout: Nanos
  /** How often a name is asked for, the first time included. */
  readonly attempts: number
  /** How the two queries of an attempt are sent; absent: at once, from one socket. */
  readonly sequence?: QuerySequence | undefined
  /** Share of the pairs sent at once that overlap in the kernel, where that makes a difference; absent: {@link OVERLAPPING}. */
  readonly overlapping?: number | undefined
}

/**
 * One after the other, by an option of `resolv.conf`: `single-request` from one socket, `single-request-reopen` from two.
 * Source: resolv.conf(5); glibc resolv/res_send.c.
 */
export type QuerySequence = 'single-request' | 'single-request-reopen'
export const QUERY_SEQUENCES: readonly QuerySequence[] = ['single-request', 'single-request-reopen']

/** The DNS servers' knowledge: whether a full name, such as `web.shop.svc.cluster.local`, exists. */
export type KnowsName = (name: string) => boolean

/** The data plane's part in a lookup. */
export interface Queries {
  /**
   * Sends a query of a client pod: `seed` decides the port that it is sent from and the server's work; its end is told with `user`. `overlaps`: it
   * is handled beside the one before.
   */
  query(client: number, seed: number, user: number, overlaps: boolean): void
  /** The request that waits for a name still does; `serial`: which one of that place. */
  waits(request: number, serial: number): boolean
  /** The name is resolved. */
  resolved(request: number): void
  /** No server answered, or none knows the name. */
  unresolved(request: number): void
}

/**
 * The names that a resolver tries for one, in order: the name with each domain of a pod's search list, and the name itself, which comes first
 * when it has `ndots` dots or more. Search list of `dnsPolicy: ClusterFirst`: `<namespace>.svc.cluster.local`, `svc.cluster.local`, `cluster.local`
 * (the node's own domains, which follow, are left out). Source: kubernetes v1.36.2 pkg/kubelet/network/dns/dns.go; resolv.conf(5).
 */
export function namesToTry(name: string, namespace: string, ndots: number): readonly string[] {
  const searched = [`${namespace}.svc.cluster.local`, 'svc.cluster.local', 'cluster.local'].map((domain) => `${name}.${domain}`)
  return name.split('.').length - 1 >= ndots ? [name, ...searched] : [...searched, name]
}

/** What a client pod tries, in this order. */
export type NamesToTry = (client: number) => readonly string[]

/** What pods of any namespace try for a name: each by the search list of its own. */
export function namesByNamespace(name: string, ndots: number, namespaceOf: (client: number) => string): NamesToTry {
  const lists = new Map<string, readonly string[]>()
  return (client) => {
    const namespace = namespaceOf(client)
    let list = lists.get(namespace)
    if (list === undefined) {
      list = namesToTry(name, namespace, ndots)
      lists.set(namespace, list)
    }
    return list
  }
}

/** The bit of a query's user that says which of the two it is. */
const AAAA = 1
/** Both queries of an attempt were answered so far. */
const ANSWERED = 1

/**
 * The resolver of client pods (glibc's, and musl's alike): before a connection is opened its name is looked up.
 *
 * ```text
 *   name 1: A and AAAA at once, from one socket ── both answered: no such name ──▶ name 2 … ── exists ──▶ resolved
 *                │ one not answered within the time-out
 *                ▼ both again, up to `attempts` times; then the lookup has failed
 * ```
 *
 * With `single-request` AAAA is sent when A has been answered, with `single-request-reopen` from a new socket.
 *
 * A query is a datagram to the Service of the cluster's DNS like any other: rules, connection tracking, a pod's queue and servers. Nothing is
 * cached, as glibc caches nothing. The two queries of an attempt are one flow, so they go to the same pod.
 *
 * Simplified: glibc, of whose two queries one was not answered, sends the queries of that thread one after the other from then on, and musl does
 * not; here the next pair is sent at once again. An attempt that is refused at once is followed by the next at once; a server that does not know a name answers like one that
 * does, and asks nobody else.
 * Source: glibc resolv/res_query.c, res_send.c; resolv.conf(5).
 */
export class Resolver {
  /** What is wrong with the servers. */
  readonly failures = new DnsFailures()
  readonly #queries: Queries
  readonly #knows: KnowsName
  readonly #attempts: number
  readonly #sequence: QuerySequence | null
  readonly #overlapping: number
  /** Columns by lookup: the request that waits, and which one of its place. */
  #requests = new Int32Array(CAPACITY)
  #serials = new Int32Array(CAPACITY)
  #clients = new Int32Array(CAPACITY)
  /** What the ports of its sockets are drawn from, and how many it has used. */
  #seeds = new Int32Array(CAPACITY)
  #sockets = new Int32Array(CAPACITY)
  /** Which of the names it asks for, and how often it has. */
  #names = new Int32Array(CAPACITY)
  #tries = new Int32Array(CAPACITY)
  /** Queries without an outcome, and {@link ANSWERED}. */
  #pending = new Int32Array(CAPACITY)
  #flags = new Uint8Array(CAPACITY)
  readonly #lists: (readonly string[])[] = new Array(CAPACITY)
  readonly #places = new FreePlaces(CAPACITY)

  constructor(options: { queries: Queries; knows: KnowsName; spec: DnsSpec }) {
    const { attempts, sequence, overlapping } = options.spec
    this.#queries = options.queries
    this.#knows = options.knows
    this.#attempts = attempts
    this.#sequence = sequence ?? null
    this.#overlapping = overlapping ?? OVERLAPPING
  }

  /** Lookups going on. */
  get size(): number {
    return this.#places.used
  }

  /** Looks up the first of `names` that exists, for a request of a client pod. */
  lookUp(request: number, serial: number, client: number, seed: number, names: readonly string[]): void {
    if (this.#places.free === 0) this.#grow()
    const lookup = this.#places.take()
    this.#requests[lookup] = request
    this.#serials[lookup] = serial
    this.#clients[lookup] = client
    this.#seeds[lookup] = seed
    this.#sockets[lookup] = 0
    this.#names[lookup] = 0
    this.#tries[lookup] = 0
    this.#lists[lookup] = names
    this.#ask(lookup)
  }

  /** The request that a query of that user is sent for; -1: it waits no more. */
  waiterOf(user: number): number {
    const lookup = user >> 1
    const request = this.#requests[lookup]!
    return this.#queries.waits(request, this.#serials[lookup]!) ? request : -1
  }

  /** The query of that user has been answered, or has failed. */
  ended(user: number, answered: boolean): void {
    const lookup = user >> 1
    if (!answered) this.#flags[lookup]! &= ~ANSWERED
    if (--this.#pending[lookup]! > 0) return
    const request = this.#requests[lookup]!
    if (!this.#queries.waits(request, this.#serials[lookup]!)) {
      this.#giveBack(lookup)
      return
    }
    if (this.#sequence !== null && answered && (user & AAAA) === 0) {
      this.#askNext(lookup)
      return
    }
    const names = this.#lists[lookup]!
    if ((this.#flags[lookup]! & ANSWERED) === 0) {
      if (this.#tries[lookup]! < this.#attempts) this.#ask(lookup)
      else this.#end(lookup, false)
    } else if (this.#knows(names[this.#names[lookup]!]!)) {
      this.#end(lookup, true)
    } else if (++this.#names[lookup]! < names.length) {
      this.#tries[lookup] = 0
      this.#ask(lookup)
    } else {
      this.#end(lookup, false)
    }
  }

  /** One attempt: both queries, or the first of them. */
  #ask(lookup: number): void {
    this.#tries[lookup]!++
    this.#flags[lookup] = ANSWERED
    const client = this.#clients[lookup]!
    this.#sockets[lookup]!++
    const seed = this.#socketOf(lookup)
    if (this.#sequence !== null) {
      this.#pending[lookup] = 1
      this.#queries.query(client, seed, lookup << 1, false)
      return
    }
    this.#pending[lookup] = 2
    this.#queries.query(client, seed, lookup << 1, false)
    this.#queries.query(client, seed, (lookup << 1) | AAAA, isOverlapping(seed, this.#overlapping))
  }

  /** A has been answered: AAAA is next. */
  #askNext(lookup: number): void {
    if (this.#sequence === 'single-request-reopen') this.#sockets[lookup]!++
    this.#pending[lookup] = 1
    this.#queries.query(this.#clients[lookup]!, this.#socketOf(lookup), (lookup << 1) | AAAA, false)
  }

  /** What the port of a lookup's present socket is drawn from. */
  #socketOf(lookup: number): number {
    return mix32(this.#seeds[lookup]! ^ Math.imul(this.#sockets[lookup]!, GOLDEN_RATIO_32))
  }

  #end(lookup: number, isResolved: boolean): void {
    const request = this.#requests[lookup]!
    this.#giveBack(lookup)
    if (isResolved) this.#queries.resolved(request)
    else this.#queries.unresolved(request)
  }

  #giveBack(lookup: number): void {
    this.#places.give(lookup)
    this.failures.ended(lookup << 1)
  }

  #grow(): void {
    const capacity = this.#places.grow()
    this.#requests = grown(this.#requests, new Int32Array(capacity))
    this.#serials = grown(this.#serials, new Int32Array(capacity))
    this.#clients = grown(this.#clients, new Int32Array(capacity))
    this.#seeds = grown(this.#seeds, new Int32Array(capacity))
    this.#sockets = grown(this.#sockets, new Int32Array(capacity))
    this.#names = grown(this.#names, new Int32Array(capacity))
    this.#tries = grown(this.#tries, new Int32Array(capacity))
    this.#pending = grown(this.#pending, new Int32Array(capacity))
    this.#flags = grown(this.#flags, new Uint8Array(capacity))
  }
}

/** A power of two. */
const CAPACITY = 256
