import type { AnyObject, Kind, KindMap, OpaqueObject } from '../api/objects/index.ts'
import type { Wait } from '../engine/process.ts'
import type { Simulation } from '../engine/simulation.ts'
import { TokenBucket } from '../engine/token-bucket.ts'
import type { HopId, Trace } from '../engine/trace.ts'
import type { KubernetesMinor } from '../kubernetes-version.ts'
import { MILLISECOND, type Nanos, SECOND } from '../units.ts'
import type { ApiConnection } from './api-connection.ts'
import { ApiError } from './api-error.ts'
import { type ApiResponse, type ApiServer, afterDelete, type Propagation } from './api-server.ts'
import type { Verb } from './authorization.ts'
import { ANY_REVISION } from './etcd.ts'
import { evict } from './eviction.ts'
import type { Identity } from './identity.ts'
import type { Latencies, LatencyName } from './latencies.ts'
import { objectKey } from './object-key.ts'

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
}

/** Back-off of a client that asks again: doubles up to the most. Source: kubelet's lease controller (200 ms, at most 7 s). */
const RETRY_FIRST: Nanos = 200 * MILLISECOND
const RETRY_MAX: Nanos = 7 * SECOND

/** A GET whose connection broke is asked again after a second. Source: client-go rest/with_retry.go, request.go (maxRetries 10). */
const GET_RETRY: Nanos = SECOND
const GET_RETRIES = 10

function backOff(attempt: number): Nanos {
  return Math.min(RETRY_MAX, RETRY_FIRST * (1 << Math.min(attempt, 10)))
}

/** What a client tells the story about a request. */
export interface Because {
  /** The hop that made it ask. */
  readonly cause: HopId
  /** Why, in a few words. */
  readonly why: string
}

/** What all clients share. */
export interface ApiAccess {
  readonly sim: Simulation
  readonly server: ApiServer
  readonly trace: Trace
  readonly latencies: Latencies
  /** The process whose connection to the API these clients share; each has its own when not given. */
  readonly process?: string
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
    const { server } = this.#access
    return (yield* this.#read(() => server.get(objectKey(kind, namespace, name), this.#connection))) as KindMap[K] | undefined
  }

  /** All objects of a kind, in one namespace or (null) in all. Throws as {@link get} does. */
  *list<K extends Kind>(kind: K, namespace: string | null): Generator<Wait, KindMap[K][], unknown> {
    const { server } = this.#access
    return (yield* this.#read(() => server.list(kind, namespace, this.#connection))) as KindMap[K][]
  }

  *#read<T>(ask: () => Generator<Wait, T, unknown>): Generator<Wait, T, unknown> {
    const { sim } = this.#access
    for (let attempt = 0; ; attempt++) {
      yield* this.#toServer()
      let failure: ApiError
      try {
        const result = yield* ask()
        yield* this.#network()
        return result
      } catch (error) {
        if (!(error instanceof ApiError)) throw error
        failure = error
      }
      yield* this.#network()
      this.#unanswered++
      if (this.#options.retries !== 'caller') yield sim.delay(backOff(attempt))
      else if (failure.broken && attempt < GET_RETRIES) yield sim.delay(GET_RETRY)
      else throw failure
    }
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

  /** `gracePeriodSeconds` null: what the pod asks for. */
  *delete(
    kind: string,
    namespace: string,
    name: string,
    gracePeriodSeconds: number | null,
    because: Because,
    propagation: Propagation = 'Background',
  ): Generator<Wait, ApiResponse, unknown> {
    const now = (): number => this.#access.sim.now
    return yield* this.#write(
      'delete',
      kind,
      namespace,
      name,
      ANY_REVISION,
      (current) => afterDelete(current!, gracePeriodSeconds, now()),
      because,
      propagation,
    )
  }

  /** An Event: created, or counted up when it is there already; not told in the story. */
  *recordEvent(event: OpaqueObject, again: boolean): Generator<Wait, ApiResponse, unknown> {
    const { name, namespace } = event.metadata
    yield* this.#toServer()
    const response = yield* this.#access.server.write({
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
    const response = yield* this.#access.server.write({
      identity: this.#options.identity,
      verb,
      kind: object.kind,
      namespace,
      name,
      cause: -1,
      change: () => object,
      expected: verb === 'create' ? 0 : resourceVersion,
      quiet: true,
    })
    yield* this.#network()
    return response as ApiResponse<T>
  }

  /** Lets a namespace go that is empty. */
  *finalize(namespace: string, because: Because): Generator<Wait, ApiResponse, unknown> {
    return yield* this.#write('update', 'Namespace', '', namespace, ANY_REVISION, () => null, because)
  }

  /** Asks for an eviction: a DELETE that disruption budgets may forbid (429). */
  *evict(namespace: string, name: string, gracePeriodSeconds: number | null, because: Because): Generator<Wait, ApiResponse, unknown> {
    const { trace, server } = this.#access
    const { actor, identity } = this.#options
    const started = this.#access.sim.now
    yield* this.#toServer()
    const subject = objectKey('Pod', namespace, name)
    const cause = trace.record({ cause: because.cause, actor, action: 'evict', subject, started, detail: because.why })
    const connection = this.#connection
    const response = yield* evict(server, this.#access, { identity, namespace, name, gracePeriodSeconds, cause, connection })
    yield* this.#network()
    return response
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
      const response = yield* this.#access.server.write({
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
    propagation?: Propagation,
  ): Generator<Wait, ApiResponse<T>, unknown> {
    const { trace, server } = this.#access
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
      const response = yield* server.write({
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
        ...(propagation === undefined ? {} : { propagation }),
      })
      yield* this.#network()
      if (!(yield* this.#askAgain(response, attempt))) return response as ApiResponse<T>
    }
  }

  /** After an answer that is none: counts it, and waits before the next attempt when that is the client's to make. */
  *#askAgain(response: ApiResponse, attempt: number): Generator<Wait, boolean, unknown> {
    if (response.code < 500) return false
    this.#unanswered++
    if (this.#options.retries === 'caller') return false
    yield this.#access.sim.delay(backOff(attempt))
    return true
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
