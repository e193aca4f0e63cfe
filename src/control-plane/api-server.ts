import type { AnyObject, KindMap, Service } from '../api/objects/index.ts'
import type { Wait } from '../engine/process.ts'
import { Completion, firstOf, Signal } from '../engine/process.ts'
import type { Simulation } from '../engine/simulation.ts'
import type { HopId, Trace } from '../engine/trace.ts'
import { type Nanos, SECOND } from '../units.ts'
import { AddressPool, PortPool } from './address-pools.ts'
import { AdmissionCaches } from './admission/caches.ts'
import { nodeRestriction } from './admission/node-restriction.ts'
import { QuotaEvaluator } from './admission/resource-quota.ts'
import { type AdmissionContext, admitCreate, admitDelete, allocateAddresses, releaseService } from './admission.ts'
import { ApiConnection } from './api-connection.ts'
import { ApiError, NO_CONNECTION, REFUSED, RESET, TIMED_OUT } from './api-error.ts'
import { ApiLoadBalancer } from './api-load-balancer.ts'
import type { ApiPaths } from './api-paths.ts'
import { ApiServerProcess } from './api-server-process.ts'
import { type Attempt, Authorizer, type Verb } from './authorization.ts'
import { BROKEN } from './broken.ts'
import { isReleased, isToBeMarked, withoutGrace } from './deletion.ts'
import { ANY_REVISION, Etcd, REQUEST_TIMEOUT, type StoreEvent, type TransactionResult } from './etcd.ts'
import type { FlowControlOptions, PriorityLevelReport } from './flow-control/flow-control.ts'
import { type ServedRequest, serve, type TooManyRequests } from './flow-control/serve.ts'
import type { Identity } from './identity.ts'
import type { Latencies } from './latencies.ts'
import { keyOf, objectKey } from './object-key.ts'
import { randomSuffix } from './random-name.ts'
import { type ClientWatch, Reflector, type ReflectorAccess, type ReflectorOptions } from './reflector.ts'
import type { WatchEvent } from './watch-cache.ts'

/** What the API server answers. `object` is what is stored after the request, when there is anything. */
export interface ApiResponse<T extends AnyObject = AnyObject> {
  /** 200 done, 201 created, 403 refused, 404 no such object, 409 conflict or exists, 422 invalid, 500 etcd gave no answer in time, 599 no connection. */
  readonly code: number
  readonly object: T | undefined
  readonly message: string
  /** The last hop of the request: what its consequences are caused by. */
  readonly hop: HopId
}

/** One write, before it has been checked. */
export interface WriteRequest {
  readonly identity: Identity
  readonly verb: Verb
  readonly kind: string
  readonly namespace: string
  /** May end in `-` with verb `create`: five random characters are then added (`generateName`). */
  readonly name: string
  /** The hop that made the client ask. */
  readonly cause: HopId
  /**
   * From what is stored now (undefined: nothing) to what shall be stored. The same object means "no change": nothing is
   * written. null removes the object. For `create` it is called with undefined.
   */
  readonly change: (current: AnyObject | undefined) => AnyObject | null
  /** The revision the client has read (optimistic concurrency), or ANY_REVISION to try again on the newest when it changed. */
  readonly expected: number
  /** The part of the object that the path names, such as `status`; the object itself when not given. */
  readonly subresource?: string | undefined
  /** Of a DELETE: only the object with this uid is meant; 409 when it is another one. */
  readonly uid?: string | undefined
  /** Heartbeats are not told in the story. */
  readonly quiet: boolean
  /** The client's; the first server that is up when not given. */
  readonly connection?: ApiConnection
}

/** Source: kube-apiserver `--etcd-compaction-interval`. */
export const COMPACTION_INTERVAL: Nanos = 300 * SECOND

/** How often a patch starts afresh when the object changed under it. Source: apiserver handlers/patch.go, maxRetryWhenPatchConflicts. */
export const PATCH_ATTEMPTS = 5

