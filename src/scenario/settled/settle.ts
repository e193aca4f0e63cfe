import type {
  AnyObject,
  Condition,
  Deployment,
  DeploymentStatus,
  EndpointSlice,
  Namespace,
  Pod,
  ReplicaSet,
  Service,
  ServiceAccount,
} from '../../api/objects/index.ts'
import type { ApiServer } from '../../control-plane/api-server.ts'
import { isReady } from '../../control-plane/conditions.ts'
import type { NodeSeed } from '../../control-plane/control-plane.ts'
import { TERMINATING_REPLICAS_SINCE } from '../../control-plane/controllers/deployment.ts'
import { completes, hasDeadline, withProgressing } from '../../control-plane/controllers/deployment-progress.ts'
import { replicaSetOf, templateHash } from '../../control-plane/controllers/deployment-replica-set.ts'
import { REVISION } from '../../control-plane/controllers/deployment-revisions.ts'
import { groupEndpoints, newSlice } from '../../control-plane/controllers/endpoint-groups.ts'
import { packEndpoints } from '../../control-plane/controllers/endpoint-packing.ts'
import { MAX_ENDPOINTS_PER_SLICE } from '../../control-plane/controllers/endpoint-slice.ts'
import { podOf } from '../../control-plane/controllers/replica-set.ts'
import { maxUnavailableOf } from '../../control-plane/controllers/rolling-update.ts'
import { emptyMeta } from '../../control-plane/empty-meta.ts'
import { PodsByLabel } from '../../control-plane/pods-by-label.ts'
import { randomSuffix } from '../../control-plane/random-name.ts'
import type { RandomStream } from '../../engine/random-stream.ts'
import type { KubernetesMinor } from '../../kubernetes-version.ts'
import { Placement } from './placement.ts'
import { runningStatus, SETTLED_AT } from './settled-pods.ts'

/** The kubelet of a node, as far as pods that have run for long are concerned. */
export interface SettledKubelet {
  settledAddress(pod: Pod): string | null
  settle(pod: Pod): void
}

export interface SettleOptions {
  readonly server: ApiServer
  readonly version: KubernetesMinor
  readonly nodes: readonly NodeSeed[]
  /** By node. */
  readonly kubelets: readonly SettledKubelet[]
  /** Of generated names. */
  readonly names: RandomStream
}

export interface SettledObjects {
  /** Of the manifests, those that are still to be applied. */
  readonly left: readonly AnyObject[]
  readonly deployments: readonly Deployment[]
  /** In the order in which kube-proxy may hear of them. */
  readonly rules: readonly (Service | EndpointSlice)[]
  /** By node. */
  readonly pods: readonly (readonly Pod[])[]
}

/** A Deployment and what its controllers would have made of it. */
interface Rollout {
  readonly deployment: Deployment
  readonly set: ReplicaSet
  /** Where a pod is on a node, with the status that it has there. */
  readonly pods: readonly Pod[]
}

/**
 * Puts a cluster in place in which Namespaces, Services and Deployments have been applied long before time 0: their ReplicaSets, pods and
 * EndpointSlices are there, in the state in which controllers, scheduler and kubelets would have left them. A pod that fits on no node is
 * there without one. What is of another kind, or would be refused, is left to be applied.
 */
export function settle(manifests: readonly AnyObject[], options: SettleOptions): SettledObjects {
  return new Settling(options).run(manifests)
}

class Settling {
  readonly #options: SettleOptions
  readonly #placement: Placement
  readonly #nodeIndex: ReadonlyMap<string, number>
  readonly #podsByLabel = new PodsByLabel()
  readonly #pods: Pod[][]

  constructor(options: SettleOptions) {
    this.#options = options
    this.#placement = new Placement(options.nodes, options.version)
    this.#nodeIndex = new Map(options.nodes.map(({ name }, index) => [name, index]))
    this.#pods = options.nodes.map(() => [])
  }

