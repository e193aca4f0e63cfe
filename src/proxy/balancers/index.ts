/** Balancers by name, for comparison with kube-proxy's: none of them is its own. */
import type { BalancerFactory } from './balancer.ts'
import { peakEwma } from './peak-ewma.ts'
import { powerOfTwoChoices } from './power-of-two-choices.ts'
import { smoothWeightedRoundRobin } from './smooth-weighted-round-robin.ts'

const BY_NAME = {
  'power-of-two': powerOfTwoChoices,
  'peak-ewma': peakEwma,
  'smooth-wrr': smoothWeightedRoundRobin,
} as const satisfies Record<string, BalancerFactory>

export type BalancerName = keyof typeof BY_NAME

export const BALANCERS: Readonly<Record<BalancerName, BalancerFactory>> = BY_NAME

export const BALANCER_NAMES = Object.keys(BALANCERS) as readonly BalancerName[]

export function isBalancerName(name: string): name is BalancerName {
  return Object.hasOwn(BALANCERS, name)
}

export { type Balancer, type BalancerFactory, type BalancerOptions, NO_ENDPOINT } from './balancer.ts'
