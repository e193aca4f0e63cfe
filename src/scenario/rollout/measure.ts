import { matchesSelector } from '../../api/labels.ts'
import type { Deployment, EndpointSlice, Pod, Service } from '../../api/objects/index.ts'
import { conditionOf } from '../../control-plane/conditions.ts'
import { isComplete } from '../../control-plane/controllers/deployment.ts'
import { keyOf } from '../../control-plane/object-key.ts'
import { invariant } from '../../invariant.ts'
import { FAILURE_CAUSES, type FailureCause } from '../../metrics/failure-cause.ts'
import type { Table } from '../../metrics/table.ts'
import { MILLISECOND, type Nanos, SECOND } from '../../units.ts'
import type { Scenario } from '../scenario.ts'
import { SimulatedCluster } from '../simulated-cluster.ts'
import { isThe, type Rollout, templateOf, withoutRollout } from './find-rollout.ts'
import { type RolloutSettings, withSettings } from './settings.ts'

/**
 * One rolling update under one setting, on the random numbers of one seed, against the same run without it.
 *
 * Plain data. Counts are of requests that were to be sent in the window: from the longest timeout before the rollout's command until
 * {@link TAIL} after it was over, in whole seconds.
 */
export interface RolloutMeasurement {
  /** Whether new pods were available and old ones gone before the run ended, with every request of the window answered or failed. */
  readonly finished: boolean
  /** Old pods that were replaced. */
  readonly replaced: number
  /** Of the traffic that goes to a Service of the rolled-out pods; of all traffic where none does, such as through an Ingress. */
  readonly requests: number
  /** Of all traffic. By cause, in the order of {@link FAILURE_CAUSES}; see {@link lostBy}. */
  readonly lost: Readonly<Partial<Record<FailureCause, number>>>
  readonly lostTotal: number
  /** Requests that failed in the window without the rollout. */
  readonly background: number
  /** Requests that the replaced pods themselves were sending when they ended: nobody waits for the answer. Not among `lost`. */
  readonly own: number
  /** By traffic: 99th percentile of latency since the window began. */
  readonly p99Ms: Readonly<Record<string, number | null>>
  /** From the command until `kubectl rollout status` says that it is done, and until the last old pod was gone; null when that did not happen. */
  readonly rolledOutSeconds: number | null
  readonly oldPodsGoneSeconds: number | null
  /** From the deletion of a pod until a node's kube-proxy no longer sends new connections to it: one value an old pod and node, ascending. */
  readonly stalenessMs: readonly number[]
}

/**
 * How long after the end of a rollout requests still count. *Assumption*: what is left of it is gone by then; the slowest to notice is a load
 * balancer, after three health checks 8 s apart.
 */
export const TAIL = 30 * SECOND

/** One traffic's second. */
interface Interval {
  readonly traffic: string
  readonly start: Nanos
  readonly sent: number
  readonly ok: number
  /** In the order of {@link FAILURE_CAUSES}. */
  readonly failed: readonly number[]
}

/** Measures settings on one scenario; remembers what each replication is without the rollout. */
export class RolloutMeter {
  readonly #scenario: Scenario
  readonly #rollout: Rollout
  readonly #without = new Map<number, { readonly until: Nanos; readonly intervals: ReadonlyMap<string, Interval> }>()

  constructor(scenario: Scenario, rollout: Rollout) {
    this.#scenario = scenario
    this.#rollout = rollout
  }

