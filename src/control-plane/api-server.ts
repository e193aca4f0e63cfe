import type { AnyObject, KindMap, Namespace, Pod, Service } from '../api/objects/index.ts'
import type { Wait } from '../engine/process.ts'
import { Completion, Signal } from '../engine/process.ts'
import type { Simulation } from '../engine/simulation.ts'
import type { HopId, Trace } from '../engine/trace.ts'
import { type Nanos, SECOND } from '../units.ts'
import { AddressPool, PortPool } from './address-pools.ts'
import { AdmissionCaches } from './admission/caches.ts'
import { nodeRestriction } from './admission/node-restriction.ts'
import { QuotaEvaluator } from './admission/resource-quota.ts'
import { type AdmissionContext, admitCreate, admitDelete, allocateAddresses, releaseService } from './admission.ts'
import { type Attempt, Authorizer, type Verb } from './authorization.ts'
import { ANY_REVISION, Etcd, type TransactionResult } from './etcd.ts'
import type { Identity } from './identity.ts'
import type { Latencies } from './latencies.ts'
import { keyOf, objectKey } from './object-key.ts'
import { type Propagation, withPropagation } from './propagation.ts'
import { randomSuffix } from './random-name.ts'
import { type Watch, WatchCache, type WatchEvent, type WatcherOptions } from './watch-cache.ts'

/** What the API server answers. `object` is what is stored after the request, when there is anything. */
export interface ApiResponse<T extends AnyObject = AnyObject> {
  /** 200 done, 201 created, 403 refused, 404 no such object, 409 conflict or exists, 422 invalid, 500 etcd gave no answer in time. */
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
}

const ACTOR = 'kube-apiserver'

/** Source: etcd api/v3/rpc/rpctypes/error.go. */
const TIMED_OUT = 'etcdserver: request timed out'

/** How often a patch starts afresh when the object changed under it. Source: apiserver handlers/patch.go, maxRetryWhenPatchConflicts. */
const PATCH_ATTEMPTS = 5

/**
 * kube-apiserver: the only one that talks to etcd, and the one that everybody else talks to.
 *
 * A request passes authentication, authorisation and admission, each with a delay and a hop of its own, is then a
 * transaction in etcd (compare the revision, write, quorum), and is answered. What etcd has applied becomes visible in the
 * watch cache of its kind and goes out to the watchers. Without a quorum of etcd writes fail after its time-out with 500 (they may have been
 * applied all the same), reads wait for a leader, watches stay silent.
 *
 * Not modelled yet: Priority and Fairness, several API servers, webhooks.
 *
 * Source: Kubernetes staging/src/k8s.io/apiserver/pkg/server/config.go (order of the handler chain).
 */
export class ApiServer {
  readonly #sim: Simulation
  readonly #trace: Trace
  readonly #latencies: Latencies
  readonly #etcd: Etcd<AnyObject>
  readonly #caches = new Map<string, WatchCache>()
  readonly #admission: AdmissionContext
  readonly #commitObservers: ((event: WatchEvent) => void)[] = []
  /** Fires when etcd has a leader again. */
  readonly #elected: Signal
  #uids = 0
  #installed = 0
  #authorizer: Authorizer | null = null
  readonly #quotas: QuotaEvaluator

