import type { Node, OpaqueObject } from '../../api/objects/index.ts'
import { type ApiAccess, ApiClient } from '../../control-plane/api-client.ts'
import { CONTROL_PLANE_TAINT, type ControlPlane, type NodeSeed, nodeOf } from '../../control-plane/control-plane.ts'
import { emptyMeta } from '../../control-plane/empty-meta.ts'
import { ADMINISTRATOR, BOOTSTRAPPER, controllerIdentity, nodeIdentity } from '../../control-plane/identity.ts'
import { INSTALLS, type Install, type InstallName, machinesOf } from '../../control-plane/installs/index.ts'
import type { ControlPlaneMachines } from '../../control-plane/installs/machines.ts'
import type { Process, Wait } from '../../engine/process.ts'
import { type HopId, NO_CAUSE } from '../../engine/trace.ts'
import type { ImagePolicy } from '../../node/image-store.ts'
import { SECOND } from '../../units.ts'
import { IMAGE_BYTES, POLL, STEP_TIMES, type StepName } from './steps.ts'

export interface BootstrapOptions {
  readonly install: InstallName
  readonly etcdMembers: number
  readonly controlPlane: ControlPlane
  readonly machines: ControlPlaneMachines
  readonly nodes: readonly NodeSeed[]
  readonly images: ImagePolicy
  /** The node's network is there: its kubelet says Ready and takes pods, its kube-proxy starts. */
  readonly startNode: (index: number, cause: HopId) => void
  /** `kubectl get nodes` shows every node as Ready. */
  readonly done: () => void
}

const NOT_READY = { key: 'node.kubernetes.io/not-ready', value: '', effect: 'NoSchedule' } as const
const FIRST_IMAGES = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'etcd', 'coredns', 'kube-proxy', 'pause'] as const
/** Source: kubelet nodeLeaseDurationSeconds. */
const LEASE_SECONDS = 40

/**
 * From empty machines to Ready nodes: what the commands of an installation do, one after the other, on the machines and through the API.
 *
 * ```text
 *  kubeadm init       preflight, images ─ certs, kubeconfig, manifests ─ kubelet ─► static pods: etcd ─► API server ─► upload-config,
 *                     mark-control-plane, bootstrap-token, addons ─ network plugin
 *  kubeadm join       (further control-plane nodes one after the other, then the workers at once)
 *                     preflight ─ discovery ─ certificate request ─► approved ─► node registers, NotReady ─► network ─► Ready
 * ```
 *
 * Requests, elections of etcd, the start of API servers and leases are those of the model. Simplified: a learner of etcd counts as a member that
 * is up before it is promoted; kube-proxy, CoreDNS and the network plugin are no pods; the components' own bootstrap objects are there when
 * the first API server answers.
 */
export class Bootstrap {
  readonly #options: BootstrapOptions
  readonly #install: Install
  readonly #access: ApiAccess
  readonly #admin: ApiClient
  readonly #ready = new Set<string>()

  constructor(options: BootstrapOptions) {
    this.#options = options
    this.#install = INSTALLS[options.install]
    this.#access = options.controlPlane.access
    this.#admin = new ApiClient(this.#access, { actor: 'kubeadm', identity: ADMINISTRATOR, limit: null, network: 'controlPlaneNetwork' })
  }