export interface ApiServerOptions {
  readonly trace: Trace
  readonly latencies: Latencies
  readonly etcdMembers: number
  readonly serviceCidr: string
  /** Seats of each server. */
  readonly flowControl: FlowControlOptions
  /** API servers, behind a load balancer when there are several; 1 when not given. */
  readonly count?: number | undefined
  /** Where faults may come between clients and servers; left out: nowhere. */
  readonly paths?: ApiPaths | undefined
  /** Nothing runs yet: neither servers nor etcd, of which so many members are the first. */
  readonly asleep?: { readonly voters: number } | undefined
}

/**
 * The API as its clients see it: one or several kube-apiserver processes, the only ones that talk to etcd.
 *
 * A request goes over its client's connection to one of the servers, passes authentication, authorisation and admission, each with a delay
 * and a hop of its own, is then a transaction in etcd (compare the revision, write, quorum), and is answered. What etcd has applied becomes
 * visible in each server's watch cache of its kind, a little later in one than in the other, and goes out to its watchers.
 *
 * Without a quorum of etcd writes (which may have been applied all the same) and reads fail after its time-out with 500, watches stay
 * silent. When a server dies, its clients' requests fail, and its watches go on at another server, or when it is back.
 *
 * Clients come in through `serve`, where Priority and Fairness gives out the seats of their server.
 *
 * Simplified: what the servers keep of admission (addresses that are taken) is one for all.
 *
 * Source: Kubernetes staging/src/k8s.io/apiserver/pkg/server/config.go (order of the handler chain).
 */
export class ApiServer {
  readonly #sim: Simulation
  readonly #trace: Trace
  readonly #latencies: Latencies
  readonly #etcd: Etcd<AnyObject>
  readonly #processes: readonly ApiServerProcess[]
  readonly #balancer: ApiLoadBalancer
  readonly #connections = new Map<string, ApiConnection>()
  readonly #paths: ApiPaths | null
  /** By server that does not reach etcd: the changes that it has not heard of. */
  readonly #unheard = new Map<number, WatchEvent[]>()
  readonly #kinds = new Set<string>()
  readonly #admission: AdmissionContext
  readonly #commitObservers: ((event: WatchEvent) => void)[] = []
  /** Fires when etcd has a leader again. */
  readonly #elected: Signal
  #uids = 0
  #installed = 0
  #authorizer: Authorizer | null = null
  readonly #quotas: QuotaEvaluator

  constructor(sim: Simulation, options: ApiServerOptions) {
    this.#sim = sim
    this.#trace = options.trace
    this.#latencies = options.latencies
    this.#paths = options.paths ?? null
    this.#etcd = new Etcd(sim, { members: options.etcdMembers, latencies: options.latencies, asleep: options.asleep })
    this.#elected = new Signal(sim)
    this.#etcd.observeLeader((leader, term) => this.#leaderChanged(leader, term))
    const count = options.count ?? 1
    this.#processes = Array.from(
      { length: count },
      (_, id) =>
        new ApiServerProcess(sim, {
          latencies: options.latencies,
          id,
          several: count > 1,
          grantLease: (ttl) => this.#etcd.grantLease(ttl),
          flowControl: options.flowControl,
        }),
    )
    this.#balancer = new ApiLoadBalancer(sim, this.#processes)
    if (options.asleep !== undefined) for (const { id } of this.#processes) this.crash(id)
    this.#admission = {
      get: (key) => this.#etcd.get(key),
      list: (kind) => this.cached(kind),
      clusterIPs: new AddressPool(options.serviceCidr),
      nodePorts: new PortPool(),
      rng: sim.rng('api-server/addresses'),
      caches: new AdmissionCaches(this),
    }
    sim.spawn(this.#compact())
    this.#quotas = new QuotaEvaluator(sim, this, this.#admission.caches)
    this.#etcd.observe((stored) => {
      const event = watchEventOf(stored)
      this.#kinds.add(event.object.kind)
      // Follows the commit, whoever still waits for its answer.
      if (event.type === 'DELETED' && event.object.kind === 'Service') releaseService(event.object as Service, this.#admission)
      for (const observer of this.#commitObservers) observer(event)
      for (const process of this.#processes) if (process.up) this.#hear(process, event)
    })
    this.#paths?.onChange(() => {
      this.#elected.fire()
      for (const { id } of this.#processes) if (this.#reachesEtcd(id)) this.#catchUp(id)
    })
  }

