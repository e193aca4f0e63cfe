import type { Lease } from '../../api/objects/index.ts'
import { firstOf, type Wait } from '../../engine/process.ts'
import type { RandomStream } from '../../engine/random-stream.ts'
import type { HopId } from '../../engine/trace.ts'
import { type Nanos, SECOND } from '../../units.ts'
import { type ApiAccess, ApiClient } from '../api-client.ts'
import { ApiError } from '../api-error.ts'
import { emptyMeta } from '../empty-meta.ts'
import type { Identity } from '../identity.ts'
import { objectKey } from '../object-key.ts'

/** Source: component-base/config/v1alpha1/defaults.go (parameters.csv, `client-go, leader election`). */
export const LEASE_DURATION: Nanos = 15 * SECOND
export const RENEW_DEADLINE: Nanos = 10 * SECOND
export const RETRY_PERIOD: Nanos = 2 * SECOND
/** Attempts to become leader are 2 to 4.4 s apart. Source: client-go tools/leaderelection/leaderelection.go, JitterFactor. */
export const JITTER_FACTOR = 1.2
/** One request's time-out: half the renew deadline. Source: client-go tools/leaderelection/resourcelock/interface.go (NewFromKubeconfig). */
export const REQUEST_TIMEOUT: Nanos = RENEW_DEADLINE / 2
export const LEASE_NAMESPACE = 'kube-system'

export interface LeaderElectorOptions {
  /** Of the Lease, and how stories name who asks. */
  readonly component: string
  /** Who holds the Lease: host and a number that no other process of that host has had. */
  readonly holder: string
  readonly identity: Identity
  /** For random numbers of its own. */
  readonly stream: string
}

/**
 * One candidate for a Lease in kube-system.
 *
 * Whoever holds it renews it every 2 s, and has stopped leading when it could not for 10 s. The others look every 2 to 4.4 s. They do
 * not compare clocks: a lease counts as expired 15 s after a candidate has last SEEN it change, so one that starts anew waits those
 * 15 s although the holder may be long gone. Of two that try at once one has the older revision and gets a conflict.
 *
 * Source: client-go tools/leaderelection/leaderelection.go (acquire, renew, tryAcquireOrRenew).
 */
export class LeaderElector {
  readonly #access: ApiAccess
  readonly #options: LeaderElectorOptions
  readonly #client: ApiClient
  readonly #jitter: RandomStream
  /** The lease as this candidate has last seen it, and when it saw that. */
  #observed: Lease | null = null
  #observedAt: Nanos = 0
  #leads = false

  constructor(access: ApiAccess, options: LeaderElectorOptions) {
    this.#access = access
    this.#options = options
    const { component: actor, identity } = options
    this.#client = new ApiClient(access, { actor, identity, limit: null, network: 'controlPlaneNetwork', retries: 'caller' })
    this.#jitter = access.sim.rng(options.stream)
  }

  get leads(): boolean {
    return this.#leads
  }

