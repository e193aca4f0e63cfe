import { exp } from '../engine/elementary.ts'
import type { RandomStream } from '../engine/random-stream.ts'
import { invariant } from '../invariant.ts'
import type { KubernetesMinor } from '../kubernetes-version.ts'
import { type Nanos, SECOND } from '../units.ts'

/** TIME_WAIT, SYN_SENT and FIN_WAIT all last this long. Source: Linux net/netfilter/nf_conntrack_proto_tcp.c. */
export const LONG_TIMEOUT: Nanos = 120 * SECOND
/** CLOSE, which an RST leads to. Source: Linux net/netfilter/nf_conntrack_proto_tcp.c. */
export const CLOSE_TIMEOUT: Nanos = 10 * SECOND

/** Of UDP until there is an answer, and for 2 s after the first datagram. Source: Linux 6.1 net/netfilter/nf_conntrack_proto_udp.c, UDP_CT_UNREPLIED. */
export const UDP_TIMEOUT: Nanos = 30 * SECOND
/** Of UDP that goes both ways for longer. Source: as above, UDP_CT_REPLIED. */
export const UDP_STREAM_TIMEOUT: Nanos = 120 * SECOND
export const UDP_STREAM_AFTER: Nanos = 2 * SECOND

/**
 * How long an entry of UDP lasts from a datagram on. An answer must have been seen before it, not by it, and the entry must be older than 2 s:
 * then it is a stream. kube-proxy leaves the two time-outs as they are unless it is told otherwise (`conntrack.udpTimeout` and
 * `udpStreamTimeout` default to 0). Source: Linux 6.1 net/netfilter/nf_conntrack_proto_udp.c, nf_conntrack_udp_packet.
 */
export function udpTimeout(seenReply: boolean, age: Nanos): Nanos {
  return seenReply && age > UDP_STREAM_AFTER ? UDP_STREAM_TIMEOUT : UDP_TIMEOUT
}

/** Source: kubernetes v1.36.2 pkg/proxy/apis/config/v1alpha1/defaults.go (conntrack.maxPerCore, conntrack.min; the cap is new in 1.36). */
const ENTRIES_PER_CORE = 32_768
const ENTRIES_AT_LEAST = 131_072
export const ENTRIES_AT_MOST = 1_048_576

/** How large kube-proxy makes the tables: `conntrack` of a KubeProxyConfiguration. */
export interface ConntrackConfig {
  /** Entries for each core of the node. */
  readonly maxPerCore: number
  /** Entries at least, however few cores there are. */
  readonly min: number
}

export const CONNTRACK_DEFAULTS: ConntrackConfig = { maxPerCore: ENTRIES_PER_CORE, min: ENTRIES_AT_LEAST }

/**
 * `nf_conntrack_max` as kube-proxy sets it on a node. Cores count as whole ones. The cap is one of what the cores amount to: a larger `min` is
 * not capped. Source: kubernetes v1.36 pkg/proxy/conntrack/sysctls.go (getConntrackMax).
 */
export function conntrackMax(
  cpuMilli: number,
  version: KubernetesMinor,
  { maxPerCore, min }: ConntrackConfig = CONNTRACK_DEFAULTS,
): number {
  const scaled = maxPerCore * Math.ceil(cpuMilli / 1000)
  return version >= 36 && scaled > ENTRIES_AT_MOST ? ENTRIES_AT_MOST : Math.max(scaled, min)
}

/** Buckets of the table on a node of more than 4 GB, which kube-proxy raises to a quarter of the entries. Source: Linux 5.15 nf_conntrack_core.c, nf_conntrack_init_start; kubernetes v1.36 pkg/proxy/conntrack/sysctls.go. */
export const BUCKETS = 262_144
/** Buckets in which a full table looks for an entry to throw out. Source: Linux net/netfilter/nf_conntrack_core.c, NF_CT_EVICTION_RANGE. */
export const EVICTION_RANGE = 8

/**
 * How full one node's connection tracking table is.
 *
 * Entries have no tuples here, only a number and a time to leave: an open connection is counted until it ends, and then for the time-out of
 * the state in which it ended. As each state has one time-out, entries leave in the order in which they came: a ring each, drained when
 * somebody looks.
 *
 * A packet that wants a new entry of a full table looks into eight buckets for entries without an answer, and those of the first bucket that has any are thrown
 * out (early_drop); where there are none it is dropped. Each entry is in two buckets, by its two directions, so a bucket has as many of those without an answer as a Poisson
 * draw says. Which entries they are is drawn late: that of a connection which still waits is found missing when somebody asks, with the chance that it was among them.
 * Entries of UDP, and of an Ingress controller's connections to pods, are never thrown out.
 */
export class Conntrack {
  readonly max: number
  readonly #draws: RandomStream | null
  readonly #buckets: number
  #open = 0
  /** Of the open ones, those that have been answered. */
  #answered = 0
  /** Entries thrown out whose connections do not know it yet, and are not among the open ones. */
  #missing = 0
  readonly #long = new TimeRing()
  readonly #close = new TimeRing()
  /** The same of those without an answer. */
  readonly #waiting = new TimeRing()
  readonly #refused = new TimeRing()
  #dropped = 0
  #evicted = 0

  /** `draws`: for a full table; without them nothing is thrown out. */
  constructor(max: number, draws: RandomStream | null = null) {
    this.max = max
    this.#draws = draws
    this.#buckets = Math.max(BUCKETS, Math.floor(max / 4))
  }