  start(): void {
    const { controlPlane, nodes, done } = this.#options
    let over = false
    controlPlane.server.observeCommits(({ object }) => {
      if (over || object.kind !== 'Node') return
      const { conditions } = (object as Node).status
      if (conditions.some(({ type, status }) => type === 'Ready' && status === 'True')) this.#ready.add(object.metadata.name)
      if (this.#ready.size < nodes.length) return
      over = true
      done()
    })
    this.#access.sim.spawn(this.#install.startedBy === 'systemd' ? this.#services() : this.#kubeadm())
  }

  *#kubeadm(): Generator<Wait, void, unknown> {
    const [first, ...others] = this.#install.controlPlane as readonly [string, ...string[]]
    let hop = yield* this.#init(first)
    for (const machine of others) hop = yield* this.#joinControlPlane(machine, hop)
    for (const [index, { name }] of this.#options.nodes.entries()) {
      if (!this.#install.controlPlane.includes(name)) this.#access.sim.spawn(this.#joinWorker(index, hop))
    }
  }

  *#init(machine: string): Generator<Wait, HopId, unknown> {
    const { sim } = this.#access
    const subject = `Node/${machine}`
    let hop: HopId = NO_CAUSE
    if (this.#options.install === 'minikube') hop = yield* this.#step('minikube', subject, 'machine', hop)
    hop = yield* this.#step('kubeadm', subject, 'preflight', hop)
    hop = yield* this.#pull('kubeadm', subject, machine, FIRST_IMAGES, hop)
    for (const step of ['certs', 'kubeconfig', 'etcd', 'control-plane', 'kubelet-start'] as const)
      hop = yield* this.#step('kubeadm', subject, step, hop)
    const registered = this.#boot(machine, hop)
    hop = yield* this.#untilServerAnswers(machine, hop)
    hop = yield* this.#keep('ConfigMap', 'kube-system', 'kubeadm-config', 'upload-config', hop)
    hop = yield* this.#keep('ConfigMap', 'kube-system', 'kubelet-config', 'upload-config', hop)
    if (this.#install.controlPlane.length > 1) hop = yield* this.#keep('Secret', 'kube-system', 'kubeadm-certs', 'upload-certs', hop)
    yield registered
    hop = yield* this.#mark(machine, hop)
    hop = yield* this.#keep('Secret', 'kube-system', 'bootstrap-token-abcdef', 'bootstrap-token', hop)
    hop = yield* this.#keep('ConfigMap', 'kube-public', 'cluster-info', 'bootstrap-token', hop)
    hop = yield* this.#step('kubeadm', subject, 'kubelet-finalize', hop)
    hop = yield* this.#keep('ConfigMap', 'kube-system', 'coredns', 'addon coredns', hop)
    hop = yield* this.#keep('ConfigMap', 'kube-system', 'kube-proxy', 'addon kube-proxy', hop)
    hop = yield* this.#step('kubectl', subject, 'network-plugin', hop)
    sim.spawn(this.#network(machine, hop))
    return hop
  }

  *#joinControlPlane(machine: string, cause: HopId): Generator<Wait, HopId, unknown> {
    const subject = `Node/${machine}`
    const { etcd } = this.#options.controlPlane.server
    let hop = yield* this.#step('kubeadm', subject, 'preflight', cause)
    hop = yield* this.#pull('kubeadm', subject, machine, FIRST_IMAGES, hop)
    hop = yield* this.#step('kubeadm', subject, 'control-plane-prepare', hop)
    hop = yield* this.#certificate(machine, hop)
    const registered = this.#boot(machine, hop)
    const member = this.#install.etcd(this.#options.etcdMembers).indexOf(machine)
    while (!etcd.isUp(member)) yield this.#access.sim.delay(POLL)
    hop = yield* this.#step('kubeadm', subject, 'etcd-join', hop)
    etcd.addVoter()
    hop = yield* this.#untilServerAnswers(machine, hop)
    yield registered
    hop = yield* this.#mark(machine, hop)
    this.#access.sim.spawn(this.#network(machine, hop))
    return hop
  }

  *#joinWorker(index: number, cause: HopId): Generator<Wait, void, unknown> {
    const { name } = this.#options.nodes[index]!
    let hop = yield* this.#step('kubeadm', `Node/${name}`, 'preflight', cause)
    hop = yield* this.#certificate(name, hop)
    yield* this.#register(index, hop)
    yield* this.#network(name, hop)
  }

  /** Binary installs: etcd everywhere at once, then the API servers and what speaks to them, then the nodes. */
  *#services(): Generator<Wait, void, unknown> {
    const { sim } = this.#access
    const { etcdMembers, machines, controlPlane, nodes } = this.#options
    const etcd = this.#install.etcd(etcdMembers)
    let hop: HopId = NO_CAUSE
    for (const step of ['certs', 'kubeconfig'] as const) hop = yield* this.#step('administrator', 'cluster', step, hop)
    const made = new Map<string, HopId>()
    const prepared = machinesOf(this.#install, etcdMembers).map((machine) => sim.spawn(this.#prepare(machine, hop, made)))
    for (const one of prepared) yield one
    for (const machine of etcd) machines.boot(machine, made.get(machine)!)
    while (controlPlane.server.etcd.leader === null) yield sim.delay(POLL)
    for (const machine of this.#install.controlPlane) machines.boot(machine, made.get(machine)!)
    for (const machine of this.#install.controlPlane) hop = yield* this.#untilServerAnswers(machine, made.get(machine)!)
    for (const index of nodes.keys()) sim.spawn(this.#joinAsService(index, hop))
  }

  *#prepare(machine: string, cause: HopId, made: Map<string, HopId>): Generator<Wait, void, unknown> {
    made.set(machine, yield* this.#step('administrator', machine, 'binaries', cause))
  }

  /** Its certificate was made beforehand. */
  *#joinAsService(index: number, cause: HopId): Generator<Wait, void, unknown> {
    const { name } = this.#options.nodes[index]!
    let hop = yield* this.#step('administrator', `Node/${name}`, 'binaries', cause)
    hop = yield* this.#step('administrator', `Node/${name}`, 'kubelet-start', hop)
    yield* this.#register(index, hop)
    yield* this.#network(name, hop)
  }

  *#step(actor: string, subject: string, step: StepName, cause: HopId): Generator<Wait, HopId, unknown> {
    const { sim, trace } = this.#access
    const started = sim.now
    yield sim.delay(STEP_TIMES[step])
    return trace.record({ cause, actor, action: 'finished phase', subject, started, detail: step })
  }

  *#pull(
    actor: string,
    subject: string,
    machine: string,
    images: readonly (keyof typeof IMAGE_BYTES)[],
    cause: HopId,
  ): Generator<Wait, HopId, unknown> {
    const { sim, trace, latencies } = this.#access
    const { bandwidthBytesPerSecond, preloaded } = this.#options.images
    const started = sim.now
    if (preloaded) return cause
    for (const image of images) {
      const bytes = IMAGE_BYTES[image]
      yield sim.delay(Math.ceil((bytes / bandwidthBytesPerSecond) * SECOND) + latencies.draw('imagePullOverhead', `bootstrap/${machine}`))
    }
    return trace.record({ cause, actor, action: 'pulled images', subject, started, detail: images.join(',') })
  }

  /** The kubelet of a control-plane machine runs: static pods start, and it registers its node as soon as it can. */
  #boot(machine: string, cause: HopId): Process<void> {
    this.#options.machines.boot(machine, cause)
    const index = this.#options.nodes.findIndex(({ name }) => name === machine)
    return this.#access.sim.spawn(this.#register(index, cause))
  }

