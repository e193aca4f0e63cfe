import type { Node, Pod } from '../../api/objects/index.ts'
import type { Wait } from '../../engine/process.ts'
import type { Timer } from '../../engine/simulation.ts'
import type { HopId } from '../../engine/trace.ts'
import { type Nanos, SECOND } from '../../units.ts'
import { type ApiAccess, ApiClient } from '../api-client.ts'
import { controllerIdentity } from '../identity.ts'
import { keyOf, objectKey } from '../object-key.ts'
import { PodsByNode } from '../pods-by-node.ts'
import { CONTROLLER_LIMIT, type ControllerManager } from './controller.ts'
import { stayOnTaintedNode } from './taints.ts'

/**
 * The taint eviction controller: deletes the pods of a node with a NoExecute taint when their toleration has run out, and
 * lets them be when the taint goes before that.
 *
 * Source: Kubernetes pkg/controller/tainteviction/taint_eviction.go.
 */
export class TaintEvictionController {
  readonly #access: ApiAccess
  readonly #client: ApiClient
  readonly #pods: PodsByNode
  readonly #getNode: (name: string) => Node | undefined
  /** Running clocks by pod. */
  readonly #timers = new Map<string, Timer>()
  /** Since when a node has a NoExecute taint, and the hop that gave it. */
  readonly #tainted = new Map<string, { since: Nanos; cause: HopId }>()

  constructor(manager: ControllerManager) {
    this.#access = manager.access
    this.#client = new ApiClient(manager.access, {
      actor: 'taint-eviction-controller',
      identity: controllerIdentity('node-controller'),
      limit: CONTROLLER_LIMIT,
      network: 'controlPlaneNetwork',
    })
    const nodes = manager.informer('Node')
    const pods = manager.informer('Pod')
    this.#pods = new PodsByNode(pods)
    this.#getNode = (name) => nodes.get(objectKey('Node', '', name))
    nodes.listen((event) => {
      const { name } = event.object.metadata
      const tainted = event.type !== 'DELETED' && event.object.spec.taints.some((taint) => taint.effect === 'NoExecute')
      if (tainted && !this.#tainted.has(name)) this.#tainted.set(name, { since: this.#access.sim.now, cause: event.cause })
      else if (!tainted) this.#tainted.delete(name)
      for (const pod of this.#pods.of(name)) this.#consider(pod)
    })
    pods.listen((event) => {
      if (event.type === 'DELETED') this.#stop(keyOf(event.object))
      else if (event.object.spec.nodeName !== '') this.#consider(event.object)
    })
  }

  #consider(pod: Pod): void {
    const key = keyOf(pod)
    const tainted = this.#tainted.get(pod.spec.nodeName)
    if (tainted === undefined) {
      this.#stop(key)
      return
    }
    if (pod.metadata.deletionTimestamp !== null) return
    const stay = stayOnTaintedNode(pod.spec.tolerations, this.#getNode(pod.spec.nodeName)?.spec.taints ?? [])
    if (stay === null) return
    // A clock that runs is left to run, but a taint that is not tolerated at all ends the wait.
    if (stay === 0) this.#stop(key)
    if (this.#timers.has(key)) return
    const delay = Math.max(0, tainted.since + stay * SECOND - this.#access.sim.now)
    this.#timers.set(
      key,
      this.#access.sim.after(delay, () => {
        this.#timers.delete(key)
        this.#access.sim.spawn(this.#evict(pod, stay, tainted.cause))
      }),
    )
  }

  *#evict(pod: Pod, stay: number, cause: HopId): Generator<Wait, void, unknown> {
    const { namespace, name } = pod.metadata
    yield* this.#client.delete('Pod', namespace, name, null, { cause, why: `tolerated the taint of ${pod.spec.nodeName} for ${stay} s` })
  }

  #stop(key: string): void {
    const timer = this.#timers.get(key)
    if (timer === undefined) return
    this.#access.sim.cancel(timer)
    this.#timers.delete(key)
  }
}
