import type { HandlerId, Simulation, Timer } from '../engine/simulation.ts'
import { NO_TIMER } from '../engine/simulation.ts'
import { Slowness } from '../engine/slowness.ts'
import { type HopId, NO_CAUSE, type Trace } from '../engine/trace.ts'
import { invariant } from '../invariant.ts'
import type { KubernetesMinor } from '../kubernetes-version.ts'
import type { ProxyMetrics } from '../metrics/proxy-metrics.ts'
import type { Nanos } from '../units.ts'
import type { Entry, ProxyMode } from './modes/mode.ts'
import { NO_RULES, type NodeRules } from './node-rules.ts'
import { servedBy, usesLocal } from './routing.ts'
import { RuleCounts } from './rule-counts.ts'
import type { ServiceEndpoints } from './service-endpoints.ts'
import type { RuleChange, ServiceHistory, ServicePortId, ServicePortRules } from './service-history.ts'
import { type SyncRunner, syncRunner } from './sync-runner.ts'
import type { FinishedSync, RuleRevisions } from './udp-cleanup.ts'

export type WatchedKind = 'Service' | 'EndpointSlice'

/** Above this, rules are not written anew now and then. Source: kubernetes v1.36.2 pkg/proxy/iptables/proxier.go, largeClusterEndpointsThreshold. */
export const LARGE_CLUSTER_ENDPOINTS = 1000

/** The thread of each node on which its kube-proxy syncs: a sync is over when it has had the CPU time that it takes. */
export interface SyncThreads {
  /** A sync of `work` ns of CPU time begins. */
  begin(node: number, work: Nanos, now: Nanos): void
  /** How long it takes still, as far as is known now; 0: it is over. */
  left(node: number, now: Nanos): Nanos
  /** The node stands still until then, with a sync that runs. */
  standStill(node: number, until: Nanos, now: Nanos): void
  /** It is given up, if one runs. */
  stop(node: number, now: Nanos): void
}

/** What the kube-proxies of a cluster have in common. */
export interface KubeProxyOptions {
  readonly sim: Simulation
  readonly rules: NodeRules
  readonly mode: ProxyMode
  readonly threads: SyncThreads
  readonly trace: Trace
  readonly metrics: ProxyMetrics
  readonly nodeNames: readonly string[]
  readonly version: KubernetesMinor
  /** Told of every sync that has taken effect: what of connection tracking is stale now. */
  readonly afterSync?: ((sync: FinishedSync) => void) | undefined
}

/** Every node's kube-proxy. */
export class KubeProxies {
  readonly #proxies: readonly KubeProxy[]
  readonly #shared: Shared
  /** Entries in the history at which it is pruned next. */
  #pruneAt = PRUNE_AT_LEAST

  constructor(options: KubeProxyOptions) {
    const { sim } = options
    this.#shared = {
      ...options,
      history: options.rules.history,
      allCounts: new AllCounts(options.rules.history),
      beginSync: sim.handler((node) => this.of(node).beginSync()),
      endSync: sim.handler((node) => {
        this.of(node).endSync()
        this.#pruneSometimes()
      }),
    }
    this.#proxies = options.nodeNames.map((_, node) => new KubeProxy(this.#shared, node))
  }

  of(node: number): KubeProxy {
    const proxy = this.#proxies[node]
    invariant(proxy !== undefined, `Node ${node} is unknown`)
    return proxy
  }

  [Symbol.iterator](): Iterator<KubeProxy> {
    return this.#proxies[Symbol.iterator]()
  }

  /** The node stops at once: its kube-proxy and the rules in its kernel are gone. */
  crash(node: number): void {
    this.of(node).stop()
    this.#shared.rules.clear(node)
    this.#shared.mode.crashed(node)
  }

  #pruneSometimes(): void {
    const { history, rules, mode, sim } = this.#shared
    if (history.entries < this.#pruneAt) return
    let services = Number.POSITIVE_INFINITY
    let slices = Number.POSITIVE_INFINITY
    for (let node = 0; node < this.#proxies.length; node++) {
      if (rules.present[node] === NO_RULES) continue
      services = Math.min(services, rules.serviceRevisions[node]!)
      slices = Math.min(slices, rules.sliceRevisions[node]!)
    }
    mode.beforePrune(sim.now)
    history.prune(services, slices)
    this.#pruneAt = Math.max(PRUNE_AT_LEAST, 2 * history.entries)
  }
}

/** Past states worth a look at what can go: a few MB. */
const PRUNE_AT_LEAST = 20_000

/** Counts of everything that is the same on every node at two revisions, kept for the next node that starts there: in a cluster that boots, most do. */
class AllCounts {
  readonly #history: ServiceHistory
  #serviceRevision = NOT_LISTED
  #sliceRevision = NOT_LISTED
  /** The history's own revision then: a list may name a revision that is yet to be applied. */
  #applied = NOT_LISTED
  #counts = new RuleCounts()
  /** Service ports of which nodes see different endpoints. */
  #differing: { rules: ServicePortRules; endpoints: ServiceEndpoints }[] = []

