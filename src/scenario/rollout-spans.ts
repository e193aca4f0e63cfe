import type { AnyObject, DaemonSet, Deployment, PodTemplate, StatefulSet } from '../api/objects/index.ts'
import { isComplete } from '../control-plane/controllers/deployment.ts'
import { keyOf } from '../control-plane/object-key.ts'
import type { WatchEvent } from '../control-plane/watch-cache.ts'
import type { Simulation } from '../engine/simulation.ts'
import type { Nanos } from '../units.ts'

/** A pod template on its way to all pods of an object. */
export interface RolloutSpan {
  /** `Kind/namespace/name`. */
  readonly object: string
  readonly why: 'created' | 'new template'
  /** When the template was committed. */
  readonly started: Nanos
  /** When its status said that all pods are of it and available; null: not to the end of the run, or the next template or its deletion came first. */
  ended: Nanos | null
}

type Workload = Deployment | StatefulSet | DaemonSet

/**
 * Every rollout of a run: from the commit of a pod template until `kubectl rollout status` would say that it is done.
 *
 * Source of when it is done: kubectl's rollout_status.go, which refuses objects that are updated OnDelete: those are done here when all their pods are
 * of the new template.
 */
export class RolloutSpans {
  readonly list: RolloutSpan[] = []
  readonly #sim: Simulation
  /** By object, the one that is not over. */
  readonly #open = new Map<string, RolloutSpan>()

  constructor(sim: Simulation) {
    this.#sim = sim
  }

  /** A change that etcd has applied. */
  observe({ type, object, previous }: Pick<WatchEvent, 'type' | 'object' | 'previous'>): void {
    if (!isWorkload(object)) return
    const key = keyOf(object)
    if (type === 'DELETED') {
      this.#open.delete(key)
      return
    }
    const before = previous as Workload | undefined
    if (before === undefined || !sameTemplate(before.spec.template, object.spec.template)) {
      const span: RolloutSpan = { object: key, why: before === undefined ? 'created' : 'new template', started: this.#sim.now, ended: null }
      this.list.push(span)
      this.#open.set(key, span)
    }
    const open = this.#open.get(key)
    if (open === undefined || !isRolledOut(object)) return
    open.ended = this.#sim.now
    this.#open.delete(key)
  }
}

function isWorkload(object: AnyObject): object is Workload {
  return object.kind === 'Deployment' || object.kind === 'StatefulSet' || object.kind === 'DaemonSet'
}

/** Writes of the status share the template with what was there before. */
function sameTemplate(before: PodTemplate, now: PodTemplate): boolean {
  return before === now || JSON.stringify(before) === JSON.stringify(now)
}

function isRolledOut(object: Workload): boolean {
  if (object.status.observedGeneration < object.metadata.generation) return false
  switch (object.kind) {
    case 'Deployment':
      return isComplete(object)
    case 'StatefulSet': {
      const { replicas, updatedReplicas, availableReplicas, currentRevision, updateRevision } = object.status
      const wanted = object.spec.replicas
      const { partition } = object.spec.updateStrategy
      if (replicas !== wanted || availableReplicas !== wanted) return false
      return partition > 0 ? updatedReplicas >= wanted - partition : currentRevision === updateRevision
    }
    case 'DaemonSet': {
      const { desiredNumberScheduled: wanted, updatedNumberScheduled, numberAvailable } = object.status
      return updatedNumberScheduled >= wanted && numberAvailable >= wanted
    }
  }
}
