import type { Nanos } from '../units.ts'
import { FAILURE_CAUSES } from './failure-cause.ts'
import type { UnseenChange } from './unseen-change.ts'

/** Failed requests of one traffic, of one cause, by one change that the rules had not seen (null: by none). */
export interface FailureGroup {
  readonly cause: (typeof FAILURE_CAUSES)[number]
  readonly unseen: UnseenChange | null
  readonly phase: 'warm-up' | 'measured'
  failures: number
  /** When the first and the last of them were to be sent. */
  firstAt: Nanos
  lastAt: Nanos
}

/** Why the requests of one traffic failed, counted: as many groups as there are causes and changes, however many requests there are. */
export class FailureTally {
  readonly #groups = new Map<string, FailureGroup>()

  /** The request that was to be sent at `at` failed. `cause` is an index into FAILURE_CAUSES. */
  add(at: Nanos, phase: FailureGroup['phase'], cause: number, unseen: UnseenChange | null): void {
    const key = `${phase} ${cause} ${unseen === null ? '' : `${unseen.object} ${unseen.revision}`}`
    const group = this.#groups.get(key)
    if (group === undefined) {
      this.#groups.set(key, { cause: FAILURE_CAUSES[cause]!, unseen, phase, failures: 1, firstAt: at, lastAt: at })
      return
    }
    group.failures++
    group.firstAt = Math.min(group.firstAt, at)
    group.lastAt = Math.max(group.lastAt, at)
  }

  /** In the order in which the first of each ended. */
  get groups(): Iterable<Readonly<FailureGroup>> {
    return this.#groups.values()
  }

  /** Measured failures by an unseen change. */
  get stale(): number {
    let stale = 0
    for (const { unseen, phase, failures } of this.#groups.values()) if (unseen !== null && phase === 'measured') stale += failures
    return stale
  }
}
