import type { EndpointId } from '../../network/addresses.ts'
import type { Nanos } from '../../units.ts'
import type { Visit } from '../visit.ts'
import type { HashRing } from './hash-ring.ts'

/** No endpoint may be picked. */
export const NO_ENDPOINT: EndpointId = -1

/** How one worker of ingress-nginx chooses the endpoints of one upstream. */
export interface UpstreamBalancer {
  /** It has no endpoint. */
  readonly isEmpty: boolean
  /** The worker has learned the upstream's endpoints anew. */
  sync(endpoints: readonly EndpointId[], now: Nanos): void
  /**
   * An endpoint for the next try of a request, which has tried those in `tried`; {@link NO_ENDPOINT} when there is none to take. `visit` is what
   * the request says; absent or null where the balancer does not look at it.
   */
  pick(tried: readonly EndpointId[], now: Nanos, visit?: Visit | null): EndpointId
  /** A request has ended, and `rtt` is what its last try took. */
  finished(endpoint: EndpointId, rtt: Nanos, now: Nanos): void
}

export interface BalancerParts {
  /** A uniform integer in 0..n-1. */
  readonly below: (n: number) => number
  /** Shared by all workers of a pod, and kept over a reload. */
  readonly latencies: SharedLatencies
  /** `ip:port`. */
  readonly nameOf: (endpoint: EndpointId) => string
  /** The ring on which these endpoints stand. */
  readonly ring: (endpoints: readonly EndpointId[]) => HashRing
}

/** What the workers of one pod know of endpoints together: a moving average, ns, and when it was last touched. */
export type SharedLatencies = Map<EndpointId, { readonly ewma: number; readonly touchedAt: Nanos }>

export type BalancerFactory = (endpoints: readonly EndpointId[], parts: BalancerParts) => UpstreamBalancer

export function sameEndpoints(a: readonly EndpointId[], b: readonly EndpointId[]): boolean {
  return a.length === b.length && a.every((endpoint, index) => endpoint === b[index])
}
