import type { Pod } from '../../api/objects/index.ts'
import type { Wait } from '../../engine/process.ts'
import { Scope } from '../../engine/scope.ts'
import type { HopId } from '../../engine/trace.ts'
import { invariant } from '../../invariant.ts'
import { type Nanos, SECOND } from '../../units.ts'
import { type ApiAccess, ApiClient } from '../api-client.ts'
import { withCondition } from '../conditions.ts'
import { nodeIdentity } from '../identity.ts'
import type { Delays } from '../latencies.ts'
import type { Replica } from '../leader-election/replica.ts'
import { objectKey } from '../object-key.ts'
import { type Install, machinesOf } from './index.ts'
import { type ComponentName, mirrorPod } from './static-pods.ts'

/** From the start of the machine to that of its system services. *Assumption*. */
export const SYSTEMD_START: Nanos = SECOND

/** What runs on the machines. */
export interface Components {
  readonly access: ApiAccess
  readonly controllerManagers: readonly Replica[]
  readonly schedulers: readonly Replica[]
}

/**
 * The machines that an install puts components on: they die and come back together with their machine.
 *
 * After a boot the kubelet starts its static pods from the manifests on its disk, without asking anybody, or systemd the services; all at
 * once, and what needs another (API server: etcd; the others: API server) waits for it. The mirror pods are Ready again once the kubelet
 * can say so.
 *
 * Simplified: a component that waits for another does not exit and back off.
 *
 * Source: Kubernetes pkg/kubelet/config/file.go (static pods), cmd/kubeadm/app/phases/kubelet.
 */
export class ControlPlaneMachines {
  readonly names: readonly string[]
  readonly #install: Install
  readonly #etcd: readonly string[]
  readonly #components: Components
  readonly #addressOf: (name: string) => string
  readonly #latenciesOf: (name: string) => Delays
  /** What each machine is doing about its start; ended when it goes down. */
  readonly #boots = new Map<string, Scope>()

  /** `addressOf` knows the addresses of those that are nodes, `latenciesOf` what their kubelets take. */
  constructor(
    install: Install,
    etcdMembers: number,
    components: Components,
    addressOf: (name: string) => string,
    latenciesOf: (name: string) => Delays,
  ) {
    this.#addressOf = addressOf
    this.#latenciesOf = latenciesOf
    this.#install = install
    this.#components = components
    this.#etcd = install.etcd(etcdMembers)
    this.names = machinesOf(install, etcdMembers)
  }

  has(name: string): boolean {
    return this.names.includes(name)
  }

  /** In the order of their manifests' names, in which the kubelet finds them. */
  componentsOf(name: string): readonly ComponentName[] {
    const etcd: readonly ComponentName[] = this.#etcd.includes(name) ? ['etcd'] : []
    return this.#install.controlPlane.includes(name) ? [...etcd, 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'] : etcd
  }

  /** The machine stops: everything on it is gone. Says what ran. */
  crash(name: string): readonly ComponentName[] {
    invariant(this.has(name), `There is no machine ${name}`)
    this.#boots.get(name)?.end()
    return this.componentsOf(name).filter((component) => this.#stop(name, component))
  }

  /** The machine is back, because of that hop. */
  boot(name: string, cause: HopId): void {
    this.#boots.get(name)?.end()
    const scope = new Scope(this.#components.access.sim)
    this.#boots.set(name, scope)
    for (const component of this.componentsOf(name)) scope.spawn(this.#start(name, component, cause, scope))
  }

  #stop(name: string, component: ComponentName): boolean {
    const { access, controllerManagers, schedulers } = this.#components
    const replica = this.#install.controlPlane.indexOf(name)
    switch (component) {
      case 'etcd':
        return access.server.etcd.crashMember(this.#etcd.indexOf(name))
      case 'kube-apiserver':
        return access.server.crash(replica) !== null
      case 'kube-controller-manager':
        return controllerManagers[replica]!.crash()
      case 'kube-scheduler':
        return schedulers[replica]!.crash()
    }
  }

  *#start(name: string, component: ComponentName, cause: HopId, scope: Scope): Generator<Wait, void, unknown> {
    const { access, controllerManagers, schedulers } = this.#components
    const { sim, trace } = access
    const place = `${name}/${component}`
    const started = sim.now
    const byKubelet = this.#install.startedBy === 'kubelet'
    if (byKubelet) {
      const latencies = this.#latenciesOf(name)
      yield sim.delay(latencies.draw('nodeBoot', name))
      yield sim.delay(latencies.draw('kubeletSync', place) + latencies.draw('sandbox', place) + latencies.draw('containerStart', place))
    } else yield sim.delay(SYSTEMD_START)
    const subject = byKubelet ? objectKey('Pod', 'kube-system', `${component}-${name}`) : place
    const hop = trace.record({
      cause,
      actor: byKubelet ? `kubelet/${name}` : `systemd/${name}`,
      action: byKubelet ? 'started static pod' : 'started service',
      subject,
      started,
      detail: component,
    })
    const replica = this.#install.controlPlane.indexOf(name)
    if (component === 'etcd') access.server.etcd.restartMember(this.#etcd.indexOf(name))
    else if (component === 'kube-apiserver') {
      access.server.start(replica, () => trace.record({ cause: hop, actor: 'kube-apiserver', action: 'answers', subject, detail: name }))
    } else if (component === 'kube-controller-manager') controllerManagers[replica]!.start(hop)
    else schedulers[replica]!.start(hop)
    if (byKubelet) scope.spawn(this.#tellReady(name, component, hop, scope))
  }

  *#tellReady(name: string, component: ComponentName, cause: HopId, scope: Scope): Generator<Wait, void, unknown> {
    const access = { ...this.#components.access, sim: scope }
    const client = new ApiClient(access, { actor: `kubelet/${name}`, identity: nodeIdentity(name), limit: null, network: 'nodeNetwork' })
    const ready = (pod: Pod): Pod => {
      let { conditions } = pod.status
      for (const type of ['Ready', 'ContainersReady']) conditions = withCondition(conditions, type, 'True', '', scope.now)
      return conditions === pod.status.conditions ? pod : { ...pod, status: { ...pod.status, conditions } }
    }
    const because = { cause, why: 'Ready=True: mirror of a static pod' }
    const mirror = yield* client.get('Pod', 'kube-system', `${component}-${name}`)
    if (mirror === undefined) yield* client.create(mirrorPod(component, name, this.#addressOf(name), scope.now), because)
    else yield* client.patch('Pod', 'kube-system', mirror.metadata.name, ready, { ...because, subresource: 'status' })
  }
}
