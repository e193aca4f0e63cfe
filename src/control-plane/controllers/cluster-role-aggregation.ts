import type { Wait } from '../../engine/process.ts'
import type { HopId } from '../../engine/trace.ts'
import { aggregatedRules } from '../authorization/aggregation.ts'
import { Informer } from '../informer.ts'
import { keyOf } from '../object-key.ts'
import { Controller, type ControllerManager, type Outcome } from './controller.ts'

/** Source: Kubernetes cmd/kube-controller-manager/app/rbac.go (Run with 5 workers). */
export const WORKERS = 5

/**
 * The ClusterRole aggregation controller: keeps the rules of roles such as `view` to the sum of those that their selectors match. Any change
 * of a ClusterRole makes it look at all of them.
 *
 * Source: Kubernetes pkg/controller/clusterroleaggregation/clusterroleaggregation_controller.go.
 */
export class ClusterRoleAggregationController extends Controller {
  readonly #roles: Informer<'ClusterRole'>

  constructor(manager: ControllerManager) {
    super(manager, { name: 'clusterrole-aggregation-controller', workers: WORKERS })
    this.#roles = new Informer(manager.access.server, 'ClusterRole', {
      name: 'clusterrole-aggregation-controller',
      network: 'controlPlaneNetwork',
    })
    this.#roles.listen((event) => {
      for (const role of this.#roles.values()) if (role.aggregationRule !== null) this.enqueue(keyOf(role), event)
    })
    this.#roles.startSynced()
  }

  protected *reconcile(key: string, cause: HopId): Generator<Wait, Outcome, unknown> {
    const role = this.#roles.get(key)
    if (role === undefined || role.aggregationRule === null) return 'done'
    const rules = aggregatedRules(role, this.#roles.values())
    if (JSON.stringify(rules) === JSON.stringify(role.rules)) return 'done'
    const response = yield* this.client.update({ ...role, rules }, { cause, why: `${rules.length} rules of other roles together` })
    return response.code === 200 || response.code === 404 ? 'done' : 'retry'
  }
}