  *#untilServerAnswers(machine: string, cause: HopId): Generator<Wait, HopId, unknown> {
    const { sim, trace, server } = this.#access
    const started = sim.now
    const process = server.processes[this.#install.controlPlane.indexOf(machine)]!
    while (!process.up) yield sim.delay(POLL)
    const subject = this.#install.controlPlaneNodes === 'none' ? machine : `Node/${machine}`
    const actor = this.#install.startedBy === 'systemd' ? 'administrator' : 'kubeadm'
    return trace.record({ cause, actor, action: 'finished phase', subject, started, detail: 'wait-control-plane' })
  }

  *#keep(kind: string, namespace: string, name: string, phase: string, cause: HopId): Generator<Wait, HopId, unknown> {
    const object: OpaqueObject = { apiVersion: 'v1', kind, metadata: emptyMeta(name, namespace), content: {} }
    return (yield* this.#admin.create(object, { cause, why: phase })).hop
  }

  *#mark(machine: string, cause: HopId): Generator<Wait, HopId, unknown> {
    const separate = this.#install.controlPlaneNodes === 'separate'
    const mark = (node: Node): Node => ({
      ...node,
      metadata: {
        ...node.metadata,
        labels: {
          ...node.metadata.labels,
          'node-role.kubernetes.io/control-plane': '',
          ...(separate ? { 'node.kubernetes.io/exclude-from-external-load-balancers': '' } : {}),
        },
      },
      spec: { ...node.spec, taints: separate ? [...node.spec.taints, CONTROL_PLANE_TAINT] : node.spec.taints },
    })
    return (yield* this.#admin.patch('Node', '', machine, mark, { cause, why: 'mark-control-plane' })).hop
  }

