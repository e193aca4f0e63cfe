import type { Nanos } from '../units.ts'
import { ComingPackets } from './coming-packets.ts'
import { wholeCores } from './container-cpu.ts'
import { DATA_RETRIES } from './kernel-tcp.ts'

/** Packets that wait for one core at most. Source: Linux net.core.netdev_max_backlog, default 1000. */
export const BACKLOG_DEFAULT = 1000

/** How a node's kernel shares packets among its cores. */
export interface SoftirqSpec {
  /** Cores that handle packets, at most those that a node has: the queues of its network card. null: all of them. */
  readonly cores: number | null
  /** Packets that wait for one core at most; one more is dropped. */
  readonly backlog: number
}

export const SOFTIRQ_DEFAULTS: SoftirqSpec = { cores: null, backlog: BACKLOG_DEFAULT }

/** Cores of a node that handle packets. */
export function softirqCores(cpuMilli: number, { cores }: SoftirqSpec): number {
  const all = wholeCores(cpuMilli)
  return cores === null ? all : Math.min(cores, all)
}

/** No second packet follows the one that is expected. */
export const ALONE = -1
/** Of {@link PacketCores.resolve}: the packet was sent for the last time, and was dropped. */
export const NEVER: Nanos = Number.POSITIVE_INFINITY

export interface PacketCoresOptions {
  /** Cores of each node that handle packets, >= 1. */
  readonly coresOfNode: readonly number[]
  /** Packets that wait for one core at most. */
  readonly backlog: number
  /** CPU time of a packet that is no connection's first. */
  readonly laterPacket: Nanos
}

/**
 * The CPU time that nodes spend on packets, core by core.
 *
 * Every connection belongs to one core of the node that translates it, by a hash, as receive side scaling and receive packet steering have it.
 * That core handles the connection's packets in both directions, and all others that are its own, one after the other in the order in which
 * they come; what waits is limited, and one packet more is dropped. (*Assumption*: both directions on one core. The kernel's flow hash is
 * the same for both, but of the tuples before translation and after it. Another assumption: one limit, that of the backlog queue, stands
 * for the ring of the network card too.) Source: Linux Documentation/networking/scaling.rst, net/core/dev.c (enqueue_to_backlog).
 *
 * ```text
 *   told:      expect(at 7.3 ms) ────┐            enter(now) ──▶ how long it waits
 *   core:      ─────────── coming ───┴─▶ waiting ─▶ busy until …
 *   resolve:   at the event that would come next if nothing had to wait: is it later than that, and by how much?
 * ```
 *
 * A packet that will come later needs no event at its coming: all that comes to the core before it has been told by the time of the event
 * that follows from it, so only then is the queue worked off, in order, and its wait found. Who had to wait needs one more event, and
 * nobody else does: where no packet waits, everything is as if there were no cores.
 *
 * A packet expected has an **owner**, a number of the caller that is in no other packet until {@link resolve} said 0 or {@link NEVER}. One that
 * is dropped comes again when its sender's timer has expired.
 */
export class PacketCores {
  readonly laterPacket: Nanos
  readonly #backlog: number
  /** By node, and one more: index of its first core. */
  readonly #first: Int32Array
  /** A row a core, of a cache line: see {@link ROW}. */
  readonly #rows: Float64Array
  /** By core, once needed: what will come after the first, and the starts of those that waited. */
  readonly #coming: (ComingPackets | undefined)[]
  readonly #starts: (Starts | undefined)[]
  /** By owner: WIDTH numbers, then its core. */
  #owners = new Float64Array(CAPACITY * WIDTH)
  #coreOf = new Int32Array(CAPACITY).fill(NO_CORE)
  /** Packets that were said to come so far. */
  #told = 0
  /** Of the last {@link resolve}: how much of it was the sender's waiting until it sent again. */
  retransmitted: Nanos = 0

