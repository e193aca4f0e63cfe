import type { ServiceAccount } from '../../api/objects/index.ts'
import type { Wait } from '../../engine/process.ts'
import type { HopId } from '../../engine/trace.ts'
import { emptyMeta } from '../empty-meta.ts'
import { objectKey, splitKey } from '../object-key.ts'
import { Controller, type ControllerManager, type Outcome } from './controller.ts'

/** The service account controller: every namespace gets a ServiceAccount `default`, without which no pod is admitted. */
export class ServiceAccountController extends Controller {
  readonly #has: (key: string) => boolean
  readonly #isActive: (namespace: string) => boolean

  constructor(manager: ControllerManager) {
    super(manager, { name: 'service-account-controller', workers: 1 })
    const accounts = manager.informer('ServiceAccount')
    this.#has = (key) => accounts.get(key) !== undefined
    const namespaces = manager.informer('Namespace')
    this.#isActive = (namespace) => namespaces.get(objectKey('Namespace', '', namespace))?.metadata.deletionTimestamp === null
    namespaces.listen((event) => {
      if (event.type !== 'DELETED') this.enqueue(objectKey('Namespace', '', event.object.metadata.name), event)
    })
    accounts.listen((event) => {
      if (event.type === 'DELETED') this.enqueue(objectKey('Namespace', '', event.object.metadata.namespace), event)
    })
  }

  protected *reconcile(key: string, cause: HopId): Generator<Wait, Outcome, unknown> {
    const namespace = splitKey(key).name
    if (!this.#isActive(namespace)) return 'done'
    if (this.#has(objectKey('ServiceAccount', namespace, 'default'))) return 'done'
    const account: ServiceAccount = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: emptyMeta('default', namespace) }
    const response = yield* this.client.create(account, { cause, why: `namespace ${namespace} has no default service account` })
    return response.code === 201 || response.code === 409 ? 'done' : 'retry'
  }
}