  constructor(sim: Simulation, options: { trace: Trace; latencies: Latencies; etcdMembers: number; serviceCidr: string }) {
    this.#sim = sim
    this.#trace = options.trace
    this.#latencies = options.latencies
    this.#etcd = new Etcd(sim, { members: options.etcdMembers, latencies: options.latencies })
    this.#elected = new Signal(sim)
    this.#etcd.observeLeader((leader, term) => this.#leaderChanged(leader, term))
    this.#admission = {
      get: (key) => this.#etcd.get(key),
      clusterIPs: new AddressPool(options.serviceCidr),
      nodePorts: new PortPool(),
      rng: sim.rng('api-server/addresses'),
      caches: new AdmissionCaches(this),
    }
    this.#quotas = new QuotaEvaluator(sim, this, this.#admission.caches)
    this.#etcd.observe((stored) => {
      const object = stored.value ?? stored.previous!
      const event: WatchEvent = {
        type: stored.value === null ? 'DELETED' : stored.previous === undefined ? 'ADDED' : 'MODIFIED',
        object,
        previous: stored.previous,
        revision: stored.revision,
        cause: stored.tag,
        committedAt: sim.now,
      }
      for (const observer of this.#commitObservers) observer(event)
      this.#cache(object.kind).accept(event)
    })
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
  install(object: AnyObject): void {
    const uid = `uid-installed-${++this.#installed}`
    const stored = { ...object, metadata: { ...object.metadata, uid, resourceVersion: 1, generation: 1 } }
    this.#etcd.install(keyOf(stored), stored)
    this.#cache(stored.kind).install(stored)
  }

  /** Fills the caches that requests are judged by, as it does before it answers the first one. */
  start(): void {
    this.#authorizer = new Authorizer(this)
    this.#admission.caches.start()
  }

  /** What is in the watch cache of a kind. */
  cached(kind: string): Iterable<AnyObject> {
    return this.#cache(kind).values()
  }

  /** Why somebody may not do that: the message of the 403; null when it is allowed. */
  forbidden(identity: Identity, attempt: Attempt): string | null {
    return this.#authorizer!.refusal(identity, attempt)
  }

  /** A read that is not allowed: what it takes until that is said. */
  *refuseRead(message: string, key: string, cause: HopId): Generator<Wait, ApiResponse, unknown> {
    const started = this.#sim.now
    yield this.#sim.delay(this.#latencies.draw('authentication') + this.#latencies.draw('authorization'))
    const hop = this.#trace.record({ cause, actor: ACTOR, action: 'refused', subject: key, started, detail: `403 ${message}` })
    return { code: 403, object: undefined, message, hop }
  }

  /** Lists and watches a kind. */
  watch(kind: string, options: WatcherOptions): Watch {
    return this.#cache(kind).watch(options)
  }

  /** Called with every change of a kind the moment the watch cache has it. */
  observe(kind: string, observer: (event: WatchEvent) => void): void {
    this.#cache(kind).observe(observer)
  }

  /** Called with every change of any kind, in revision order, the moment etcd applies it: before anybody in the cluster can know. */
  observeCommits(observer: (event: WatchEvent) => void): void {
    this.#commitObservers.push(observer)
  }

  /** A read of one object (quorum read, as kubectl and controllers with doubts do). */
  *get(key: string): Generator<Wait, AnyObject | undefined, unknown> {
    yield this.#sim.delay(this.#latencies.draw('authentication') + this.#latencies.draw('authorization') + this.#latencies.draw('read'))
    while (this.#etcd.leader === null) yield this.#elected
    return this.#etcd.get(key)
  }

  /** The kinds of which there is or was an object, in the order in which they first appeared. */
  get kinds(): readonly string[] {
    return [...this.#caches.keys()]
  }

  /** All objects of a kind, in one namespace or (null) in all, as the watch cache has them. */
  *list(kind: string, namespace: string | null): Generator<Wait, AnyObject[], unknown> {
    yield this.#sim.delay(this.#latencies.draw('authentication') + this.#latencies.draw('authorization') + this.#latencies.draw('read'))
    const objects = [...this.#cache(kind).values()]
    return namespace === null ? objects : objects.filter((object) => object.metadata.namespace === namespace)
  }

  /** Runs one write through the whole chain. */
  *write(request: WriteRequest): Generator<Wait, ApiResponse, unknown> {
    const { identity, verb, kind, namespace, quiet } = request
    const name = request.name.endsWith('-') ? request.name + randomSuffix(this.#admission.rng) : request.name
    const key = objectKey(kind, namespace, name)
    let hop = request.cause
    const note = (action: string, started: Nanos, detail: string): void => {
      if (!quiet) hop = this.#trace.record({ cause: hop, actor: ACTOR, action, subject: key, started, detail })
    }

    let started = this.#sim.now
    yield this.#sim.delay(this.#latencies.draw('authentication'))
    note('authenticated', started, `${identity.user} by ${identity.credential}`)

    started = this.#sim.now
    yield this.#sim.delay(this.#latencies.draw('authorization'))
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
    yield this.#sim.delay(this.#latencies.draw('admission'))
    return yield* verb === 'create' ? this.#create(request, key, name, hop, started) : this.#change(request, key, hop, started)
  }

  *#create(request: WriteRequest, key: string, name: string, cause: HopId, started: Nanos): Generator<Wait, ApiResponse, unknown> {
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
        actor: ACTOR,
        action: 'refused',
        subject: key,
        started,
        detail: `${admitted.code} ${admitted.message}`,
      })
      return { code: admitted.code, object: undefined, message: admitted.message, hop }
    }
    const detail = admitted.by.length === 0 ? 'unchanged' : `changed by ${admitted.by.join(', ')}`
    const hop = request.quiet ? cause : this.#trace.record({ cause, actor: ACTOR, action: 'admitted', subject: key, started, detail })
    const outcome = yield* this.#transact(request, key, 0, admitted.object, hop)
    if (outcome.result.ok) return { code: 201, object: outcome.result.value, message: 'created', hop: outcome.hop }
    if (outcome.result.unknown === true) return { code: 500, object: undefined, message: TIMED_OUT, hop: outcome.hop }
    if (admitted.object.kind === 'Service') releaseService(admitted.object as Service, this.#admission)
    return { code: 409, object: outcome.result.value, message: `${key} already exists`, hop: outcome.hop }
  }

  *#change(request: WriteRequest, key: string, cause: HopId, started: Nanos): Generator<Wait, ApiResponse, unknown> {
    let hop = cause
    for (let attempt = 1; ; attempt++) {
      const current = this.#etcd.get(key)
      if (current === undefined) return this.#notFound(request, key, hop)
      if (request.uid !== undefined && request.uid !== current.metadata.uid)
        return { code: 409, object: current, message: `${key} is another object than the one that was to be deleted`, hop }
      const next = request.change(current)
      if (next === current) return { code: 200, object: current, message: 'unchanged', hop }
      if (attempt === 1 && !request.quiet) {
        hop = this.#trace.record({ cause: hop, actor: ACTOR, action: 'admitted', subject: key, started, detail: 'unchanged' })
      }
      if (next === null && isToBeMarked(current)) {
        const marked = yield* this.#transact(request, key, current.metadata.resourceVersion, withoutGrace(current, this.#sim.now), hop)
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
      const outcome = yield* this.#transact(request, key, expected, stored, hop)
      hop = outcome.hop
      if (outcome.result.ok) {
        if (stored === null && current.kind === 'Service') releaseService(current as Service, this.#admission)
        return { code: 200, object: outcome.result.value ?? current, message: stored === null ? 'deleted' : 'configured', hop }
      }
      if (outcome.result.unknown === true) return { code: 500, object: undefined, message: TIMED_OUT, hop }
      if (request.expected !== ANY_REVISION || attempt === PATCH_ATTEMPTS) {
        return { code: 409, object: outcome.result.value, message: `${key} has been modified; apply to the latest version`, hop }
      }
    }
  }

  *#transact(
    request: WriteRequest,
    key: string,
    expected: number,
    next: AnyObject | null,
    cause: HopId,
  ): Generator<Wait, { result: TransactionResult<AnyObject>; hop: HopId }, unknown> {
    const proposedAt = this.#sim.now
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
        return { value: { ...next, metadata: { ...next.metadata, resourceVersion: revision } }, tag: hop }
      },
      done: (result) => settled.resolve(result),
    })
    const result = (yield settled) as TransactionResult<AnyObject>
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

  #notFound(request: WriteRequest, key: string, cause: HopId): ApiResponse {
    const hop = request.quiet
      ? cause
      : this.#trace.record({ cause, actor: ACTOR, action: 'refused', subject: key, detail: '404 not found' })
    return { code: 404, object: undefined, message: `${key} not found`, hop }
  }

  #leaderChanged(leader: number | null, term: number): void {
    const subject = 'etcd'
    if (leader === null) this.#trace.record({ cause: -1, actor: 'etcd', action: 'lost its leader', subject })
    else {
      this.#trace.record({ cause: -1, actor: 'etcd', action: 'elected a leader', subject, detail: `member ${leader + 1} in term ${term}` })
      this.#elected.fire()
    }
  }

  #cache(kind: string): WatchCache {
    let cache = this.#caches.get(kind)
    if (cache === undefined) {
      cache = new WatchCache(this.#sim, this.#latencies)
      this.#caches.set(kind, cache)
    }
    return cache
  }

  #newUid(): string {
    return `uid-${++this.#uids}`
  }
}

