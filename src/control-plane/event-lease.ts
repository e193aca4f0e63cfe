import { type Nanos, SECOND } from '../units.ts'

/** Source: kube-apiserver `--event-ttl`. */
export const EVENT_TTL: Nanos = 3600 * SECOND
/** How long one lease is given to new keys: at most 5 % of the time, at most a minute. Source: etcd3/lease_manager.go. */
export const REUSED_FOR: Nanos = 60 * SECOND

/**
 * The lease that an API server gives to the Events it writes: they are gone after an hour. Events of one minute share a lease, which lasts
 * that minute longer.
 *
 * Nothing else of what the API stores has a time: leases of nodes and of leader election are ordinary objects.
 *
 * Source: Kubernetes apiserver/pkg/storage/etcd3/lease_manager.go; pkg/registry/core/event/strategy.go.
 */
export class EventLease {
  readonly #grant: (ttl: Nanos) => number
  #id = 0
  #expiresAt: Nanos = 0

  constructor(grant: (ttl: Nanos) => number) {
    this.#grant = grant
  }

  /** The lease for an Event that is written now. */
  at(now: Nanos): number {
    if (this.#id === 0 || now + EVENT_TTL >= this.#expiresAt) {
      this.#id = this.#grant(EVENT_TTL + REUSED_FOR)
      this.#expiresAt = now + EVENT_TTL + REUSED_FOR
    }
    return this.#id
  }
}