  run(manifests: readonly AnyObject[]): SettledObjects {
    const left: AnyObject[] = []
    const services: Service[] = []
    const deployments: Deployment[] = []
    for (const manifest of manifests) {
      if (manifest.kind === 'Namespace') this.#namespace(manifest as Namespace)
      else if (manifest.kind !== 'Service' && manifest.kind !== 'Deployment') left.push(manifest)
      else {
        const admitted = this.#options.server.admitted(atSettling(manifest))
        if (admitted === null) left.push(manifest)
        else if (admitted.kind === 'Service') services.push(this.#options.server.install(admitted as Service))
        else deployments.push(this.#rollOut(admitted as Deployment))
      }
    }
    const slices = services.flatMap((service) => this.#slicesOf(service))
    return { left, deployments, rules: [...services, ...slices], pods: this.#pods }
  }

  #namespace(namespace: Namespace): void {
    const { server } = this.#options
    server.install(atSettling(namespace))
    const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: emptyMeta('default', namespace.metadata.name) } as const
    server.install(atSettling<ServiceAccount>(account))
  }

  #rollOut(admitted: Deployment): Deployment {
    const { server, version } = this.#options
    const { deployment, set, pods } = this.#plan(admitted)
    const ready = pods.filter(isReady).length
    const counts = {
      observedGeneration: 1,
      replicas: pods.length,
      updatedReplicas: pods.length,
      readyReplicas: ready,
      availableReplicas: ready,
      unavailableReplicas: pods.length - ready,
      ...(version >= TERMINATING_REPLICAS_SINCE ? { terminatingReplicas: 0 } : {}),
    }
    const made = server.install({ ...deployment, status: { ...counts, conditions: conditionsOf(deployment, counts) } })
    const ofDeployment = set.metadata.ownerReferences.map((owner) => ({ ...owner, uid: made.metadata.uid }))
    const status = { observedGeneration: 1, replicas: pods.length, readyReplicas: ready, availableReplicas: ready, terminatingReplicas: 0 }
    const owner = server.install({ ...set, metadata: { ...set.metadata, ownerReferences: ofDeployment }, status })
    const ownerReferences = podOf(owner).metadata.ownerReferences
    for (const pod of pods) this.#install({ ...pod, metadata: { ...pod.metadata, ownerReferences } })
    return made
  }

  /** Everything but the uids. */
  #plan(admitted: Deployment): Rollout {
    const { replicas, template } = admitted.spec
    const annotations = { ...admitted.metadata.annotations, [REVISION]: '1' }
    const deployment = { ...admitted, metadata: { ...admitted.metadata, annotations } }
    const set = atSettling(replicaSetOf(deployment, { hash: templateHash(template), replicas, revision: 1 }))
    const names = new Set<string>()
    const pods: Pod[] = []
    // What admission makes of a pod is the same for all of a template.
    const first = replicas === 0 ? null : this.#options.server.admitted(atSettling(podOf(set)))
    while (first !== null && pods.length < replicas) {
      const name = `${set.metadata.name}-${randomSuffix(this.#options.names)}`
      if (names.has(name)) continue
      names.add(name)
      pods.push(this.#onNode({ ...first, metadata: { ...first.metadata, name } }))
    }
    return { deployment, set, pods }
  }

  #onNode(pod: Pod): Pod {
    const { kubelets, nodes, version } = this.#options
    const nodeName = this.#placement.place(pod)
    if (nodeName === null) return pod
    const index = this.#nodeIndex.get(nodeName)!
    const address = kubelets[index]!.settledAddress(pod)
    if (address === null) return pod
    const spec = { ...pod.spec, nodeName }
    return { ...pod, spec, status: runningStatus(pod, address, nodes[index]!.internalIP, version) }
  }

  #install(planned: Pod): void {
    const { nodeName } = planned.spec
    // To be bound is a change of the spec.
    const pod = this.#options.server.install(planned, nodeName === '' ? 1 : 2)
    if (nodeName === '') return
    const index = this.#nodeIndex.get(nodeName)!
    this.#options.kubelets[index]!.settle(pod)
    this.#pods[index]!.push(pod)
    this.#podsByLabel.put(pod)
  }

  #slicesOf(service: Service): EndpointSlice[] {
    const { server, nodes, version, names } = this.#options
    const { namespace } = service.metadata
    const { selector, type } = service.spec
    if (selector === null || type === 'ExternalName') return []
    const selected = this.#podsByLabel.selected(namespace, selector)
    const groups = groupEndpoints(service, selected, (node) => nodes[this.#nodeIndex.get(node)!]!.zone, version)
    return [...groups.values()].flatMap(({ ports, endpoints }) =>
      packEndpoints([], endpoints, MAX_ENDPOINTS_PER_SLICE).create.map((some) => {
        const slice = newSlice(service, ports, some)
        const name = slice.metadata.name + randomSuffix(names)
        return server.install(atSettling({ ...slice, metadata: { ...slice.metadata, name } }))
      }),
    )
  }
}

/** What the Deployment controller would have written last. */
function conditionsOf(deployment: Deployment, counts: Omit<DeploymentStatus, 'conditions'>): readonly Condition[] {
  const { replicas, strategy } = deployment.spec
  const reason = completes({ ...deployment, metadata: { ...deployment.metadata, generation: 1 } }, counts)
    ? 'NewReplicaSetAvailable'
    : 'ReplicaSetUpdated'
  const progressing = hasDeadline(deployment) ? withProgressing([], 'True', reason, SETTLED_AT) : []
  const enough = counts.availableReplicas >= replicas - maxUnavailableOf(strategy, replicas)
  const available: Condition = {
    type: 'Available',
    status: enough ? 'True' : 'False',
    reason: enough ? 'MinimumReplicasAvailable' : 'MinimumReplicasUnavailable',
    lastTransitionTime: SETTLED_AT,
  }
  return [available, ...progressing]
}

function atSettling<T extends AnyObject>(object: T): T {
  return { ...object, metadata: { ...object.metadata, creationTimestamp: SETTLED_AT } }
}
