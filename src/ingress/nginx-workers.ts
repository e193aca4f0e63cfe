import type { Simulation, Timer } from '../engine/simulation.ts'
import { NO_TIMER } from '../engine/simulation.ts'
import type { HopId } from '../engine/trace.ts'
import { mix32 } from '../proxy/mix.ts'
import { type Nanos, SECOND } from '../units.ts'
import type { HttpRequest, LoadBalance } from '../workload/specs.ts'
import { type BalancerParts, balancerOf, type UpstreamBalancer } from './balancers/index.ts'
import { Sticky } from './balancers/sticky.ts'
import { type Balancing, isSticky } from './balancing.ts'
import { type CanaryVerdict, canaryVerdict, isOfWeight } from './canary.ts'
import { type IdleConnection, KeepAlive } from './keep-alive.ts'
import { type NginxConfiguration, NO_UPSTREAM, type Route, type Share } from './nginx-configuration.ts'
import { isPersonal } from './said.ts'
import { sessionOf, type Visit } from './visit.ts'

/** How often each worker looks whether it has been handed other upstreams. Source: ingress-nginx lua/balancer.lua, `BACKENDS_SYNC_INTERVAL`. */
export const UPSTREAM_SYNC_PERIOD: Nanos = SECOND

export interface Worker<C extends IdleConnection> {
  readonly balancers: Map<string, UpstreamBalancer>
  readonly idle: KeepAlive<C>
}

/** What is handed to workers without a reload. */
type Backends = Pick<NginxConfiguration, 'upstreams' | 'balancing' | 'canaries'>

/**
 * The workers that one reload started: they have the routes of that reload for good, and upstreams that can change. All started at the same
 * moment, so they look for other upstreams at the same moments.
 */
export class NginxWorkers<C extends IdleConnection> {
  readonly workers: readonly Worker<C>[]
  /** The hop that the reload was. */
  readonly cause: HopId
  readonly #sim: Simulation
  readonly #configuration: NginxConfiguration
  readonly #loadBalance: LoadBalance
  readonly #parts: BalancerParts
  readonly #startedAt: Nanos
  /** By traffic. */
  readonly #routes = new Map<number, Route | null>()
  #tick: Timer = NO_TIMER
  #handed: { backends: Backends; done: () => void } | null = null
  #canaries: NginxConfiguration['canaries'] = new Map()
  #balancing: NginxConfiguration['balancing'] = new Map()
  /** What the canary beside a traffic's upstream makes of its requests, by traffic. */
  readonly #verdicts = new Map<number, CanaryVerdict>()

  constructor(options: {
    sim: Simulation
    count: number
    configuration: NginxConfiguration
    loadBalance: LoadBalance
    parts: BalancerParts
    cause: HopId
    close: (connection: C) => void
  }) {
    const { sim, configuration } = options
    this.#sim = sim
    this.#configuration = configuration
    this.#loadBalance = options.loadBalance
    this.#parts = options.parts
    this.#startedAt = sim.now
    this.cause = options.cause
    this.workers = Array.from({ length: options.count }, () => ({
      balancers: new Map<string, UpstreamBalancer>(),
      idle: new KeepAlive<C>(sim, options.close),
    }))
    this.#apply(configuration)
  }

  /** The route of a traffic's requests; `isFirst` says that none of it has been asked for before. */
  routeOf(traffic: number, request: HttpRequest): { route: Route | null; isFirst: boolean } {
    const known = this.#routes.get(traffic)
    if (known !== undefined) return { route: known, isFirst: false }
    const route = this.#configuration.find(request)
    this.#routes.set(traffic, route)
    return { route, isFirst: true }
  }

  /**
   * The upstream for a request of a traffic: the route's, or the canary beside it. A worker without an endpoint of the canary, or of the
   * route's own upstream, does not look at the canary: the latter is answered with 503 although the canary may have endpoints. A client that has a
   * session with either stays there.
   */
  upstreamOf(worker: Worker<C>, route: Route, traffic: number, request: HttpRequest, seed: number, visit: Visit | null): string {
    if (route.split !== undefined) return shareOf(route.split, seed)
    const { upstream } = route
    const canary = this.#canaries.get(upstream)
    if (canary === undefined || !has(worker, upstream) || !has(worker, canary.upstream)) return upstream
    const affinity = this.#balancing.get(upstream)
    if (visit !== null && isSticky(affinity)) {
      const session = sessionOf(visit, affinity.name, this.#sim.now)?.upstream
      if (session === upstream || session === canary.upstream) return session
    }
    let verdict = this.#verdicts.get(traffic)
    if (verdict === undefined) {
      verdict = canaryVerdict(canary.policy, request, visit?.client)
      if (!isPersonal(request)) this.#verdicts.set(traffic, verdict)
    }
    const isCanary = verdict === 'by-weight' ? isOfWeight(canary.policy, seed) : verdict === 'always'
    return isCanary ? canary.upstream : upstream
  }

  /** Whether an annotation, or a canary, asks what a request of the route says. */
  looksAt({ upstream }: Route): boolean {
    return this.#balancing.has(upstream) || this.#canaries.has(upstream)
  }

  /** Hands over upstreams and canaries, which the workers take up when they look next; then `done` is called. */
  hand(backends: Backends, done: () => void): void {
    this.#handed = { backends, done }
    if (this.#tick !== NO_TIMER) return
    const past = (this.#sim.now - this.#startedAt) % UPSTREAM_SYNC_PERIOD
    this.#tick = this.#sim.after(UPSTREAM_SYNC_PERIOD - past, () => {
      this.#tick = NO_TIMER
      const handed = this.#handed!
      this.#handed = null
      this.#apply(handed.backends)
      handed.done()
    })
  }

  /** They accept nothing more: connections that have nothing to do are closed at once, the others when they are done. */
  retire(): void {
    this.#sim.cancel(this.#tick)
    for (const { idle } of this.workers) idle.end()
  }

  #apply({ upstreams, balancing, canaries }: Backends): void {
    const { now } = this.#sim
    const plain: Balancing = { kind: this.#loadBalance }
    const before = this.#balancing
    this.#balancing = balancing
    this.#canaries = canaries
    this.#verdicts.clear()
    for (const { balancers } of this.workers) {
      for (const upstream of balancers.keys()) if (!upstreams.has(upstream)) balancers.delete(upstream)
      for (const [upstream, endpoints] of upstreams) {
        const balancer = balancers.get(upstream)
        const wanted = balancing.get(upstream) ?? plain
        if (balancer === undefined || (before.get(upstream) ?? plain).kind !== wanted.kind) {
          balancers.set(upstream, balancerOf(upstream, endpoints, wanted, this.#parts))
          continue
        }
        if (balancer instanceof Sticky && isSticky(wanted)) balancer.configure(wanted)
        balancer.sync(endpoints, now)
      }
    }
  }
}

/** Kept apart from other uses of a request's seed. */
const SPLIT_SALT = 0x7f4a_7c15

/** The upstream of a request by the weights: the same at every controller. */
function shareOf(split: readonly Share[], seed: number): string {
  const total = split.reduce((sum, { weight }) => sum + weight, 0)
  let left = total === 0 ? 0 : (mix32(seed ^ SPLIT_SALT) >>> 0) % total
  for (const { upstream, weight } of split) {
    if (left < weight) return upstream
    left -= weight
  }
  return NO_UPSTREAM
}

function has<C extends IdleConnection>({ balancers }: Worker<C>, upstream: string): boolean {
  return balancers.get(upstream)?.isEmpty === false
}