  /**
   * Discovery with the token, a request for a client certificate, and its approval by kube-controller-manager, once one leads.
   *
   * Source: Kubernetes pkg/kubelet/certificate/bootstrap, pkg/controller/certificates/{approver,signer}.
   */
  *#certificate(name: string, cause: HopId): Generator<Wait, HopId, unknown> {
    const { sim } = this.#access
    const client = new ApiClient(this.#access, { actor: `kubelet/${name}`, identity: BOOTSTRAPPER, limit: null, network: 'nodeNetwork' })
    yield* client.list('ConfigMap' as 'Node', 'kube-public')
    let hop = yield* this.#step('kubeadm', `Node/${name}`, 'kubelet-start', cause)
    const request: OpaqueObject = {
      apiVersion: 'certificates.k8s.io/v1',
      kind: 'CertificateSigningRequest',
      metadata: emptyMeta(`node-csr-${name}`, ''),
      content: { status: 'Pending' },
    }
    hop = (yield* client.create(request, { cause: hop, why: `client certificate for system:node:${name}` })).hop
    while (!this.#options.controlPlane.controllerManagers.some(({ leads }) => leads)) yield sim.delay(POLL)
    const signer = new ApiClient(this.#access, {
      actor: 'certificate-controller',
      identity: controllerIdentity('certificate-controller'),
      limit: null,
      network: 'controlPlaneNetwork',
    })
    const approve = (current: OpaqueObject): OpaqueObject => ({ ...current, content: { status: 'Approved,Issued' } })
    const because = { cause: hop, why: 'approved and signed', subresource: 'approval' }
    const kind = 'CertificateSigningRequest' as 'Node'
    return (yield* signer.patch(kind, '', request.metadata.name, approve as unknown as (node: Node) => Node, because, 'update')).hop
  }

  /** The kubelet creates its Node, which is not Ready before there is a network, and its Lease. */
  *#register(index: number, cause: HopId): Generator<Wait, void, unknown> {
    const seed = this.#options.nodes[index]!
    const { sim } = this.#access
    const client = new ApiClient(this.#access, {
      actor: `kubelet/${seed.name}`,
      identity: nodeIdentity(seed.name),
      limit: null,
      network: 'nodeNetwork',
    })
    const { controlPlane: _, ...plain } = seed
    const node = nodeOf(plain)
    const registered: Node = {
      ...node,
      spec: { ...node.spec, taints: [NOT_READY] },
      status: {
        ...node.status,
        conditions: [{ type: 'Ready', status: 'False', reason: 'KubeletNotReady', lastTransitionTime: sim.now }],
      },
    }
    yield* client.create(registered, { cause, why: 'registers, Ready=False: cni plugin not initialized' })
    yield* client.writeQuietly(
      {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: emptyMeta(seed.name, 'kube-node-lease'),
        holder: seed.name,
        renewTime: sim.now,
        durationSeconds: LEASE_SECONDS,
      },
      'create',
    )
  }

  /** kube-proxy and the network plugin arrive on the node. */
  *#network(name: string, cause: HopId): Generator<Wait, void, unknown> {
    const { sim, latencies } = this.#access
    const place = `bootstrap/${name}`
    const images = this.#install.controlPlane.includes(name)
      ? (['network-plugin'] as const)
      : (['pause', 'kube-proxy', 'network-plugin'] as const)
    const hop = yield* this.#pull(`kubelet/${name}`, `Node/${name}`, name, images, cause)
    yield sim.delay(latencies.draw('sandbox', place) + latencies.draw('containerStart', place))
    const index = this.#options.nodes.findIndex((node) => node.name === name)
    this.#options.startNode(index, hop)
  }
}
