import type { AnyObject, Kind, ResourceQuota } from '../../api/objects/index.ts'
import type { Wait } from '../../engine/process.ts'
import type { HopId } from '../../engine/trace.ts'
import { MINUTE } from '../../units.ts'
import { usedOf } from '../admission/quota-check.ts'
import { usageOf } from '../admission/quota-usage.ts'
import { isTerminal } from '../conditions.ts'
import { Informer } from '../informer.ts'
import { keyOf } from '../object-key.ts'
import type { WatchEvent } from '../watch-cache.ts'
import { Controller, type ControllerManager, type Outcome } from './controller.ts'

/** Source: `--concurrent-resource-quota-syncs`. */
export const WORKERS = 5
/** Source: `--resource-quota-sync-period`. */
export const RESYNC_PERIOD = 5 * MINUTE

/** Kinds that other controllers watch as well. */
const SHARED: readonly Kind[] = [
  ...(['Pod', 'Service', 'ReplicationController', 'Deployment', 'ReplicaSet', 'StatefulSet', 'DaemonSet', 'Job', 'CronJob'] as const),
]
/** Kinds that only quotas are interested in. */
const OWN = ['ConfigMap', 'Secret', 'PersistentVolumeClaim'] as const

/**
 * The resource quota controller: keeps in the status of each quota what it limits and what is used of it. It counts afresh when a quota is
 * new or changed, when something it limits is deleted or finishes, and every 5 minutes.
 *
 * Source: Kubernetes pkg/controller/resourcequota/{resource_quota_controller,resource_quota_monitor}.go.
 */
export class ResourceQuotaController extends Controller {
  readonly #quotas: Informer<'ResourceQuota'>
  readonly #counted: Informer<Kind>[] = []

  constructor(manager: ControllerManager) {
    super(manager, { name: 'resourcequota-controller', workers: WORKERS })
    this.#quotas = manager.informer('ResourceQuota')
    this.#quotas.listen((event) => {
      const { object, previous } = event
      if (event.type === 'DELETED') return
      // A status that admission has written is nothing new.
      if (event.type === 'ADDED' || object.spec !== previous?.spec) this.enqueue(keyOf(object), event)
    })
    this.#counted.push(this.#quotas as unknown as Informer<Kind>)
    for (const kind of SHARED) this.#count(manager.informer(kind) as unknown as Informer<Kind>)
    for (const kind of OWN) {
      const informer = new Informer(manager.access.server, kind as unknown as Kind, {
        name: 'resourcequota-controller',
        network: 'controlPlaneNetwork',
      })
      this.#count(informer as unknown as Informer<Kind>)
      informer.start()
    }
    this.access.sim.after(RESYNC_PERIOD, () => this.#resync())
  }

  #count(informer: Informer<Kind>): void {
    this.#counted.push(informer)
    informer.listen((event) => {
      if (this.#quotas.size > 0 && frees(event)) this.#replenish(event)
    })
  }

  /** Every quota of the namespace that limits something the object has given back. */
  #replenish(event: WatchEvent): void {
    const { object, previous } = event
    const given = usageOf(event.type === 'DELETED' ? object : previous!)
    for (const quota of this.#quotas.values()) {
      if (quota.metadata.namespace !== object.metadata.namespace) continue
      if ([...given.keys()].some((name) => quota.spec.hard[name] !== undefined)) this.enqueue(keyOf(quota), event)
    }
  }

  #resync(): void {
    for (const quota of this.#quotas.values()) this.queue.add(keyOf(quota), -1)
    this.access.sim.after(RESYNC_PERIOD, () => this.#resync())
  }

  protected *reconcile(key: string, cause: HopId): Generator<Wait, Outcome, unknown> {
    const quota = this.#quotas.get(key)
    if (quota === undefined) return 'done'
    const used = usedOf(quota, this.#objectsOf(quota.metadata.namespace))
    const status: ResourceQuota['status'] = { hard: quota.spec.hard, used }
    if (JSON.stringify(sorted(status)) === JSON.stringify(sorted(quota.status))) return 'done'
    const why = `used: ${Object.entries(used)
      .map(([name, amount]) => `${name}=${amount}`)
      .join(', ')}`
    const response = yield* this.client.update({ ...quota, status }, { cause, why, subresource: 'status' })
    return response.code === 200 || response.code === 404 ? 'done' : 'retry'
  }

  *#objectsOf(namespace: string): Generator<AnyObject, void, unknown> {
    for (const informer of this.#counted) for (const object of informer.values()) if (object.metadata.namespace === namespace) yield object
  }
}

/** Deletions, and pods that finish. Source: pkg/quota/v1/install/update_filter.go, resource_quota_monitor.go. */
function frees({ type, object, previous }: WatchEvent): boolean {
  if (type === 'DELETED') return true
  return type === 'MODIFIED' && object.kind === 'Pod' && previous !== undefined && isFinished(object) && !isFinished(previous)
}

function isFinished(object: AnyObject): boolean {
  return object.kind === 'Pod' && isTerminal(object as Parameters<typeof isTerminal>[0])
}

function sorted({ hard, used }: ResourceQuota['status']): readonly unknown[] {
  return [hard, used].map((amounts) => Object.entries(amounts).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}
