import { matchesSelector } from '../api/labels.ts'
import type { AnyObject, Deployment, EndpointSlice, Pod, Service, StringMap } from '../api/objects/index.ts'
import type { ApiServer } from '../control-plane/api-server.ts'
import { ControlPlane, type NodeSeed } from '../control-plane/control-plane.ts'
import { isComplete } from '../control-plane/controllers/deployment.ts'
import { INSTALLS } from '../control-plane/installs/index.ts'
import { ControlPlaneMachines } from '../control-plane/installs/machines.ts'
import type { ComponentName } from '../control-plane/installs/static-pods.ts'
import { LATENCIES } from '../control-plane/latencies.ts'
import type { Replica } from '../control-plane/leader-election/replica.ts'
import { keyOf } from '../control-plane/object-key.ts'
import type { Watch } from '../control-plane/watch-cache.ts'
import { distribution } from '../engine/distributions.ts'
import type { RandomStream } from '../engine/random-stream.ts'
import { Simulation } from '../engine/simulation.ts'
import { type HopId, NO_CAUSE, Trace } from '../engine/trace.ts'
import { type FaultReport, type FaultTarget, type LedComponentName, strike } from '../faults/index.ts'
import { IngressNginx } from '../ingress/ingress-nginx.ts'
import { invariant } from '../invariant.ts'
import type { ProcessBehaviour, RunBehaviour } from '../node/container-runtime.ts'
import { podCidr } from '../node/ipam.ts'
import { Kubelet } from '../node/kubelet.ts'
import { RegistryLink } from '../node/registry-link.ts'
import { LINUX_6_1 } from '../profiles/cost-profile.ts'
import type { Nanos } from '../units.ts'
import { DataPlane } from '../workload/data-plane.ts'
import { Bootstrap } from './bootstrap/bootstrap.ts'
import { nodeNames } from './load-cluster.ts'
import type { RunSpec, Scenario, WorkloadSpec } from './scenario.ts'

/** Node addresses: 172.16.0.0/12, in order. Assumption: one flat network of nodes, apart from pods and Services. */
function nodeAddress(index: number): string {
  const host = index + 1
  return `172.${16 + Math.floor(host / 65_536)}.${Math.floor(host / 256) % 256}.${host % 256}`
}

/**
 * The whole tank, filled: control plane, kubelets and data plane of one scenario on one simulation, wired together. This is
 * the only place that knows every part.
 *
 * ```text
 *   timeline ─► kubectl ─► API server ─► etcd ─┬─► watches ─► controllers, scheduler, kubelets ─► backends
 *                                              ├─► ServiceHistory (what is true at which revision)
 *                                              └─► watches ─► kube-proxy of each node (a cursor into it)
 *   traffic  ─► requests ─► node kernel ─► what its kube-proxy programmed ─► backends
 * ```
 */
export class SimulatedCluster {
  readonly sim: Simulation
  readonly trace: Trace
  readonly controlPlane: ControlPlane
  readonly dataPlane: DataPlane
  readonly faults: FaultReport[] = []
  /** When the bootstrap was over: `kubectl get nodes` shows every node as Ready. null before, and where there is none. */
  allNodesReadyAt: Nanos | null = null
  /** When each Deployment first had all its replicas, by key. */
  readonly availableAt = new Map<string, Nanos>()
  readonly #scenario: Scenario
  readonly #nodes: readonly NodeSeed[]
  readonly #kubelets: Kubelet[] = []
  /** Which pod a `pod-kill` of one strikes. */
  readonly #kills: RandomStream
  /** null: the control plane stands nowhere in particular. */
  readonly #machines: ControlPlaneMachines | null
  /** Machines that are no nodes, and are down. */
  readonly #down = new Set<string>()
  /** Pods that have an address, by node. */
  readonly #podsOfNode: number[]
  /** The two watches of each node's kube-proxy. */
  readonly #proxyWatches: (readonly Watch[])[]