/**
 * What a DELETE makes of an object: a pod that runs somewhere is marked and stays until its kubelet has stopped it, what has finalizers
 * is marked and stays until the last of them is taken off, everything else goes at once.
 *
 * Source: Kubernetes pkg/registry/core/pod/strategy.go (CheckGracefulDelete), apiserver/pkg/registry/rest/delete.go.
 */
export function afterDelete(stored: AnyObject, gracePeriodSeconds: number | null, now: Nanos, propagation?: Propagation): AnyObject | null {
  if (stored.kind === 'Namespace') return terminating(stored as Namespace, now)
  const object = withPropagation(stored, propagation)
  if (object.kind !== 'Pod') return removedOrHeld(object, now)
  const pod = object as Pod
  const terminal = pod.status.phase === 'Succeeded' || pod.status.phase === 'Failed'
  const grace = pod.spec.nodeName === '' || terminal ? 0 : (gracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds)
  if (grace === 0) return removedOrHeld(pod, now)
  const { deletionTimestamp, deletionGracePeriodSeconds } = pod.metadata
  if (deletionTimestamp !== null && deletionGracePeriodSeconds !== null && grace >= deletionGracePeriodSeconds) return pod
  return { ...pod, metadata: { ...pod.metadata, deletionTimestamp: now + grace * SECOND, deletionGracePeriodSeconds: grace } }
}

