/**
 * The connections of one virtual service as far as a scheduler sees them, without a table of tuples: the simulator's hot path.
 *
 * A connection is known by its destination alone. It is active from the SYN to the first FIN or RST, then inactive
 * until its state times out. The time-out of a state is one constant, so the ended connections of each state leave in
 * the order in which they came: a ring a state, drained when somebody looks, with the time as an argument.
 * A property test holds this to the counters and picks of {@link ConnectionTable} for the same connections.
 *
 * What it leaves out: port reuse (a SYN with the five numbers of a connection in TIME_WAIT takes over its entry) and
 * UDP flows that go on (each exchange counts from its first datagram).
 */
import type { Nanos } from '../../units.ts'
import type { Destination } from './destination-list.ts'
import { firingTick, tickAt } from './kernel-timer.ts'
import type { Packet } from './scheduler.ts'
import { type ConnectionTimeouts, DEFAULT_TIMEOUTS, type Ending, timeoutOf } from './timeouts.ts'
import type { VirtualService } from './virtual-service.ts'

export class ConnectionCounters {
  readonly #service: VirtualService
  readonly #timeouts: ConnectionTimeouts
  readonly #timeWait = new Ring()
  readonly #close = new Ring()
  readonly #synReceived = new Ring()
  readonly #established = new Ring()
  readonly #udp = new Ring()
  /** Nothing leaves before this tick. */
  #nextTick = Number.POSITIVE_INFINITY

  constructor(service: VirtualService, timeouts: ConnectionTimeouts = DEFAULT_TIMEOUTS) {
    this.#service = service
    this.#timeouts = timeouts
  }

  /** A TCP SYN: picks a destination and counts the connection active. NO_DESTINATION: refused. */
  connect(packet: Packet, now: Nanos): Destination {
    this.drain(now)
    const destination = this.#service.pick(packet, now)
    if (destination >= 0) this.bind(destination)
    return destination
  }

  /** Counts a connection on a destination that was picked elsewhere. */
  bind(destination: Destination): void {
    this.#service.bind(destination, true)
  }

  /** A bound connection has ended at `now`, which must not go back between calls. */
  finish(destination: Destination, ending: Ending, now: Nanos): void {
    this.drain(now)
    if (ending === 'time-wait' || ending === 'close') this.#service.deactivate(destination)
    this.#push(this.#ringOf(ending), destination, now, timeoutOf(this.#timeouts, ending))
  }

  /** A UDP datagram from a new client port: picks a destination and counts it inactive for 300 s. NO_DESTINATION: refused. */
  exchange(packet: Packet, now: Nanos): Destination {
    this.drain(now)
    const destination = this.#service.pick(packet, now)
    if (destination >= 0) {
      this.#service.bind(destination, false)
      this.#push(this.#udp, destination, now, this.#timeouts.udp)
    }
    return destination
  }

  /** Lets go of every connection whose time has come. */
  drain(now: Nanos): void {
    const tick = tickAt(now)
    if (tick < this.#nextTick) return
    this.#drainRing(this.#timeWait, false, tick)
    this.#drainRing(this.#close, false, tick)
    this.#drainRing(this.#synReceived, true, tick)
    this.#drainRing(this.#established, true, tick)
    this.#drainRing(this.#udp, false, tick)
    this.#nextTick = Math.min(
      this.#timeWait.firstTick,
      this.#close.firstTick,
      this.#synReceived.firstTick,
      this.#established.firstTick,
      this.#udp.firstTick,
    )
  }

  #push(ring: Ring, destination: Destination, now: Nanos, timeout: Nanos): void {
    const tick = firingTick(now, timeout)
    ring.push(destination, tick)
    if (tick < this.#nextTick) this.#nextTick = tick
  }

  #drainRing(ring: Ring, active: boolean, tick: number): void {
    while (ring.firstTick <= tick) this.#service.unbind(ring.shift(), active)
  }

  #ringOf(ending: Ending): Ring {
    switch (ending) {
      case 'time-wait':
        return this.#timeWait
      case 'close':
        return this.#close
      case 'syn-received':
        return this.#synReceived
      case 'established':
        return this.#established
    }
  }
}

/** First in, first out; grows by doubling. Empty rings hold no memory. */
class Ring {
  /** Column: destination slot. */
  #destinations: Int32Array | null = null
  /** Column: tick at which it leaves, not decreasing. 4 ms each: 2^32 ticks are 198 days. */
  #ticks: Uint32Array | null = null
  #head = 0
  #size = 0

  /** Tick of the next to leave, infinity when empty. */
  get firstTick(): number {
    return this.#size === 0 ? Number.POSITIVE_INFINITY : this.#ticks![this.#head]!
  }

  push(destination: Destination, tick: number): void {
    if (this.#destinations === null || this.#size === this.#destinations.length) this.#grow()
    const at = (this.#head + this.#size) & (this.#destinations!.length - 1)
    this.#destinations![at] = destination
    this.#ticks![at] = tick
    this.#size += 1
  }

  shift(): Destination {
    const destination = this.#destinations![this.#head]!
    this.#head = (this.#head + 1) & (this.#destinations!.length - 1)
    this.#size -= 1
    return destination
  }

  #grow(): void {
    const capacity = this.#destinations === null ? 8 : this.#destinations.length * 2
    const destinations = new Int32Array(capacity)
    const ticks = new Uint32Array(capacity)
    for (let index = 0; index < this.#size; index += 1) {
      const at = (this.#head + index) & (this.#destinations!.length - 1)
      destinations[index] = this.#destinations![at]!
      ticks[index] = this.#ticks![at]!
    }
    this.#destinations = destinations
    this.#ticks = ticks
    this.#head = 0
  }
}
