import type { LoadBalance } from '../../workload/specs.ts'
import type { BalancerFactory } from './balancer.ts'
import { ewma } from './ewma.ts'
import { roundRobin } from './round-robin.ts'

/** By the value of ingress-nginx' `load-balance`; another one is a file and a line here. */
export const UPSTREAM_BALANCERS: Readonly<Record<LoadBalance, BalancerFactory>> = { round_robin: roundRobin, ewma }

export { type BalancerParts, NO_ENDPOINT, type SharedLatencies, type UpstreamBalancer } from './balancer.ts'