/** Finalizers hold an object back: it is marked only. */
function removedOrHeld(object: AnyObject, now: Nanos): AnyObject | null {
  const { finalizers, deletionTimestamp, deletionGracePeriodSeconds } = object.metadata
  if (finalizers.length === 0) return null
  if (deletionTimestamp !== null && deletionGracePeriodSeconds === 0) return object
  const marked = { deletionTimestamp: deletionTimestamp === null ? now : Math.min(deletionTimestamp, now), deletionGracePeriodSeconds: 0 }
  return { ...object, metadata: { ...object.metadata, ...marked } }
}

/**
 * Whether a write takes off the last finalizer of an object that waited for nothing else.
 *
 * Source: Kubernetes apiserver/pkg/registry/generic/registry/store.go (ShouldDeleteDuringUpdate).
 */
function isReleased(current: AnyObject, next: AnyObject): boolean {
  const before = current.metadata
  return (
    before.finalizers.length > 0 &&
    next.metadata.finalizers.length === 0 &&
    before.deletionTimestamp !== null &&
    before.deletionGracePeriodSeconds === 0
  )
}

/**
 * The removal of a pod is two writes: it is marked with a grace period of 0 first, so that watchers see it end.
 *
 * Source: recorded from Kubernetes v1.36.2; apiserver/pkg/registry/generic/registry/store.go (updateForGracefulDeletionAndFinalizers).
 */
function isToBeMarked(object: AnyObject): boolean {
  return object.kind === 'Pod' && object.metadata.deletionGracePeriodSeconds !== 0
}

function withoutGrace(object: AnyObject, now: Nanos): AnyObject {
  return { ...object, metadata: { ...object.metadata, deletionTimestamp: now, deletionGracePeriodSeconds: 0 } }
}

/** A namespace stays until the namespace controller has emptied it. Source: pkg/registry/core/namespace/storage. */
function terminating(namespace: Namespace, now: Nanos): Namespace {
  if (namespace.metadata.deletionTimestamp !== null) return namespace
  return { ...namespace, metadata: { ...namespace.metadata, deletionTimestamp: now }, status: { phase: 'Terminating' } }
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
