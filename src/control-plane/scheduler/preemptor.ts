import type { Pod } from '../../api/objects/index.ts'
import type { Process, Wait } from '../../engine/process.ts'
import type { HopId } from '../../engine/trace.ts'
import type { ApiAccess, ApiClient } from '../api-client.ts'
import { withCondition } from '../conditions.ts'
import type { NominatedPods } from './nominated-pods.ts'
import type { PodInfo } from './pod-info.ts'
import { type Candidate, PREEMPTED_CONDITION, PREEMPTED_REASON } from './preemption.ts'

/**
 * Makes room: the victims are marked and deleted through the API server with their grace period, and pods of lower priority that
 * were promised the node lose that promise.
 *
 * Source: Kubernetes pkg/scheduler/framework/preemption/preemption.go (prepareCandidate, prepareCandidateAsync).
 */
export class Preemptor {
  readonly #access: ApiAccess
  readonly #client: ApiClient
  readonly #nominated: NominatedPods
  /** Pods for which victims are still to be deleted. */
  readonly #busy = new Set<string>()

  constructor(access: ApiAccess, client: ApiClient, nominated: NominatedPods) {
    this.#access = access
    this.#client = client
    this.#nominated = nominated
  }

  isMakingRoomFor(key: string): boolean {
    return this.#busy.has(key)
  }

  /**
   * Ends when all victims have been deleted (which is not to say that they are gone). True when every deletion was accepted.
   *
   * All but the last are deleted side by side; only then may the pod be tried again, and the last deletion brings it back.
   */
  *makeRoom(info: PodInfo, { node, victims }: Candidate, cause: HopId): Generator<Wait, boolean, unknown> {
    const { sim } = this.#access
    this.#busy.add(info.key)
    for (const other of this.#nominated.on(node.name)) {
      if (other.key === info.key || other.pod.spec.priority >= info.pod.spec.priority) continue
      this.#nominated.remove(other.key)
      sim.spawn(this.#clearNomination(other.pod, info.key, cause))
    }
    const evictions = victims.slice(0, -1).map(({ pod }): Process<boolean> => sim.spawn(this.#evict(pod, info.key, node.name, cause)))
    let ok = true
    for (const eviction of evictions) if (!((yield eviction) as boolean)) ok = false
    this.#busy.delete(info.key)
    const last = victims[victims.length - 1]
    if (last !== undefined && !(yield* this.#evict(last.pod, info.key, node.name, cause))) ok = false
    return ok
  }

  *#evict(victim: Pod, preemptor: string, node: string, cause: HopId): Generator<Wait, boolean, unknown> {
    const { namespace, name } = victim.metadata
    if (victim.metadata.deletionTimestamp !== null) return true
    const mark = (current: Pod): Pod => {
      const { conditions } = current.status
      const marked = withCondition(conditions, PREEMPTED_CONDITION, 'True', PREEMPTED_REASON, this.#access.sim.now)
      return marked === conditions ? current : { ...current, status: { ...current.status, conditions: marked } }
    }
    const why = `preempted by ${preemptor} on ${node}`
    const marked = yield* this.#client.patch('Pod', namespace, name, mark, { cause, why, subresource: 'status' })
    if (marked.code === 404) return true
    const deleted = yield* this.#client.delete('Pod', namespace, name, null, { cause: marked.hop, why })
    return deleted.code === 200 || deleted.code === 404
  }

  *#clearNomination(pod: Pod, preemptor: string, cause: HopId): Generator<Wait, void, unknown> {
    const { namespace, name } = pod.metadata
    const clear = (current: Pod): Pod =>
      (current.status.nominatedNodeName ?? '') === '' ? current : { ...current, status: { ...current.status, nominatedNodeName: '' } }
    yield* this.#client.patch('Pod', namespace, name, clear, { cause, why: `its node was promised to ${preemptor}`, subresource: 'status' })
  }
}