  /** Packets that found the table full. */
  get dropped(): number {
    return this.#dropped
  }

  /** Entries without an answer that made room for others. */
  get evicted(): number {
    return this.#evicted
  }

  count(now: Nanos): number {
    this.#long.drain(now)
    this.#close.drain(now)
    this.#waiting.drain(now)
    this.#refused.drain(now)
    return this.#size
  }

  /** Throws entries without an answer out to make room. Counts the packet as dropped when there is no place for its entry. */
  hasRoom(now: Nanos): boolean {
    if (this.#size < this.max) return true
    if (this.count(now) < this.max) return true
    if (this.#draws !== null && this.#evictsAny(this.#draws)) return true
    this.#dropped++
    return false
  }

  /** A connection gets an entry. `answered`: it is not one to be thrown out. */
  open(answered = true): void {
    this.#open++
    if (answered) this.#answered++
  }

  /** An open connection has its answer. That of an entry which was thrown out makes it anew. */
  answer(): void {
    if (this.isMissing()) this.#open++
    this.#answered++
  }

  /** Whether the entry of an open connection without an answer has been thrown out. Then it has none from now on. Who asks twice is drawn for twice. */
  isMissing(): boolean {
    if (this.#missing === 0) return false
    const candidates = this.#open - this.#answered + this.#missing
    if (this.#draws!.below(candidates) >= this.#missing) return false
    this.#missing--
    return true
  }

  /** Both sides closed, or one did and the other is silent, or no SYN was ever answered: 120 s more. */
  end(now: Nanos, answered = true): void {
    if (this.#drop(answered)) (answered ? this.#long : this.#waiting).push(now + LONG_TIMEOUT)
  }

  /** An RST ended it: 10 s more. */
  reset(now: Nanos, answered = true): void {
    if (this.#drop(answered)) (answered ? this.#close : this.#refused).push(now + CLOSE_TIMEOUT)
  }

  /** The entry is taken out at once. */
  remove(answered = true): void {
    this.#drop(answered)
  }

  get #size(): number {
    return this.#open + this.#long.size + this.#close.size + this.#waiting.size + this.#refused.size
  }

  /** False: there was no entry any more. */
  #drop(answered: boolean): boolean {
    if (!answered && this.isMissing()) return false
    this.#open--
    if (answered) this.#answered--
    if (this.#open < 0) invariant(false, 'A connection tracking entry ended twice')
    return true
  }

  #evictsAny(draws: RandomStream): boolean {
    let unanswered = this.#open - this.#answered + this.#waiting.size + this.#refused.size
    if (unanswered === 0) return false
    const mean = (2 * unanswered) / this.#buckets
    for (let bucket = 0; bucket < EVICTION_RANGE; bucket++) {
      const found = Math.min(poisson(mean, draws.uniform()), unanswered)
      if (found === 0) continue
      for (let entry = 0; entry < found; entry++) this.#evict(draws.below(unanswered--), draws)
      return true
    }
    return false
  }

  /** Of those without an answer the one of that number, open ones first. */
  #evict(number: number, draws: RandomStream): void {
    this.#evicted++
    const open = this.#open - this.#answered
    if (number < open) {
      this.#open--
      this.#missing++
    } else if (number < open + this.#waiting.size) this.#waiting.takeOut(draws)
    else this.#refused.takeOut(draws)
  }
}

/** The number whose part of a Poisson distribution `u` in [0, 1) falls into. */
function poisson(mean: number, u: number): number {
  let [count, part] = [0, exp(-mean)]
  for (let sum = part; u >= sum && part > 0; sum += part) part *= mean / ++count
  return count
}

/** Times in the order in which they will pass; grows by doubling. */
class TimeRing {
  /** ns, {@link HOLE} where one was taken out. */
  #times = new Float64Array(16)
  #head = 0
  /** Places in use, holes among them. */
  #length = 0
  #holes = 0

  get size(): number {
    return this.#length - this.#holes
  }

  push(time: Nanos): void {
    if (this.#length === this.#times.length) this.#makeRoom(time)
    this.#times[(this.#head + this.#length) & (this.#times.length - 1)] = time
    this.#length++
  }

  /** Takes out what is over at `now`. */
  drain(now: Nanos): void {
    const mask = this.#times.length - 1
    while (this.#length > 0 && this.#times[this.#head]! <= now) {
      if (this.#times[this.#head] === HOLE) this.#holes--
      this.#head = (this.#head + 1) & mask
      this.#length--
    }
  }

  /** Takes out one of them, which there is. */
  takeOut(draws: RandomStream): void {
    for (;;) {
      const at = (this.#head + draws.below(this.#length)) & (this.#times.length - 1)
      if (this.#times[at] === HOLE) continue
      this.#times[at] = HOLE
      this.#holes++
      return
    }
  }

  /** `last` is the time about to be pushed. */
  #makeRoom(last: Nanos): void {
    this.drain(last - LONG_TIMEOUT)
    if (2 * this.#length <= this.#times.length) return
    const times = new Float64Array(2 * this.#times.length)
    for (let index = 0; index < this.#length; index++) times[index] = this.#times[(this.#head + index) & (this.#times.length - 1)]!
    this.#times = times
    this.#head = 0
  }
}

/** Over at any time. */
const HOLE = -1
