import type { Slowness } from '../engine/slowness.ts'
import type { Nanos } from '../units.ts'
import type { Delays, LatencyName } from './latencies.ts'

/**
 * What a kube-apiserver does itself: requests, and what it tells its watchers. Not etcd, not the ways.
 *
 * `read` is also the list from etcd with which it starts.
 */
export const API_SERVER_WORK: readonly LatencyName[] = [
  'apiServerStart',
  'authentication',
  'authorization',
  'admission',
  'read',
  'watchCache',
  'watchDelivery',
]

/**
 * What a kubelet does itself: the sync of a pod, the relist that follows what it did (from 1.36 on), its start. Not what the runtime, the network
 * plugin and the disk do, and not the periods that it waits for (volumes, housekeeping, the relist once a second). *Assumption*: nor probes, of which
 * the answering process sets the time.
 */
export const KUBELET_WORK: readonly LatencyName[] = ['kubeletSync', 'pleg', 'nodeBoot']

/** The delays of one component: those of its own work grow with its slowness, the others are as drawn. The draws are the same. */
export class SlowedLatencies implements Delays {
  readonly #drawn: Delays
  readonly #work: readonly LatencyName[]
  readonly #slowness: Slowness

  constructor(drawn: Delays, work: readonly LatencyName[], slowness: Slowness) {
    this.#drawn = drawn
    this.#work = work
    this.#slowness = slowness
  }

  draw(name: LatencyName, place?: string): Nanos {
    const delay = this.#drawn.draw(name, place)
    return this.#slowness.factor === 1 || !this.#work.includes(name) ? delay : this.#slowness.stretch(delay)
  }
}
