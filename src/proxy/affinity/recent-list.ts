import type { Nanos } from '../../units.ts'

/** Source: Linux net/netfilter/xt_recent.c, module parameter ip_list_tot. */
export const CLIENTS_MAX = 100

/**
 * A list of the iptables match `recent`, as kube-proxy uses it for session affinity: one for each endpoint, of the clients that were sent there.
 *
 * It knows the last 100 clients. When another one comes, the one that was seen longest ago is forgotten, so that beyond 100 clients an
 * endpoint affinity breaks silently.
 *
 * Source: Linux net/netfilter/xt_recent.c (recent_mt, recent_entry_init, recent_entry_reap). Its clock has ticks of 4 ms or less; here time is exact.
 */
export class RecentList {
  readonly #max: number
  /** When each client was last set, the one longest ago first. */
  readonly #clients = new Map<number, Nanos>()

  constructor(max = CLIENTS_MAX) {
    this.#max = max
  }

  get size(): number {
    return this.#clients.size
  }

  /**
   * `--rcheck --seconds S --reap`: whether the client was set at most that long ago. When it is in the list at all, the oldest entry goes
   * if its time is up.
   */
  check(client: number, within: Nanos, now: Nanos): boolean {
    const setAt = this.#clients.get(client)
    if (setAt === undefined) return false
    for (const [oldest, oldestSetAt] of this.#clients) {
      if (oldestSetAt < now - within) this.#clients.delete(oldest)
      break
    }
    return setAt >= now - within
  }

  /** `--set` */
  set(client: number, now: Nanos): void {
    if (!this.#clients.delete(client) && this.#clients.size >= this.#max) {
      for (const oldest of this.#clients.keys()) {
        this.#clients.delete(oldest)
        break
      }
    }
    this.#clients.set(client, now)
  }
}
