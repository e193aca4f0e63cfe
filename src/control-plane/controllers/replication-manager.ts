import type { ControllerManager } from './controller.ts'
import { ReplicaSetController } from './replica-set.ts'

/**
 * The replication manager: the ReplicaSet controller, for ReplicationControllers.
 *
 * Source: Kubernetes pkg/controller/replication/replication_controller.go.
 */
export class ReplicationManager extends ReplicaSetController {
  constructor(manager: ControllerManager) {
    super(manager, { kind: 'ReplicationController', name: 'replication-controller' })
  }
}