  constructor(scenario: Scenario) {
    this.#scenario = scenario
    this.sim = new Simulation({ seed: scenario.seed })
    this.trace = new Trace(this.sim)
    this.#kills = this.sim.rng('fault/pod-kill')
    this.#nodes = nodesOf(scenario)
    this.#podsOfNode = this.#nodes.map(() => 0)
    this.#proxyWatches = this.#nodes.map(() => [])
    const { version, etcdMembers, apiServers, apiServer, network, softirq, kubeProxy, images, runtime, scheduler } = scenario.cluster
    const install = scenario.cluster.install === null ? null : INSTALLS[scenario.cluster.install]
    this.controlPlane = new ControlPlane(this.sim, {
      trace: this.trace,
      version,
      etcdMembers,
      apiServers,
      flowControl: apiServer,
      nodes: this.#nodes,
      scheduler,
      metricsServer: autoscales(scenario),
      asleep: install !== null && scenario.cluster.bootstrap ? { voters: install.etcdMembers.free ? etcdMembers : 1 } : undefined,
      ...(install === null ? {} : { hosts: install.controlPlane }),
    })
    const { metricsServer } = this.controlPlane
    this.#machines =
      install === null
        ? null
        : new ControlPlaneMachines(install, etcdMembers, this.controlPlane, (name) => this.#nodes[this.#indexOf(name)]!.internalIP)
    this.dataPlane = new DataPlane({
      sim: this.sim,
      nodes: this.#nodes.map((node) => ({
        ...node,
        excludedFromLoadBalancers: node.controlPlane?.tainted === true,
        conntrack: scenario.cluster.conntrack,
      })),
      version,
      network,
      softirq,
      kubeProxy,
      costProfile: LINUX_6_1,
      trace: this.trace,
      workloadOf: (pod) => this.#workloadOf(pod.labels),
      measureFrom: scenario.warmUp,
      ...(scenario.workloads.some(({ ingressController }) => ingressController !== undefined)
        ? { gateway: (parts) => new IngressNginx(parts, this.controlPlane.access) }
        : {}),
    })
    this.#observe()
    const { bandwidthBytesPerSecond, registryBytesPerSecond } = images
    const registry =
      registryBytesPerSecond === undefined ? undefined : new RegistryLink(this.sim, bandwidthBytesPerSecond, registryBytesPerSecond)
    const behaviours = new Map(scenario.workloads.map((workload) => [workload, behaviourOf(workload)]))
    for (const [index, node] of this.#nodes.entries()) {
      const kubelet = new Kubelet(this.controlPlane.access, {
        name: node.name,
        index,
        hostIP: node.internalIP,
        allocatable: { cpuMilli: node.cpuMilli, memoryBytes: node.memoryBytes, pods: node.maxPods },
        host: this.dataPlane.backends,
        images,
        registry,
        runtime,
        behaviourOf: (pod: Pod) => behaviours.get(this.#workloadOf(pod.metadata.labels))!,
        measured: metricsServer !== null,
      })
      this.#kubelets.push(kubelet)
      metricsServer?.reach(node.name, () => kubelet.containerPoints() ?? (this.dataPlane.kernels.isUp(index) ? 'refused' : 'silent'))
    }
  }

  /** By index, as the columns of the data plane are. */
  get nodeNames(): readonly string[] {
    return this.#nodes.map((node) => node.name)
  }

  /** Starts every component, applies the manifests and plans traffic and timeline. */
  start(): void {
    const { manifests, traffic, timeline } = this.#scenario
    const apply = (): void => {
      if (manifests.length > 0) this.controlPlane.kubectl.run({ verb: 'apply', objects: manifests }, 'apply of the manifests')
    }
    if (this.#scenario.cluster.bootstrap) this.#bootstrap(apply)
    else {
      this.controlPlane.start()
      for (const [index, kubelet] of this.#kubelets.entries()) {
        kubelet.start()
        this.#startKubeProxy(index)
      }
      apply()
    }
    for (const spec of traffic) this.dataPlane.addTraffic(spec)
    for (const entry of timeline) {
      if (entry.kind === 'kubectl') {
        this.sim.after(entry.at, () => this.controlPlane.kubectl.run(entry.command, entry.text, entry.as))
        continue
      }
      const report: FaultReport = { fault: entry.text, tookEffect: false, effect: 'the run ended before it' }
      this.faults.push(report)
      this.sim.after(entry.at, () => {
        if (this.#scenario.cluster.bootstrap && this.allNodesReadyAt === null) report.effect = 'it was left out: the bootstrap was not over'
        else strike(entry.fault, this.#faultTarget(), report)
      })
    }
  }

  #bootstrap(then: () => void): void {
    const { install, etcdMembers, images } = this.#scenario.cluster
    invariant(install !== null && this.#machines !== null, 'A bootstrap has an install')
    new Bootstrap({
      install,
      etcdMembers,
      controlPlane: this.controlPlane,
      machines: this.#machines,
      nodes: this.#nodes,
      images,
      startNode: (index, cause) => {
        this.#kubelets[index]!.boot(cause, 'its network is ready')
        this.#startKubeProxy(index, cause)
      },
      done: () => {
        this.allNodesReadyAt = this.sim.now
        then()
      },
    }).start()
  }

  #observe(): void {
    const { server } = this.controlPlane
    server.observeCommits((event) => {
      const { object, revision, committedAt } = event
      if (object.kind === 'Service' || object.kind === 'EndpointSlice') {
        this.dataPlane.history.apply(revision, {
          object: object as Service | EndpointSlice,
          deleted: event.type === 'DELETED',
          committedAt,
        })
      } else if (object.kind === 'Deployment') {
        const deployment = object as Deployment
        if (isComplete(deployment) && !this.availableAt.has(keyOf(deployment))) this.availableAt.set(keyOf(deployment), this.sim.now)
      } else if (object.kind === 'Pod')
        this.#countPod(event.previous as Pod | undefined, event.type === 'DELETED' ? undefined : (object as Pod))
    })
  }

  #countPod(before: Pod | undefined, after: Pod | undefined): void {
    const held = before === undefined || before.status.podIP === '' ? '' : before.spec.nodeName
    const holds = after === undefined || after.status.podIP === '' ? '' : after.spec.nodeName
    if (held === holds) return
    if (held !== '') this.#podsOfNode[this.#indexOf(held)]!--
    if (holds !== '') this.#podsOfNode[this.#indexOf(holds)]!++
  }

  #stopKubeProxy(index: number): void {
    for (const watch of this.#proxyWatches[index]!) watch.stop()
    this.#proxyWatches[index] = []
    this.dataPlane.proxy(index).stop()
  }

  #startKubeProxy(index: number, cause: HopId = NO_CAUSE): void {
    const proxy = this.dataPlane.proxy(index)
    const name = `kube-proxy/${this.#nodes[index]!.name}`
    proxy.start()
    this.#proxyWatches[index] = (['Service', 'EndpointSlice'] as const).map((kind) =>
      this.controlPlane.server.watch(kind, {
        name,
        network: 'nodeNetwork',
        listed: (revision) => proxy.listed(kind, revision, cause),
        deliver: (event) => proxy.observe(kind, event.revision, event.cause),
      }),
    )
  }

  #faultTarget(): FaultTarget {
    return {
      sim: this.sim,
      trace: this.trace,
      etcd: this.controlPlane.server.etcd,
      apiServers: apiServersTarget(this.controlPlane.server),
      crashNode: (name) => {
        const index = this.#indexOf(name)
        if (!this.dataPlane.kernels.isUp(index)) return null
        const requestsInFlight = this.dataPlane.backends.inFlightOfNode(index)
        this.#stopKubeProxy(index)
        this.dataPlane.crashNode(index)
        this.#kubelets[index]!.crash()
        const components = this.#machines?.has(name) === true ? this.#machines.crash(name) : []
        return { pods: this.#podsOfNode[index]!, requestsInFlight, components }
      },
      bootNode: (name, cause) => {
        const index = this.#indexOf(name)
        this.dataPlane.bootNode(index)
        this.#kubelets[index]!.boot(cause)
        this.#startKubeProxy(index)
        if (this.#machines?.has(name) === true) this.#machines.boot(name, cause)
      },
      crashMachine: (name) => {
        if (this.#down.has(name)) return null
        this.#down.add(name)
        return this.#machines!.crash(name)
      },
      bootMachine: (name, cause) => {
        this.#down.delete(name)
        this.#machines!.boot(name, cause)
      },
      stopKubelet: (name) => {
        const kubelet = this.#kubelets[this.#indexOf(name)]!
        if (!kubelet.up) return false
        kubelet.stop()
        return true
      },
      startKubelet: (name, cause) => {
        const index = this.#indexOf(name)
        const kubelet = this.#kubelets[index]!
        if (kubelet.up || !this.dataPlane.kernels.isUp(index)) return false
        kubelet.boot(cause(), 'after a crash')
        return true
      },
      isNodeUp: (name) => this.dataPlane.kernels.isUp(this.#indexOf(name)),
      shutDownNode: (name, timeout) => this.#kubelets[this.#indexOf(name)]!.shutDown(timeout),
      slowNodeDisk: (name, factor, onUse) => this.#kubelets[this.#indexOf(name)]!.slowDisk(factor, onUse),
      setNodeClock: (name, ahead) => this.#kubelets[this.#indexOf(name)]!.setClock(ahead),
      killPods: ({ namespace, selector, mode }, cause) => {
        const there = this.#kubelets
          .flatMap((kubelet) => [...kubelet.workers()])
          .filter((worker) => {
            const { metadata } = worker.pod
            return metadata.namespace === namespace && matchesSelector(selector, metadata.labels) && worker.hasSandbox
          })
        if (there.length === 0) return 0
        const struck = mode === 'all' ? there : [there[Math.floor(this.#kills.uniform() * there.length)]!]
        for (const worker of struck) worker.killSandbox(cause(keyOf(worker.pod)))
        return struck.length
      },
      stopKubeProxy: (name) => {
        const index = this.#indexOf(name)
        if (!this.dataPlane.proxy(index).running) return false
        this.#stopKubeProxy(index)
        return true
      },
      startKubeProxy: (name, cause) => {
        const index = this.#indexOf(name)
        if (this.dataPlane.proxy(index).running || !this.dataPlane.kernels.isUp(index)) return false
        this.#startKubeProxy(index, cause())
        return true
      },
      replicas: (component) => this.#replicas(component),
      startReplica: (component, host, cause) => {
        const replica = this.#replicas(component).find((one) => one.host === host)!
        const node = this.#nodes.findIndex(({ name }) => name === host)
        if (this.#down.has(host) || (node >= 0 && !this.dataPlane.kernels.isUp(node))) return false
        return replica.start(cause())
      },
      crashContainers: ({ namespace, selector, container }, { exitCode, reason }, cause) => {
        let crashed = 0
        for (const kubelet of this.#kubelets) {
          for (const worker of kubelet.workers()) {
            const { metadata } = worker.pod
            if (metadata.namespace !== namespace || !matchesSelector(selector, metadata.labels) || !worker.runs(container)) continue
            crashed += worker.crash(container, exitCode, reason, cause(keyOf(worker.pod)))
          }
        }
        return crashed
      },
    }
  }

  #replicas(component: LedComponentName): readonly Replica[] {
    const { controllerManagers, schedulers } = this.controlPlane
    return component === 'kube-scheduler' ? schedulers : controllerManagers
  }

  #indexOf(name: string): number {
    const index = this.#nodes.findIndex((node) => node.name === name)
    invariant(index >= 0, `Node ${name} is unknown`)
    return index
  }

  #workloadOf(labels: StringMap): WorkloadSpec {
    const workload = this.#scenario.workloads.find(({ selector }) => matchesSelector(selector, labels))
    invariant(workload !== undefined, 'The last workload matches every pod')
    return workload
  }
}

function apiServersTarget(server: ApiServer): FaultTarget['apiServers'] {
  return {
    count: server.processes.length,
    isUp: (id) => server.processes[id]!.up,
    nameOf: (id) => server.processes[id]!.name,
    crash: (id) => server.crash(id),
    start: (id, answers) => server.start(id, answers),
  }
}

/** Whether there will ever be an autoscaler. Without one nobody would see what metrics-server does, so it is left out. */
function autoscales({ manifests, timeline }: Scenario): boolean {
  const isAutoscaler = ({ kind }: AnyObject): boolean => kind === 'HorizontalPodAutoscaler'
  return (
    manifests.some(isAutoscaler) ||
    timeline.some(
      (entry) =>
        entry.kind === 'kubectl' &&
        (entry.command.verb === 'autoscale' || ('objects' in entry.command && entry.command.objects.some(isAutoscaler))),
    )
  )
}

function behaviourOf({ startUp, onTerminate, run, init, memoryBytes }: WorkloadSpec): ProcessBehaviour {
  const ending = (spec: RunSpec): RunBehaviour => ({ ...spec, duration: distribution(spec.duration) })
  return {
    startUp: distribution(startUp),
    onTerminate,
    memoryBytes,
    run: run === undefined ? null : ending(run),
    init: ending(init ?? { duration: LATENCIES.initContainerRun.distribution, failProbability: 0, exitCode: 1 }),
  }
}

/** What a control-plane node runs, with etcd or without. */
const STACKED: readonly ComponentName[] = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler']

function nodesOf(scenario: Scenario): NodeSeed[] {
  const names = nodeNames(scenario.cluster)
  const nodes: NodeSeed[] = []
  const { install: name, etcdMembers, controlPlane } = scenario.cluster
  const install = name === null ? null : INSTALLS[name]
  const role = (machine: string): Pick<NodeSeed, 'controlPlane'> =>
    install === null || install.controlPlaneNodes === 'none' || !install.controlPlane.includes(machine)
      ? {}
      : {
          controlPlane: {
            tainted: install.controlPlaneNodes === 'separate',
            components: install.etcd(etcdMembers).includes(machine) ? STACKED : STACKED.slice(1),
          },
        }
  const zones = scenario.cluster.nodes[0]!.zones
  for (const machine of install?.controlPlaneNodes === 'separate' ? install.controlPlane : []) {
    const index = nodes.length
    nodes.push({
      name: machine,
      zone: zones[index % zones.length] ?? '',
      ...controlPlane,
      maxPods: scenario.cluster.nodes[0]!.maxPods,
      podCIDR: podCidr(index),
      internalIP: nodeAddress(index),
      ...role(machine),
    })
  }
  for (const group of scenario.cluster.nodes) {
    for (let i = 0; i < group.count; i++) {
      const index = nodes.length
      nodes.push({
        name: names[index]!,
        zone: group.zones[i % group.zones.length] ?? '',
        cpuMilli: group.cpuMilli,
        memoryBytes: group.memoryBytes,
        maxPods: group.maxPods,
        podCIDR: podCidr(index),
        internalIP: nodeAddress(index),
        ...role(names[index]!),
      })
    }
  }
  return nodes
}
