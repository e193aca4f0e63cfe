import type { Nanos } from '../units.ts'
import type { CookieJar, SessionCookie } from './cookie-jar.ts'
import type { Visitor } from './hash-key.ts'
import { cookieOf } from './said.ts'

/** A request as those see it who choose by what it says: who sent it, by which Ingress it came, and its client's session cookies. */
export interface Visit extends Visitor {
  /** Of its route, `Ingress/namespace/name`. */
  readonly ingress: string
  readonly jar: CookieJar
  /** Cookies that the answer will give the client, by name. */
  readonly given: Map<string, SessionCookie>
}

/** The session cookie of that name that the request has; undefined: none. */
export function sessionOf({ jar, request, client }: Visit, name: string, now: Nanos): SessionCookie | undefined {
  const kept = jar.get(name)
  if (kept !== undefined && now < kept.expiresAt) return kept
  const said = cookieOf(request, name, client)
  return said === undefined ? undefined : { key: said, upstream: '', expiresAt: Number.POSITIVE_INFINITY }
}

/** The answer goes to the client, and with it what it was given. */
export function takeCookies({ jar, given }: Visit): void {
  for (const [name, cookie] of given) jar.set(name, cookie)
}