  constructor({ coresOfNode, backlog, laterPacket }: PacketCoresOptions) {
    this.laterPacket = laterPacket
    this.#backlog = backlog
    this.#first = new Int32Array(coresOfNode.length + 1)
    for (const [node, cores] of coresOfNode.entries()) this.#first[node + 1] = this.#first[node]! + cores
    const total = this.#first[coresOfNode.length]!
    this.#rows = new Float64Array(total * ROW)
    for (let core = 0; core < total; core++) this.#rows[core * ROW + FIRST_AT] = NEVER
    this.#coming = new Array<ComingPackets | undefined>(total).fill(undefined)
    this.#starts = new Array<Starts | undefined>(total).fill(undefined)
  }

  /** The core of a node that a connection of that hash belongs to. */
  coreFor(node: number, hash: number): number {
    const first = this.#first[node]!
    return first + ((hash >>> 0) % (this.#first[node + 1]! - first))
  }

  /** A packet that comes to the core now would be dropped. It counts as such. */
  drops(core: number, now: Nanos): boolean {
    this.#advance(core, now)
    if (this.#rows[core * ROW + BUSY_UNTIL]! <= now || !this.#isFull(core, now)) return false
    this.#rows[core * ROW + DROPPED]!++
    return true
  }

  /** A packet of `cost` ns of CPU comes to the core now, and is not dropped. How long it waits before it is handled. */
  enter(core: number, now: Nanos, cost: Nanos): Nanos {
    this.#advance(core, now)
    return this.#serve(core, now, cost)
  }

  /**
   * A later packet of a connection comes to the core at `at`, which is not in the past; and `gap` ns after that was handled a second one, as
   * the answer to it, unless `gap` is {@link ALONE}. If the first is dropped, it is sent again after `timeout`, doubled each time; the second
   * after `secondTimeout`.
   */
  expect(core: number, at: Nanos, owner: number, timeout: Nanos, gap: Nanos = ALONE, secondTimeout: Nanos = timeout): void {
    const place = owner >= 0 ? 2 * owner : 2 * ~owner + 1
    if (place >= this.#coreOf.length) this.#grow(place)
    this.#coreOf[place] = core
    const owners = this.#owners
    const column = place * WIDTH
    owners[column + WAIT] = 0
    owners[column + RETRANSMIT] = 0
    owners[column + GAP] = gap
    owners[column + TIMEOUT] = timeout
    owners[column + SECOND_TIMEOUT] = secondTimeout
    owners[column + TRIES] = 0
    this.#push(core, at, place)
  }

  /** How much later than now the owner's packet will be where it would be now if nothing had waited; 0: it is there. Nothing for who expected none. */
  resolve(owner: number, now: Nanos): Nanos {
    const place = owner >= 0 ? 2 * owner : 2 * ~owner + 1
    if (place >= this.#coreOf.length) return 0
    const core = this.#coreOf[place]!
    if (core === NO_CORE) return 0
    this.#advance(core, now)
    const column = place * WIDTH
    const owners = this.#owners
    const retransmitted = owners[column + RETRANSMIT]!
    const late = owners[column + WAIT]! + retransmitted
    if (late === 0 || late === NEVER) {
      this.#coreOf[place] = NO_CORE
      return late
    }
    owners[column + WAIT] = 0
    owners[column + RETRANSMIT] = 0
    this.retransmitted = retransmitted
    return late
  }

  /**
   * The node stands still until then: what comes waits, as far as there is room. What has come before is taken to be handled (*assumption*: the
   * microseconds that a core is behind do not matter beside the length of that).
   */
  freeze(node: number, now: Nanos, until: Nanos): void {
    for (let core = this.#first[node]!; core < this.#first[node + 1]!; core++) {
      this.#advance(core, now)
      const row = core * ROW
      this.#rows[row + BUSY_UNTIL] = Math.max(this.#rows[row + BUSY_UNTIL]!, until)
      this.#rows[row + STILL_UNTIL] = until
    }
  }

  /** Packets that wait at a node at most, all cores together. */
  ringOf(node: number): number {
    return this.#backlog * (this.#first[node + 1]! - this.#first[node]!)
  }

  /** The node stops: what waits there is gone, and so is what would have come. */
  crash(node: number, now: Nanos): void {
    for (let core = this.#first[node]!; core < this.#first[node + 1]!; core++) {
      this.#advance(core, now)
      this.#coming[core]?.clear()
      const row = core * ROW
      this.#rows[row + FIRST_AT] = NEVER
      this.#rows[row + CHARGED]! -= this.#ahead(core, now)
      this.#rows[row + STILL_UNTIL] = 0
      this.#rows[row + BUSY_UNTIL] = now
      this.#starts[core]?.clear()
    }
  }

  coresOf(node: number): { readonly first: number; readonly end: number } {
    return { first: this.#first[node]!, end: this.#first[node + 1]! }
  }

  /** CPU time that the core has spent on packets until now, ns. What comes at this very moment has cost none yet, and is left for the next to ask. */
  spent(core: number, now: Nanos): Nanos {
    this.#advance(core, now - 1)
    return this.#rows[core * ROW + CHARGED]! - this.#ahead(core, now)
  }

  /**
   * What the cores of a node have done, into four numbers of `into` from `at` on: packets that came and were not dropped, and packets dropped, so far;
   * CPU time since a reading before, of all cores and of the busiest. `before` has each core's {@link spent} of that reading, and is brought up to date.
   */
  read(node: number, now: Nanos, before: Float64Array, into: Float64Array, at: number): void {
    const rows = this.#rows
    let packets = 0
    let dropped = 0
    let all = 0
    let busiest = 0
    for (let core = this.#first[node]!; core < this.#first[node + 1]!; core++) {
      const spent = this.spent(core, now)
      const since = spent - before[core]!
      before[core] = spent
      all += since
      if (since > busiest) busiest = since
      packets += rows[core * ROW + PACKETS]!
      dropped += rows[core * ROW + DROPPED]!
    }
    into[at] = packets
    into[at + 1] = dropped
    into[at + 2] = all
    into[at + 3] = busiest
  }

  /** CPU time that is yet to be spent on what has come. */
  #ahead(core: number, now: Nanos): Nanos {
    const row = core * ROW
    return Math.max(0, this.#rows[row + BUSY_UNTIL]! - Math.max(now, this.#rows[row + STILL_UNTIL]!))
  }

  /** Packets that have come to the core so far, without those dropped. */
  packets(core: number): number {
    return this.#rows[core * ROW + PACKETS]!
  }

  /** Packets that came to the core so far and were dropped; one that is sent again and dropped again counts twice. */
  dropped(core: number): number {
    return this.#rows[core * ROW + DROPPED]!
  }

  #advance(core: number, until: Nanos): void {
    const rows = this.#rows
    const row = core * ROW
    while (rows[row + FIRST_AT]! <= until) {
      const at = rows[row + FIRST_AT]!
      const place = rows[row + FIRST_PLACE]!
      this.#pop(core)
      this.#arrive(core, at, place)
    }
  }

  /** The first that comes is in the row of its core, the others wait behind it. */
  #push(core: number, at: Nanos, place: number): void {
    const rows = this.#rows
    const row = core * ROW
    const first = rows[row + FIRST_AT]!
    const serial = this.#told++
    if (first === NEVER) {
      rows[row + FIRST_AT] = at
      rows[row + FIRST_SERIAL] = serial
      rows[row + FIRST_PLACE] = place
      return
    }
    let coming = this.#coming[core]
    if (coming === undefined) {
      coming = new ComingPackets()
      this.#coming[core] = coming
    }
    if (first <= at) {
      coming.push(at, serial, place)
      return
    }
    coming.push(first, rows[row + FIRST_SERIAL]!, rows[row + FIRST_PLACE]!)
    rows[row + FIRST_AT] = at
    rows[row + FIRST_SERIAL] = serial
    rows[row + FIRST_PLACE] = place
  }

  #pop(core: number): void {
    const rows = this.#rows
    const row = core * ROW
    const coming = this.#coming[core]
    if (coming === undefined || coming.size === 0) {
      rows[row + FIRST_AT] = NEVER
      return
    }
    rows[row + FIRST_AT] = coming.firstTime
    rows[row + FIRST_SERIAL] = coming.firstSerial
    rows[row + FIRST_PLACE] = coming.firstOwner
    coming.pop()
  }

  #arrive(core: number, at: Nanos, place: number): void {
    const owners = this.#owners
    const column = place * WIDTH
    if (this.#rows[core * ROW + BUSY_UNTIL]! > at && this.#isFull(core, at)) {
      this.#rows[core * ROW + DROPPED]!++
      const timeout = owners[column + TIMEOUT]!
      if (owners[column + TRIES]!++ >= DATA_RETRIES) {
        owners[column + RETRANSMIT] = NEVER
        return
      }
      owners[column + RETRANSMIT]! += timeout
      owners[column + TIMEOUT] = 2 * timeout
      this.#push(core, at + timeout, place)
      return
    }
    const wait = this.#serve(core, at, this.laterPacket)
    owners[column + WAIT]! += wait
    const gap = owners[column + GAP]!
    if (gap === ALONE) return
    owners[column + GAP] = ALONE
    owners[column + TIMEOUT] = owners[column + SECOND_TIMEOUT]!
    owners[column + TRIES] = 0
    this.#push(core, at + wait + this.laterPacket + gap, place)
  }

  #serve(core: number, at: Nanos, cost: Nanos): Nanos {
    const rows = this.#rows
    const row = core * ROW
    const free = rows[row + BUSY_UNTIL]!
    rows[row + CHARGED]! += cost
    rows[row + PACKETS]!++
    if (free <= at) {
      rows[row + BUSY_UNTIL] = at + cost
      return 0
    }
    rows[row + BUSY_UNTIL] = free + cost
    let starts = this.#starts[core]
    if (starts === undefined) {
      starts = new Starts()
      this.#starts[core] = starts
    }
    starts.push(free, at)
    return free - at
  }

  /** So many wait that one more is dropped. Source: Linux net/core/dev.c, enqueue_to_backlog: it takes a packet while `qlen <= max_backlog`. */
  #isFull(core: number, at: Nanos): boolean {
    const starts = this.#starts[core]
    return starts !== undefined && starts.after(at) > this.#backlog
  }