  constructor(history: ServiceHistory) {
    this.#history = history
  }

  at(node: number, serviceRevision: number, sliceRevision: number): RuleCounts {
    const history = this.#history
    if (serviceRevision !== this.#serviceRevision || sliceRevision !== this.#sliceRevision || history.revision !== this.#applied) {
      this.#counts = new RuleCounts()
      this.#differing = []
      for (let port = 0; port < history.servicePorts; port++) {
        const rules = history.rules(port, serviceRevision)
        if (rules === null) continue
        const endpoints = history.endpoints(rules.endpointPort, sliceRevision)
        if (usesLocal(rules) || endpoints.differsByNode) this.#differing.push({ rules, endpoints })
        else this.#counts.add(rules, endpoints, node)
      }
      this.#serviceRevision = serviceRevision
      this.#sliceRevision = sliceRevision
      this.#applied = history.revision
    }
    const counts = this.#counts.copy()
    for (const { rules, endpoints } of this.#differing) counts.add(rules, endpoints, node)
    return counts
  }
}

interface Shared extends KubeProxyOptions {
  readonly history: ServiceHistory
  readonly allCounts: AllCounts
  readonly beginSync: HandlerId
  readonly endSync: HandlerId
}

/**
 * One node's kube-proxy: hears of Services and EndpointSlices, and some time later the kernel of its node knows.
 *
 * ```text
 *  watch event ─ no change for the rules → nothing
 *      └ change → waits for  end of the last sync + minSyncPeriod  → sync: takes the state of NOW, works for syncTime → rules in effect
 *                                                                      (on a core that packets take from it: {@link SyncThreads})
 * ```
 *
 * Changes that arrive during the wait go into the same sync; those that arrive during a sync wait for the next. Without changes a sync
 * runs maxSyncPeriod after the last. The first after a start, and in iptables mode one an hour (not above 1,000 endpoints), writes all
 * rules. A sync never fails here, so the retry after syncPeriod does not occur.
 *
 * Source: kubernetes v1.36.2 pkg/proxy/iptables/proxier.go, pkg/proxy/runner (the runner of 1.34 and later, which counts from the END of
 * a sync; before, a token bucket let two follow each other at once).
 */
export class KubeProxy {
  /** How slow the syncs are that begin, whichever process runs them. */
  readonly slowness = new Slowness()
  readonly #shared: Shared
  readonly #node: number
  readonly #actor: string
  #running = false
  /** Revisions up to which each watch has been heard; NOT_LISTED before its first list. */
  #serviceRevision = NOT_LISTED
  #sliceRevision = NOT_LISTED
  #listCause: HopId = NO_CAUSE
  /** Changes heard that no sync has taken up, and the hops that brought them. */
  #pending: RuleChange[] = []
  #pendingCauses: HopId[] = []
  /** Changes in the sync that runs. */
  #syncing: RuleChange[] = []
  #syncingCauses: HopId[] = []
  /** A second list has come: which Services changed is not known. */
  #relisted = false
  #counts = new RuleCounts()
  /** The event that starts the next sync, and its time. */
  #beginTimer: Timer = NO_TIMER
  #beginAt: Nanos = 0
  /** The event that ends the sync that runs. */
  #endTimer: Timer = NO_TIMER
  #endAt: Nanos = 0
  #startedAt: Nanos = 0
  /** How long before its end the sync that runs has written what rejects, and not yet what translates. */
  #tornTime: Nanos = 0
  #runner: SyncRunner
  #fullSyncAt: Nanos = NEVER
  #syncIsFull = false
  /** The sync that runs follows a second list. */
  #syncIsRelisted = false
  /** What the last sync of this process wrote; null before its first. */
  #written: RuleRevisions | null = null
  /** State that the sync that runs is writing. */
  #nextServiceRevision = 0
  #nextSliceRevision = 0

  constructor(shared: Shared, node: number) {
    this.#shared = shared
    this.#node = node
    this.#actor = `kube-proxy/${shared.nodeNames[node]}`
    this.#runner = syncRunner(shared.version, shared.mode.minSyncPeriod)
  }

  get running(): boolean {
    return this.#running
  }

  /** Running and done with its first sync: what its health check on port 10256 answers. */
  get healthy(): boolean {
    return this.#running && this.#fullSyncAt !== NEVER
  }

