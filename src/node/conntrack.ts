import { invariant } from '../invariant.ts'
import type { KubernetesMinor } from '../kubernetes-version.ts'
import { type Nanos, SECOND } from '../units.ts'

/** TIME_WAIT, SYN_SENT and FIN_WAIT all last this long. Source: Linux net/netfilter/nf_conntrack_proto_tcp.c. */
const LONG_TIMEOUT: Nanos = 120 * SECOND
/** CLOSE, which an RST leads to. Source: Linux net/netfilter/nf_conntrack_proto_tcp.c. */
const CLOSE_TIMEOUT: Nanos = 10 * SECOND

/** Of UDP until there is an answer, and for 2 s after the first datagram. Source: Linux 6.1 net/netfilter/nf_conntrack_proto_udp.c, UDP_CT_UNREPLIED. */
export const UDP_TIMEOUT: Nanos = 30 * SECOND
/** Of UDP that goes both ways for longer. Source: as above, UDP_CT_REPLIED. */
export const UDP_STREAM_TIMEOUT: Nanos = 120 * SECOND
const UDP_STREAM_AFTER: Nanos = 2 * SECOND

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
const ENTRIES_AT_MOST = 1_048_576

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

/**
 * How full one node's connection tracking table is.
 *
 * Entries have no tuples here, only a number and a time to leave: an open connection is counted until it ends, and then for the time-out of
 * the state in which it ended. As each state has one time-out, entries leave in the order in which they came: a ring each, drained when
 * somebody looks. A full table drops the packet that wants a new entry; that the kernel would first try to evict an entry without an
 * answer (early_drop) is not modelled, so a table full of unanswered SYNs is a little harsher here.
 */
export class Conntrack {
  readonly max: number
  #open = 0
  readonly #long = new TimeRing()
  readonly #close = new TimeRing()
  #dropped = 0

  constructor(max: number) {
    this.max = max
  }

  /** Packets that found the table full. */
  get dropped(): number {
    return this.#dropped
  }

  count(now: Nanos): number {
    this.#long.drain(now)
    this.#close.drain(now)
    return this.#open + this.#long.size + this.#close.size
  }

  /** Counts the packet as dropped when there is no place for its entry. */
  hasRoom(now: Nanos): boolean {
    if (this.#open + this.#long.size + this.#close.size < this.max) return true
    if (this.count(now) < this.max) return true
    this.#dropped++
    return false
  }

  /** A connection gets an entry. */
  open(): void {
    this.#open++
  }

  /** Both sides closed, or one did and the other is silent, or no SYN was ever answered: 120 s more. */
  end(now: Nanos): void {
    this.#drop()
    this.#long.push(now + LONG_TIMEOUT)
  }

  /** An RST ended it: 10 s more. */
  reset(now: Nanos): void {
    this.#drop()
    this.#close.push(now + CLOSE_TIMEOUT)
  }

  /** The entry is taken out at once. */
  remove(): void {
    this.#drop()
  }

  #drop(): void {
    this.#open--
    if (this.#open < 0) invariant(false, 'A connection tracking entry ended twice')
  }
}

/** Times in the order in which they will pass; grows by doubling. */
class TimeRing {
  #times = new Float64Array(16)
  #head = 0
  size = 0

  push(time: Nanos): void {
    if (this.size === this.#times.length) this.#makeRoom(time)
    this.#times[(this.#head + this.size) & (this.#times.length - 1)] = time
    this.size++
  }

  /** Takes out what is over at `now`. */
  drain(now: Nanos): void {
    const mask = this.#times.length - 1
    while (this.size > 0 && this.#times[this.#head]! <= now) {
      this.#head = (this.#head + 1) & mask
      this.size--
    }
  }

  /** `last` is the time about to be pushed. */
  #makeRoom(last: Nanos): void {
    this.drain(last - LONG_TIMEOUT)
    if (2 * this.size <= this.#times.length) return
    const times = new Float64Array(2 * this.#times.length)
    for (let index = 0; index < this.size; index++) times[index] = this.#times[(this.#head + index) & (this.#times.length - 1)]!
    this.#times = times
    this.#head = 0
  }
}
