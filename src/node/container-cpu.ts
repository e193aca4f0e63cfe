import { Heap } from 'heap-js'
import { type HandlerId, NO_TIMER, type Simulation, type Timer } from '../engine/simulation.ts'
import { invariant } from '../invariant.ts'
import { MICROSECOND, MILLISECOND, type Nanos } from '../units.ts'

/** Source: Kubernetes pkg/kubelet/cm/helpers_linux.go (MinQuotaPeriod). */
export const QUOTA_MIN: Nanos = MILLISECOND
/** Both are given in whole microseconds. */
const UNIT: Nanos = MICROSECOND

/**
 * CPU time that a container with this limit may use in a period; null without a limit (0).
 *
 * Source: Kubernetes pkg/kubelet/cm/helpers_linux.go (MilliCPUToQuota): whole microseconds, at least 1 ms.
 */
export function cfsQuota(limitMilli: number, period: Nanos): Nanos | null {
  if (limitMilli === 0) return null
  return Math.max(QUOTA_MIN, Math.floor((limitMilli * (period / UNIT)) / 1000) * UNIT)
}

/** Cores count as whole ones. */
export function wholeCores(cpuMilli: number): number {
  return Math.max(1, Math.ceil(cpuMilli / 1000))
}

export interface ContainerCpuOptions {
  /** Cores of the node, a whole number >= 1. */
  readonly cores: number
  /** CPU time that all threads may use in a period; null: as much as they want. */
  readonly quota: Nanos | null
  readonly period: Nanos
  /** A thread has had its CPU time. It is gone already, and may be started again at once. */
  readonly onDone: (thread: number) => void
  /** A thread that still needs CPU time is throttled from now on, or goes on. Must not start or end threads. */
  readonly onThrottled: (thread: number, isThrottled: boolean) => void
}

/** What the kernel counts of a container, as `cpu.stat` of its cgroup and cAdvisor tell it. */
export interface CpuStat {
  /** CPU time used. */
  readonly used: Nanos
  /** Periods that ended while their timer ran: `nr_periods`. */
  readonly periods: number
  /** Those at whose end a thread was throttled: `nr_throttled`. */
  readonly throttledPeriods: number
  /** How long cores were throttled, all together: `throttled_time`. */
  readonly throttled: Nanos
}

/** Share of the periods of several containers in which they were throttled: 0 where they have none, as there is no limit or nothing to do. */
export function throttledShare(stats: readonly CpuStat[]): number {
  const periods = stats.reduce((sum, stat) => sum + stat.periods, 0)
  return periods === 0 ? 0 : stats.reduce((sum, { throttledPeriods }) => sum + throttledPeriods, 0) / periods
}

interface Thread {
  readonly id: number
  /** The virtual time at which it has had its CPU time. */
  readonly finish: number
  readonly order: number
}

/**
 * The CPU of one container: its threads run in parallel, each on a core, until the container's quota of the period is used up; then all of
 * them stop to the next period.
 *
 * ```text
 *   limit 1 core = 100 ms a period, four threads:
 *   0        25 ms                      100 ms    125 ms
 *   |████████|░░░░░░░░░ throttled ░░░░░░░|████████|░░░░░
 * ```
 *
 * Each runnable thread of n on c cores gets min(1, c/n) of a core. As all have the same share, one virtual time, which runs as fast as a thread,
 * tells when each of them is done. With no more threads than cores everything is exact; else ends are rounded up to 1 ns.
 *
 * Periods end at fixed times, whatever the container does. Threads stop at the first whole ns at which nothing of the quota is left, and what
 * they have had too much by then (less than 1 ns each) is taken from the next. The timer of the periods stops after one in which nothing ran.
 *
 * Simplified: the quota is one pool, while the kernel hands slices of 5 ms to cores, of which some may be left unused for a while
 * (`sched_cfs_bandwidth_slice_us`); and other containers of the node take no core away.
 *
 * Source: Linux kernel/sched/fair.c (do_sched_cfs_period_timer, start_cfs_bandwidth, __refill_cfs_bandwidth_runtime).
 */
export class ContainerCpu {
  readonly #sim: Simulation
  readonly #options: ContainerCpuOptions
  readonly #onTimer: HandlerId
  readonly #threads = new Heap<Thread>((a, b) => a.finish - b.finish || a.order - b.order)
  #started = 0
  #timer: Timer = NO_TIMER
  /** The state is that of this time. */
  #since: Nanos = 0
  #virtual = 0
  #isThrottled = false
  /** Left of the quota; less than 0 when threads had too much. */
  #left: Nanos
  /** A time at which a period ends; while the timer of periods runs, the next one. */
  #boundary: Nanos
  #ticks = false
  /** Something ran since the latest boundary. */
  #wasBusy = false
  /** Threads that are done are being told so: what follows is found afterwards. */
  #isTelling = false
  #incarnation = 0
  /** When its machine goes on that stands still; 0 when it never did. */
  #stillUntil: Nanos = 0
  #used: Nanos = 0
  #periods = 0
  #throttledPeriods = 0
  #throttled: Nanos = 0

