import type { Nanos } from '../../units.ts'

/** No endpoint may be picked. */
export const NO_ENDPOINT = -1

/**
 * A way to choose an endpoint for each request that kube-proxy does not have: a proxy that sees answers can do it, for comparison.
 *
 * Endpoints are non-negative integers that the caller gives out.
 */
export interface Balancer {
  /** Adds an endpoint that is not there yet, behind the others. `weight` is a positive integer; most balancers ignore it. */
  add(endpoint: number, weight: number): void
  /** Takes an endpoint out; what it is still serving must be finished all the same, or may be. */
  remove(endpoint: number): void
  /** An endpoint for a request that starts now, or NO_ENDPOINT. */
  pick(now: Nanos): number
  /** The request that was given `endpoint` has ended, `latency` after it started. */
  finished(endpoint: number, latency: Nanos, now: Nanos): void
}

export interface BalancerOptions {
  /** A uniform integer in 0..n-1. */
  readonly below: (n: number) => number
  /** e to the power of x, for x <= 0. The caller's, since its last bit must be the same everywhere. */
  readonly exp: (x: number) => number
}

export type BalancerFactory = (options: BalancerOptions) => Balancer
