import type { Wait } from '../engine/process.ts'
import { firstOf, Signal } from '../engine/process.ts'
import { NO_TIMER, type Simulation, type Timer } from '../engine/simulation.ts'
import { MILLISECOND, type Nanos, SECOND } from '../units.ts'
import type { ApiLoadBalancer } from './api-load-balancer.ts'
import type { ApiPaths } from './api-paths.ts'
import type { ApiServerProcess } from './api-server-process.ts'

/**
 * A client closes a connection on which nothing has come for so long: a ping after 30 s, and 15 s for its answer. Source: apimachinery
 * pkg/util/net/http.go (readIdleTimeout, pingTimeout). Counted from the cut: *assumption*, it had just heard something.
 */
export const SILENCE_MAX: Nanos = 45 * SECOND
/** SYNs go out 0, 1, 3, 7 and 15 s after the first, and after 30 s the client gives up. Source: client-go transport/cache.go (Dialer, Timeout 30 s). */
export const DIAL_WAITS: readonly Nanos[] = [SECOND, 2 * SECOND, 4 * SECOND, 8 * SECOND, 15 * SECOND]
/** What is not acknowledged is sent again after so long, doubled each time. Source: Linux TCP_RTO_MIN; the round trip left out. */
export const RETRANSMIT_FIRST: Nanos = 200 * MILLISECOND

/**
 * One client's connection to the API: requests and watches share it (HTTP/2), so they are all at one server until that dies; the next
 * request then connects anew.
 *
 * A server that has died is noticed at once, for the kernel of its machine ends its connections. Where the way between the two is **cut**,
 * nobody is told: what is sent is repeated by TCP, 0.2, 0.6, 1.4, … s after the first that was lost. If the way is open again at such a moment,
 * everything goes on from there, in order; after 45 s of silence the client breaks the connection, with all requests and watches on it, and
 * tries for another, which takes 30 s each time that nothing answers.
 *
 * ```text
 *   cut ─ lost: 0 s ─ 0.2 ─ 0.6 ─ 1.4 ─ … ─ open again: goes on at the next ──▶
 *    └──────────────── 45 s: broken ─▶ SYN 0, 1, 3, 7, 15 s ─ 30 s: no connection
 * ```
 *
 * Simplified: while either direction is cut the client hears nothing that is an answer, so the silence counts in both cases.
 */
export class ApiConnection {
  readonly #balancer: ApiLoadBalancer
  #server: ApiServerProcess | null = null
  #life = 0
  /** null: nothing ever cuts the way. */
  readonly #path: { readonly sim: Simulation; readonly client: string; readonly paths: ApiPaths; readonly moved: Signal } | null
  /** Counts the connections to which the client has given up waiting. */
  #epoch = 0
  /** When the first was sent that has been lost; null: nothing is missing. */
  #lostAt: Nanos | null = null
  /** In which direction something is missing. */
  #lostTo = false
  #lostFrom = false
  #silence: Timer = NO_TIMER
  #again: Timer = NO_TIMER
  /** What has been sent to the client and is repeated until it comes through, in order. */
  #held: (() => void)[] = []
  readonly #onBreak = new Set<() => void>()

