import { Heap } from 'heap-js'
import type { Pod } from '../../api/objects/index.ts'
import type { HopId } from '../../engine/trace.ts'
import type { KubernetesMinor } from '../../kubernetes-version.ts'
import { type Nanos, SECOND } from '../../units.ts'
import { keyOf } from '../object-key.ts'
import type { ClusterEvent, ClusterEventKind } from './cluster-event.ts'
import type { SchedulerPlugin } from './plugin.ts'

/** Source: podInitialBackoffSeconds. */
export const INITIAL_BACKOFF: Nanos = SECOND
/** Source: podMaxBackoffSeconds. */
export const MAX_BACKOFF: Nanos = 10 * SECOND
/** Pods whose back-off is over are looked for this often. Source: scheduling_queue.go (Run: flushBackoffQCompleted). */
export const BACKOFF_PERIOD: Nanos = SECOND
/** Source: DefaultPodMaxInUnschedulablePodsDuration, and how often it is looked at. */
export const PARKED_MAX: Nanos = 300 * SECOND
export const PARKED_PERIOD: Nanos = 30 * SECOND

/** SchedulerQueueingHints: on by default since then. Source: feature gates of Kubernetes (1.28 off, 1.32 on). */
export const HINTS_SINCE = 32
/** SchedulerPopFromBackoffQ. Source: feature gates of Kubernetes. */
export const POP_FROM_BACKOFF_SINCE = 33
/** Failures to place and errors back off apart. Source: backoff_queue.go of 1.34. */
export const SEPARATE_COUNTS_SINCE = 34

/** A pod that waits for a node. */
export interface QueuedPod {
  readonly key: string
  pod: Pod
  cause: HopId
  /** When it came into the queue last: among equals the older goes first. */
  since: Nanos
  /** Tries that found no node, and tries that ended in an error. */
  unschedulable: number
  errors: number
  /** Not before then, after a failed attempt. */
  notBefore: Nanos
  /** The plugins that turned it away at the last try; empty after an error. */
  rejectedBy: ReadonlySet<string>
  where: 'active' | 'backoff' | 'parked' | 'in flight'
  /** Counts its moves: an entry of a heap that bears another number is stale. */
  ticket: number
}

interface Entry {
  readonly queued: QueuedPod
  readonly ticket: number
}

export interface SchedulingQueueOptions {
  readonly version: KubernetesMinor
  readonly plugins: readonly SchedulerPlugin[]
  /** Pods that may not be tried yet: room is still being made for them (PreEnqueue). */
  readonly isGated: (key: string) => boolean
}

/**
 * kube-scheduler's queues: active (highest priority first, then the longest waiting), back-off (1, 2, 4, … 10 s after a failed
 * try), and parked, from which a pod comes back when something happens that one of the plugins that turned it away cares about,
 * or after five minutes.
 *
 * What happens while a pod is being tried is remembered until the try is over, so that no event is lost: with queueing hints
 * (1.32) each event is asked about, before that any event at all sends the pod to the back-off queue.
 *
 * Source: Kubernetes pkg/scheduler/backend/queue/{scheduling_queue,active_queue,backoff_queue}.go.
 */
export class SchedulingQueue {
  readonly #options: SchedulingQueueOptions
  readonly #pods = new Map<string, QueuedPod>()
  readonly #active = new Heap<Entry>((a, b) => byPriority(a.queued, b.queued))
  readonly #backoff: Heap<Entry>
  readonly #parkedBy = new Map<string, Map<string, QueuedPod>>()
  readonly #interested = new Map<ClusterEventKind, SchedulerPlugin[]>()
  readonly #inFlight = new Map<string, number>()
  readonly #events: ClusterEvent[] = []
  /** The number of the first of `#events`. */
  #eventsFrom = 0
  #activeCount = 0
  #backoffCount = 0
  #parkedCount = 0

