import { invariant } from '../invariant.ts'
import type { Nanos } from '../units.ts'

interface Lease {
  readonly ttl: Nanos
  expiresAt: Nanos
  readonly keys: Set<string>
}

/**
 * The leases of etcd: keys that are attached to one are deleted when it is neither renewed nor revoked in time.
 *
 * The leader's clock counts: a new leader gives every lease its whole time again, and an election time-out more. While there is no leader
 * nothing expires.
 *
 * Simplified: a grant takes no time; keys of one lease are deleted at revisions of their own, where etcd deletes them at one.
 *
 * Source: etcd server/lease/lessor.go (Grant, Renew, Attach, Promote).
 */
export class EtcdLeases {
  readonly #leases = new Map<number, Lease>()
  readonly #leaseOf = new Map<string, number>()
  #ids = 0

  /** Gives the id. */
  grant(ttl: Nanos, now: Nanos): number {
    invariant(ttl > 0, 'A lease has a time')
    this.#leases.set(++this.#ids, { ttl, expiresAt: now + ttl, keys: new Set() })
    return this.#ids
  }

  /** Renews it for its whole time; false when there is none of that id. */
  keepAlive(id: number, now: Nanos): boolean {
    const lease = this.#leases.get(id)
    if (lease === undefined) return false
    lease.expiresAt = now + lease.ttl
    return true
  }

  /** The key was written: with a lease (the only one that it then has), or without (undefined). */
  written(key: string, id: number | undefined): void {
    const before = this.#leaseOf.get(key)
    if (before === id) return
    if (before !== undefined) {
      this.#leases.get(before)?.keys.delete(key)
      this.#leaseOf.delete(key)
    }
    if (id === undefined) return
    this.#leases.get(id)?.keys.add(key)
    this.#leaseOf.set(key, id)
  }

  /** Takes away the leases whose time is over, and gives the keys that go with them. */
  expire(now: Nanos): string[] {
    const keys: string[] = []
    for (const [id, lease] of this.#leases) {
      if (lease.expiresAt > now) continue
      this.#leases.delete(id)
      for (const key of lease.keys) keys.push(key)
    }
    return keys
  }

  /** When the next one expires; null when there is none. */
  get nextAt(): Nanos | null {
    let next: Nanos | null = null
    for (const { expiresAt } of this.#leases.values()) if (next === null || expiresAt < next) next = expiresAt
    return next
  }

  /** A leader begins: every lease has its whole time again, and `extra`. */
  promote(now: Nanos, extra: Nanos): void {
    for (const lease of this.#leases.values()) lease.expiresAt = now + lease.ttl + extra
  }
}
