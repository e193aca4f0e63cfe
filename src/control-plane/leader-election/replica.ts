import type { Lease } from '../../api/objects/index.ts'
import type { Wait } from '../../engine/process.ts'
import { Scope } from '../../engine/scope.ts'
import { NO_TIMER, type Timer } from '../../engine/simulation.ts'
import { Slowness } from '../../engine/slowness.ts'
import { type HopId, NO_CAUSE } from '../../engine/trace.ts'
import { type Nanos, SECOND } from '../../units.ts'
import type { ApiAccess } from '../api-client.ts'
import type { Identity } from '../identity.ts'
import type { LatencyName } from '../latencies.ts'
import { SlowedLatencies } from '../slowed-latencies.ts'
import { LeaderElector } from './leader-elector.ts'

/** From the start of the process to its first attempt at the lease. *Assumption*: reading its configuration and setting up its clients. */
export const START_UP: Nanos = SECOND
/** Back-off of a process that ended: at once, then 10 s, doubled up to 300 s; forgotten after 10 min. Source: kubelet CrashLoopBackOff. */
export const BACK_OFF_FIRST: Nanos = 10 * SECOND
export const BACK_OFF_MAX: Nanos = 300 * SECOND
export const BACK_OFF_RESET: Nanos = 600 * SECOND

/** A component of which one replica leads and the others stand by. */
export interface LedComponent {
  /** Its name, and that of its Lease. */
  readonly name: string
  readonly identity: Identity
  /** What each item that it works on takes, beside its requests. */
  readonly work: LatencyName
  /** A process of it, with nothing remembered from an earlier one. */
  readonly make: (access: ApiAccess) => LedProcess
}

/** One process of a component. */
export interface LedProcess {
  /** What it does before it leads: keeping its caches warm, if it does that. */
  standBy(): void
  /** It leads from now on, because of that hop. */
  lead(cause: HopId): void
  /** Its watches end. Everything else ends with its scope. */
  stop(): void
}

/**
 * One replica of kube-controller-manager or kube-scheduler: a process that competes for the lease of its component, works while it
 * holds it, and ends itself when it has not been able to renew it for 10 s. Whoever looks after it (kubelet, systemd) then starts it
 * again, with nothing remembered.
 *
 * Source: cmd/kube-controller-manager/app/controllermanager.go and cmd/kube-scheduler/app/server.go (OnStoppedLeading exits).
 */
export class Replica {
  readonly component: LedComponent
  readonly host: string
  /** How slow its processes are, one after the other. */
  readonly slowness = new Slowness()
  readonly #access: ApiAccess
  readonly #isAlone: boolean
  #scope: Scope | null = null
  #process: LedProcess | null = null
  #elector: LeaderElector | null = null
  /** Processes of this replica so far. */
  #starts = 0
  #backOff: Nanos = 0
  #exitedAt: Nanos = 0
  /** The start that follows an exit. */
  #restart: Timer = NO_TIMER

  /** `isAlone`: there is no other replica. */
  constructor(access: ApiAccess, component: LedComponent, host: string, isAlone: boolean) {
    this.#access = access
    this.#isAlone = isAlone
    this.component = component
    this.host = host
  }

  get up(): boolean {
    return this.#scope !== null
  }

  get leads(): boolean {
    return this.#elector?.leads === true
  }

  /** The name of the process that runs or was the last, as it stands in the Lease. */
  get holder(): string {
    return `${this.host}_${this.#starts}`
  }

  /** The name of its first process. */
  get firstHolder(): string {
    return `${this.host}_1`
  }

  /** Makes its processes slow, until what it gives is called. */
  readonly slow = (factor: number, onUse: () => void): (() => void) => this.slowness.begin({ factor, onUse })

  /** It has run since before time 0, and leads when `lease` is the one that it holds. */
  inherit(lease: Lease | null): void {
    const { elector, process, scope } = this.#begin()
    process.standBy()
    if (lease === null) {
      scope.spawn(this.#run(elector, process, NO_CAUSE, elector.phase()))
      return
    }
    elector.inherit(lease)
    process.lead(NO_CAUSE)
    scope.spawn(this.#hold(elector, elector.phase()))
  }

  /** The process is started. False when it runs. */
  start(cause: HopId): boolean {
    if (this.#scope !== null) return false
    this.#access.sim.cancel(this.#restart)
    const { elector, process, scope } = this.#begin()
    const started = this.#access.trace.record({
      cause,
      actor: this.component.name,
      action: 'started',
      subject: elector.key,
      detail: this.holder,
    })
    scope.after(START_UP, () => process.standBy())
    scope.spawn(this.#run(elector, process, started, START_UP))
    return true
  }

  /** The process is gone at once, with queues, caches and all it had in hand, until it is started. False when it did not run. */
  crash(): boolean {
    this.#access.sim.cancel(this.#restart)
    if (this.#scope === null) return false
    this.#process!.stop()
    this.#scope.end()
    this.#scope = null
    this.#process = null
    this.#elector = null
    return true
  }

  #begin(): { elector: LeaderElector; process: LedProcess; scope: Scope } {
    this.#starts++
    const scope = new Scope(this.#access.sim)
    const { name, identity, work } = this.component
    const latencies = new SlowedLatencies(this.#access.latencies, [work], this.slowness)
    const access = { ...this.#access, latencies, sim: scope, process: this.#isAlone ? name : `${name}/${this.host}` }
    const stream = `leader-election/${name}/${this.host}`
    const elector = new LeaderElector(access, { component: name, holder: this.holder, identity, stream })
    const process = this.component.make(access)
    this.#scope = scope
    this.#process = process
    this.#elector = elector
    return { elector, process, scope }
  }

  *#run(elector: LeaderElector, process: LedProcess, cause: HopId, wait: Nanos): Generator<Wait, void, unknown> {
    yield this.#access.sim.delay(wait)
    const leads = yield* elector.acquire(cause)
    process.lead(leads)
    yield* this.#hold(elector, 0)
  }

  *#hold(elector: LeaderElector, first: Nanos): Generator<Wait, void, unknown> {
    yield* elector.renew(first)
    const { sim, trace } = this.#access
    const lost = trace.record({
      cause: NO_CAUSE,
      actor: this.component.name,
      action: 'lost the lease',
      subject: elector.key,
      detail: `${this.holder} ends: no renewal for 10 s`,
    })
    this.crash()
    // Not in its own scope, which has ended.
    this.#restart = sim.after(this.#nextStart(sim.now) - sim.now, () => this.start(lost))
  }

  #nextStart(now: Nanos): Nanos {
    const fresh = this.#backOff === 0 || now - this.#exitedAt > BACK_OFF_RESET
    const at = fresh ? now : now + this.#backOff
    this.#backOff = fresh ? BACK_OFF_FIRST : Math.min(2 * this.#backOff, BACK_OFF_MAX)
    this.#exitedAt = at
    return at
  }
}
