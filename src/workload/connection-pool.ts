import { invariant } from '../invariant.ts'
import type { ConnectionSpec } from './specs.ts'

/** The connections that one client keeps for one traffic, and its requests that wait for one of them. */
export class ConnectionPool {
  readonly traffic: number
  readonly spec: ConnectionSpec
  /** The client pod or OUTSIDE, which process of that pod, and the address of a client outside. */
  readonly client: number
  readonly incarnation: number
  readonly address: number
  /** Connections, opened or being opened. */
  open = 0
  /** Of them those that no request has; the one used last is taken first. */
  readonly #idle: number[] = []
  /** HTTP/2: those that take streams, the one opened first in front. */
  readonly ready: number[] = []
  /** Place and serial of each request that waits, in turn; from `#head` on. */
  #waiting: number[] = []
  #head = 0

  constructor(options: { traffic: number; spec: ConnectionSpec; client: number; incarnation: number; address: number }) {
    this.traffic = options.traffic
    this.spec = options.spec
    this.client = options.client
    this.incarnation = options.incarnation
    this.address = options.address
  }

  get idle(): readonly number[] {
    return this.#idle
  }

  /** Another connection may be opened. */
  get hasRoom(): boolean {
    return this.open < this.spec.pool
  }

  /** HTTP/2: one is being opened. */
  get isOpening(): boolean {
    return this.open > this.ready.length
  }

  takeIdle(): number | undefined {
    return this.#idle.pop()
  }

  putIdle(connection: number): void {
    this.#idle.push(connection)
  }

  /** An idle connection is closed. */
  dropIdle(connection: number): void {
    const at = this.#idle.lastIndexOf(connection)
    invariant(at >= 0, `Connection ${connection} is not idle`)
    this.#idle.splice(at, 1)
  }

  /** `serial`: which request of that place. */
  queue(request: number, serial: number): void {
    this.#waiting.push(request, serial)
  }

  /** Takes the request out that has waited longest; -1 when none does. `waits` says whether it has not ended meanwhile. */
  shift(waits: (request: number, serial: number) => boolean): number {
    while (this.#head < this.#waiting.length) {
      const request = this.#waiting[this.#head]!
      const serial = this.#waiting[this.#head + 1]!
      this.#head += 2
      if (this.#head === this.#waiting.length) {
        this.#waiting = []
        this.#head = 0
      }
      if (waits(request, serial)) return request
    }
    return -1
  }
}
