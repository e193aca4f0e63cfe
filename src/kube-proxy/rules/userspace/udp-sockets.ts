import { MILLISECOND, type Nanos } from '../../../units.ts'
import type { RoundRobinBalancer } from './round-robin-balancer.ts'

/** --udp-timeout: how long a client's socket stays open without a packet. Source: kubernetes v1.25 cmd/kube-proxy, default 250 ms. */
export const UDP_IDLE_TIMEOUT: Nanos = 250 * MILLISECOND

/**
 * The sockets of one UDP Service port in userspace mode: one towards an endpoint for every client address and port, closed when idle.
 *
 * While its socket is open, a client stays with its endpoint, even one that has been removed since.
 */
export class UdpSockets {
  readonly #balancer: RoundRobinBalancer
  readonly #idleTimeout: Nanos
  readonly #sockets = new Map<string, { endpoint: string; closesAt: Nanos }>()

  constructor(balancer: RoundRobinBalancer, idleTimeout: Nanos = UDP_IDLE_TIMEOUT) {
    this.#balancer = balancer
    this.#idleTimeout = idleTimeout
  }

  /** Sockets that are open, or idle past their time and not yet noticed. */
  get size(): number {
    return this.#sockets.size
  }

  /** A packet of a client: where it goes, or null when there is no endpoint. */
  fromClient(address: string, port: number, now: Nanos): string | null {
    const key = `${address} ${port}`
    const open = this.#sockets.get(key)
    if (open !== undefined && now < open.closesAt) {
      open.closesAt = now + this.#idleTimeout
      return open.endpoint
    }
    this.#sockets.delete(key)
    const endpoint = this.#balancer.pick(address, now)
    if (endpoint !== null) this.#sockets.set(key, { endpoint, closesAt: now + this.#idleTimeout })
    return endpoint
  }

  /** An answer for the client: whether its socket is still there to take it. */
  fromEndpoint(address: string, port: number, now: Nanos): boolean {
    const open = this.#sockets.get(`${address} ${port}`)
    if (open === undefined || now >= open.closesAt) return false
    open.closesAt = now + this.#idleTimeout
    return true
  }

  closeIdle(now: Nanos): void {
    for (const [key, { closesAt }] of this.#sockets) if (now >= closesAt) this.#sockets.delete(key)
  }
}
