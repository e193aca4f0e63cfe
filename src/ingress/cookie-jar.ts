import type { Nanos } from '../units.ts'

/** A session cookie of ingress-nginx: `<key>|<upstream>`. */
export interface SessionCookie {
  /** What the pod is found by. */
  readonly key: string
  /** The upstream that gave it; empty: the client brought it from elsewhere. */
  readonly upstream: string
  /** The client throws it away then; Infinity: when it ends. */
  readonly expiresAt: Nanos
}

/** The session cookies that one client keeps, by name. */
export type CookieJar = Map<string, SessionCookie>

/**
 * The cookies that clients of the cluster's Ingresses have been given: a jar for each address of each traffic. Clients take every cookie and
 * send it with every later request of the same traffic. A client knows a cookie when the answer with it leaves the controller, an *assumption*:
 * one way of the network too early for its requests that are under way at that moment.
 */
export class CookieJars {
  readonly #jars = new Map<number, Map<number, CookieJar>>()

  /** The jar of a client: its traffic, and its address as an int32. */
  of(traffic: number, client: number): CookieJar {
    return getOrMake(
      getOrMake(this.#jars, traffic, () => new Map<number, CookieJar>()),
      client,
      () => new Map<string, SessionCookie>(),
    )
  }
}

function getOrMake<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}