  /** `paths`: where faults may come between the client process of that name and its server. */
  constructor(balancer: ApiLoadBalancer, path: { sim: Simulation; client: string; paths: ApiPaths } | null = null) {
    this.#balancer = balancer
    this.#path = path === null ? null : { ...path, moved: new Signal(path.sim) }
    path?.paths.onChange(() => this.#pathChanged())
  }

  /** The server at the other end, if there is one now. */
  get server(): ApiServerProcess | null {
    const server = this.#server
    return server?.up === true && server.life === this.#life ? server : null
  }

  /** Nothing ever comes between its two ends. */
  get isPlain(): boolean {
    return this.#path === null
  }

  /** What the server sends now is held up. */
  get holds(): boolean {
    return this.#path !== null && (this.#lostFrom || !this.#isOpen('from'))
  }

  /** The server at the other end, connecting when there is none; null when there is no connection, because it was refused or nobody answers. */
  *reach(): Generator<Wait, ApiServerProcess | null, unknown> {
    if (this.#path === null) return this.server ?? this.#use(yield* this.#balancer.connect())
    while (this.server !== null && (this.#lostTo || !this.#isOpen('to'))) {
      this.#lostTo = true
      this.#lose()
      yield this.#path.moved
    }
    return this.server ?? (yield* this.#dial())
  }

  /** The same where no time may pass; null also where a connection would take time. */
  reachAtOnce(): ApiServerProcess | null {
    if (this.#path === null) return this.server ?? this.#use(this.#balancer.connectAtOnce())
    if (this.server !== null) return !this.#lostTo && this.#isOpen('to') ? this.server : null
    const server = this.#balancer.connectAtOnce()
    if (server === null || !this.#wayIsOpen(server, 'both')) return null
    return this.#use(server)
  }

  /** What {@link answered} is to be told: on which connection the request was made. */
  get epoch(): number {
    return this.#epoch
  }

  /** The server has an answer. Whether it comes to the client within `limit`, before the connection is broken; that may take a while. */
  *answered(epoch: number, limit: Nanos = Number.POSITIVE_INFINITY): Generator<Wait, boolean, unknown> {
    if (this.#path === null) return true
    const { sim, moved } = this.#path
    const until = sim.now + limit
    while (epoch === this.#epoch && (this.#lostFrom || !this.#isOpen('from'))) {
      this.#lostFrom = true
      this.#lose()
      if (until === Number.POSITIVE_INFINITY) yield moved
      else if (until <= sim.now) return false
      else yield firstOf(moved, sim.delay(until - sim.now))
    }
    return epoch === this.#epoch
  }

  /** Something comes from the server to the client now, or when it comes through; never if the connection is broken before. */
  receive(deliver: () => void): void {
    if (!this.holds) {
      deliver()
      return
    }
    this.#lostFrom = true
    this.#lose()
    this.#held.push(deliver)
  }

  /** Calls `broken` when the client breaks the connection, unless the returned function was called before. */
  onBreak(broken: () => void): () => void {
    this.#onBreak.add(broken)
    return () => {
      this.#onBreak.delete(broken)
    }
  }

  #use(server: ApiServerProcess | null): ApiServerProcess | null {
    this.#server = server
    this.#life = server?.life ?? 0
    return server
  }

  *#dial(): Generator<Wait, ApiServerProcess | null, unknown> {
    const { sim, client, paths } = this.#path!
    const server = yield* this.#balancer.connect()
    if (server === null) return this.#use(null)
    let isHeldUp = false
    for (const wait of DIAL_WAITS) {
      // Somebody else's request may have made the connection meanwhile.
      if (this.server !== null) return this.server
      if (this.#wayIsOpen(server, 'both')) {
        if (this.#lostAt === null) this.#settle()
        else this.#comeThrough()
        return this.#use(server.up ? server : null)
      }
      if (!isHeldUp) paths.heldUp(client, server.id)
      isHeldUp = true
      yield sim.delay(wait)
    }
    return null
  }

  #isOpen(way: 'to' | 'from' | 'both'): boolean {
    return this.#server === null || this.#wayIsOpen(this.#server, way)
  }

  #wayIsOpen(server: ApiServerProcess, way: 'to' | 'from' | 'both'): boolean {
    const { client, paths } = this.#path!
    return (way === 'from' || paths.isOpenTo(client, server.id)) && (way === 'to' || paths.isOpenFrom(client, server.id))
  }

  /** Something that was sent now is lost. */
  #lose(): void {
    const { sim, client, paths } = this.#path!
    if (this.#lostAt !== null) return
    this.#lostAt = sim.now
    paths.heldUp(client, this.#server!.id)
  }

  #pathChanged(): void {
    const { sim } = this.#path!
    if (this.server === null && this.#held.length === 0) return
    if (this.#isOpen('both')) {
      sim.cancel(this.#silence)
      this.#silence = NO_TIMER
      if (this.#lostAt === null) return
      sim.cancel(this.#again)
      this.#again = sim.after(untilRepeated(sim.now - this.#lostAt), () => this.#comeThrough())
      return
    }
    sim.cancel(this.#again)
    this.#again = NO_TIMER
    if (this.#silence === NO_TIMER) this.#silence = sim.after(SILENCE_MAX, () => this.#break())
  }

  /** TCP has repeated what was lost, and it has arrived: everything behind it follows. */
  #comeThrough(): void {
    this.#settle()
    const held = this.#held
    this.#held = []
    for (const deliver of held) deliver()
    this.#path!.moved.fire()
  }

  /** The client has heard nothing for too long. */
  #break(): void {
    this.#settle()
    this.#epoch++
    this.#server = null
    this.#held = []
    const listeners = [...this.#onBreak]
    this.#onBreak.clear()
    for (const broken of listeners) broken()
    this.#path!.moved.fire()
  }

  #settle(): void {
    const { sim } = this.#path!
    this.#lostAt = null
    this.#lostTo = false
    this.#lostFrom = false
    sim.cancel(this.#silence)
    sim.cancel(this.#again)
    this.#silence = NO_TIMER
    this.#again = NO_TIMER
  }
}

/** From now until TCP sends again what it first sent `ago` ns ago. */
function untilRepeated(ago: Nanos): Nanos {
  let timeout = RETRANSMIT_FIRST
  let at = timeout
  while (at < ago) {
    timeout *= 2
    at += timeout
  }
  return at - ago
}
