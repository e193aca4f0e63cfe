import type { RandomStream } from '../../../engine/random-stream.ts'
import { type Nanos, SECOND } from '../../../units.ts'

/** Where a client went before. */
interface Affinity {
  endpoint: string
  lastUsed: Nanos
}

/**
 * How kube-proxy chose in userspace mode: one balancer a Service port, endpoints in turn, in an order that is drawn anew when they change.
 *
 * With session affinity a client stays with its endpoint until it has not connected for the time-out (10,800 s by default); each connection
 * starts that time again.
 *
 * Source: kubernetes v1.25 pkg/proxy/userspace/roundrobin.go. The mode is gone since 1.26.
 */
export class RoundRobinBalancer {
  readonly #random: RandomStream
  /** Null: no session affinity. */
  readonly #affinityTimeout: Nanos | null
  readonly #affinities = new Map<string, Affinity>()
  #endpoints: readonly string[] = []
  #next = 0

  constructor(options: { random: RandomStream; affinitySeconds: number | null }) {
    this.#random = options.random
    this.#affinityTimeout = options.affinitySeconds === null ? null : options.affinitySeconds * SECOND
  }

  /** In the order of their turns. */
  get endpoints(): readonly string[] {
    return this.#endpoints
  }

  /** Clients that are remembered, expired ones included until the next {@link forgetExpired}. */
  get clients(): number {
    return this.#affinities.size
  }

  /** Sets the endpoints, as `ip:port`. The same ones in another order are no change. */
  setEndpoints(endpoints: readonly string[]): void {
    if (isSameBag(endpoints, this.#endpoints)) return
    for (const [client, { endpoint }] of this.#affinities) {
      if (!endpoints.includes(endpoint)) this.#affinities.delete(client)
    }
    this.#endpoints = shuffled(endpoints, this.#random)
    this.#next = 0
  }

  /**
   * The endpoint for a new connection of `client` (its address, without the port); null when there is none. `afterFailure`: the client's
   * last endpoint did not answer, so the next one's turn comes, and the client stays with that.
   */
  pick(client: string, now: Nanos, afterFailure = false): string | null {
    if (this.#endpoints.length === 0) return null
    const affinity = this.#affinityTimeout === null || afterFailure ? undefined : this.#affinities.get(client)
    if (affinity !== undefined && !this.#isExpired(affinity, now)) {
      affinity.lastUsed = now
      return affinity.endpoint
    }
    const endpoint = this.#endpoints[this.#next]!
    this.#next = (this.#next + 1) % this.#endpoints.length
    if (this.#affinityTimeout !== null) this.#affinities.set(client, { endpoint, lastUsed: now })
    return endpoint
  }

  /** What kube-proxy did at each sync: forgets clients whose time is up. */
  forgetExpired(now: Nanos): void {
    for (const [client, affinity] of this.#affinities) {
      if (this.#isExpired(affinity, now)) this.#affinities.delete(client)
    }
  }

  #isExpired({ lastUsed }: Affinity, now: Nanos): boolean {
    return this.#affinityTimeout !== null && now - lastUsed >= this.#affinityTimeout
  }
}

function isSameBag(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false
  const sortedB = [...b].sort()
  return [...a].sort().every((endpoint, index) => endpoint === sortedB[index])
}

/** Fisher and Yates: every order is as likely. */
function shuffled(endpoints: readonly string[], random: RandomStream): string[] {
  const order = [...endpoints]
  for (let last = order.length - 1; last > 0; last--) {
    const other = random.below(last + 1)
    const moved = order[last]!
    order[last] = order[other]!
    order[other] = moved
  }
  return order
}