  #grow(place: number): void {
    const capacity = Math.max(2 * this.#coreOf.length, place + 1)
    const coreOf = new Int32Array(capacity).fill(NO_CORE)
    coreOf.set(this.#coreOf)
    this.#coreOf = coreOf
    const owners = new Float64Array(capacity * WIDTH)
    owners.set(this.#owners)
    this.#owners = owners
  }
}

/**
 * Of a core: when it has done everything that came so far, ns; CPU time of all that came; how many came, and how many were dropped; when it goes on,
 * of a node that stands still; and the first packet that will come: when (never: none will), in which order it was told, and to whom it belongs.
 */
const BUSY_UNTIL = 0
const CHARGED = 1
const PACKETS = 2
const DROPPED = 3
const STILL_UNTIL = 4
const FIRST_AT = 5
const FIRST_SERIAL = 6
const FIRST_PLACE = 7
const ROW = 8

/** Of an owner's packet: how long it has waited and how long its sender has, which nobody was told yet; what follows it; timers; how often it was dropped. */
const WAIT = 0
const RETRANSMIT = 1
const GAP = 2
const TIMEOUT = 3
const SECOND_TIMEOUT = 4
const TRIES = 5
const WIDTH = 6

const NO_CORE = -1
const CAPACITY = 1024

/** When the packets that had to wait are begun, in order: a ring that doubles. */
class Starts {
  #times = new Float64Array(16)
  #head = 0
  #size = 0

  /** One that comes at `at` is begun at `start`. */
  push(start: Nanos, at: Nanos): void {
    if (this.#size === this.#times.length) {
      this.after(at)
      if (2 * this.#size > this.#times.length) this.#grow()
    }
    this.#times[(this.#head + this.#size) & (this.#times.length - 1)] = start
    this.#size++
  }

  /** How many are begun after `at`, which never goes back: those before are forgotten. */
  after(at: Nanos): number {
    const mask = this.#times.length - 1
    while (this.#size > 0 && this.#times[this.#head]! <= at) {
      this.#head = (this.#head + 1) & mask
      this.#size--
    }
    return this.#size
  }

  clear(): void {
    this.#size = 0
  }

  #grow(): void {
    const times = new Float64Array(2 * this.#times.length)
    for (let index = 0; index < this.#size; index++) times[index] = this.#times[(this.#head + index) & (this.#times.length - 1)]!
    this.#times = times
    this.#head = 0
  }
}
