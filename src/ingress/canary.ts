import { mix32 } from '../proxy/mix.ts'
import type { HttpRequest } from '../workload/specs.ts'
import { cookieOf, headerOf, variableOf } from './said.ts'

/** When a request goes to the canary. Texts may be empty: not given. */
export interface CanaryPolicy {
  readonly header: string
  readonly headerValue: string
  readonly headerPattern: string
  readonly cookie: string
  /** So many of `weightTotal` requests that neither a header nor a cookie decides. */
  readonly weight: number
  /** >= 100. */
  readonly weightTotal: number
}

/** Beside an upstream: another one, and which requests go there. */
export interface Canary {
  /** `Ingress/namespace/name` of the canary. */
  readonly ingress: string
  readonly upstream: string
  readonly policy: CanaryPolicy
}

/** What a request's headers and cookies say. */
export type CanaryVerdict = 'always' | 'never' | 'by-weight'

/** Kept apart from other uses of a request's seed. */
const CANARY_SALT = 0x5bd1_e995

/**
 * The header decides before the cookie, the cookie before the weight. A header that has a value or a pattern to match and does not match
 * decides nothing; with neither, `always` and `never` decide.
 *
 * Source: ingress-nginx rootfs/etc/nginx/lua/balancer.lua, route_to_alternative_balancer (behaviour).
 */
export function canaryVerdict(
  { header, headerValue, headerPattern, cookie }: CanaryPolicy,
  request: HttpRequest,
  client = '',
): CanaryVerdict {
  const sent = header === '' ? undefined : headerOf(request, variableOf(header), client)
  if (sent !== undefined) {
    if (headerValue !== '') {
      if (sent === headerValue) return 'always'
    } else if (headerPattern !== '') {
      if (patternOf(headerPattern)?.test(sent) === true) return 'always'
    } else if (sent === 'always' || sent === 'never') {
      return sent
    }
  }
  const held = cookie === '' ? undefined : cookieOf(request, cookie, client)
  return held === 'always' || held === 'never' ? held : 'by-weight'
}

/** The draw of a request that the weight decides: the same at every worker and in every variant. */
export function isOfWeight({ weight, weightTotal }: CanaryPolicy, seed: number): boolean {
  return (mix32(seed ^ CANARY_SALT) >>> 0) % weightTotal < weight
}

/** A regular expression of NGINX as one of ours; null when it is none. Simplified: what only PCRE knows is none. */
export function patternOf(text: string): RegExp | null {
  try {
    return text === '' ? null : new RegExp(text)
  } catch {
    return null
  }
}
