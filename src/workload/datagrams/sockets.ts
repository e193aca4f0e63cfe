import type { Nanos } from '../../units.ts'
import type { SocketSpec } from '../specs.ts'

/** The UDP sockets of one traffic's client pods: one a request, or one that a process keeps, which is a port that it keeps. */
export class Sockets {
  /** Nothing comes back, and nobody waits for it. */
  readonly isOneWay: boolean
  readonly #reuse: boolean
  readonly #lifetime: Nanos
  /** By client pod: the port of its socket, which process has it, and since when. */
  readonly #ports = new Map<number, number>()
  readonly #incarnations = new Map<number, number>()
  readonly #openedAt = new Map<number, Nanos>()

  constructor(spec: SocketSpec) {
    this.isOneWay = spec.oneWay === true
    this.#reuse = spec.reuse
    this.#lifetime = spec.lifetime ?? Number.POSITIVE_INFINITY
  }

  /** The port that a client sends from now; `fresh` is the one that a new socket gets. */
  portOf(client: number, incarnation: number, fresh: number, now: Nanos): number {
    if (!this.#reuse) return fresh
    if (this.#incarnations.get(client) === incarnation && now - this.#openedAt.get(client)! < this.#lifetime)
      return this.#ports.get(client)!
    this.#incarnations.set(client, incarnation)
    this.#ports.set(client, fresh)
    this.#openedAt.set(client, now)
    return fresh
  }
}
