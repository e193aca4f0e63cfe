import type { SocketSpec } from '../specs.ts'

/** The UDP sockets of one traffic's client pods: one a request, or one that a process keeps, which is a port that it keeps. */
export class Sockets {
  readonly #reuse: boolean
  /** By client pod: the port of its socket, and which process has it. */
  readonly #ports = new Map<number, number>()
  readonly #incarnations = new Map<number, number>()

  constructor(spec: SocketSpec) {
    this.#reuse = spec.reuse
  }

  /** The port that a client sends from; `fresh` is the one that a new socket gets. */
  portOf(client: number, incarnation: number, fresh: number): number {
    if (!this.#reuse) return fresh
    if (this.#incarnations.get(client) === incarnation) return this.#ports.get(client)!
    this.#incarnations.set(client, incarnation)
    this.#ports.set(client, fresh)
    return fresh
  }
}
