import type { Container, ContainerStatus, Termination } from '../api/objects/index.ts'
import type { Nanos } from '../units.ts'
import { BackOff } from './back-off.ts'
import type { ContainerRole, RuntimeContainer } from './container-runtime.ts'
import type { ContainerProbes } from './probes.ts'

/**
 * One container as the kubelet sees it: a state machine whose state is the container's status.
 *
 * ```text
 *   waiting ─► running ─► terminated ─► running …        (at once, or when the back-off is over:
 *                              └──────► waiting           CrashLoopBackOff)
 * ```
 */
export class ContainerRecord {
  readonly spec: Container
  readonly role: ContainerRole
  /** The data plane's requests go to this container. */
  readonly serves: boolean
  status: ContainerStatus
  /** The run that goes on, or has ended without the kubelet having seen it. */
  run: RuntimeContainer | null = null
  probes: ContainerProbes | null = null
  /** It is being killed. */
  stopping = false
  /** The kubelet itself has ended the run and starts the container again at once. */
  killed = false
  readonly crashes = new BackOff()
  readonly pulls = new BackOff()
  #pullFailedAt: Nanos | null = null

  constructor(spec: Container, role: ContainerRole, serves: boolean, stored: ContainerStatus | undefined) {
    this.spec = spec
    this.role = role
    this.serves = serves
    this.status = {
      name: spec.name,
      state: 'waiting',
      reason: role === 'init' ? 'PodInitializing' : 'ContainerCreating',
      ready: false,
      started: false,
      restartCount: stored?.restartCount ?? 0,
    }
  }

  /** When the last run ended; null before the first. */
  get lastTermination(): Termination | undefined {
    const { state, exitCode, reason, finishedAt, lastTermination } = this.status
    return state === 'terminated' ? { exitCode: exitCode!, reason, finishedAt: finishedAt! } : lastTermination
  }

  /** The earliest time at which it may be started, and why it waits until then. */
  holdBack(): { readonly until: Nanos; readonly reason: string } | null {
    if (this.#pullFailedAt !== null) return { until: this.pulls.until(this.#pullFailedAt), reason: 'ImagePullBackOff' }
    const last = this.lastTermination
    return last === undefined || this.killed ? null : { until: this.crashes.until(last.finishedAt), reason: 'CrashLoopBackOff' }
  }

  /** Whether the end of the run before the one that the kubelet has just ended allows a start now. */
  mayStartAfterKill(now: Nanos): boolean {
    const { lastTermination: before } = this.status
    return before === undefined || this.crashes.until(before.finishedAt) <= now
  }

  /** Waits with a reason. False when it did so already. */
  wait(reason: string): boolean {
    const { state, reason: before, restartCount } = this.status
    if (state === 'waiting' && before === reason) return false
    this.status = { ...this.#base(restartCount), state: 'waiting', reason, lastTermination: this.lastTermination }
    return true
  }

  pullFailed(now: Nanos): void {
    this.pulls.attempt(now, this.#pullFailedAt ?? now)
    this.#pullFailedAt = now
  }

  /** Its process runs. */
  start(run: RuntimeContainer, now: Nanos): void {
    const last = this.lastTermination
    const counted = this.killed ? this.status.lastTermination : last
    if (counted !== undefined) this.crashes.attempt(now, counted.finishedAt)
    this.killed = false
    this.#pullFailedAt = null
    this.#running(run, this.status.restartCount + (last === undefined ? 0 : 1), last)
  }

  /** A kubelet that starts finds the container running. */
  adopt(run: RuntimeContainer, stored: ContainerStatus | undefined): void {
    this.#running(run, stored?.restartCount ?? 0, stored?.lastTermination)
    if (stored?.state === 'running') this.status = { ...this.status, ready: stored.ready, started: stored.started }
  }

  /** The kubelet sees that the run has ended. */
  ended(termination: Termination): void {
    this.probes?.stop()
    this.probes = null
    this.run = null
    this.stopping = false
    const { exitCode, reason, finishedAt } = termination
    const { restartCount, lastTermination } = this.status
    const ready = this.role === 'init' && exitCode === 0
    this.status = { ...this.#base(restartCount), state: 'terminated', reason, ready, exitCode, finishedAt, lastTermination }
  }

  set(change: { readonly ready?: boolean; readonly started?: boolean }): void {
    this.status = { ...this.status, ...change }
  }

  #running(run: RuntimeContainer, restartCount: number, lastTermination: Termination | undefined): void {
    this.run = run
    this.status = { ...this.#base(restartCount), state: 'running', reason: '', lastTermination }
  }

  #base(restartCount: number): Pick<ContainerStatus, 'name' | 'ready' | 'started' | 'restartCount'> {
    return { name: this.spec.name, ready: false, started: false, restartCount }
  }
}
