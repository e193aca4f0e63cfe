import type { KubernetesMinor } from '../kubernetes-version.ts'
import type { Nanos } from '../units.ts'

/** Decides when one kube-proxy may start its next sync. */
export interface SyncRunner {
  /** The earliest start of a sync that is wanted at `now`, while none runs. */
  earliest(now: Nanos): Nanos
  /** A sync starts. */
  started(now: Nanos): void
  /** It has ended. */
  ended(now: Nanos): void
}

/** The runner of that version. `minSyncPeriod` 0 never waits. */
export function syncRunner(version: KubernetesMinor, minSyncPeriod: Nanos): SyncRunner {
  return version >= 34 ? new CooldownRunner(minSyncPeriod) : new TokenRunner(minSyncPeriod)
}

/**
 * From 1.34 on: at least `minSyncPeriod` between the end of a sync and the start of the next.
 *
 * Source: kubernetes v1.36.2 pkg/proxy/runner (BoundedFrequencyRunner, rewritten in 1.34).
 */
class CooldownRunner implements SyncRunner {
  readonly #minSyncPeriod: Nanos
  #next: Nanos = 0

  constructor(minSyncPeriod: Nanos) {
    this.#minSyncPeriod = minSyncPeriod
  }

  earliest(now: Nanos): Nanos {
    return Math.max(now, this.#next)
  }

  started(): void {}

  ended(now: Nanos): void {
    this.#next = now + this.#minSyncPeriod
  }
}

/** Two syncs may follow each other at once. Source: burstSyncs in the proxiers up to 1.33. */
export const BURST = 2

/**
 * Up to 1.33: a bucket of two tokens, one more every `minSyncPeriod`. A sync that finds none waits until `minSyncPeriod` after the end of
 * the last one.
 *
 * Source: kubernetes v1.33 pkg/util/async/bounded_frequency_runner.go.
 */
class TokenRunner implements SyncRunner {
  readonly #minSyncPeriod: Nanos
  /** When the bucket will be full again, if nothing is taken. */
  #fullAt: Nanos = 0
  #endedAt: Nanos = 0

  constructor(minSyncPeriod: Nanos) {
    this.#minSyncPeriod = minSyncPeriod
  }

  earliest(now: Nanos): Nanos {
    const hasToken = this.#fullAt - now <= (BURST - 1) * this.#minSyncPeriod
    return hasToken ? now : Math.max(now, this.#endedAt + this.#minSyncPeriod)
  }

  started(now: Nanos): void {
    this.#fullAt = Math.max(this.#fullAt, now) + this.#minSyncPeriod
  }

  ended(now: Nanos): void {
    this.#endedAt = now
  }
}