  get key(): string {
    return objectKey('Lease', LEASE_NAMESPACE, this.#options.component)
  }

  /** Leads from the start: the lease was put in place before time 0. Its next renewal falls anywhere within a period. */
  inherit(lease: Lease): void {
    this.#observed = lease
    this.#observedAt = this.#access.sim.now
    this.#leads = true
  }

  /** Tries until it leads. The hop tells when it does; `cause` is the start of the process. */
  *acquire(cause: HopId): Generator<Wait, HopId, unknown> {
    const { sim, trace } = this.#access
    const started = sim.now
    while (!(yield* this.#tryFor(REQUEST_TIMEOUT))) {
      yield sim.delay(RETRY_PERIOD + Math.floor(RETRY_PERIOD * JITTER_FACTOR * this.#jitter.uniform()))
    }
    const { component, holder } = this.#options
    const lease = this.#observed!
    return trace.record({
      cause,
      actor: component,
      action: 'became leader',
      subject: this.key,
      revision: lease.metadata.resourceVersion,
      started,
      detail: `${holder}, transition ${lease.transitions ?? 0}`,
    })
  }

  /** Renews until that fails for the renew deadline; `first` is the wait before the first renewal. */
  *renew(first: Nanos): Generator<Wait, void, unknown> {
    const { sim } = this.#access
    yield sim.delay(first)
    for (;;) {
      const deadline = sim.now + RENEW_DEADLINE
      for (let next = sim.now; ; ) {
        if (yield* this.#tryFor(Math.min(REQUEST_TIMEOUT, deadline - sim.now))) break
        next = Math.max(next + RETRY_PERIOD, sim.now)
        if (next >= deadline) {
          yield sim.delay(Math.max(0, deadline - sim.now))
          this.#leads = false
          return
        }
        yield sim.delay(next - sim.now)
      }
      yield sim.delay(RETRY_PERIOD)
    }
  }

  /** A wait within one renewal period, for leaders that have led before time 0. */
  phase(): Nanos {
    return Math.floor(this.#jitter.uniform() * RETRY_PERIOD)
  }

  /** One attempt that is given up after `limit`; what it has sent may still be written. */
  *#tryFor(limit: Nanos): Generator<Wait, boolean, unknown> {
    const { sim } = this.#access
    if (limit <= 0) return false
    let got = false
    const attempt = sim.spawn(this.#tryAcquireOrRenew((answer) => (got = answer)))
    if ((yield firstOf(attempt, sim.delay(limit))) === 1) attempt.kill()
    return got
  }

  *#tryAcquireOrRenew(tell: (got: boolean) => void): Generator<Wait, void, unknown> {
    const { sim } = this.#access
    const { component, holder } = this.#options
    const began = sim.now
    if (this.#leads && this.#observed !== null && this.#isValid(this.#observed, began)) {
      // A leader expects nobody else to have written.
      if (yield* this.#write({ ...this.#observed, renewTime: began }, 'update')) return tell(true)
    }
    let current: Lease | undefined
    try {
      current = yield* this.#client.get('Lease', LEASE_NAMESPACE, component)
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      return tell(false)
    }
    if (current === undefined) {
      const lease: Lease = {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: emptyMeta(component, LEASE_NAMESPACE),
        holder,
        acquireTime: began,
        renewTime: began,
        durationSeconds: LEASE_DURATION / SECOND,
        transitions: 0,
      }
      return tell(yield* this.#write(lease, 'create'))
    }
    if (current.metadata.resourceVersion !== this.#observed?.metadata.resourceVersion) this.#see(current)
    const mine = current.holder === holder
    if (current.holder !== '' && !mine && this.#isValid(current, began)) {
      this.#leads = false
      return tell(false)
    }
    const taken: Lease = mine
      ? { ...current, renewTime: began }
      : { ...current, holder, acquireTime: began, renewTime: began, transitions: (current.transitions ?? 0) + 1 }
    tell(yield* this.#write(taken, 'update'))
  }

  *#write(lease: Lease, verb: 'create' | 'update'): Generator<Wait, boolean, unknown> {
    const response = yield* this.#client.writeQuietly(lease, verb)
    if (response.code >= 300 || response.object === undefined) return false
    this.#see(response.object)
    this.#leads = true
    return true
  }

  #see(lease: Lease): void {
    this.#observed = lease
    this.#observedAt = this.#access.sim.now
  }

  #isValid(lease: Lease, now: Nanos): boolean {
    return this.#observedAt + lease.durationSeconds * SECOND > now
  }
}

/** The Lease of a component that has led since before time 0. */
export function heldLease(component: string, holder: string): Lease {
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: emptyMeta(component, LEASE_NAMESPACE),
    holder,
    acquireTime: 0,
    renewTime: 0,
    durationSeconds: LEASE_DURATION / SECOND,
    transitions: 0,
  }
}
