import type { AnyObject, Kind, KindMap, OpaqueObject } from '../api/objects/index.ts'
import type { Wait } from '../engine/process.ts'
import type { Simulation } from '../engine/simulation.ts'
import { TokenBucket } from '../engine/token-bucket.ts'
import { type HopId, NO_CAUSE, type Trace } from '../engine/trace.ts'
import type { KubernetesMinor } from '../kubernetes-version.ts'
import { MILLISECOND, type Nanos, SECOND } from '../units.ts'
import type { ApiConnection } from './api-connection.ts'
import { ApiError, NO_CONNECTION, RESET } from './api-error.ts'
import type { ApiResponse, ApiServer, WriteRequest } from './api-server.ts'
import type { Verb } from './authorization.ts'
import { BROKEN } from './broken.ts'
import { afterDelete } from './deletion.ts'
import { ANY_REVISION } from './etcd.ts'
import { evict } from './eviction.ts'
import { type ServedRequest, TooManyRequests } from './flow-control/serve.ts'
import type { Identity } from './identity.ts'
import type { Delays, LatencyName } from './latencies.ts'
import { objectKey } from './object-key.ts'
import type { Propagation } from './propagation.ts'
import type { WhenRunning } from './watch-cache.ts'

/** Where a client sits and how fast it may ask. */
export interface ApiClientOptions {
  /** How stories name it, such as `deployment-controller`. */
  readonly actor: string
  readonly identity: Identity
  /** Requests a second and burst of client-go's rate limiter; null for a client without one (kubectl, leases). */
  readonly limit: { readonly qps: number; readonly burst: number } | null
  readonly network: LatencyName
  /**
   * Who asks again when there was no answer (5xx, or no connection): the client itself, with back-off, until there is one (the default; it stands for
   * the loops in which kubelets and others come back to what they have not got done), or the caller, who sees the answer.
   */
  readonly retries?: 'client' | 'caller'
  /** The process whose connection it uses; its own when not given. */
  readonly process?: string
  /** How long it waits for an answer that does not come through; as long as the connection is not broken when not given. */
  readonly patience?: Nanos
}

/** Back-off of a client that asks again: doubles up to the most. Source: kubelet's lease controller (200 ms, at most 7 s). */
export const RETRY_FIRST: Nanos = 200 * MILLISECOND
export const RETRY_MAX: Nanos = 7 * SECOND

/** A GET whose connection broke is asked again after a second. Source: client-go rest/with_retry.go, request.go (maxRetries 10). */
export const GET_RETRY: Nanos = SECOND
export const GET_RETRIES = 10
/** How often a client comes back after a 429 with Retry-After. Source: client-go rest/request.go (maxRetries). */
export const RETRIES_AFTER_429 = 10
const TOO_MANY_REQUESTS = 'the server has received too many requests and has asked us to try again later'

/** What a client tells the story about a request. */
export interface Because {
  /** The hop that made it ask. */
  readonly cause: HopId
  /** Why, in a few words. */
  readonly why: string
  /** The caller decides whether to ask again, whatever the client does otherwise. */
  readonly once?: true
  /** The part of the object that is written, such as `status`; the object itself when not given. */
  readonly subresource?: string
}

/** What all clients share. */
export interface ApiAccess {
  readonly sim: Simulation
  readonly server: ApiServer
  readonly trace: Trace
  readonly latencies: Delays
  /** The process whose connection to the API these clients share; each has its own when not given. */
  readonly process?: string
  /** Does what comes to the clients' machine: at once when not given, or when it runs, where it may stand still. */
  readonly whenRunning?: WhenRunning | undefined
  /** Of every component. */
  readonly version: KubernetesMinor
}

/**
 * A client of the API server: its rate limiter, the network, and the request. Every call takes simulated time and is made
 * from within a process: `const response = yield* client.create(pod, { cause, why })`.
 */
export class ApiClient {
  readonly #access: ApiAccess
  readonly #options: ApiClientOptions
  readonly #bucket: TokenBucket | null
  readonly #connection: ApiConnection
  #unanswered = 0

