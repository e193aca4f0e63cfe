import type { HorizontalPodAutoscaler } from './autoscaling.ts'
import type { CronJob, Job } from './batch.ts'
import type { Lease, Namespace, Node, OpaqueObject, ServiceAccount } from './cluster.ts'
import type { Gateway, GatewayClass, HTTPRoute } from './gateway.ts'
import type { Ingress, IngressClass } from './ingress.ts'
import type { LimitRange, ResourceQuota } from './limits.ts'
import type { EndpointSlice, Service } from './network.ts'
import type { NetworkPolicy } from './network-policy.ts'
import type { Pod } from './pod.ts'
import type { PodDisruptionBudget } from './policy.ts'
import type { ClusterRole, ClusterRoleBinding, Role, RoleBinding } from './rbac.ts'
import type { PriorityClass } from './scheduling.ts'
import type { ControllerRevision, DaemonSet, Deployment, ReplicaSet, ReplicationController, StatefulSet } from './workloads.ts'

export * from './autoscaling.ts'
export * from './batch.ts'
export * from './cluster.ts'
export * from './gateway.ts'
export * from './ingress.ts'
export * from './limits.ts'
export * from './meta.ts'
export * from './network.ts'
export * from './network-policy.ts'
export * from './pod.ts'
export * from './policy.ts'
export * from './rbac.ts'
export * from './scheduling.ts'
export * from './workloads.ts'

/** Which TypeScript type a modelled kind has. */
export interface KindMap {
  readonly ClusterRole: ClusterRole
  readonly ClusterRoleBinding: ClusterRoleBinding
  readonly ControllerRevision: ControllerRevision
  readonly CronJob: CronJob
  readonly DaemonSet: DaemonSet
  readonly Deployment: Deployment
  readonly EndpointSlice: EndpointSlice
  readonly Gateway: Gateway
  readonly GatewayClass: GatewayClass
  readonly HTTPRoute: HTTPRoute
  readonly HorizontalPodAutoscaler: HorizontalPodAutoscaler
  readonly Ingress: Ingress
  readonly IngressClass: IngressClass
  readonly Job: Job
  readonly Lease: Lease
  readonly LimitRange: LimitRange
  readonly Namespace: Namespace
  readonly NetworkPolicy: NetworkPolicy
  readonly Node: Node
  readonly Pod: Pod
  readonly PodDisruptionBudget: PodDisruptionBudget
  readonly PriorityClass: PriorityClass
  readonly ReplicaSet: ReplicaSet
  readonly ReplicationController: ReplicationController
  readonly ResourceQuota: ResourceQuota
  readonly Role: Role
  readonly RoleBinding: RoleBinding
  readonly Service: Service
  readonly ServiceAccount: ServiceAccount
  readonly StatefulSet: StatefulSet
}

/** The kinds that the model acts on. */
export type Kind = keyof KindMap

export type ModelledObject = KindMap[Kind]

export type AnyObject = ModelledObject | OpaqueObject