  /** A server hears of a change from etcd, or will when it reaches it again. */
  #hear(process: ApiServerProcess, event: WatchEvent): void {
    const unheard = this.#unheard.get(process.id)
    if (unheard !== undefined) unheard.push(event)
    else if (this.#reachesEtcd(process.id)) process.accept(event)
    else this.#unheard.set(process.id, [event])
  }

  #catchUp(id: number): void {
    const unheard = this.#unheard.get(id) ?? []
    this.#unheard.delete(id)
    for (const event of unheard) this.#processes[id]!.accept(event)
  }

  #reachesEtcd(server: number): boolean {
    return this.#paths === null || this.#paths.reachesEtcd(server)
  }

  /** The time. */
  get now(): Nanos {
    return this.#sim.now
  }

  /** The kube-apiserver processes. */
  get processes(): readonly ApiServerProcess[] {
    return this.#processes
  }

  /** The connection of the client process of that name: there is one, whoever asks for it. */
  connection(client: string): ApiConnection {
    let connection = this.#connections.get(client)
    if (connection === undefined) {
      const paths = this.#paths
      const path = paths?.concerns(client) === true ? { sim: this.#sim, client, paths } : null
      connection = new ApiConnection(this.#balancer, path)
      this.#connections.set(client, connection)
    }
    return connection
  }

  /** A server dies, with everything that it was asked; null when it is down already. */
  crash(id: number): { readonly requests: number; readonly watches: number } | null {
    const process = this.#processes[id]!
    if (!process.up) return null
    const lost = process.crash()
    this.#unheard.delete(id)
    this.#balancer.changed(process)
    return lost
  }

  /** The process starts, fills its caches from etcd, and answers from then on. `answers` is called at that moment. */
  start(id: number, answers: () => void): void {
    this.#sim.spawn(this.#startUp(this.#processes[id]!, answers))
  }

  *#startUp(process: ApiServerProcess, answers: () => void): Generator<Wait, void, unknown> {
    const { life } = process
    yield this.#sim.delay(process.latencies.draw('apiServerStart', process.name))
    while (this.#etcd.leader === null || !this.#reachesEtcd(process.id)) yield this.#elected
    let missed: readonly StoreEvent<AnyObject>[] | null = null
    do {
      const { revision } = this.#etcd
      const listed = new Map<string, AnyObject[]>()
      for (const object of this.#etcd.values()) {
        const same = listed.get(object.kind)
        if (same === undefined) listed.set(object.kind, [object])
        else same.push(object)
      }
      yield this.#sim.delay(process.latencies.draw('read', `${process.name}/start`))
      if (process.up || process.life !== life) return
      missed = this.#etcd.since(revision)
      if (missed !== null) process.ready(listed, this.#kinds, revision)
    } while (missed === null)
    for (const stored of missed) process.accept(watchEventOf(stored))
    this.#balancer.changed(process)
    answers()
  }

  /**
   * Compacts etcd every five minutes to the revision of five minutes ago, so that between five and ten minutes of history are kept. One of
   * the servers does it for all. Simplified: the key by which they agree who takes no revision.
   *
   * Source: kube-apiserver `--etcd-compaction-interval` 5m; apiserver/pkg/storage/etcd3/compact.go.
   */
  *#compact(): Generator<Wait, void, unknown> {
    let before = 0
    for (;;) {
      yield this.#sim.delay(COMPACTION_INTERVAL)
      if (this.#etcd.leader === null || !this.#processes.some(({ up }) => up)) continue
      this.#etcd.compact(before)
      before = this.#etcd.revision
    }
  }

  /** What the members of etcd can be made to suffer. */
  get etcd(): Etcd<AnyObject> {
    return this.#etcd
  }

  /** Writes that took effect since the start. */
  get writes(): number {
    return this.#etcd.writes
  }

  /** What is stored now under that key, for observers outside the model. */
  peek<K extends keyof KindMap>(kind: K, namespace: string, name: string): KindMap[K] | undefined {
    return this.#etcd.get(objectKey(kind, namespace, name)) as KindMap[K] | undefined
  }

  /** Puts an object in place before the clock starts. */
  seed(object: AnyObject): AnyObject {
    const uid = this.#newUid()
    return this.#etcd.seed(keyOf(object), -1, (revision) => ({
      ...object,
      metadata: { ...object.metadata, uid, resourceVersion: revision, generation: 1 },
    }))
  }

  /** Puts an object in place that is as old as the cluster itself and that nobody is told of: it takes neither a revision nor time. */
  install<T extends AnyObject>(object: T, generation = 1): T {
    const uid = `uid-installed-${++this.#installed}`
    const stored = { ...object, metadata: { ...object.metadata, uid, resourceVersion: 1, generation } }
    this.#etcd.install(keyOf(stored), stored)
    this.#kinds.add(stored.kind)
    for (const process of this.#processes) process.cache(stored.kind).install(stored)
    return stored
  }

  /** What admission makes of an object that is to be installed; null when it would be refused. A Service has its addresses then. */
  admitted<T extends AnyObject>(object: T): T | null {
    const refusable = admitCreate(object, this.#admission)
    const admitted = refusable.ok ? allocateAddresses(refusable, this.#admission) : refusable
    return admitted.ok ? (admitted.object as T) : null
  }

  /** Fills the caches that requests are judged by, as it does before it answers the first one. */
  begin(): void {
    this.#authorizer = new Authorizer(this)
    this.#admission.caches.start()
  }

  /** What is in the watch cache of a kind, at the first server that is up. */
  cached(kind: string): Iterable<AnyObject> {
    return (this.#processes.find(({ up }) => up) ?? this.#processes[0]!).cache(kind).values()
  }

  /** Why somebody may not do that: the message of the 403; null when it is allowed. */
  forbidden(identity: Identity, attempt: Attempt): string | null {
    return this.#authorizer!.refusal(identity, attempt)
  }

  /** A read that is not allowed: what it takes until that is said. */
  *refuseRead(message: string, key: string, cause: HopId, connection: ApiConnection): Generator<Wait, ApiResponse, unknown> {
    const started = this.#sim.now
    const { latencies } = connection.server ?? this.#processes[0]!
    yield this.#sim.delay(latencies.draw('authentication') + latencies.draw('authorization'))
    const hop = this.#trace.record({ cause, actor: 'kube-apiserver', action: 'refused', subject: key, started, detail: `403 ${message}` })
    return { code: 403, object: undefined, message, hop }
  }

  /** Lists and watches a kind, for as long as the client wants, whatever happens to servers and connections. */
  watch(kind: string, options: ReflectorOptions): ClientWatch {
    this.#kinds.add(kind)
    const access: ReflectorAccess = {
      sim: this.#sim,
      latencies: this.#latencies,
      connection: this.connection(options.name),
      list: (server, of, notOlderThan) => this.#listNotOlderThan(server, of, notOlderThan),
      revisionAt: (time) => this.#etcd.revisionAt(time),
    }
    const reflector = new Reflector(access, kind, options)
    reflector.start()
    return reflector
  }

  /** Called with every change of a kind the moment the watch cache of the first server has it. */
  observe(kind: string, observer: (event: WatchEvent) => void): void {
    this.#processes[0]!.cache(kind).observe(observer)
  }

  /** Called with every change of any kind, in revision order, the moment etcd applies it: before anybody in the cluster can know. */
  observeCommits(observer: (event: WatchEvent) => void): void {
    this.#commitObservers.push(observer)
  }

  /**
   * A client's request: it runs when it has seats at the client's server, and is answered 429 when it gets none; BROKEN when that dies meanwhile, or
   * when the answer does not come to the client, which waits no longer than `patience` for it.
   */
  *serve<T>(
    request: ServedRequest,
    connection: ApiConnection,
    run: (cause: HopId) => Generator<Wait, T, unknown>,
    patience?: Nanos,
  ): Generator<Wait, T | TooManyRequests | typeof BROKEN, unknown> {
    const server = yield* connection.reach()
    // Nobody answers, which the request itself will find.
    if (server === null) return connection.isPlain ? yield* run(request.cause) : BROKEN
    const { epoch } = connection
    const answer = yield* serve({ server, trace: this.#trace, now: () => this.#sim.now }, request, run)
    return connection.isPlain || (yield* connection.answered(epoch, patience)) ? answer : BROKEN
  }

  /** What Priority and Fairness made wait or rejected, over all servers and their lives, by priority level. */
  flowControlReport(): readonly PriorityLevelReport[] {
    const sums = new Map<string, PriorityLevelReport>()
    for (const report of this.#processes.flatMap((process) => process.flowControlReports())) {
      const sum = sums.get(report.priorityLevel)
      sums.set(
        report.priorityLevel,
        sum === undefined
          ? report
          : {
              priorityLevel: report.priorityLevel,
              waited: sum.waited + report.waited,
              longestWait: Math.max(sum.longestWait, report.longestWait),
              rejected: sum.rejected + report.rejected,
            },
      )
    }
    return [...sums.values()]
  }

  /** A read of one object (quorum read, as kubectl and controllers with doubts do). Throws an {@link ApiError} when there is no answer. */
  *get(key: string, connection?: ApiConnection): Generator<Wait, AnyObject | undefined, unknown> {
    return yield* this.#read(connection, (server) => this.#get(server, key))
  }

  *#get(server: ApiServerProcess, key: string): Generator<Wait, AnyObject | undefined, unknown> {
    yield this.#sim.delay(readTime(server))
    yield* this.#untilLeader(server)
    return this.#etcd.get(key)
  }

  /** The kinds of which there is or was an object or a watch, in the order in which they first appeared. */
  get kinds(): readonly string[] {
    return [...this.#kinds]
  }

  /**
   * All objects of a kind, in one namespace or (null) in all, as they are now: the watch cache answers when it is as new as etcd. Throws an
   * {@link ApiError} when there is no answer.
   *
   * Source: Kubernetes cacher (ConsistentListFromCache).
   */
  *list(kind: string, namespace: string | null, connection?: ApiConnection): Generator<Wait, AnyObject[], unknown> {
    return yield* this.#read(connection, (server) => this.#list(server, kind, namespace))
  }

  *#list(server: ApiServerProcess, kind: string, namespace: string | null): Generator<Wait, AnyObject[], unknown> {
    yield this.#sim.delay(readTime(server))
    yield* this.#untilLeader(server)
    const cache = server.cache(kind)
    if (!(yield* cache.untilAsNewAs(this.#etcd.revision))) throw new ApiError(504, 'Timeout: Too large resource version')
    const objects = [...cache.values()]
    return namespace === null ? objects : objects.filter((object) => object.metadata.namespace === namespace)
  }

  /** The list of a reflector: from the cache, at least as new as that revision; null revision: as new as etcd. null when there is no answer. */
  *#listNotOlderThan(
    server: ApiServerProcess,
    kind: string,
    notOlderThan: number | null,
  ): Generator<Wait, { objects: AnyObject[]; revision: number } | null, unknown> {
    yield this.#sim.delay(readTime(server, `${server.name}/list`))
    if (notOlderThan === null && !(yield* this.#hasLeader(server))) return null
    const cache = server.cache(kind)
    if (!(yield* cache.untilAsNewAs(notOlderThan ?? this.#etcd.revision))) return null
    return { objects: [...cache.values()], revision: Math.max(notOlderThan ?? 0, cache.revision) }
  }

  /** Runs a read at the server of that connection. */
  *#read<T>(
    connection: ApiConnection | undefined,
    steps: (server: ApiServerProcess) => Generator<Wait, T, unknown>,
  ): Generator<Wait, T, unknown> {
    const server = yield* this.#reach(connection)
    if (server === null) throw new ApiError(NO_CONNECTION, REFUSED)
    const result = yield* server.serve(steps(server))
    if (result === BROKEN) throw new ApiError(NO_CONNECTION, RESET, true)
    return result
  }

  *#reach(connection: ApiConnection | undefined): Generator<Wait, ApiServerProcess | null, unknown> {
    if (connection === undefined) return this.#processes.find(({ up }) => up) ?? null
    return connection.server ?? (yield* connection.reach())
  }

  /** Whether etcd has a leader, and the server reaches it, within its time-out. */
  *#hasLeader({ id }: ApiServerProcess): Generator<Wait, boolean, unknown> {
    const until = this.#sim.now + REQUEST_TIMEOUT
    while (this.#etcd.leader === null || !this.#reachesEtcd(id)) {
      const left = until - this.#sim.now
      if (left <= 0) return false
      yield firstOf(this.#elected, this.#sim.delay(left))
    }
    return true
  }

  /** A linearizable read needs a leader. Source: etcd server/etcdserver/v3_server.go (linearizableReadNotify; ReqTimeout 7 s). */
  *#untilLeader(server: ApiServerProcess): Generator<Wait, void, unknown> {
    if (!(yield* this.#hasLeader(server))) throw new ApiError(500, TIMED_OUT)
  }

  /** Runs one write through the whole chain, at the server of its connection. */
  *write(request: WriteRequest): Generator<Wait, ApiResponse, unknown> {
    const server = yield* this.#reach(request.connection)
    if (server === null) return { code: NO_CONNECTION, object: undefined, message: REFUSED, hop: request.cause }
    const response = yield* server.serve(this.#handle(request, server))
    // The write may be committed, or may yet be.
    if (response === BROKEN) return { code: NO_CONNECTION, object: undefined, message: RESET, hop: request.cause }
    return response
  }

  *#handle(request: WriteRequest, server: ApiServerProcess): Generator<Wait, ApiResponse, unknown> {
    const { identity, verb, kind, namespace, quiet } = request
    const name = request.name.endsWith('-') ? request.name + randomSuffix(this.#admission.rng) : request.name
    const key = objectKey(kind, namespace, name)
    let hop = request.cause
    const note = (action: string, started: Nanos, detail: string): void => {
      if (!quiet) hop = this.#trace.record({ cause: hop, actor: server.name, action, subject: key, started, detail })
    }

    let started = this.#sim.now
    yield this.#sim.delay(server.latencies.draw('authentication'))
    note('authenticated', started, `${identity.user} by ${identity.credential}`)

    started = this.#sim.now
    yield this.#sim.delay(server.latencies.draw('authorization'))
    const forbidden = this.forbidden(identity, { verb, kind, namespace, name, subresource: request.subresource })
    if (forbidden !== null) {
      note('refused', started, `403 ${forbidden}`)
      return { code: 403, object: undefined, message: forbidden, hop }
    }
    note('authorised', started, `${verb} ${kind}`)
    const kept =
      (verb === 'delete' ? admitDelete(kind, name) : null) ?? nodeRestriction(identity, verb, { kind, name, current: this.#etcd.get(key) })
    if (kept !== null) {
      note('refused', this.#sim.now, `${kept.code} ${kept.message}`)
      return { ...kept, object: undefined, hop }
    }

    started = this.#sim.now
    yield this.#sim.delay(server.latencies.draw('admission'))
    return yield* verb === 'create'
      ? this.#create(request, server, key, name, hop, started)
      : this.#change(request, server, key, hop, started)
  }

  *#create(
    request: WriteRequest,
    server: ApiServerProcess,
    key: string,
    name: string,
    cause: HopId,
    started: Nanos,
  ): Generator<Wait, ApiResponse, unknown> {
    const wanted = request.change(undefined)!
    const named = {
      ...wanted,
      metadata: { ...wanted.metadata, name, uid: this.#newUid(), creationTimestamp: this.#sim.now, generation: 1 },
    }
    const refusable = admitCreate(named, this.#admission, request.name)
    const charged = refusable.ok ? yield* this.#quotas.charge(refusable.object, cause) : null
    const admitted = charged !== null ? charged : refusable.ok ? allocateAddresses(refusable, this.#admission) : refusable
    if (!admitted.ok) {
      const hop = this.#trace.record({
        cause,
        actor: server.name,
        action: 'refused',
        subject: key,
        started,
        detail: `${admitted.code} ${admitted.message}`,
      })
      return { code: admitted.code, object: undefined, message: admitted.message, hop }
    }
    const detail = admitted.by.length === 0 ? 'unchanged' : `changed by ${admitted.by.join(', ')}`
    const hop = request.quiet ? cause : this.#trace.record({ cause, actor: server.name, action: 'admitted', subject: key, started, detail })
    const { object } = admitted
    const unused = (): void => {
      if (object.kind === 'Service') releaseService(object as Service, this.#admission)
    }
    const outcome = yield* this.#transact(request, server, key, 0, object, hop, unused)
    if (outcome.result.ok) return { code: 201, object: outcome.result.value, message: 'created', hop: outcome.hop }
    if (outcome.result.unknown === true) return { code: 500, object: undefined, message: TIMED_OUT, hop: outcome.hop }
    return { code: 409, object: outcome.result.value, message: `${key} already exists`, hop: outcome.hop }
  }

  *#change(
    request: WriteRequest,
    server: ApiServerProcess,
    key: string,
    cause: HopId,
    started: Nanos,
  ): Generator<Wait, ApiResponse, unknown> {
    let hop = cause
    let told = request.quiet
    for (let attempt = 1; ; attempt++) {
      const current = this.#etcd.get(key)
      if (current === undefined) return this.#notFound(request, server, key, hop)
      if (request.uid !== undefined && request.uid !== current.metadata.uid)
        return { code: 409, object: current, message: `${key} is another object than the one that was to be deleted`, hop }
      const next = request.change(current)
      if (next === current) return { code: 200, object: current, message: 'unchanged', hop }
      if (!told) {
        told = true
        hop = this.#trace.record({ cause: hop, actor: server.name, action: 'admitted', subject: key, started, detail: 'unchanged' })
      }
      if (next === null && isToBeMarked(current)) {
        const marked = yield* this.#transact(
          request,
          server,
          key,
          current.metadata.resourceVersion,
          withoutGrace(current, this.#sim.now),
          hop,
        )
        hop = marked.hop
        if (marked.result.unknown === true) return { code: 500, object: undefined, message: TIMED_OUT, hop }
        if (!marked.result.ok) {
          if (attempt < PATCH_ATTEMPTS) continue
          return { code: 409, object: marked.result.value, message: `${key} has been modified; apply to the latest version`, hop }
        }
        attempt--
        continue
      }
      const stored = next === null || isReleased(current, next) ? null : withGeneration(current, next)
      const expected = request.expected === ANY_REVISION ? current.metadata.resourceVersion : request.expected
      const outcome = yield* this.#transact(request, server, key, expected, stored, hop)
      hop = outcome.hop
      if (outcome.result.ok) {
        return { code: 200, object: outcome.result.value ?? current, message: stored === null ? 'deleted' : 'configured', hop }
      }
      if (outcome.result.unknown === true) return { code: 500, object: undefined, message: TIMED_OUT, hop }
      if (request.expected !== ANY_REVISION || attempt === PATCH_ATTEMPTS) {
        return { code: 409, object: outcome.result.value, message: `${key} has been modified; apply to the latest version`, hop }
      }
    }
  }

  /** `conflicts` is called when the store has refused, even if nobody waits for the answer any more. */
  *#transact(
    request: WriteRequest,
    server: ApiServerProcess,
    key: string,
    expected: number,
    next: AnyObject | null,
    cause: HopId,
    conflicts: () => void = () => {},
  ): Generator<Wait, { result: TransactionResult<AnyObject>; hop: HopId }, unknown> {
    const proposedAt = this.#sim.now
    if (!this.#reachesEtcd(server.id) && !(yield* this.#hasLeader(server))) {
      conflicts()
      return { result: { ok: false, unknown: true, revision: this.#etcd.revision, value: undefined }, hop: cause }
    }
    const settled = new Completion<TransactionResult<AnyObject>>(this.#sim)
    let hop = cause
    this.#etcd.propose({
      key,
      expected,
      build: (revision) => {
        if (!request.quiet) {
          const action = next === null ? 'removed' : 'committed'
          hop = this.#trace.record({
            cause,
            actor: 'etcd',
            action,
            subject: key,
            revision,
            started: proposedAt,
            detail: 'on a quorum of disks',
          })
        }
        if (next === null) return { value: null, tag: hop }
        const lease = next.kind === 'Event' ? server.events.at(this.#sim.now) : undefined
        return { value: { ...next, metadata: { ...next.metadata, resourceVersion: revision } }, tag: hop, lease }
      },
      done: (result) => {
        if (!result.ok && result.unknown !== true) conflicts()
        if (!settled.settled) settled.resolve(result)
      },
    })
    const settleNot = server.onDeath(() => {
      // etcd may have answered at this very moment.
      if (!settled.settled) settled.resolve({ ok: false, unknown: true, revision: this.#etcd.revision, value: undefined })
    })
    let result: TransactionResult<AnyObject>
    try {
      result = (yield settled) as TransactionResult<AnyObject>
    } finally {
      // Also when whoever asked has died.
      settleNot()
    }
    if (!result.ok && !request.quiet) {
      hop = this.#trace.record({
        cause,
        actor: 'etcd',
        action: result.unknown === true ? 'timed out' : 'conflict',
        subject: key,
        started: proposedAt,
        detail: result.unknown === true ? `500 ${TIMED_OUT}` : `409 expected revision ${expected}`,
      })
    }
    return { result, hop }
  }

  #notFound(request: WriteRequest, server: ApiServerProcess, key: string, cause: HopId): ApiResponse {
    const hop = request.quiet
      ? cause
      : this.#trace.record({ cause, actor: server.name, action: 'refused', subject: key, detail: '404 not found' })
    return { code: 404, object: undefined, message: `${key} not found`, hop }
  }

  #leaderChanged(leader: number | null, term: number): void {
    const subject = 'etcd'
    if (leader === null) this.#trace.record({ cause: -1, actor: 'etcd', action: 'lost its leader', subject })
    else {
      this.#trace.record({ cause: -1, actor: 'etcd', action: 'elected a leader', subject, detail: `member ${leader + 1} in term ${term}` })
      this.#elected.fire()
      for (const { id } of this.#processes) if (this.#unheard.has(id) && this.#reachesEtcd(id)) this.#catchUp(id)
    }
  }

  #newUid(): string {
    return `uid-${++this.#uids}`
  }
}

/** What the server's part of a read takes. */
function readTime({ latencies }: ApiServerProcess, place?: string): Nanos {
  return latencies.draw('authentication', place) + latencies.draw('authorization', place) + latencies.draw('read', place)
}

/** A change of the store as watchers learn it. */
function watchEventOf(stored: StoreEvent<AnyObject>): WatchEvent {
  return {
    type: stored.value === null ? 'DELETED' : stored.previous === undefined ? 'ADDED' : 'MODIFIED',
    object: stored.value ?? stored.previous!,
    previous: stored.previous,
    revision: stored.revision,
    cause: stored.tag,
    committedAt: stored.at,
  }
}

/** `metadata.generation` counts changes of the desired state only. */
function withGeneration(current: AnyObject, next: AnyObject): AnyObject {
  const before = current as { spec?: unknown; metadata: AnyObject['metadata'] }
  const after = next as { spec?: unknown }
  const sameSpec = before.spec === after.spec
  const marked = current.metadata.deletionTimestamp === null && next.metadata.deletionTimestamp !== null
  if (sameSpec && !marked) return next
  return { ...next, metadata: { ...next.metadata, generation: current.metadata.generation + 1 } }
}
