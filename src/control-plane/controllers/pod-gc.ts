import type { Node, Pod } from '../../api/objects/index.ts'
import type { Wait } from '../../engine/process.ts'
import { type Nanos, SECOND } from '../../units.ts'
import { type ApiAccess, ApiClient } from '../api-client.ts'
import { conditionOf, isTerminal } from '../conditions.ts'
import { controllerIdentity } from '../identity.ts'
import type { Informer } from '../informer.ts'
import { objectKey } from '../object-key.ts'
import { CONTROLLER_LIMIT, type ControllerManager } from './controller.ts'
import { OUT_OF_SERVICE } from './taints.ts'

/** Source: gc_controller.go (gcCheckPeriod). */
export const PERIOD = 20 * SECOND
/** How long a node must have been gone. Source: gc_controller.go (quarantineTime). */
export const QUARANTINE = 40 * SECOND
/** Source: `--terminated-pod-gc-threshold`. */
export const TERMINATED_PODS_MAX = 12_500

/**
 * The pod garbage collector. Every 20 s it removes, without grace: the oldest finished pods above a threshold, pods that are being deleted on
 * a node that is out of service, pods whose node has been gone for 40 s, and pods that are being deleted and were never bound.
 *
 * Source: Kubernetes pkg/controller/podgc/gc_controller.go.
 */
export class PodGarbageCollector {
  readonly #access: ApiAccess
  readonly #client: ApiClient
  readonly #pods: Informer<'Pod'>
  readonly #nodes: Informer<'Node'>
  readonly #terminatedMax: number
  /** Since when a node is missed. */
  readonly #missing = new Map<string, Nanos>()

  constructor(manager: ControllerManager, terminatedMax = TERMINATED_PODS_MAX) {
    this.#access = manager.access
    this.#terminatedMax = terminatedMax
    this.#client = new ApiClient(manager.access, {
      actor: 'pod-garbage-collector',
      identity: controllerIdentity('pod-garbage-collector'),
      limit: CONTROLLER_LIMIT,
      network: 'controlPlaneNetwork',
    })
    this.#pods = manager.informer('Pod')
    this.#nodes = manager.informer('Node')
    manager.access.sim.spawn(this.#run())
  }

  *#run(): Generator<Wait, void, unknown> {
    for (;;) {
      yield* this.#pass()
      yield this.#access.sim.delay(PERIOD)
    }
  }

  *#pass(): Generator<Wait, void, unknown> {
    const terminated: Pod[] = []
    const doomed: { readonly pod: Pod; readonly why: string }[] = []
    const orphans: Pod[] = []
    const missing = new Set<string>()
    for (const pod of this.#pods.values()) {
      const { nodeName } = pod.spec
      const isBeingDeleted = pod.metadata.deletionTimestamp !== null
      if (isTerminal(pod) && !isBeingDeleted) terminated.push(pod)
      if (nodeName === '') {
        if (isBeingDeleted) doomed.push({ pod, why: 'it is being deleted and was never bound' })
        continue
      }
      const node = this.#nodes.get(objectKey('Node', '', nodeName))
      if (node === undefined) {
        missing.add(nodeName)
        orphans.push(pod)
      } else if (isBeingDeleted && isOutOfService(node)) doomed.push({ pod, why: `its node ${nodeName} is out of service` })
    }
    const over = terminated.length - this.#terminatedMax
    if (over > 0) {
      terminated.sort((a, b) => a.metadata.creationTimestamp - b.metadata.creationTimestamp)
      for (const pod of terminated.slice(0, over)) doomed.push({ pod, why: `more than ${this.#terminatedMax} pods have finished` })
    }
    for (const { pod, why } of doomed) yield* this.#delete(pod, why)
    const gone = yield* this.#goneNodes(missing)
    for (const pod of orphans) if (gone.has(pod.spec.nodeName)) yield* this.#delete(pod, `its node ${pod.spec.nodeName} is gone`)
  }

  /** Nodes that have been missed for the quarantine, and that the API server does not know either. */
  *#goneNodes(missing: ReadonlySet<string>): Generator<Wait, Set<string>, unknown> {
    for (const name of [...this.#missing.keys()]) if (!missing.has(name)) this.#missing.delete(name)
    const gone = new Set<string>()
    for (const name of missing) {
      const since = this.#missing.get(name)
      if (since === undefined) this.#missing.set(name, this.#access.sim.now)
      else if (this.#access.sim.now - since >= QUARANTINE && (yield* this.#client.get('Node', '', name)) === undefined) gone.add(name)
    }
    return gone
  }

  /** Marks it Failed, if it has not finished, and removes it. */
  *#delete(pod: Pod, why: string): Generator<Wait, void, unknown> {
    const { namespace, name } = pod.metadata
    const because = { cause: -1, why }
    if (!isTerminal(pod)) {
      const failed = (current: Pod): Pod => (isTerminal(current) ? current : { ...current, status: { ...current.status, phase: 'Failed' } })
      yield* this.#client.patch('Pod', namespace, name, failed, { ...because, subresource: 'status' })
    }
    yield* this.#client.delete('Pod', namespace, name, 0, because)
  }
}

/** Somebody has said that the node is off, and it is not Ready. */
function isOutOfService(node: Node): boolean {
  return conditionOf(node.status.conditions, 'Ready')?.status !== 'True' && node.spec.taints.some((taint) => taint.key === OUT_OF_SERVICE)
}