  /** `replication` counts from 1; its seed is the scenario's, a slash and the number. */
  measure(settings: RolloutSettings, replication: number): RolloutMeasurement {
    const seed = `${this.#scenario.seed}/${replication}`
    const from = this.#windowStart
    const scenario = { ...withSettings(this.#scenario, this.#rollout, settings), seed, warmUp: from }
    const run = runRollout(scenario, this.#rollout, longestTimeout(scenario))
    const inWindow = run.intervals.filter(({ start }) => start >= from && start + SECOND <= run.windowEnd)
    const without = this.#intervalsWithout(replication, run.ended)
    const concerned = concernedTraffic(scenario, this.#rollout)
    const own = new Set(scenario.traffic.filter((traffic) => this.#isOwn(traffic.from)).map(({ name }) => name))
    const lost: Partial<Record<FailureCause, number>> = {}
    let [requests, lostTotal, background, ownLost, unresolved] = [0, 0, 0, 0, 0]
    for (const interval of inWindow) {
      const base = without.get(intervalKey(interval))
      if (concerned.has(interval.traffic)) requests += interval.sent
      unresolved += interval.sent - interval.ok - sum(interval.failed)
      background += base === undefined ? 0 : sum(base.failed)
      for (const [index, count] of lostBy(interval.failed, base?.failed ?? []).entries()) {
        const cause = FAILURE_CAUSES[index]!
        if (count === 0) continue
        if (cause === 'no-client' && own.has(interval.traffic)) {
          ownLost += count
          continue
        }
        lost[cause] = (lost[cause] ?? 0) + count
        lostTotal += count
      }
    }
    const { rolledOut, gone, replaced, stalenessMs, p99Ms } = run
    const since = (time: Nanos | null): number | null => (time === null ? null : (time - this.#rollout.at) / SECOND)
    return {
      finished: rolledOut !== null && gone !== null && unresolved === 0,
      replaced,
      requests,
      lost: ordered(lost),
      lostTotal,
      background,
      own: ownLost,
      p99Ms,
      rolledOutSeconds: since(rolledOut),
      oldPodsGoneSeconds: since(gone),
      stalenessMs,
    }
  }

  /** Requests on their way when the rollout begins may be lost too. */
  get #windowStart(): Nanos {
    return Math.max(0, this.#rollout.at - longestTimeout(this.#scenario))
  }

  #isOwn(from: Scenario['traffic'][number]['from']): boolean {
    if (from.kind !== 'pods' || from.namespace !== this.#rollout.namespace) return false
    return matchesSelector(from.selector, templateOf(this.#scenario, this.#rollout)!.spec.template.labels)
  }

  /** The same seed without the rollout, at least until then. What is set changes nothing where no pod is replaced. */
  #intervalsWithout(replication: number, until: Nanos): ReadonlyMap<string, Interval> {
    const known = this.#without.get(replication)
    if (known !== undefined && known.until >= until) return known.intervals
    const base = withoutRollout(this.#scenario, this.#rollout)
    const seed = `${this.#scenario.seed}/${replication}`
    const cluster = new SimulatedCluster({ ...base, seed, warmUp: this.#windowStart })
    cluster.start()
    // Slower settings take longer: half as long again saves most of the repetitions.
    const end = Math.min(base.duration, Math.ceil(until + (until - this.#rollout.at) / 2))
    cluster.sim.run(end)
    cluster.dataPlane.checkConservation()
    const intervals = new Map(intervalsOf(cluster.dataPlane.requestTable()).map((interval) => [intervalKey(interval), interval]))
    this.#without.set(replication, { until: end, intervals })
    return intervals
  }
}

/**
 * What a rollout has lost in one second of one traffic: of each cause, as many failures as there are more with it than without. A second in
 * which it fails fewer makes up for none: otherwise chance in what fails anyway could hide a loss.
 */
export function lostBy(withIt: readonly number[], without: readonly number[]): readonly number[] {
  return withIt.map((count, cause) => Math.max(0, count - (without[cause] ?? 0)))
}

/** Names of the traffic that is sent to the rolled-out pods. */
function concernedTraffic(scenario: Scenario, rollout: Rollout): ReadonlySet<string> {
  const { labels } = templateOf(scenario, rollout)!.spec.template
  const services = new Set(
    scenario.manifests.flatMap((object) => {
      if (object.kind !== 'Service' || object.metadata.namespace !== rollout.namespace) return []
      const selector = (object as Service).spec.selector
      return selector !== null && matchesSelector({ matchLabels: selector, matchExpressions: [] }, labels) ? [object.metadata.name] : []
    }),
  )
  const direct = scenario.traffic.filter(({ target }) => target.namespace === rollout.namespace && services.has(target.service))
  return new Set((direct.length === 0 ? scenario.traffic : direct).map(({ name }) => name))
}

function ordered(lost: Partial<Record<FailureCause, number>>): Partial<Record<FailureCause, number>> {
  return Object.fromEntries(FAILURE_CAUSES.flatMap((cause) => (lost[cause] === undefined ? [] : [[cause, lost[cause]]])))
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0)
}

function intervalKey({ traffic, start }: Interval): string {
  return `${start} ${traffic}`
}

function longestTimeout({ traffic }: Scenario): Nanos {
  return Math.max(0, ...traffic.map(({ timeout }) => timeout))
}

/** Reads the rows of `requests.csv` back: the one place that says what a request became, by the second. */
function intervalsOf(table: Table): Interval[] {
  const place = (name: string): number => {
    const index = table.columns.indexOf(name)
    invariant(index >= 0, `the table of requests has the column ${name}`)
    return index
  }
  const [start, traffic, sent, ok] = [place('interval_start_s'), place('traffic'), place('sent'), place('ok')]
  const causes = FAILURE_CAUSES.map((cause) => place(`failed_${cause.replaceAll('-', '_')}`))
  return [...table.rows].map((row) => ({
    traffic: String(row[traffic]),
    start: Math.round(Number(row[start]) * SECOND),
    sent: Number(row[sent]),
    ok: Number(row[ok]),
    failed: causes.map((column) => Number(row[column])),
  }))
}

interface RolloutRun {
  readonly intervals: readonly Interval[]
  readonly windowEnd: Nanos
  readonly ended: Nanos
  readonly rolledOut: Nanos | null
  readonly gone: Nanos | null
  readonly replaced: number
  readonly stalenessMs: readonly number[]
  readonly p99Ms: Readonly<Record<string, number | null>>
}

/** Runs until the rollout is over, its tail has passed, and the last request of that can have ended; at most to the end of the scenario. */
function runRollout(scenario: Scenario, rollout: Rollout, timeout: Nanos): RolloutRun {
  const cluster = new SimulatedCluster(scenario)
  const watch = new RolloutWatch(cluster, scenario, rollout)
  cluster.start()
  let ended = Math.min(rollout.at, scenario.duration)
  let windowEnd = scenario.duration
  cluster.sim.run(ended)
  while (ended < scenario.duration) {
    const over = watch.over
    if (over !== null) {
      const seconds = Math.ceil((over + TAIL - scenario.warmUp) / SECOND)
      windowEnd = Math.min(scenario.duration - timeout, scenario.warmUp + seconds * SECOND)
      if (ended >= windowEnd + timeout) break
    }
    ended = Math.min(scenario.duration, ended + SECOND)
    cluster.sim.run(ended)
  }
  cluster.dataPlane.checkConservation()
  return {
    intervals: intervalsOf(cluster.dataPlane.requestTable()),
    windowEnd,
    ended,
    rolledOut: watch.rolledOut,
    gone: watch.gone,
    replaced: watch.replaced,
    stalenessMs: watch.stalenessMs(),
    p99Ms: Object.fromEntries(cluster.dataPlane.trafficSummaries().map(({ traffic, latencyMs }) => [traffic, latencyMs.p99])),
  }
}

/** What became of an old pod. */
interface OldPod {
  deletedAt: Nanos | null
  /** The writes by which EndpointSlices said that it is not ready any more: slice to revision. */
  readonly slices: Map<string, number>
}

/** Looks at what is written to etcd: the old pods go, new ones become ready, EndpointSlices follow. */
class RolloutWatch {
  rolledOut: Nanos | null = null
  gone: Nanos | null = null
  replaced = 0
  readonly #cluster: SimulatedCluster
  readonly #at: Nanos
  /** Pods that were there when the command was given, by uid. */
  readonly #old = new Map<string, OldPod>()
  /** Of the object, that are ready and not being deleted, by uid. */
  readonly #ready = new Set<string>()
  /** Uids of the pods that each EndpointSlice has as ready. */
  readonly #readyIn = new Map<string, ReadonlySet<string>>()
  #wanted = 0
  #alive = 0

  constructor(cluster: SimulatedCluster, scenario: Scenario, rollout: Rollout) {
    this.#cluster = cluster
    this.#at = rollout.at
    const { selector } = templateOf(scenario, rollout)!.spec
    cluster.controlPlane.server.observeCommits(({ object, type, revision }) => {
      if (object.kind === 'Pod') {
        const pod = object as Pod
        if (pod.metadata.namespace !== rollout.namespace || !matchesSelector(selector, pod.metadata.labels)) return
        this.#pod(pod, type === 'DELETED')
        if (rollout.kind !== 'Deployment') this.#look(this.#ready.size >= this.#wanted)
      } else if (object.kind === 'EndpointSlice') this.#slice(object as EndpointSlice, type === 'DELETED', revision)
      else if (rollout.kind === 'Deployment' && isThe(object, rollout)) this.#look(isComplete(object as Deployment))
    })
  }

  get #started(): boolean {
    return this.#cluster.sim.now >= this.#at
  }

  /** When both had happened. */
  get over(): Nanos | null {
    return this.rolledOut === null || this.gone === null ? null : Math.max(this.rolledOut, this.gone)
  }

  #pod(pod: Pod, removed: boolean): void {
    const { uid, deletionTimestamp } = pod.metadata
    const { now } = this.#cluster.sim
    const ready = !removed && deletionTimestamp === null && conditionOf(pod.status.conditions, 'Ready')?.status === 'True'
    if (ready) this.#ready.add(uid)
    else this.#ready.delete(uid)
    if (!this.#started && !removed && !this.#old.has(uid)) {
      this.#old.set(uid, { deletedAt: null, slices: new Map() })
      this.#alive++
    }
    const old = this.#old.get(uid)
    if (old === undefined) return
    if (old.deletedAt === null && (removed || deletionTimestamp !== null)) {
      old.deletedAt = now
      if (this.#started) this.replaced++
    }
    if (!removed) return
    this.#alive--
    if (!this.#started) this.#old.delete(uid)
    else if (this.#alive === 0) this.gone = now
  }

  #look(complete: boolean): void {
    if (!this.#started) this.#wanted = this.#ready.size
    // Until the controller has seen the new template, the object still is complete with the old pods: all of them have to be on their way out.
    else if (this.rolledOut === null && complete && this.#allLeave()) this.rolledOut = this.#cluster.sim.now
  }

  #allLeave(): boolean {
    for (const { deletedAt } of this.#old.values()) if (deletedAt === null) return false
    return true
  }

  #slice(slice: EndpointSlice, removed: boolean, revision: number): void {
    const key = keyOf(slice)
    const before = this.#readyIn.get(key) ?? new Set()
    const now = new Set(removed ? [] : slice.endpoints.filter(({ conditions }) => conditions.ready).map(({ podUid }) => podUid))
    this.#readyIn.set(key, now)
    for (const uid of before) if (!now.has(uid)) this.#old.get(uid)?.slices.set(key, revision)
  }

  /** When each node had programmed the write that took the pod out, or a later one of that slice. */
  stalenessMs(): number[] {
    const programmed = new Map<string, { readonly node: string; readonly revision: number; readonly time: Nanos }[]>()
    const { trace } = this.#cluster
    for (let id = 0; id < trace.length; id++) {
      const { action, subject, actor, revision, time } = trace.hop(id)
      if (action !== 'programmed' || time < this.#at || !subject.startsWith('EndpointSlice/')) continue
      const list = programmed.get(subject) ?? []
      list.push({ node: actor, revision, time })
      programmed.set(subject, list)
    }
    const samples: number[] = []
    for (const { deletedAt, slices } of this.#old.values()) {
      if (deletedAt === null) continue
      const latest = new Map<string, Nanos>()
      for (const [slice, revision] of slices) {
        const first = new Map<string, Nanos>()
        for (const entry of programmed.get(slice) ?? [])
          if (entry.revision >= revision && !first.has(entry.node)) first.set(entry.node, entry.time)
        for (const [node, time] of first) latest.set(node, Math.max(latest.get(node) ?? 0, time))
      }
      for (const time of latest.values()) samples.push((time - deletedAt) / MILLISECOND)
    }
    return samples.sort((a, b) => a - b)
  }
}
