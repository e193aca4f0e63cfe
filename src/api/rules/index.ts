import type { ManifestKind } from '../modelled-fields.ts'
import { checkAutoscaler } from './autoscaling.ts'
import { checkGateway, checkGatewayClass, checkHttpRoute } from './gateway.ts'
import { checkIngress, checkIngressClass } from './ingress.ts'
import { checkLimitRange, checkResourceQuota } from './limits.ts'
import { checkCronJob, checkDaemonSet, checkJob, checkReplicationController, checkStatefulSet } from './more-workloads.ts'
import { checkEndpointSlice, checkService } from './network.ts'
import { checkNetworkPolicy } from './network-policy.ts'
import { checkNode } from './node.ts'
import { checkDisruptionBudget } from './policy.ts'
import { checkPriorityClass } from './priority-class.ts'
import { checkBinding, checkRole } from './rbac.ts'
import type { Checked } from './rule-context.ts'
import { checkDeployment, checkPod, checkReplicaSet } from './workloads.ts'

/** What the API server checks beyond the schema, for the kinds that the model acts on. Kinds without an entry have metadata only. */
const RULES: Readonly<Partial<Record<ManifestKind, (object: Checked) => void>>> = {
  ClusterRole: checkRole,
  ClusterRoleBinding: (object) => checkBinding(object, false),
  CronJob: checkCronJob,
  DaemonSet: checkDaemonSet,
  Deployment: checkDeployment,
  EndpointSlice: checkEndpointSlice,
  HorizontalPodAutoscaler: checkAutoscaler,
  Gateway: checkGateway,
  GatewayClass: checkGatewayClass,
  HTTPRoute: checkHttpRoute,
  Ingress: checkIngress,
  IngressClass: checkIngressClass,
  Job: checkJob,
  LimitRange: checkLimitRange,
  NetworkPolicy: checkNetworkPolicy,
  Node: checkNode,
  Pod: checkPod,
  PodDisruptionBudget: checkDisruptionBudget,
  PriorityClass: checkPriorityClass,
  ReplicaSet: checkReplicaSet,
  ReplicationController: checkReplicationController,
  ResourceQuota: checkResourceQuota,
  Role: checkRole,
  RoleBinding: (object) => checkBinding(object, true),
  Service: checkService,
  StatefulSet: checkStatefulSet,
}

export function checkRules(kind: ManifestKind, object: Checked): void {
  RULES[kind]?.(object)
}
