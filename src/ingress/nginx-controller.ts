import { type EndpointSlice, type Kind, type KindMap, SERVICE_NAME_LABEL } from '../api/objects/index.ts'
import type { ApiAccess } from '../control-plane/api-client.ts'
import { Informer } from '../control-plane/informer.ts'
import { keyOf } from '../control-plane/object-key.ts'
import type { WatchEvent } from '../control-plane/watch-cache.ts'
import { type Distribution, distribution } from '../engine/distributions.ts'
import type { RandomStream } from '../engine/random-stream.ts'
import { NO_TIMER, type Timer } from '../engine/simulation.ts'
import { type HopId, NO_CAUSE } from '../engine/trace.ts'
import type { Addresses } from '../network/addresses.ts'
import type { Nanos } from '../units.ts'
import type { IngressControllerSpec } from '../workload/specs.ts'
import type { Balancing } from './balancing.ts'
import type { Canary } from './canary.ts'
import type { ConfigurationSource } from './configuration-source.ts'
import { GatewaySource } from './gateway/gateway-source.ts'
import { StatusWriter } from './gateway/status-writer.ts'
import { IngressSource } from './ingress-source.ts'
import type { NginxConfiguration } from './nginx-configuration.ts'

/** What a controller does with its NGINX. */
export interface Nginx {
  /** New workers have taken over with this configuration. */
  reloaded(configuration: NginxConfiguration, cause: HopId): void
  /** Other endpoints of upstreams that the workers know; `done` when they have taken them up. */
  hand(configuration: NginxConfiguration, done: () => void): void
}

/** What happened to an object since the last sync. */
interface Change {
  readonly subject: string
  /** The Service whose endpoints changed, as `namespace/name`; null for other changes. */
  readonly service: string | null
  readonly revision: number
  readonly cause: HopId
}

/**
 * The controller in one pod of ingress-nginx: it watches, and makes a configuration of what it has seen.
 *
 * ```text
 *   Ingress, IngressClass, Service, EndpointSlice ─ watch ─▶ own caches ─ sync, 0.3 a second ─┬─ routes changed: reload, new workers
 *                                                                                            └─ endpoints alone: handed to the workers
 * ```
 *
 * Any Ingress and any EndpointSlice of the cluster asks for a sync, so a rollout of somebody else's pods uses up syncs too; a Service asks for
 * one when its spec changes. While a reload takes place nothing is synced. That nginx.conf is written and tested within the time of the reload,
 * that handing over takes no time, and that Secrets do not matter are *assumptions*.
 *
 * Source: ingress-nginx internal/ingress/controller/{nginx,controller}.go, store/store.go, internal/task/queue.go (behaviour).
 */
export class NginxController {
  readonly #access: ApiAccess
  readonly #spec: IngressControllerSpec
  readonly #nginx: Nginx
  readonly #actor: string
  readonly #pod: string
  readonly #source: ConfigurationSource
  readonly #leads: () => boolean
  readonly #statuses: StatusWriter
  readonly #services: Informer<'Service'>
  readonly #slices: Informer<'EndpointSlice'>
  readonly #reloadTime: Distribution
  readonly #reloads: RandomStream
  #waitingFor = 0
  #changes = new Map<string, Change>()
  #running: NginxConfiguration | null = null
  #lastSync: Nanos = Number.NEGATIVE_INFINITY
  #syncing = false
  #timer: Timer = NO_TIMER

