import type { Pod, PodStatus } from '../api/objects/index.ts'
import type { ApiClient } from '../control-plane/api-client.ts'
import { MIRROR } from '../control-plane/mirror-pod.ts'
import type { Process, Wait } from '../engine/process.ts'
import { Signal } from '../engine/process.ts'
import type { Simulation } from '../engine/simulation.ts'
import type { HopId } from '../engine/trace.ts'

interface Pending {
  readonly pod: Pod
  readonly status: PodStatus
  readonly cause: HopId
  readonly why: string
}

/**
 * The kubelet's status manager: writes what the pod workers report, one pod after the other; what a pod reports while it
 * waits replaces what it reported before. The status of a static pod goes to its mirror; when there is none, it is lost, and comes again with the
 * next round after the mirror.
 *
 * Source: Kubernetes pkg/kubelet/status/status_manager.go.
 */
export class StatusManager {
  readonly #client: ApiClient
  readonly #pending = new Map<string, Pending>()
  readonly #changed: Signal<void>
  readonly #sim: Simulation
  #writer: Process<void> | null = null

  constructor(sim: Simulation, client: ApiClient) {
    this.#sim = sim
    this.#client = client
    this.#changed = new Signal<void>(sim)
  }

  start(): void {
    this.#writer = this.#sim.spawn(this.#write())
  }

  stop(): void {
    this.#writer?.kill()
    this.#writer = null
    this.#pending.clear()
  }

  /** Reports a status. It is written soon, and merged with what others wrote to the pod meanwhile. */
  report(pod: Pod, status: PodStatus, cause: HopId, why: string): void {
    this.#pending.set(pod.metadata.uid, { pod, status, cause, why })
    this.#changed.fire()
  }

  *#write(): Generator<Wait, void, unknown> {
    for (;;) {
      const next = this.#pending.values().next()
      if (next.done === true) {
        yield this.#changed
        continue
      }
      const { pod, status, cause, why } = next.value
      this.#pending.delete(pod.metadata.uid)
      const { namespace, name, uid } = pod.metadata
      const isThat = ({ metadata }: Pod): boolean => metadata.uid === uid || metadata.annotations[MIRROR] === uid
      const set = (current: Pod): Pod => (isThat(current) ? { ...current, status: mergeStatus(current.status, status) } : current)
      yield* this.#client.patch('Pod', namespace, name, set, { cause, why, subresource: 'status' })
    }
  }
}

/**
 * The kubelet owns all of the status but what others write into it: their conditions, such as PodScheduled, and the node that the scheduler has
 * nominated.
 *
 * Source: Kubernetes pkg/kubelet/status/status_manager.go (mergePodStatus): conditions; the rest stays as the patch says nothing of it.
 */
export function mergeStatus(current: PodStatus, reported: PodStatus): PodStatus {
  const own = new Set(reported.conditions.map((condition) => condition.type))
  const conditions = [...current.conditions.filter((condition) => !own.has(condition.type)), ...reported.conditions]
  return {
    ...reported,
    ...(current.nominatedNodeName === undefined ? {} : { nominatedNodeName: current.nominatedNodeName }),
    conditions,
  }
}