  /** Periods end at `offset` after any whole number of them. */
  constructor(sim: Simulation, options: ContainerCpuOptions, offset: Nanos) {
    invariant(options.cores >= 1 && Number.isInteger(options.cores), `A container on ${options.cores} cores`)
    invariant(options.quota === null || options.quota > 0, `A quota of ${options.quota} ns`)
    this.#sim = sim
    this.#options = options
    this.#left = options.quota ?? 0
    this.#boundary = offset
    this.#onTimer = sim.handler(() => this.#wake())
  }

  /** Threads that need CPU time. */
  get runnable(): number {
    return this.#threads.length
  }

  /** How long a thread that comes now waits for the next period; 0 when there is quota left. */
  get throttledFor(): Nanos {
    return this.#isThrottled ? Math.max(0, this.#boundary - this.#sim.now) : 0
  }

  /** A thread needs `work` ns of CPU time, > 0. `thread` must not be one that needs some already. */
  run(thread: number, work: Nanos): void {
    if (!(work > 0)) invariant(false, `A thread needs ${work} ns of CPU time`)
    this.#advance()
    if (this.#threads.length === 0) this.#virtual = 0
    this.#threads.push({ id: thread, finish: this.#virtual + work, order: this.#started++ })
    if (this.#isThrottled) this.#options.onThrottled(thread, true)
    if (!this.#isTelling) this.#settle()
  }

  /**
   * Its machine stands still until then: threads use no CPU time, and a period whose end comes meanwhile ends then. Nobody is to come meanwhile.
   */
  standStill(until: Nanos): void {
    this.#advance()
    this.#stillUntil = until
    if (this.#threads.length === 0) return
    this.#sim.cancel(this.#timer)
    this.#timer = this.#sim.schedule(until - this.#sim.now, this.#onTimer)
  }

  /** The process has ended, and all its threads with it. The next one is a container of its own. */
  restart(offset: Nanos): void {
    this.#advance()
    this.#sim.cancel(this.#timer)
    this.#timer = NO_TIMER
    this.#threads.clear()
    this.#isThrottled = false
    this.#left = this.#options.quota ?? 0
    this.#boundary = offset
    this.#ticks = false
    this.#wasBusy = false
    this.#stillUntil = 0
    this.#since = this.#sim.now
    this.#incarnation++
  }

  /** Up to now. */
  stat(): CpuStat {
    const passed = this.#sim.now - Math.max(this.#since, Math.min(this.#stillUntil, this.#sim.now))
    const [running, throttled] = this.#isThrottled ? [0, this.#busyCores()] : [this.#busyCores(), 0]
    const ended = this.#sim.now < this.#stillUntil ? 0 : this.#ended(this.#sim.now)
    return {
      used: this.#used + running * passed,
      periods: this.#periods + ended,
      throttledPeriods: this.#throttledPeriods + (this.#isThrottled ? ended : 0),
      throttled: this.#throttled + throttled * passed,
    }
  }

  #busyCores(): number {
    return Math.min(this.#threads.length, this.#options.cores)
  }

  /** How many periods end after {@link #since} and until `now`, and count. */
  #ended(now: Nanos): number {
    if (!this.#ticks || now < this.#boundary) return 0
    const all = Math.floor((now - this.#boundary) / this.#options.period) + 1
    return this.#threads.length > 0 ? all : Math.min(all, this.#wasBusy ? 2 : 1)
  }

  /** Brings the state up to now. A period that ends now has ended. */
  #advance(): void {
    const { now } = this.#sim
    const { quota, period, cores } = this.#options
    if (now < this.#stillUntil) return
    if (this.#since < this.#stillUntil) this.#goOn()
    const passed = now - this.#since
    const threads = this.#threads.length
    const busy = this.#busyCores()
    if (this.#isThrottled) this.#throttled += busy * passed
    else if (threads > 0) {
      this.#virtual += threads <= cores ? passed : (passed * cores) / threads
      this.#used += busy * passed
      if (passed > 0) this.#wasBusy = true
      if (quota !== null && now < this.#boundary) this.#left -= busy * passed
    }
    if (quota !== null && this.#ticks && now >= this.#boundary) this.#endPeriods(quota, period, busy, now)
    this.#since = now
  }

  /** The machine went on at the end of its standstill. */
  #goOn(): void {
    const { quota, period } = this.#options
    this.#since = this.#stillUntil
    if (quota === null || !this.#ticks || this.#boundary > this.#since) return
    const all = Math.floor((this.#since - this.#boundary) / period) + 1
    this.#periods += all
    if (this.#isThrottled) this.#throttledPeriods += all
    this.#left = all === 1 ? Math.min(quota, this.#left + quota) : quota
    this.#boundary += all * period
    this.#wasBusy = false
    if (!this.#isThrottled) return
    this.#isThrottled = false
    for (const { id } of this.#threads.heapArray) this.#options.onThrottled(id, false)
  }

  #endPeriods(quota: Nanos, period: Nanos, busy: number, now: Nanos): void {
    const counted = this.#ended(now)
    const all = Math.floor((now - this.#boundary) / period) + 1
    const isIdle = this.#threads.length === 0
    this.#periods += counted
    if (this.#isThrottled) this.#throttledPeriods += counted
    else this.#left -= busy * (this.#boundary - this.#since)
    // Where several have ended at once, the quota was enough.
    this.#left = all === 1 ? Math.min(quota, this.#left + quota) : quota
    this.#boundary += all * period
    const sinceBoundary = now - (this.#boundary - period)
    this.#ticks = !isIdle || (this.#wasBusy && all === 1)
    this.#wasBusy = !isIdle && sinceBoundary > 0
    if (this.#isThrottled) {
      if (all !== 1 || sinceBoundary !== 0) invariant(false, `Throttled threads went on ${sinceBoundary} ns late`)
      this.#isThrottled = false
      for (const { id } of this.#threads.heapArray) this.#options.onThrottled(id, false)
    } else this.#left -= busy * sinceBoundary
  }

  /** Something happens now: threads are done, the quota is used up, or a period ends. */
  #wake(): void {
    this.#timer = NO_TIMER
    this.#advance()
    const done: number[] = []
    while (this.#hasDone()) done.push(this.#threads.pop()!.id)
    const incarnation = this.#incarnation
    this.#isTelling = true
    for (const thread of done) {
      this.#options.onDone(thread)
      if (this.#incarnation !== incarnation) break
    }
    this.#isTelling = false
    this.#settle()
  }

  /** A thread has had its CPU time. */
  #hasDone(): boolean {
    const first = this.#threads.peek()
    return first !== undefined && !this.#isThrottled && first.finish <= this.#virtual + CLOSE
  }

  /** Throttles the threads if nothing is left for them, and finds when something happens next. */
  #settle(): void {
    const { now } = this.#sim
    const { quota, period } = this.#options
    this.#sim.cancel(this.#timer)
    this.#timer = NO_TIMER
    if (this.#threads.length === 0) return
    if (quota !== null && !this.#ticks) {
      this.#boundary += (Math.floor((now - this.#boundary) / period) + 1) * period
      this.#ticks = true
      this.#left = quota
    }
    if (quota !== null && this.#left <= 0 && !this.#isThrottled && !this.#hasDone()) {
      this.#isThrottled = true
      for (const { id } of this.#threads.heapArray) this.#options.onThrottled(id, true)
    }
    const still = this.#stillUntil - now
    const delay = still > 0 ? still : this.#isThrottled ? this.#boundary - now : Math.min(this.#untilDone(), this.#untilEmpty())
    this.#timer = this.#sim.schedule(delay, this.#onTimer)
  }

  #untilDone(): Nanos {
    const threads = this.#threads.length
    const { cores } = this.#options
    const ahead = this.#threads.peek()!.finish - this.#virtual
    return Math.max(0, Math.ceil((threads <= cores ? ahead : (ahead * threads) / cores) - CLOSE))
  }

  /**
   * When the quota of this period is used up, or that of the next. Where that is just enough but for the rounding, when this period ends, to look
   * again; Infinity where it is enough for ever.
   */
  #untilEmpty(): Nanos {
    const { quota, period } = this.#options
    if (quota === null) return Number.POSITIVE_INFINITY
    const busy = this.#busyCores()
    const untilBoundary = this.#boundary - this.#sim.now
    const empty = Math.ceil(this.#left / busy)
    if (empty < untilBoundary) return empty
    const left = Math.min(quota, quota + this.#left - busy * untilBoundary)
    if (left >= busy * period) return Number.POSITIVE_INFINITY
    const emptyThen = Math.ceil(left / busy)
    return emptyThen < period ? untilBoundary + emptyThen : untilBoundary
  }
}

/** Virtual times that differ by less are the same, ns: what rounding makes of fractions of a core. */
const CLOSE = 1e-3
