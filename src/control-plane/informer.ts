import type { Kind, KindMap } from '../api/objects/index.ts'
import { NO_CAUSE } from '../engine/trace.ts'
import type { ApiServer } from './api-server.ts'
import { keyOf } from './object-key.ts'
import type { ClientWatch } from './reflector.ts'
import type { WatchEvent, WatcherOptions } from './watch-cache.ts'

export type InformerOptions = Pick<WatcherOptions, 'name' | 'network' | 'nodeName' | 'whenRunning'>

/**
 * A local cache of one kind, kept up to date by a reflector, that tells its listeners of every change.
 *
 * It may be behind the API server: whoever reads it acts on what was true a moment ago, as real controllers do.
 */
export class Informer<K extends Kind> {
  readonly #objects = new Map<string, KindMap[K]>()
  readonly #listeners: ((event: WatchEvent<KindMap[K]>) => void)[] = []
  #watch: ClientWatch | null = null
  readonly #server: ApiServer
  readonly #kind: K
  readonly #options: InformerOptions

  constructor(server: ApiServer, kind: K, options: InformerOptions) {
    this.#server = server
    this.#kind = kind
    this.#options = options
  }

  /** Lists and watches from now on. `synced` is called once, when all that the list has is here. */
  start(synced?: () => void): void {
    this.#watch = this.#server.watch(this.#kind, {
      ...this.#options,
      known: () => this.#objects.values(),
      deliver: (event) => this.#receive(event as WatchEvent<KindMap[K]>),
      ...(synced === undefined ? {} : { synced }),
    })
  }

  /**
   * Watches from now on; what exists (of what the informer asks for) is here at once, as in a component that answers nobody before its caches are
   * filled.
   */
  startSynced(existing = this.#server.cached(this.#kind) as Iterable<KindMap[K]>): void {
    for (const object of existing) this.#objects.set(keyOf(object), object)
    this.#watch = this.#server.watch(this.#kind, {
      ...this.#options,
      known: () => this.#objects.values(),
      listed: () => {},
      deliver: (event) => this.#receive(event as WatchEvent<KindMap[K]>),
    })
  }

  /** The same, and listeners are told of what exists: a component that has run for long has heard of it all. */
  startSettled(): void {
    this.startSynced()
    const committedAt = this.#server.now
    for (const object of [...this.#objects.values()]) {
      const { resourceVersion: revision } = object.metadata
      const event = { type: 'ADDED', object, previous: undefined, revision, cause: NO_CAUSE, committedAt, fromList: true } as const
      for (const listener of this.#listeners) listener(event)
    }
  }

  /** Ends the watch and forgets everything, as a process that died. */
  stop(): void {
    this.#watch?.stop()
    this.#watch = null
    this.#objects.clear()
  }

  /** The API server has given the connection up: see {@link ClientWatch.sever}. */
  sever(): void {
    this.#watch?.sever()
  }

  listen(listener: (event: WatchEvent<KindMap[K]>) => void): void {
    this.#listeners.push(listener)
  }

  /** `Kind/namespace/name`. */
  get(key: string): KindMap[K] | undefined {
    return this.#objects.get(key)
  }

  /** In the order in which they first appeared. */
  values(): IterableIterator<KindMap[K]> {
    return this.#objects.values()
  }

  get size(): number {
    return this.#objects.size
  }

  #receive(event: WatchEvent<KindMap[K]>): void {
    const key = keyOf(event.object)
    if (event.type === 'DELETED') this.#objects.delete(key)
    else this.#objects.set(key, event.object)
    for (const listener of this.#listeners) listener(event)
  }
}
