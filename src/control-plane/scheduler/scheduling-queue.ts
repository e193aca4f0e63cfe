import { Heap } from 'heap-js'
import type { Pod } from '../../api/objects/index.ts'
import type { HopId } from '../../engine/trace.ts'
import { type Nanos, SECOND } from '../../units.ts'
import { keyOf } from '../object-key.ts'

/** Source: podInitialBackoffSeconds. */
const INITIAL_BACKOFF: Nanos = SECOND
/** Source: podMaxBackoffSeconds. */
const MAX_BACKOFF: Nanos = 10 * SECOND

/** A pod that waits for a node. */
export interface QueuedPod {
  readonly key: string
  pod: Pod
  cause: HopId
  /** When it came into the active queue: the older goes first. */
  readonly since: Nanos
  attempts: number
  /** Not before then, after a failed attempt. */
  notBefore: Nanos
}

/**
 * kube-scheduler's queues: active (highest priority first, then the longest waiting), and unschedulable, from which pods
 * come back when something in the cluster changes that may help, and not before their back-off of 1, 2, 4, … 10 s is over.
 *
 * Source: Kubernetes pkg/scheduler/backend/queue/{scheduling_queue,active_queue,backoff_queue}.go.
 */
export class SchedulingQueue {
  readonly #active = new Heap<QueuedPod>(
    (a, b) => b.pod.spec.priority - a.pod.spec.priority || a.since - b.since || (a.key < b.key ? -1 : 1),
  )
  readonly #members = new Map<string, QueuedPod>()
  readonly #unschedulable = new Map<string, QueuedPod>()

  /** A pod without a node has appeared. */
  add(pod: Pod, cause: HopId, now: Nanos): void {
    const key = keyOf(pod)
    const known = this.#members.get(key) ?? this.#unschedulable.get(key)
    if (known !== undefined) {
      known.pod = pod
      return
    }
    this.#activate({ key, pod, cause, since: now, attempts: 0, notBefore: 0 })
  }

  remove(key: string): void {
    const queued = this.#members.get(key)
    if (queued !== undefined) this.#active.remove(queued, (a, b) => a.key === b.key)
    this.#members.delete(key)
    this.#unschedulable.delete(key)
  }

  /** The next pod to try, which leaves the queue; undefined when none waits. */
  pop(): QueuedPod | undefined {
    const next = this.#active.pop()
    if (next !== undefined) {
      this.#members.delete(next.key)
      next.attempts++
    }
    return next
  }

  /** No node fits: it waits for a change. */
  park(queued: QueuedPod, now: Nanos): void {
    let backoff = INITIAL_BACKOFF
    for (let attempt = 1; attempt < queued.attempts && backoff < MAX_BACKOFF; attempt++) backoff *= 2
    queued.notBefore = now + Math.min(backoff, MAX_BACKOFF)
    this.#unschedulable.set(queued.key, queued)
  }

  /** Puts it straight back, after a failed write. */
  retry(queued: QueuedPod): void {
    this.#activate(queued)
  }

  /** Something changed that may let parked pods in. Returns when the next one that still backs off may be tried; null for none. */
  wake(now: Nanos): Nanos | null {
    let next: Nanos | null = null
    for (const queued of this.#unschedulable.values()) {
      if (queued.notBefore <= now) {
        this.#unschedulable.delete(queued.key)
        this.#activate(queued)
      } else next = next === null ? queued.notBefore : Math.min(next, queued.notBefore)
    }
    return next
  }

  get length(): number {
    return this.#active.length
  }

  get parked(): number {
    return this.#unschedulable.size
  }

  #activate(queued: QueuedPod): void {
    this.#members.set(queued.key, queued)
    this.#active.push(queued)
  }
}