  constructor(options: SchedulingQueueOptions) {
    this.#options = options
    const windowed = options.version >= POP_FROM_BACKOFF_SINCE
    this.#backoff = new Heap<Entry>(
      (a, b) =>
        a.queued.notBefore - b.queued.notBefore || (windowed ? byPriority(a.queued, b.queued) : a.queued.key < b.queued.key ? -1 : 1),
    )
    for (const plugin of options.plugins) {
      for (const kind of new Set((plugin.requeue ?? []).flatMap((rule) => rule.on))) {
        this.#interested.set(kind, [...(this.#interested.get(kind) ?? []), plugin])
      }
    }
  }

  /** A pod without a node has appeared, or has changed. True when it may be tried now. */
  put(pod: Pod, cause: HopId, now: Nanos): boolean {
    const key = keyOf(pod)
    const known = this.#pods.get(key)
    if (known === undefined) {
      const queued: QueuedPod = {
        ...{ key, pod, cause, since: now, unschedulable: 0, errors: 0, notBefore: 0, rejectedBy: new Set<string>() },
        ...{ where: 'parked', ticket: 0 },
      }
      this.#pods.set(key, queued)
      this.#enter(queued, 'active')
      return true
    }
    const before = known.pod
    known.pod = pod
    const changed = before.spec !== pod.spec || before.metadata.labels !== pod.metadata.labels
    if (!changed || known.where !== 'parked') return false
    if (this.#usesHints && !this.#isWorth(known, { kind: 'own update', pod, before })) return false
    this.#requeue(known, now)
    return true
  }

  has(key: string): boolean {
    return this.#pods.has(key)
  }

  /** It is bound or gone. */
  remove(key: string): void {
    const queued = this.#pods.get(key)
    if (queued === undefined) return
    this.#leave(queued)
    this.#pods.delete(key)
  }

  /** The next pod to try, which is then in flight until `fail` or `done`; undefined when none may be tried now. */
  pop(): QueuedPod | undefined {
    let next = this.#takeFrom(this.#active, 'active')
    if (next === undefined && this.#options.version >= POP_FROM_BACKOFF_SINCE) next = this.#popBackingOff()
    if (next === undefined) return undefined
    this.#leave(next)
    next.where = 'in flight'
    this.#inFlight.set(next.key, this.#eventsFrom + this.#events.length)
    return next
  }

  /** The try is over, and the pod needs no other. */
  done(key: string): void {
    this.#inFlight.delete(key)
    this.#forgetEvents()
  }

  /** The try is over without a node: `rejectedBy` are the plugins that turned the pod away, none after an error. */
  fail(queued: QueuedPod, rejectedBy: ReadonlySet<string>, now: Nanos): void {
    const since = this.#inFlight.get(queued.key)
    queued.since = now
    queued.rejectedBy = rejectedBy
    const missed = since === undefined || this.#happenedSince(queued, since)
    this.done(queued.key)
    if (this.#pods.get(queued.key) !== queued) return
    if (rejectedBy.size === 0) queued.errors++
    else {
      queued.unschedulable++
      if (this.#options.version >= SEPARATE_COUNTS_SINCE) queued.errors = 0
    }
    queued.notBefore = this.#backoffEnd(queued, now)
    if (rejectedBy.size === 0 || missed) this.#requeue(queued, now)
    else this.#enter(queued, 'parked')
  }

  /** Something happened in the cluster. True when a pod came back from the parked ones. */
  happened(event: ClusterEvent, now: Nanos): boolean {
    if (this.#inFlight.size > 0) this.#events.push(event)
    else this.#eventsFrom++
    if (this.#parkedCount === 0) return false
    let moved = false
    for (const plugin of this.#interested.get(event.kind) ?? []) {
      const parked = this.#parkedBy.get(plugin.name)
      if (parked === undefined) continue
      for (const queued of [...parked.values()]) {
        if (queued.where !== 'parked' || this.#options.isGated(queued.key)) continue
        if (!mayHelp(plugin, queued.pod, event, this.#usesHints)) continue
        this.#requeue(queued, now)
        moved = true
      }
    }
    return moved
  }

  /** Brings a pod back whatever happened. */
  activate(key: string, now: Nanos): void {
    const queued = this.#pods.get(key)
    if (queued?.where === 'parked') this.#requeue(queued, now)
  }

  /** Pods whose back-off is over go to the active queue. True when there were any. */
  flushBackoff(now: Nanos): boolean {
    let moved = false
    for (;;) {
      const entry = this.#peek(this.#backoff, 'backoff')
      if (entry === undefined || entry.queued.notBefore > now) return moved
      this.#enter(entry.queued, 'active')
      moved = true
    }
  }

  /** Pods that have been parked for five minutes are tried again. True when there were any. */
  flushParked(now: Nanos): boolean {
    let moved = false
    for (const queued of this.#pods.values()) {
      if (queued.where !== 'parked' || now - queued.since <= PARKED_MAX || this.#options.isGated(queued.key)) continue
      this.#requeue(queued, now)
      moved = true
    }
    return moved
  }

  /** When `flushBackoff` is next to be called; null while nobody backs off. */
  nextBackoffFlush(): Nanos | null {
    const entry = this.#peek(this.#backoff, 'backoff')
    return entry === undefined ? null : Math.ceil(entry.queued.notBefore / BACKOFF_PERIOD) * BACKOFF_PERIOD
  }

  /** When `flushParked` is next to be called; null while nobody is parked. */
  nextParkedFlush(now: Nanos): Nanos | null {
    return this.#parkedCount === 0 ? null : (Math.floor(now / PARKED_PERIOD) + 1) * PARKED_PERIOD
  }

  /** Pods that may be tried now. */
  get length(): number {
    return this.#activeCount
  }

  get backingOff(): number {
    return this.#backoffCount
  }

  get parked(): number {
    return this.#parkedCount
  }

  get #usesHints(): boolean {
    return this.#options.version >= HINTS_SINCE
  }

  #requeue(queued: QueuedPod, now: Nanos): void {
    this.#enter(queued, queued.notBefore > now ? 'backoff' : 'active')
  }

  /** Since 1.33 ends of back-off are cut to whole seconds, so that pods of one second come back in order of priority. */
  #backoffEnd(queued: QueuedPod, now: Nanos): Nanos {
    const { version } = this.#options
    const isError = queued.rejectedBy.size === 0
    const attempts =
      version >= SEPARATE_COUNTS_SINCE ? (isError ? queued.errors : queued.unschedulable) : queued.errors + queued.unschedulable
    let backoff = INITIAL_BACKOFF
    for (let attempt = 1; attempt < attempts && backoff < MAX_BACKOFF; attempt++) backoff *= 2
    const end = now + Math.min(backoff, MAX_BACKOFF)
    return version >= POP_FROM_BACKOFF_SINCE ? Math.floor(end / BACKOFF_PERIOD) * BACKOFF_PERIOD : end
  }

  #happenedSince(queued: QueuedPod, since: number): boolean {
    const events = this.#events.slice(since - this.#eventsFrom)
    return this.#usesHints ? events.some((event) => this.#isWorth(queued, event)) : events.length > 0
  }

  #isWorth(queued: QueuedPod, event: ClusterEvent): boolean {
    return this.#options.plugins.some((plugin) => queued.rejectedBy.has(plugin.name) && mayHelp(plugin, queued.pod, event, this.#usesHints))
  }

  /** Events that no pod in flight can still ask about are dropped. */
  #forgetEvents(): void {
    if (this.#events.length === 0) return
    const oldest = this.#inFlight.values().next()
    const keepFrom = oldest.done === true ? this.#eventsFrom + this.#events.length : oldest.value
    const drop = keepFrom - this.#eventsFrom
    // in batches: dropping from the front of a list costs its length
    if (drop < this.#events.length && drop < 1024) return
    this.#events.splice(0, drop)
    this.#eventsFrom = keepFrom
  }

  /** One that has not failed by an error: those wait for their time. */
  #popBackingOff(): QueuedPod | undefined {
    const errors: Entry[] = []
    let found: QueuedPod | undefined
    for (;;) {
      const entry = this.#peek(this.#backoff, 'backoff')
      if (entry === undefined) break
      this.#backoff.pop()
      if (entry.queued.rejectedBy.size > 0) {
        found = entry.queued
        break
      }
      errors.push(entry)
    }
    for (const entry of errors) this.#backoff.push(entry)
    return found
  }

  #takeFrom(heap: Heap<Entry>, where: QueuedPod['where']): QueuedPod | undefined {
    const entry = this.#peek(heap, where)
    if (entry !== undefined) heap.pop()
    return entry?.queued
  }

  #peek(heap: Heap<Entry>, where: QueuedPod['where']): Entry | undefined {
    for (;;) {
      const entry = heap.peek()
      if (entry === undefined || (entry.queued.where === where && entry.queued.ticket === entry.ticket)) return entry
      heap.pop()
    }
  }

  #enter(queued: QueuedPod, where: 'active' | 'backoff' | 'parked'): void {
    this.#leave(queued)
    queued.where = where
    const ticket = ++queued.ticket
    if (where === 'active') {
      this.#activeCount++
      this.#active.push({ queued, ticket })
    } else if (where === 'backoff') {
      this.#backoffCount++
      this.#backoff.push({ queued, ticket })
    } else {
      this.#parkedCount++
      for (const name of queued.rejectedBy) {
        const parked = this.#parkedBy.get(name)
        if (parked === undefined) this.#parkedBy.set(name, new Map([[queued.key, queued]]))
        else parked.set(queued.key, queued)
      }
    }
  }

  #leave(queued: QueuedPod): void {
    if (queued.ticket === 0) return
    if (queued.where === 'active') this.#activeCount--
    else if (queued.where === 'backoff') this.#backoffCount--
    else if (queued.where === 'parked') {
      this.#parkedCount--
      for (const name of queued.rejectedBy) this.#parkedBy.get(name)?.delete(queued.key)
    }
    queued.where = 'in flight'
    queued.ticket++
  }
}

function byPriority(a: QueuedPod, b: QueuedPod): number {
  return b.pod.spec.priority - a.pod.spec.priority || a.since - b.since || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)
}

function mayHelp(plugin: SchedulerPlugin, pod: Pod, event: ClusterEvent, hints: boolean): boolean {
  return (plugin.requeue ?? []).some(
    (rule) => rule.on.includes(event.kind) && (!hints || rule.mayHelp === undefined || rule.mayHelp(pod, event)),
  )
}
