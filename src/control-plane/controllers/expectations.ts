import { MINUTE, type Nanos } from '../../units.ts'

/** Source: Kubernetes pkg/controller/controller_utils.go (ExpectationsTimeout). */
export const EXPECTATIONS_TIMEOUT: Nanos = 5 * MINUTE

interface Expected {
  creations: number
  readonly deletions: Set<string>
  since: Nanos
}

/**
 * Creations and deletions that a controller has asked for and that its cache does not show yet, by the key of the object they are for:
 * until the cache shows them, nothing more is made or deleted.
 *
 * Source: Kubernetes pkg/controller/controller_utils.go (ControllerExpectations, UIDTrackingControllerExpectations).
 */
export class Expectations {
  readonly #byKey = new Map<string, Expected>()

  expectCreation(key: string, now: Nanos): void {
    this.#entry(key, now).creations++
  }

  /** `name` tells one deleted object from another. */
  expectDeletion(key: string, name: string, now: Nanos): void {
    this.#entry(key, now).deletions.add(name)
  }

  /** A creation has been seen, or has failed. */
  created(key: string): void {
    const expected = this.#byKey.get(key)
    if (expected !== undefined && expected.creations > 0) expected.creations--
  }

  /** A deletion has been seen, or has failed. */
  deleted(key: string, name: string): void {
    this.#byKey.get(key)?.deletions.delete(name)
  }

  satisfied(key: string, now: Nanos): boolean {
    const expected = this.#byKey.get(key)
    if (expected === undefined) return true
    return (expected.creations === 0 && expected.deletions.size === 0) || now - expected.since > EXPECTATIONS_TIMEOUT
  }

  forget(key: string): void {
    this.#byKey.delete(key)
  }

  #entry(key: string, now: Nanos): Expected {
    let expected = this.#byKey.get(key)
    if (expected === undefined) {
      expected = { creations: 0, deletions: new Set(), since: now }
      this.#byKey.set(key, expected)
    }
    expected.since = now
    return expected
  }
}
