import type { HttpRouteMatch } from '../../api/objects/index.ts'
import type { HttpRequest } from '../../workload/specs.ts'
import { headerOf, variableOf } from '../said.ts'

/** One way into a rule of a route: a hostname that it is for, and what else must hold. */
export interface Entry<Target> {
  /** Empty: any host. `*.` at the start stands for one label or more. */
  readonly hostname: string
  readonly match: HttpRouteMatch
  readonly target: Target
}

/**
 * Which rule of the routes of one listener answers a request, by the precedence of the Gateway API.
 *
 * The hostname decides first: the exact one, else the wildcard with the most characters, else none given. What is for that hostname answers, or
 * nothing does: a virtual host of its own, as NGINX and Envoy are set up. Of the matches that hold, the one counts that has, in this order: an exact
 * path; the longest prefix; a method; the most headers; the older route; the route that comes first by namespace and name; the one written first.
 *
 * Source: kubernetes-sigs/gateway-api apis/v1 httproute_types.go (HTTPRouteSpec.hostnames, HTTPRouteRule.matches).
 */
export class RouteTable<Target> {
  readonly entries: readonly Entry<Target>[]
  readonly #byHostname = new Map<string, Entry<Target>[]>()

  /** `entries` come in the order of their routes' age and name, and as they are written. */
  constructor(entries: readonly Entry<Target>[]) {
    this.entries = entries
    for (const entry of entries) {
      const list = this.#byHostname.get(entry.hostname)
      if (list === undefined) this.#byHostname.set(entry.hostname, [entry])
      else list.push(entry)
    }
    // Sorting is stable, so that equal ones stay in their order.
    for (const list of this.#byHostname.values()) list.sort((a, b) => comparePrecedence(a.match, b.match))
  }

  /** null: none. */
  find(request: HttpRequest): Target | null {
    for (const hostname of hostnamesFor(request.host)) {
      const list = this.#byHostname.get(hostname)
      if (list !== undefined) return list.find(({ match }) => matches(match, request))?.target ?? null
    }
    return null
  }
}

/** The hostnames that a host may be of, the most specific one first: itself, then wildcards, then any. */
export function hostnamesFor(host: string): string[] {
  const labels = host.toLowerCase().split('.')
  return [labels.join('.'), ...labels.slice(1).map((_, index) => `*.${labels.slice(index + 1).join('.')}`), '']
}

/** The hosts that both stand for, as a hostname; null: none. */
export function intersection(a: string, b: string): string | null {
  if (a === b || b === '') return a
  if (a === '') return b
  if (a.startsWith('*.') && b.endsWith(a.slice(1)) && b.length > a.length - 1) return b
  if (b.startsWith('*.') && a.endsWith(b.slice(1)) && a.length > b.length - 1) return a
  return null
}

/** Every request counts as a GET, and has no query. */
function matches({ pathType, path, headers, queryParams, method }: HttpRouteMatch, request: HttpRequest): boolean {
  if (method !== '' && method !== 'GET') return false
  if (queryParams.length > 0) return false
  if (pathType === 'Exact' ? request.path !== path : !hasPrefix(request.path, path)) return false
  return headers.every(({ name, value }) => headerOf(request, variableOf(name), '') === value)
}

/** Element by element; a slash at the end of the prefix does not matter. */
function hasPrefix(path: string, prefix: string): boolean {
  const bare = prefix.endsWith('/') ? prefix.slice(0, -1) : prefix
  return path === bare || path.startsWith(`${bare}/`)
}

/** Below 0: `a` comes first. */
function comparePrecedence(a: HttpRouteMatch, b: HttpRouteMatch): number {
  const exact = Number(b.pathType === 'Exact') - Number(a.pathType === 'Exact')
  if (exact !== 0) return exact
  const length = b.path.length - a.path.length
  if (length !== 0) return length
  const method = Number(b.method !== '') - Number(a.method !== '')
  return method !== 0 ? method : b.headers.length - a.headers.length
}