  /** The process starts, and lists Services and EndpointSlices: {@link listed} is to be called for each. */
  start(): void {
    invariant(!this.#running, `${this.#actor} runs already`)
    this.#running = true
    this.#runner = syncRunner(this.#shared.version, this.#shared.mode.minSyncPeriod)
  }

  /** The process is gone. The rules in the kernel stay, and grow stale. */
  stop(): void {
    const { sim, threads } = this.#shared
    threads.stop(this.#node, sim.now)
    sim.cancel(this.#beginTimer)
    sim.cancel(this.#endTimer)
    this.#beginTimer = NO_TIMER
    this.#endTimer = NO_TIMER
    this.#running = false
    this.#serviceRevision = NOT_LISTED
    this.#sliceRevision = NOT_LISTED
    this.#listCause = NO_CAUSE
    this.#pending = []
    this.#pendingCauses = []
    this.#syncing = []
    this.#syncingCauses = []
    this.#relisted = false
    this.#fullSyncAt = NEVER
    this.#written = null
  }

  /**
   * The list of one kind has arrived, as of `revision`. Once both are here, the first sync starts. A second list (after a watch broke)
   * makes up for the events missed.
   */
  listed(kind: WatchedKind, revision: number, cause: HopId): void {
    invariant(this.#running, `${this.#actor} does not run`)
    this.#relisted = this.#initialised
    this.#listCause = cause
    this.#advance(kind, revision)
    if (this.#initialised) this.#requestSync()
  }

  /** A watch event has arrived. Events of one kind come in the order of their revisions. */
  observe(kind: WatchedKind, revision: number, cause: HopId): void {
    if (!this.#running) return
    invariant(
      (kind === 'Service' ? this.#serviceRevision : this.#sliceRevision) !== NOT_LISTED,
      `${this.#actor} hears of a ${kind} before its list`,
    )
    this.#advance(kind, revision)
    const change = this.#shared.history.change(revision)
    if (change === null) return
    this.#pending.push(change)
    this.#pendingCauses.push(cause)
    if (this.#initialised) this.#requestSync()
  }

  /**
   * Whether a packet to a Service port that has no endpoint in the node's rules slips through right now: the sync that runs brings one, has
   * taken the rule out that rejects or drops the packet, and has not yet written the one that translates its address.
   */
  slipsThrough(servicePort: ServicePortId, entry: Entry): boolean {
    const { sim, history } = this.#shared
    if (this.#endTimer === NO_TIMER || sim.now < this.#endAt - this.#tornTime) return false
    const rules = history.rules(servicePort, this.#nextServiceRevision)
    if (rules === null) return false
    const endpoints = history.endpoints(rules.endpointPort, this.#nextSliceRevision).seenFrom(this.#node)
    return servedBy(endpoints, rules, this.#node, entry).count > 0
  }

  /**
   * Its node stands still until then: a sync that is due meanwhile begins then, what was left of one that runs is left then. It is to hear of
   * nothing meanwhile.
   */
  standStill(until: Nanos): void {
    const { sim, beginSync, endSync, threads } = this.#shared
    const { now } = sim
    if (this.#endTimer !== NO_TIMER) {
      sim.cancel(this.#endTimer)
      threads.standStill(this.#node, until, now)
      this.#endAt += until - now
      this.#endTimer = sim.schedule(this.#endAt - now, endSync, this.#node)
    } else if (this.#beginTimer !== NO_TIMER && this.#beginAt < until) {
      sim.cancel(this.#beginTimer)
      this.#beginAt = until
      this.#beginTimer = sim.schedule(until - now, beginSync, this.#node)
    }
  }

  /** Called by the event of its timer. */
  beginSync(): void {
    const { sim, mode, history, threads } = this.#shared
    this.#beginTimer = NO_TIMER
    const now = sim.now
    const first = this.#fullSyncAt === NEVER
    const due = mode.fullSyncPeriod !== null && now - this.#fullSyncAt >= mode.fullSyncPeriod
    this.#syncIsFull = first || (due && this.#counts.allEndpoints <= LARGE_CLUSTER_ENDPOINTS)
    this.#runner.started(now)
    this.#startedAt = now
    this.#syncing = this.#pending
    this.#syncingCauses = this.#pendingCauses
    this.#pending = []
    this.#pendingCauses = []
    const changed = new Set<number>()
    for (const change of this.#syncing) changed.add(change.service)
    if (first || this.#relisted) {
      this.#nextServiceRevision = this.#serviceRevision
      this.#nextSliceRevision = this.#sliceRevision
      this.#counts = this.#shared.allCounts.at(this.#node, this.#serviceRevision, this.#sliceRevision)
    } else {
      for (const service of changed) for (const port of history.portsOf(service)) this.#uncount(port)
      this.#nextServiceRevision = this.#serviceRevision
      this.#nextSliceRevision = this.#sliceRevision
      for (const service of changed) for (const port of history.portsOf(service)) this.#count(port)
    }
    this.#syncIsRelisted = this.#relisted
    this.#relisted = false
    const work = { full: this.#syncIsFull, counts: this.#counts, changedServices: changed.size }
    const time = this.slowness.stretch(mode.syncTime(work))
    this.#tornTime = this.slowness.scale(mode.tornTime(work))
    this.#endAt = now + time
    threads.begin(this.#node, time, now)
    this.#endTimer = sim.schedule(time, this.#shared.endSync, this.#node)
  }

  /** Called by the event of its timer. Packets may have kept the sync from its core: then it goes on. */
  endSync(): void {
    const { sim, mode, rules, threads, trace, metrics, nodeNames } = this.#shared
    const now = sim.now
    const left = threads.left(this.#node, now)
    if (left > 0) {
      this.#endAt = now + left
      this.#endTimer = sim.schedule(left, this.#shared.endSync, this.#node)
      return
    }
    this.#endTimer = NO_TIMER
    rules.program(this.#node, this.#nextServiceRevision, this.#nextSliceRevision)
    mode.synced(this.#node, now)
    this.#tellOfSync()
    let oldest = now
    for (const [index, change] of this.#syncing.entries()) {
      trace.record({
        cause: this.#syncingCauses[index]!,
        actor: this.#actor,
        action: 'programmed',
        subject: change.subject,
        revision: change.revision,
        started: this.#startedAt,
      })
      if (change.kind === 'EndpointSlice') metrics.propagated(change.committedAt, now)
      oldest = Math.min(oldest, change.committedAt)
    }
    if (this.#fullSyncAt === NEVER) {
      const subject = `Node/${nodeNames[this.#node]}`
      trace.record({
        cause: this.#listCause,
        actor: this.#actor,
        action: 'programmed',
        subject,
        started: this.#startedAt,
        detail: 'all Services',
      })
    }
    metrics.synced({
      node: this.#node,
      started: this.#startedAt,
      ended: now,
      full: this.#syncIsFull,
      servicePorts: this.#counts.servicePorts,
      endpoints: this.#counts.endpoints,
      rules: mode.ruleCount(this.#counts),
      changes: this.#syncing.length,
      oldestChangeAge: now - oldest,
    })
    this.#syncing = []
    this.#syncingCauses = []
    this.#runner.ended(now)
    if (this.#syncIsFull) this.#fullSyncAt = now
    const wanted = this.#pending.length > 0 || this.#relisted
    this.#beginIn(wanted ? this.#runner.earliest(now) - now : mode.maxSyncPeriod)
  }

  #tellOfSync(): void {
    const before = this.#written
    this.#written = { services: this.#nextServiceRevision, slices: this.#nextSliceRevision }
    const { afterSync } = this.#shared
    if (afterSync === undefined) return
    const anyMay = before === null || this.#syncIsRelisted
    const changed = anyMay ? null : [...new Set(this.#syncing.map(({ service }) => service))]
    if (changed === null || changed.length > 0) afterSync({ node: this.#node, before, after: this.#written, changed })
  }

  get #initialised(): boolean {
    return this.#serviceRevision !== NOT_LISTED && this.#sliceRevision !== NOT_LISTED
  }

  #advance(kind: WatchedKind, revision: number): void {
    const heard = kind === 'Service' ? this.#serviceRevision : this.#sliceRevision
    invariant(revision >= heard, `${this.#actor} heard of ${kind} revision ${revision} after ${heard}`)
    if (kind === 'Service') this.#serviceRevision = revision
    else this.#sliceRevision = revision
  }

  /** Sees to it that a sync starts as soon as one may. While one runs, its end does that. */
  #requestSync(): void {
    if (this.#endTimer !== NO_TIMER) return
    const { sim } = this.#shared
    const wait = this.#runner.earliest(sim.now) - sim.now
    if (this.#beginTimer !== NO_TIMER) {
      if (this.#beginAt <= sim.now + wait) return
      sim.cancel(this.#beginTimer)
    }
    this.#beginIn(wait)
  }

  #beginIn(wait: Nanos): void {
    const { sim, beginSync } = this.#shared
    this.#beginAt = sim.now + wait
    this.#beginTimer = sim.schedule(wait, beginSync, this.#node)
  }

  /** Adds a Service port, as the sync that runs writes it, to the counts. */
  #count(port: ServicePortId): void {
    const { history } = this.#shared
    const rules = history.rules(port, this.#nextServiceRevision)
    if (rules !== null) this.#counts.add(rules, history.endpoints(rules.endpointPort, this.#nextSliceRevision), this.#node)
  }

  #uncount(port: ServicePortId): void {
    const { history } = this.#shared
    const rules = history.rules(port, this.#nextServiceRevision)
    if (rules !== null) this.#counts.remove(rules, history.endpoints(rules.endpointPort, this.#nextSliceRevision), this.#node)
  }
}

const NOT_LISTED = -1
const NEVER: Nanos = -1
