import type { Nanos } from '../../units.ts'

/**
 * An nftables set of client addresses with a time-out, as kube-proxy uses it for session affinity: one for each endpoint, and each new
 * connection there (`update @set { ip saddr }`) starts the client's time again. It has no limit.
 *
 * Source: Linux net/netfilter/nft_dynset.c, include/net/netfilter/nf_tables.h (nft_set_elem_expired).
 */
export class ClientSet {
  /** When each client's time is up. In the order of the last update, which while the time-out stays the same is that of the ends. */
  readonly #ends = new Map<number, Nanos>()

  /** Elements in memory: ended ones go when others are updated. */
  get size(): number {
    return this.#ends.size
  }

  has(client: number, now: Nanos): boolean {
    const end = this.#ends.get(client)
    return end !== undefined && now < end
  }

  update(client: number, timeout: Nanos, now: Nanos): void {
    this.#ends.delete(client)
    for (const [oldest, end] of this.#ends) {
      if (now < end) break
      this.#ends.delete(oldest)
    }
    this.#ends.set(client, now + timeout)
  }
}
