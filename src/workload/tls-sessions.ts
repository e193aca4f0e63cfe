import type { Nanos } from '../units.ts'
import { grown } from './free-places.ts'

/**
 * The TLS session that each client of a traffic has, if any: the pod that made it, and when. A client has one, that of its last handshake;
 * a pod knows only its own, and forgets them with its process.
 *
 * Sessions are remembered by the server (NGINX' shared session cache), as ingress-nginx has tickets off.
 * Source: ingress-nginx ConfigMap, `ssl-session-tickets` false, `ssl-session-cache` true, `ssl-session-timeout` 10m.
 * Simplified: the cache of 10 MB, some 40 000 sessions, is never full.
 */
export class TlsSessions {
  /** Place in the columns, by client: a pod's index or an address. */
  readonly #places = new Map<number, number>()
  #pods = new Int32Array(64)
  #incarnations = new Int32Array(64)
  #madeAt = new Float64Array(64)

  /** The client has a session that the process of the pod remembers. */
  knows(client: number, pod: number, incarnation: number, madeAfter: Nanos): boolean {
    const place = this.#places.get(client)
    if (place === undefined) return false
    return this.#pods[place] === pod && this.#incarnations[place] === incarnation && this.#madeAt[place]! > madeAfter
  }

  made(client: number, pod: number, incarnation: number, now: Nanos): void {
    let place = this.#places.get(client)
    if (place === undefined) {
      place = this.#places.size
      this.#places.set(client, place)
      if (place === this.#pods.length) this.#grow()
    }
    this.#pods[place] = pod
    this.#incarnations[place] = incarnation
    this.#madeAt[place] = now
  }

  #grow(): void {
    const capacity = 2 * this.#pods.length
    this.#pods = grown(this.#pods, new Int32Array(capacity))
    this.#incarnations = grown(this.#incarnations, new Int32Array(capacity))
    this.#madeAt = grown(this.#madeAt, new Float64Array(capacity))
  }
}
