import type { EndpointId } from '../../network/addresses.ts'
import type { LoadBalance } from '../../workload/specs.ts'
import type { Balancing } from '../balancing.ts'
import type { BalancerFactory, BalancerParts, UpstreamBalancer } from './balancer.ts'
import { Chash } from './chash.ts'
import { ewma } from './ewma.ts'
import { HashRing } from './hash-ring.ts'
import { roundRobin } from './round-robin.ts'
import { StickyBalanced, StickyPersistent } from './sticky.ts'

/** By the value of ingress-nginx' `load-balance`; another one is a file and a line here. */
export const UPSTREAM_BALANCERS: Readonly<Record<LoadBalance, BalancerFactory>> = { round_robin: roundRobin, ewma }

/** The balancer of an upstream, with its first endpoints. */
export function balancerOf(
  upstream: string,
  endpoints: readonly EndpointId[],
  balancing: Balancing,
  parts: BalancerParts,
): UpstreamBalancer {
  switch (balancing.kind) {
    case 'chash':
      return new Chash(endpoints, parts, balancing)
    case 'sticky_balanced':
    case 'sticky_persistent': {
      const sticky = new (balancing.kind === 'sticky_balanced' ? StickyBalanced : StickyPersistent)(upstream, parts, balancing)
      sticky.sync(endpoints)
      return sticky
    }
    default:
      return UPSTREAM_BALANCERS[balancing.kind](endpoints, parts)
  }
}

/** Makes a ring once for each list of endpoints, by identity. */
export function sharedRings(nameOf: (endpoint: EndpointId) => string): BalancerParts['ring'] {
  const rings = new WeakMap<readonly EndpointId[], HashRing>()
  return (endpoints) => {
    const known = rings.get(endpoints)
    if (known !== undefined) return known
    const ring = new HashRing(endpoints.map(nameOf))
    rings.set(endpoints, ring)
    return ring
  }
}

export { type BalancerParts, NO_ENDPOINT, type SharedLatencies, type UpstreamBalancer } from './balancer.ts'
