import { invariant } from '../../../invariant.ts'
import { MILLISECOND, type Nanos } from '../../../units.ts'
import type { RoundRobinBalancer } from './round-robin-balancer.ts'

/** How long each attempt waits for the endpoint. Source: kubernetes v1.25 pkg/proxy/userspace/proxysocket.go EndpointDialTimeouts. */
export const DIAL_TIMEOUTS: readonly Nanos[] = [250 * MILLISECOND, 500 * MILLISECOND, 1000 * MILLISECOND, 2000 * MILLISECOND]

/**
 * One client connection that the proxy has accepted and now connects on its own to an endpoint: up to four attempts, each at the next
 * endpoint in turn. No other mode of kube-proxy tries again.
 *
 * The client's connection is established already, so what it sees of failed attempts is delay; after the last one it is closed.
 */
export class Dial {
  readonly #balancer: RoundRobinBalancer
  readonly #client: string
  #attempt = 0
  #endpoint: string | null
  #deadline: Nanos

  constructor(balancer: RoundRobinBalancer, client: string, now: Nanos) {
    this.#balancer = balancer
    this.#client = client
    this.#endpoint = balancer.pick(client, now)
    this.#deadline = now + DIAL_TIMEOUTS[0]!
  }

  /** The endpoint that is being tried; null when the proxy has given up, or there was none: the client's connection is closed. */
  get endpoint(): string | null {
    return this.#endpoint
  }

  /** When this attempt has failed unless the endpoint has answered. */
  get deadline(): Nanos {
    return this.#deadline
  }

  /** Attempts begun. */
  get attempts(): number {
    return this.#attempt + (this.#endpoint === null ? 0 : 1)
  }

  /** The attempt was refused, or its deadline has come: begins the next. */
  failed(now: Nanos): void {
    invariant(this.#endpoint !== null, 'A dial that has ended cannot fail')
    invariant(now <= this.#deadline, 'An attempt fails at its deadline at the latest')
    this.#attempt++
    const timeout = DIAL_TIMEOUTS[this.#attempt]
    this.#endpoint = timeout === undefined ? null : this.#balancer.pick(this.#client, now, true)
    if (timeout !== undefined) this.#deadline = now + timeout
  }
}
