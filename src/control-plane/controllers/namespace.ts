import type { Kind, Pod } from '../../api/objects/index.ts'
import type { Wait } from '../../engine/process.ts'
import type { HopId } from '../../engine/trace.ts'
import { SECOND } from '../../units.ts'
import type { Informer } from '../informer.ts'
import { keyOf } from '../object-key.ts'
import { Controller, type ControllerManager, type Outcome } from './controller.ts'

/** Source: `--concurrent-namespace-syncs`. */
export const WORKERS = 10
/** Before a namespace that is being deleted is looked at. Source: namespace_controller.go (namespaceDeletionGracePeriod). */
export const DELETION_GRACE = 5 * SECOND
/** The controller asks for every kind of resource. Source: kube-controller-manager app/core.go: 20 and 100 times the common rate. */
export const LIMIT = { qps: 400, burst: 3000 } as const

/**
 * The namespace controller: deletes everything in a namespace that is being deleted, and lets it go when it is empty. While pods are still
 * ending it looks again after half of the longest grace period.
 *
 * Source: Kubernetes pkg/controller/namespace/{namespace_controller.go,deletion/namespaced_resources_deleter.go}.
 */
export class NamespaceController extends Controller {
  readonly #namespaces: Informer<'Namespace'>

  constructor(manager: ControllerManager) {
    super(manager, { name: 'namespace-controller', workers: WORKERS, limit: LIMIT })
    this.#namespaces = manager.informer('Namespace')
    this.#namespaces.listen((event) => {
      if (event.type === 'DELETED' || event.object.metadata.deletionTimestamp === null) return
      this.queue.addAfter(keyOf(event.object), DELETION_GRACE, this.observed(event))
    })
  }

  protected *reconcile(key: string, cause: HopId): Generator<Wait, Outcome, unknown> {
    const namespace = this.#namespaces.get(key)
    if (namespace === undefined || namespace.metadata.deletionTimestamp === null) return 'done'
    const { name } = namespace.metadata
    let remaining = 0
    let graceSeconds = 0
    for (const kind of this.access.server.kinds) {
      if (kind === 'Namespace') continue
      for (const object of yield* this.client.list(kind as Kind, name)) {
        const why = `its namespace ${name} is being deleted`
        const response = yield* this.client.delete(kind, name, object.metadata.name, null, { cause, why }, 'Background')
        if (response.code === 404) continue
        if (response.code !== 200) return 'retry'
        if (this.access.server.peek(kind as Kind, name, object.metadata.name) === undefined) continue
        remaining++
        if (kind === 'Pod') graceSeconds = Math.max(graceSeconds, (object as Pod).spec.terminationGracePeriodSeconds)
      }
    }
    if (remaining > 0) {
      this.queue.addAfter(key, (Math.floor(graceSeconds / 2) + 1) * SECOND, cause)
      return 'done'
    }
    const response = yield* this.client.finalize(name, { cause, why: `namespace ${name} is empty` })
    return response.code === 200 || response.code === 404 ? 'done' : 'retry'
  }
}
