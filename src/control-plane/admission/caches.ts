import type { LimitRange, PriorityClass, ResourceQuota } from '../../api/objects/index.ts'
import type { ApiServer } from '../api-server.ts'
import { Informer } from '../informer.ts'

/**
 * The API server's own informers of what admission goes by. A new LimitRange, ResourceQuota or PriorityClass counts a moment after it was
 * written.
 */
export class AdmissionCaches {
  readonly #limitRanges: Informer<'LimitRange'>
  readonly #quotas: Informer<'ResourceQuota'>
  readonly #priorityClasses: Informer<'PriorityClass'>

  constructor(server: ApiServer) {
    const options = { name: 'kube-apiserver', network: 'loopback' } as const
    this.#limitRanges = new Informer(server, 'LimitRange', options)
    this.#quotas = new Informer(server, 'ResourceQuota', options)
    this.#priorityClasses = new Informer(server, 'PriorityClass', options)
  }

  start(): void {
    this.#limitRanges.startSynced()
    this.#quotas.startSynced()
    this.#priorityClasses.startSynced()
  }

  limitRanges(namespace: string): LimitRange[] {
    return this.#limitRanges.size === 0 ? [] : [...this.#limitRanges.values()].filter((range) => range.metadata.namespace === namespace)
  }

  quotas(namespace: string): ResourceQuota[] {
    return this.#quotas.size === 0 ? [] : [...this.#quotas.values()].filter((quota) => quota.metadata.namespace === namespace)
  }

  priorityClass(name: string): PriorityClass | undefined {
    return this.#priorityClasses.get(`PriorityClass/${name}`)
  }

  priorityClasses(): IterableIterator<PriorityClass> {
    return this.#priorityClasses.values()
  }
}