  constructor(options: {
    access: ApiAccess
    addresses: Addresses
    spec: IngressControllerSpec
    /** `namespace/name` of the pod. */
    pod: string
    nginx: Nginx
    /** Of the pods of its kind it is the one that writes statuses. */
    leads: () => boolean
  }) {
    const { access, pod } = options
    this.#access = access
    this.#spec = options.spec
    this.#nginx = options.nginx
    this.#pod = pod
    this.#reloadTime = distribution(options.spec.reload)
    this.#reloads = access.sim.rng(`ingress/${pod}/reload`)
    const watcher = {
      informer: <K extends Kind>(kind: K) => this.#informer(kind),
      changed: (event: WatchEvent<KindMap[Kind]>) => this.#changed(event, null),
    }
    const Source = options.spec.api === 'gateway' ? GatewaySource : IngressSource
    this.#source = new Source(watcher, options.spec.controllerClass, options.addresses)
    this.#actor = `${this.#source.name}/${pod.slice(pod.indexOf('/') + 1)}`
    this.#leads = options.leads
    this.#statuses = new StatusWriter(access, this.#actor, pod)
    this.#services = this.#informer('Service')
    this.#slices = this.#informer('EndpointSlice')
    this.#services.listen((event) => {
      if (event.type === 'MODIFIED' ? event.previous!.spec !== event.object.spec : this.#source.minded === 'all Services')
        this.#changed(event, serviceOf(event.object, event.object.metadata.name))
    })
    this.#slices.listen((event) => {
      const same = event.type === 'MODIFIED' && event.previous!.endpoints === event.object.endpoints
      if (!same) this.#changed(event, serviceOf(event.object, event.object.metadata.labels[SERVICE_NAME_LABEL] ?? ''))
    })
  }

  /** How stories name it. */
  get actor(): string {
    return this.#actor
  }

  /** The process starts: it lists everything before its first sync. */
  start(): void {
    const informers = this.#informers
    this.#waitingFor = informers.length
    const synced = (): void => {
      if (--this.#waitingFor === 0) this.#sync()
    }
    for (const informer of informers) informer.start(synced)
  }

  stop(): void {
    for (const informer of this.#informers) informer.stop()
    this.#statuses.stop()
    this.#access.sim.cancel(this.#timer)
    this.#timer = NO_TIMER
  }

  /** What it has to say of the objects, where it is the one that writes. */
  writeStatuses(): void {
    if (this.#running === null || !this.#leads()) return
    this.#statuses.write(this.#source.statuses(this.#services.values(), this.#access.sim.now), () => this.writeStatuses())
  }

  get #informers(): readonly Informer<Kind>[] {
    return [...this.#source.informers, ...([this.#services, this.#slices] as unknown as readonly Informer<Kind>[])]
  }

  #informer<K extends Kind>(kind: K): Informer<K> {
    const { server, whenRunning } = this.#access
    return new Informer(server, kind, { name: `ingress/${this.#pod}`, network: 'nodeNetwork', whenRunning })
  }

  #changed(event: WatchEvent<KindMap[Kind]>, service: string | null): void {
    const subject = keyOf(event.object)
    this.#changes.set(subject, { subject, service, revision: event.revision, cause: event.cause })
    if (this.#waitingFor === 0) this.#wake()
  }

  #wake(): void {
    if (this.#syncing || this.#timer !== NO_TIMER) return
    const { sim } = this.#access
    this.#timer = sim.after(Math.max(0, this.#lastSync + this.#source.syncPeriod - sim.now), () => this.#sync())
  }

  #sync(): void {
    const { sim } = this.#access
    const started = sim.now
    this.#timer = NO_TIMER
    this.#syncing = true
    this.#lastSync = started
    const changes = [...this.#changes.values()]
    this.#changes = new Map()
    const wanted = this.#source.configuration(this.#services.values(), this.#slices.values())
    const before = this.#running
    if (before === null || before.text !== wanted.text) {
      const time = this.#reloadTime.sample(this.#reloads) + (before === null ? this.#source.firstStart : 0)
      this.#timer = sim.after(time, () => {
        this.#timer = NO_TIMER
        this.#running = wanted
        this.#nginx.reloaded(wanted, this.#tellReload(changes, wanted, started, before === null))
        this.#done()
      })
      return
    }
    this.#running = wanted
    const changed = [...wanted.upstreams].filter(([name, endpoints]) => String(before.upstreams.get(name)) !== String(endpoints))
    const canaries = [...wanted.canaries].filter(([upstream, canary]) => !isSame(before.canaries.get(upstream), canary))
    const balanced = [...wanted.upstreams.keys()].filter(
      (upstream) => !isSame(before.balancing.get(upstream), wanted.balancing.get(upstream)),
    )
    if (changed.length > 0 || balanced.length > 0 || canaries.length > 0 || wanted.canaries.size !== before.canaries.size) {
      this.#nginx.hand(wanted, () => {
        this.#tellUpstreams(changed, changes, wanted, started)
        this.#tellBalancing(balanced, changes, wanted, started)
        this.#tellCanaries(canaries, changes, started)
      })
    }
    this.#done()
  }

  #done(): void {
    this.#syncing = false
    this.writeStatuses()
    if (this.#changes.size > 0) this.#wake()
  }

  /** Each Ingress that has changed; the first configuration is the pod's own doing. */
  #tellReload(changes: readonly Change[], { routes }: NginxConfiguration, started: Nanos, isFirst: boolean): HopId {
    const tell = (subject: string, cause: HopId, revision: number, detail: string): HopId =>
      this.#access.trace.record({ cause, actor: this.#actor, action: 'reloaded', subject, revision, started, detail })
    if (isFirst) return tell(`Pod/${this.#pod}`, NO_CAUSE, 0, 'the first configuration')
    let last = NO_CAUSE
    for (const { subject, service, cause, revision } of changes) {
      if (this.#source.isRoute(subject)) last = tell(subject, cause, revision, 'new workers have the routes')
      const behind =
        service === null ? [] : routes.filter(({ split = [] }) => split.some(({ upstream }) => upstream.startsWith(`${service}:`)))
      for (const route of new Set(behind.map(({ ingress }) => ingress)))
        last = tell(route, cause, revision, `new workers have the endpoints of ${service}`)
    }
    return last
  }

  /** Each Ingress that sends requests to an upstream whose endpoints have changed. */
  #tellUpstreams(
    changed: readonly (readonly [string, readonly number[]])[],
    changes: readonly Change[],
    { routes, canaries }: NginxConfiguration,
    started: Nanos,
  ): void {
    for (const [upstream, endpoints] of changed) {
      const change = changes.findLast(({ service }) => service !== null && upstream.startsWith(`${service}:`))
      const subjects = new Set([...routes, ...canaries.values()].filter((to) => to.upstream === upstream).map(({ ingress }) => ingress))
      for (const subject of subjects) {
        const detail = `${upstream}: ${endpoints.length} endpoints`
        const { cause, revision } = change ?? { cause: NO_CAUSE, revision: 0 }
        this.#access.trace.record({ cause, actor: this.#actor, action: 'updated upstream', subject, revision, started, detail })
      }
    }
  }

  /** Each changed Ingress whose upstreams' endpoints are chosen in another way now. */
  #tellBalancing(balanced: readonly string[], changes: readonly Change[], { routes, balancing }: NginxConfiguration, started: Nanos): void {
    for (const upstream of balanced) {
      const subject = routes.find((route) => route.upstream === upstream)?.ingress
      const change = changes.findLast((candidate) => candidate.subject === subject)
      if (change === undefined) continue
      const { cause, revision } = change
      const detail = `${upstream}: ${balancing.get(upstream)?.kind ?? this.#spec.loadBalance}`
      this.#access.trace.record({
        cause,
        actor: this.#actor,
        action: 'updated balancing',
        subject: change.subject,
        revision,
        started,
        detail,
      })
    }
  }

  /** Each canary that is new, or whose part of the requests is. */
  #tellCanaries(canaries: readonly (readonly [string, Canary])[], changes: readonly Change[], started: Nanos): void {
    for (const [upstream, canary] of canaries) {
      const change = changes.findLast(({ subject }) => subject === canary.ingress)
      const { cause, revision } = change ?? { cause: NO_CAUSE, revision: 0 }
      const { weight, weightTotal } = canary.policy
      const detail = `${canary.upstream} beside ${upstream}: weight ${weight} of ${weightTotal}`
      this.#access.trace.record({ cause, actor: this.#actor, action: 'updated canary', subject: canary.ingress, revision, started, detail })
    }
  }
}

function isSame(a: Canary | Balancing | undefined, b: Canary | Balancing | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

function serviceOf({ metadata }: KindMap['Service'] | EndpointSlice, name: string): string {
  return `${metadata.namespace}/${name}`
}
