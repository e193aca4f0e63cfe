/** Balancers by name, for comparison with kube-proxy's: none of them is its own. */
import type { BalancerFactory } from './balancer.ts'
import { peakEwma } from './peak-ewma.ts'
import { powerOfTwoChoices } from './power-of-two-choices.ts'
import { smoothWeightedRoundRobin } from './smooth-weighted-round-robin.ts'

export type BalancerName = 'power-of-two' | 'peak-ewma' | 'smooth-wrr'

export const BALANCERS: Readonly<Record<BalancerName, BalancerFactory>> = {
  'power-of-two': powerOfTwoChoices,
  'peak-ewma': peakEwma,
  'smooth-wrr': smoothWeightedRoundRobin,
}

export const BALANCER_NAMES = Object.keys(BALANCERS) as readonly BalancerName[]

export function isBalancerName(name: string): name is BalancerName {
  return Object.hasOwn(BALANCERS, name)
}

export { type Balancer, type BalancerFactory, type BalancerOptions, NO_ENDPOINT } from './balancer.ts'
