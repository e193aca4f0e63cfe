import type { AnyObject, Kind } from '../../api/objects/index.ts'
import type { Wait } from '../../engine/process.ts'
import type { HopId } from '../../engine/trace.ts'
import { keyOf, objectKey, splitKey } from '../object-key.ts'
import { controllerOf, OwnerIndex } from '../owner-index.ts'
import { Controller, type ControllerManager, type Outcome } from './controller.ts'

/** Source: `--concurrent-gc-syncs`. */
const WORKERS = 20

/** Which kinds own which, as far as the model has them. */
const OWNED: readonly { readonly owner: Kind; readonly dependent: Kind }[] = [
  { owner: 'Deployment', dependent: 'ReplicaSet' },
  { owner: 'ReplicaSet', dependent: 'Pod' },
  { owner: 'ReplicationController', dependent: 'Pod' },
  { owner: 'StatefulSet', dependent: 'Pod' },
  { owner: 'StatefulSet', dependent: 'ControllerRevision' },
  { owner: 'DaemonSet', dependent: 'Pod' },
  { owner: 'DaemonSet', dependent: 'ControllerRevision' },
  { owner: 'CronJob', dependent: 'Job' },
  { owner: 'Job', dependent: 'Pod' },
  { owner: 'Service', dependent: 'EndpointSlice' },
]

/**
 * The garbage collector, background propagation: what belongs to an owner that is gone is deleted.
 *
 * Before it deletes, it asks the API server itself, since its cache may be behind.
 *
 * Source: Kubernetes pkg/controller/garbagecollector.
 */
export class GarbageCollector extends Controller {
  readonly #find = new Map<string, (key: string) => AnyObject | undefined>()

  constructor(manager: ControllerManager) {
    super(manager, { name: 'garbage-collector', account: 'generic-garbage-collector', workers: WORKERS })
    for (const { owner, dependent } of OWNED) {
      const owners = manager.informer(owner)
      const dependents = manager.informer(dependent)
      const index = new OwnerIndex(dependents)
      this.#find.set(dependent, (key) => dependents.get(key))
      owners.listen((event) => {
        if (event.type !== 'DELETED') return
        for (const object of index.of(event.object.metadata.uid)) this.enqueue(keyOf(object), event)
      })
      dependents.listen((event) => {
        if (event.type !== 'ADDED') return
        const reference = controllerOf(event.object.metadata)
        if (reference?.kind !== owner) return
        const held = owners.get(objectKey(owner, event.object.metadata.namespace, reference.name))
        if (held?.metadata.uid !== reference.uid) this.enqueue(keyOf(event.object), event)
      })
    }
  }

  protected *reconcile(key: string, cause: HopId): Generator<Wait, Outcome, unknown> {
    const object = this.#find.get(splitKey(key).kind)?.(key)
    const owner = object === undefined ? undefined : controllerOf(object.metadata)
    if (object === undefined || owner === undefined || object.metadata.deletionTimestamp !== null) return 'done'
    const { namespace, name } = object.metadata
    const live = yield* this.client.get(owner.kind as Kind, namespace, owner.name)
    if (live?.metadata.uid === owner.uid) return 'done'
    const why = `its owner ${owner.kind} ${owner.name} is gone`
    const response = yield* this.client.delete(object.kind, namespace, name, null, { cause, why })
    return response.code === 200 || response.code === 404 ? 'done' : 'retry'
  }
}