  constructor(access: ApiAccess, options: ApiClientOptions) {
    this.#access = access
    this.#options = options
    this.#connection = access.server.connection(options.process ?? access.process ?? options.actor)
    this.#bucket =
      options.limit === null ? null : new TokenBucket(access.sim, { ratePerSecond: options.limit.qps, burst: options.limit.burst })
  }

  /** Requests that had no answer, so far. */
  get unanswered(): number {
    return this.#unanswered
  }

  get actor(): string {
    return this.#options.actor
  }

  /** Throws an {@link ApiError} when there is no answer and the caller asks again itself. */
  *get<K extends Kind>(kind: K, namespace: string, name: string): Generator<Wait, KindMap[K] | undefined, unknown> {
    const key = objectKey(kind, namespace, name)
    const request = { verb: 'get', kind, namespace, subject: key }
    return (yield* this.#read(request, () => this.#access.server.get(key, this.#connection))) as KindMap[K] | undefined
  }

  /** All objects of a kind, in one namespace or (null) in all. Throws as {@link get} does. */
  *list<K extends Kind>(kind: K, namespace: string | null): Generator<Wait, KindMap[K][], unknown> {
    const request = { verb: 'list', kind, namespace: namespace ?? '', subject: kind }
    return (yield* this.#read(request, () => this.#access.server.list(kind, namespace, this.#connection))) as KindMap[K][]
  }

  /** `metadata.name` may end in `-`: the server completes it. */
  *create<T extends AnyObject>(object: T, because: Because): Generator<Wait, ApiResponse<T>, unknown> {
    const { name, namespace } = object.metadata
    return yield* this.#write<T>('create', object.kind, namespace, name, 0, () => object, because)
  }

  /** Replaces an object that was read before: a conflict (409) when it has changed since. */
  *update<T extends AnyObject>(object: T, because: Because): Generator<Wait, ApiResponse<T>, unknown> {
    const { name, namespace, resourceVersion } = object.metadata
    return yield* this.#write<T>('update', object.kind, namespace, name, resourceVersion, () => object, because)
  }

  /** Changes whatever is stored; the server tries again by itself when it changed meanwhile. */
  *patch<K extends Kind>(
    kind: K,
    namespace: string,
    name: string,
    change: (current: KindMap[K]) => KindMap[K],
    because: Because,
    verb: Verb = 'patch',
  ): Generator<Wait, ApiResponse<KindMap[K]>, unknown> {
    return yield* this.#write<KindMap[K]>(verb, kind, namespace, name, ANY_REVISION, (current) => change(current as KindMap[K]), because)
  }

  /** Why a read of the object (name empty: of all of them) is refused, once that has been said; null when it is allowed, at once. */
  *refusedRead(kind: string, namespace: string, name: string, cause: HopId): Generator<Wait, ApiResponse | null, unknown> {
    const { server } = this.#access
    const verb = name === '' ? 'list' : 'get'
    const message = server.forbidden(this.#options.identity, { verb, kind, namespace, name })
    if (message === null) return null
    yield* this.#toServer()
    const response = yield* server.refuseRead(message, objectKey(kind, namespace, name), cause, this.#connection)
    yield* this.#network()
    return response
  }

  /** `gracePeriodSeconds` null: what the pod asks for. `uid`: only that very object. */
  *delete(
    kind: string,
    namespace: string,
    name: string,
    gracePeriodSeconds: number | null,
    because: Because,
    propagation?: Propagation,
    uid?: string,
  ): Generator<Wait, ApiResponse, unknown> {
    const now = (): number => this.#access.sim.now
    return yield* this.#write(
      'delete',
      kind,
      namespace,
      name,
      ANY_REVISION,
      (current) => afterDelete(current!, gracePeriodSeconds, now(), propagation),
      because,
      uid,
    )
  }

  /** An Event: created, or counted up when it is there already; not told in the story. */
  *recordEvent(event: OpaqueObject, again: boolean): Generator<Wait, ApiResponse, unknown> {
    const { name, namespace } = event.metadata
    yield* this.#toServer()
    const response = yield* this.#send({
      identity: this.#options.identity,
      verb: again ? 'patch' : 'create',
      kind: event.kind,
      namespace,
      name,
      cause: -1,
      change: (current) => (current === undefined ? event : ({ ...current, content: event.content } as OpaqueObject)),
      expected: again ? ANY_REVISION : 0,
      quiet: true,
      connection: this.#connection,
    })
    yield* this.#network()
    return response
  }

  /** Creates an object, or replaces one that was read before (409 when it has changed since); not told in the story. Never asks again. */
  *writeQuietly<T extends AnyObject>(object: T, verb: 'create' | 'update'): Generator<Wait, ApiResponse<T>, unknown> {
    const { name, namespace, resourceVersion } = object.metadata
    yield* this.#toServer()
    const response = yield* this.#send({
      identity: this.#options.identity,
      verb,
      kind: object.kind,
      namespace,
      name,
      cause: -1,
      change: () => object,
      expected: verb === 'create' ? 0 : resourceVersion,
      quiet: true,
      connection: this.#connection,
    })
    yield* this.#network()
    return response as ApiResponse<T>
  }

  /** Lets a namespace go that is empty. */
  *finalize(namespace: string, because: Because): Generator<Wait, ApiResponse, unknown> {
    return yield* this.#write('update', 'Namespace', '', namespace, ANY_REVISION, () => null, { ...because, subresource: 'finalize' })
  }

  /** Asks for an eviction: a DELETE that disruption budgets may forbid (429). */
  *evict(namespace: string, name: string, gracePeriodSeconds: number | null, because: Because): Generator<Wait, ApiResponse, unknown> {
    const { trace, server } = this.#access
    const { actor, identity } = this.#options
    const started = this.#access.sim.now
    yield* this.#toServer()
    const subject = objectKey('Pod', namespace, name)
    const cause = trace.record({ cause: because.cause, actor, action: 'evict', subject, started, detail: because.why })
    // A subresource of the pod that is created: its reads and writes are the server's own, and hold no seats beside its own.
    const request = { verb: 'create', kind: 'Pod', namespace, subject, cause, quiet: false }
    const connection = this.#connection
    const response = yield* this.#served(request, (hop) =>
      evict(server, this.#access, { identity, namespace, name, gracePeriodSeconds, cause: hop, connection }),
    )
    yield* this.#network()
    return answerOf(response, cause)
  }

  /** A heartbeat: written like anything else, but not told. */
  *beat<K extends Kind>(
    kind: K,
    namespace: string,
    name: string,
    change: (current: KindMap[K]) => KindMap[K],
  ): Generator<Wait, ApiResponse, unknown> {
    for (let attempt = 0; ; attempt++) {
      yield* this.#toServer()
      const response = yield* this.#send({
        identity: this.#options.identity,
        verb: 'patch',
        kind,
        namespace,
        name,
        cause: -1,
        change: (current) => change(current as KindMap[K]),
        expected: ANY_REVISION,
        quiet: true,
        connection: this.#connection,
      })
      yield* this.#network()
      if (!(yield* this.#askAgain(response, attempt))) return response
    }
  }

  *#write<T extends AnyObject>(
    verb: Verb,
    kind: string,
    namespace: string,
    name: string,
    expected: number,
    change: (current: AnyObject | undefined) => AnyObject | null,
    because: Because,
    uid?: string,
  ): Generator<Wait, ApiResponse<T>, unknown> {
    const { trace } = this.#access
    const { actor, identity } = this.#options
    for (let attempt = 0; ; attempt++) {
      const started = this.#access.sim.now
      yield* this.#toServer()
      const sent = trace.record({
        cause: because.cause,
        actor,
        action: verb,
        subject: objectKey(kind, namespace, name),
        started,
        detail: because.why,
      })
      const response = yield* this.#send({
        identity,
        verb,
        kind,
        namespace,
        name,
        cause: sent,
        change,
        expected,
        quiet: false,
        connection: this.#connection,
        subresource: because.subresource,
        uid,
      })
      yield* this.#network()
      if (!(yield* this.#askAgain(response, attempt, because.once))) return response as ApiResponse<T>
    }
  }

  /** After an answer that is none: counts it, and waits before the next attempt when that is the client's to make. */
  *#askAgain(response: ApiResponse, attempt: number, once = false): Generator<Wait, boolean, unknown> {
    if (response.code < 500 && response.message !== TOO_MANY_REQUESTS) return false
    this.#unanswered++
    if (once || this.#options.retries === 'caller') return false
    yield this.#access.sim.delay(backOff(attempt))
    return true
  }

  *#send(request: WriteRequest): Generator<Wait, ApiResponse, unknown> {
    const { verb, kind, namespace, name, cause, quiet } = request
    const served = { verb, kind, namespace, subject: objectKey(kind, namespace, name), cause, quiet }
    const response = yield* this.#served(served, (hop) => this.#access.server.write(hop === cause ? request : { ...request, cause: hop }))
    return answerOf(response, cause)
  }

  /** There and back. A read comes back until it is served, with back-off: it stands for the loop of whoever reads. */
  *#read<T>(
    request: { readonly verb: string; readonly kind: string; readonly namespace: string; readonly subject: string },
    run: () => Generator<Wait, T, unknown>,
  ): Generator<Wait, T, unknown> {
    const { sim } = this.#access
    for (let attempt = 0; ; attempt++) {
      yield* this.#toServer()
      const answer = yield* this.#readOnce(request, run)
      yield* this.#network()
      if (answer instanceof TooManyRequests) {
        yield sim.delay(backOff(attempt))
        continue
      }
      if (!(answer instanceof ApiError)) return answer
      this.#unanswered++
      if (this.#options.retries !== 'caller') yield sim.delay(backOff(attempt))
      else if (answer.broken && attempt < GET_RETRIES) yield sim.delay(GET_RETRY)
      else throw answer
    }
  }

  *#readOnce<T>(
    request: { readonly verb: string; readonly kind: string; readonly namespace: string; readonly subject: string },
    run: () => Generator<Wait, T, unknown>,
  ): Generator<Wait, T | TooManyRequests | ApiError, unknown> {
    try {
      const answer = yield* this.#served({ ...request, cause: NO_CAUSE, quiet: true }, run)
      return answer === BROKEN ? new ApiError(NO_CONNECTION, RESET, true) : answer
    } catch (error) {
      if (error instanceof ApiError) return error
      throw error
    }
  }

  /**
   * The request at the server, which may be too busy: the client comes back after Retry-After, through its rate limiter again.
   *
   * Source: client-go rest/{request,with_retry}.go.
   */
  *#served<T>(
    request: Omit<ServedRequest, 'identity'>,
    run: (cause: HopId) => Generator<Wait, T, unknown>,
  ): Generator<Wait, T | TooManyRequests | typeof BROKEN, unknown> {
    const attributes = { ...request, identity: this.#options.identity }
    for (let retry = 0; ; retry++) {
      const answer = yield* this.#access.server.serve(attributes, this.#connection, run, this.#options.patience)
      if (!(answer instanceof TooManyRequests) || retry === RETRIES_AFTER_429) return answer
      yield* this.#network()
      yield this.#access.sim.delay(answer.retryAfterSeconds * SECOND)
      yield* this.#toServer()
    }
  }

  /** The rate limiter and the way to the server. */
  *#toServer(): Generator<Wait, void, unknown> {
    if (this.#bucket !== null) yield* this.#bucket.take()
    yield* this.#network()
  }

  *#network(): Generator<Wait, void, unknown> {
    yield this.#access.sim.delay(this.#access.latencies.draw(this.#options.network, this.#options.actor))
  }
}

function backOff(attempt: number): Nanos {
  return Math.min(RETRY_MAX, RETRY_FIRST * (1 << Math.min(attempt, 10)))
}

/** What the caller sees when even the last retry was answered 429, or the server died before the request had its turn. */
function answerOf(response: ApiResponse | TooManyRequests | typeof BROKEN, cause: HopId): ApiResponse {
  if (response === BROKEN) return { code: NO_CONNECTION, object: undefined, message: RESET, hop: cause }
  if (!(response instanceof TooManyRequests)) return response
  return { code: 429, object: undefined, message: TOO_MANY_REQUESTS, hop: response.hop }
}
