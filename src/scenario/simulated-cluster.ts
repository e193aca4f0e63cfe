import { matchesSelector, shortSelector } from '../api/labels.ts'
import type { AnyObject, Deployment, EndpointSlice, Kind, Pod, Service, StringMap } from '../api/objects/index.ts'
import type { ApiAccess } from '../control-plane/api-client.ts'
import type { ApiServer } from '../control-plane/api-server.ts'
import { isReady } from '../control-plane/conditions.ts'
import { ControlPlane, type NodeSeed, nodeLabels } from '../control-plane/control-plane.ts'
import { isComplete } from '../control-plane/controllers/deployment.ts'
import { INSTALLS } from '../control-plane/installs/index.ts'
import { ControlPlaneMachines } from '../control-plane/installs/machines.ts'
import { LATENCIES } from '../control-plane/latencies.ts'
import type { Replica } from '../control-plane/leader-election/replica.ts'
import type { MetricsServer } from '../control-plane/metrics-server.ts'
import { keyOf } from '../control-plane/object-key.ts'
import type { ClientWatch } from '../control-plane/reflector.ts'
import { DnsNames } from '../dns/dns-names.ts'
import { PodRecords } from '../dns/pod-records.ts'
import { distribution } from '../engine/distributions.ts'
import type { RandomStream } from '../engine/random-stream.ts'
import { Simulation } from '../engine/simulation.ts'
import { type HopId, NO_CAUSE, Trace } from '../engine/trace.ts'
import { choose } from '../faults/choice.ts'
import type { FaultTarget, LedComponentName, PodChoice } from '../faults/index.ts'
import { type FaultOutcome, type FaultSpan, PlannedFault } from '../faults/planned-fault.ts'
import { IngressNginx } from '../ingress/ingress-nginx.ts'
import { invariant } from '../invariant.ts'
import type { RequestSink } from '../metrics/request-batch.ts'
import { parseIpv4 } from '../network/addresses.ts'
import { PolicyAgents } from '../network-policy/policy-agents.ts'
import type { ProcessBehaviour, RunBehaviour, RuntimeContainer } from '../node/container-runtime.ts'
import { Kubelet } from '../node/kubelet.ts'
import { PausableNode } from '../node/pausable-node.ts'
import type { PodWorker } from '../node/pod-worker.ts'
import { RegistryLink } from '../node/registry-link.ts'
import { LINUX_6_1 } from '../profiles/cost-profile.ts'
import type { Nanos } from '../units.ts'
import { DataPlane } from '../workload/data-plane.ts'
import { RequestRecorder } from '../workload/records/request-recorder.ts'
import { RequestSampler, type SampleSpec } from '../workload/samples/request-sampler.ts'
import { Bootstrap } from './bootstrap/bootstrap.ts'
import { ClusterLinks } from './cluster-links.ts'
import { describeFault } from './load-fault.ts'
import { nodeSeeds } from './node-seeds.ts'
import { otherServices } from './other-services.ts'
import { RolloutSpans } from './rollout-spans.ts'
import type { RunSpec, Scenario, WorkloadSpec } from './scenario.ts'
import { type SettledObjects, settle } from './settled/settle.ts'

/** SIGKILL of the kernel. */
export const OOM_KILLED = 128 + 9

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
  readonly #faults: PlannedFault[] = []
  /** When the bootstrap was over: `kubectl get nodes` shows every node as Ready. null before, and where there is none. */
  allNodesReadyAt: Nanos | null = null
  /** When each Deployment first had all its replicas, by key. */
  readonly availableAt = new Map<string, Nanos>()
  readonly rollouts: RolloutSpans
  readonly #scenario: Scenario
  readonly #nodes: readonly NodeSeed[]
  readonly #kubelets: Kubelet[] = []
  /** null: the control plane stands nowhere in particular. */
  readonly #machines: ControlPlaneMachines | null
  /** Machines that are no nodes, and are down. */
  readonly #down = new Set<string>()
  /** Pods that have an address, by node. */
  readonly #podsOfNode: number[]
  /** The two watches of each node's kube-proxy. */
  readonly #proxyWatches: (readonly ClientWatch[])[]
  /** By node; null: none ever stands still. */
  readonly #pausable: readonly PausableNode[] | null
  /** What the DNS servers know; null without them. */
  readonly #names: DnsNames | null
  /** null: no fault of the run does anything to links. */
  readonly #links: ClusterLinks | null
  /** What they know of pods of headless Services; null: nobody asks. */
  readonly #podRecords: PodRecords | null
  /** The nodes' network plugins; null: there will never be a NetworkPolicy. */
  readonly plugins: PolicyAgents | null

  /** `samples`: which requests are to be kept; null: none. `requests` is told every one that has ended. */
  constructor(scenario: Scenario, samples: SampleSpec | null = null, requests: RequestSink | null = null) {
    this.#scenario = scenario
    this.sim = new Simulation({ seed: scenario.seed })
    const sampler =
      samples === null ? null : new RequestSampler({ ...samples, sim: this.sim, measureFrom: scenario.warmUp, duration: scenario.duration })
    this.trace = new Trace(this.sim)
    this.rollouts = new RolloutSpans(this.sim)
    this.#nodes = nodeSeeds(scenario.cluster)
    const recorder = requests === null ? null : new RequestRecorder({ sim: this.sim, sink: requests, nodeNames: this.nodeNames })
    this.#podsOfNode = this.#nodes.map(() => 0)
    this.#proxyWatches = this.#nodes.map(() => [])
    const { version, kernel, etcdMembers, apiServers, apiServer, network, softirq, cpuQuotaPeriod, kubeProxy, images } = scenario.cluster
    const { runtime, scheduler } = scenario.cluster
    const install = scenario.cluster.install === null ? null : INSTALLS[scenario.cluster.install]
    this.#links = this.#disturbableLinks()
    this.controlPlane = new ControlPlane(this.sim, {
      trace: this.trace,
      version,
      etcdMembers,
      apiServers,
      flowControl: apiServer,
      nodes: this.#nodes,
      scheduler,
      metricsServer: autoscales(scenario),
      settled: scenario.cluster.settled === true,
      asleep: install !== null && scenario.cluster.bootstrap ? { voters: install.etcdMembers.free ? etcdMembers : 1 } : undefined,
      ...(install === null ? {} : { hosts: install.controlPlane }),
      paths: this.#links?.paths,
    })
    this.#links?.attach(this.controlPlane.server.etcd)
    const { metricsServer } = this.controlPlane
    this.#machines =
      install === null
        ? null
        : new ControlPlaneMachines(
            install,
            etcdMembers,
            this.controlPlane,
            (name) => this.#nodes[this.#indexOf(name)]!.internalIP,
            (name) => this.#kubelets[this.#indexOf(name)]!.latencies,
          )
    this.#podRecords = asksForPods(scenario) ? new PodRecords(this.controlPlane.server) : null
    this.#names = scenario.cluster.dns === undefined ? null : new DnsNames(this.controlPlane.server, this.#podRecords)
    const { access } = this.controlPlane
    this.#pausable = freezesNodes(scenario) ? this.#nodes.map(() => new PausableNode(access)) : null
    const accessOf = (node: number): ApiAccess => this.#pausable?.[node]?.access ?? access
    this.plugins = writes(scenario, 'NetworkPolicy') ? new PolicyAgents(accessOf, this.nodeNames) : null
    this.dataPlane = new DataPlane({
      sim: this.sim,
      nodes: this.#nodes.map((node) => ({
        ...node,
        labels: nodeLabels(node),
        excludedFromLoadBalancers: node.controlPlane?.tainted === true,
        conntrack: scenario.cluster.conntrack,
      })),
      version,
      network,
      links: this.#links?.links ?? null,
      softirq,
      cpuQuotaPeriod,
      director: scenario.cluster.director,
      kubeProxy,
      kernel,
      costProfile: LINUX_6_1,
      trace: this.trace,
      workloadOf: (pod) => this.#workloadOf(pod.labels),
      measureFrom: scenario.warmUp,
      sampler,
      recorder,
      ...(this.plugins === null ? {} : { plugin: this.plugins }),
      ...(this.#podRecords === null ? {} : { podAddresses: (name) => this.#podRecords!.addressesOf(name) }),
      ...(this.#names === null ? {} : { dns: { spec: scenario.cluster.dns!, knows: (name) => this.#names!.knows(name) } }),
      ...(scenario.workloads.some(({ ingressController }) => ingressController !== undefined)
        ? { gateway: (parts) => new IngressNginx(parts, access, this.#nodeAddresses(), accessOf) }
        : {}),
    })
    for (const object of otherServices(scenario.cluster.otherServices)) this.dataPlane.history.standing(object)
    this.#observe()
    const { bandwidthBytesPerSecond, registryBytesPerSecond } = images
    const registry =
      registryBytesPerSecond === undefined ? undefined : new RegistryLink(this.sim, bandwidthBytesPerSecond, registryBytesPerSecond)
    const behaviours = new Map(scenario.workloads.map((workload) => [workload, behaviourOf(workload)]))
    for (const [index, node] of this.#nodes.entries()) {
      const kubelet = new Kubelet(accessOf(index), {
        work: this.#pausable?.[index]?.work,
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
      metricsServer?.reach(node.name, () => (this.#links?.isCutOff(node.name) === true ? 'silent' : this.#containerPoints(index)))
    }
  }

  /** What has become of the faults of the timeline, in its order. */
  get faults(): readonly FaultOutcome[] {
    return this.#faults.map(({ outcome }) => outcome)
  }

  /** When each of them struck, and until when. */
  get faultSpans(): readonly FaultSpan[] {
    return this.#faults.flatMap(({ spans }) => spans)
  }

  /** By index, as the columns of the data plane are. */
  get nodeNames(): readonly string[] {
    return this.#nodes.map((node) => node.name)
  }

  /** Starts every component, applies the manifests and plans traffic and timeline. */
  start(): void {
    const { traffic, timeline, workloads, duration, cluster } = this.#scenario
    const settled = cluster.settled === true ? this.#settle() : null
    const manifests = settled?.left ?? this.#scenario.manifests
    const apply = (): void => {
      this.#names?.start()
      this.#podRecords?.start()
      if (manifests.length > 0) this.controlPlane.kubectl.run({ verb: 'apply', objects: manifests }, 'apply of the manifests')
    }
    if (this.#scenario.cluster.bootstrap) this.#bootstrap(apply)
    else {
      this.controlPlane.start()
      for (const [index, kubelet] of this.#kubelets.entries()) {
        this.plugins?.start(index)
        if (settled === null) kubelet.start()
        else kubelet.startSettled(settled.pods[index]!)
        this.#startKubeProxy(index)
      }
      apply()
    }
    for (const spec of traffic) this.dataPlane.addTraffic(spec)
    const target = this.#faultTarget()
    // A director checks pods from the beginning on.
    const firstTraffic = this.dataPlane.director === null ? traffic.reduce((first, { start }) => Math.min(first, start), duration) : 0
    for (const workload of workloads) {
      if (workload.calls !== undefined) this.dataPlane.addCalls(workload, shortSelector(workload.selector), firstTraffic)
    }
    for (const entry of timeline) {
      if (entry.kind === 'kubectl') {
        this.sim.after(entry.at, () => this.controlPlane.kubectl.run(entry.command, entry.text, entry.as))
        continue
      }
      const fault = new PlannedFault(entry, target, describeFault)
      this.#faults.push(fault)
      fault.start(() =>
        this.#scenario.cluster.bootstrap && this.allNodesReadyAt === null ? 'it was left out: the bootstrap was not over' : null,
      )
    }
  }

  /** Puts in place what has been there for long, and tells those who otherwise hear of it when it is written. */
  #settle(): SettledObjects {
    const { server, access } = this.controlPlane
    const names = this.sim.rng('settled/names')
    const settled = settle(this.#scenario.manifests, {
      server,
      version: access.version,
      nodes: this.#nodes,
      kubelets: this.#kubelets,
      names,
    })
    for (const object of settled.rules) this.dataPlane.history.standing(object)
    for (const deployment of settled.deployments) if (isComplete(deployment)) this.availableAt.set(keyOf(deployment), 0)
    for (const [index, pods] of settled.pods.entries()) {
      this.#podsOfNode[index]! += pods.length
      for (const pod of pods)
        this.dataPlane.unseen.podWritten(pod.status.podIP, isReady(pod), {
          object: keyOf(pod),
          revision: pod.metadata.resourceVersion,
          committedAt: 0,
        })
    }
    return settled
  }

  #nodeAddresses(): readonly number[] {
    return this.#nodes.map(({ internalIP }) => parseIpv4(internalIP) ?? 0)
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
        this.plugins?.start(index)
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
      this.rollouts.observe(event)
      if (object.kind === 'Service' || object.kind === 'EndpointSlice') {
        this.dataPlane.history.apply(revision, {
          object: object as Service | EndpointSlice,
          deleted: event.type === 'DELETED',
          committedAt,
        })
      } else if (object.kind === 'Deployment') {
        const deployment = object as Deployment
        if (isComplete(deployment) && !this.availableAt.has(keyOf(deployment))) this.availableAt.set(keyOf(deployment), this.sim.now)
      } else if (object.kind === 'Pod') {
        const pod = object as Pod
        const deleted = event.type === 'DELETED'
        this.#countPod(event.previous as Pod | undefined, deleted ? undefined : pod)
        const { podIP } = pod.status
        const usable = !deleted && pod.metadata.deletionTimestamp === null && isReady(pod)
        if (podIP !== '') this.dataPlane.unseen.podWritten(podIP, usable, { object: keyOf(pod), revision, committedAt })
      }
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
        whenRunning: this.#pausable?.[index]?.access.whenRunning,
        listed: (revision) => proxy.listed(kind, revision, cause),
        deliver: (event) => proxy.observe(kind, event.revision, event.cause),
      }),
    )
  }

  #containerPoints(index: number): ReturnType<Parameters<MetricsServer['reach']>[1]> {
    const { kernels } = this.dataPlane
    if (!kernels.isUp(index) || kernels.isFrozen(index)) return 'silent'
    return this.#kubelets[index]!.containerPoints() ?? 'refused'
  }

  #freezeNode(name: string, until: Nanos): ReturnType<FaultTarget['freezeNode']> {
    const index = this.#indexOf(name)
    const { kernels, backends } = this.dataPlane
    if (!kernels.isUp(index)) return 'was down'
    if (kernels.isFrozen(index)) return 'stood still already'
    if (this.#machines?.has(name) === true) {
      const components = this.#machines.componentsOf(name).join(', ')
      return `was left out: that a machine with ${components} stands still is not modelled`
    }
    const node = this.#pausable![index]!
    const requestsInFlight = backends.inFlightOfNode(index)
    this.dataPlane.freezeNode(index, until)
    node.stop(() => {
      this.#kubelets[index]!.sever()
      this.plugins?.sever(index)
      for (const watch of this.#proxyWatches[index]!) watch.sever()
    })
    const goOn = (): boolean => {
      if (kernels.thawsAt(index) !== until) return false
      this.dataPlane.thawNode(index)
      node.goOn()
      return true
    }
    return { pods: this.#podsOfNode[index]!, requestsInFlight, goOn }
  }

  #faultTarget(): Omit<FaultTarget, 'dice'> {
    return {
      sim: this.sim,
      trace: this.trace,
      nodesMatching: (selector) =>
        this.nodeNames.filter((name) => {
          const node = this.controlPlane.server.peek('Node', '', name)
          return node !== undefined && (selector === null || matchesSelector(selector, node.metadata.labels))
        }),
      links: this.#links?.target ?? NO_LINKS,
      etcd: this.controlPlane.server.etcd,
      apiServers: apiServersTarget(this.controlPlane.server),
      crashNode: (name) => {
        const index = this.#indexOf(name)
        if (!this.dataPlane.kernels.isUp(index)) return null
        const requestsInFlight = this.dataPlane.backends.inFlightOfNode(index)
        this.#stopKubeProxy(index)
        this.plugins?.stop(index)
        this.dataPlane.crashNode(index)
        this.#kubelets[index]!.crash()
        this.#pausable?.[index]?.crash()
        const components = this.#machines?.has(name) === true ? this.#machines.crash(name) : []
        return { pods: this.#podsOfNode[index]!, requestsInFlight, components }
      },
      bootNode: (name, cause) => {
        const index = this.#indexOf(name)
        this.dataPlane.bootNode(index)
        this.plugins?.boot(index)
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
      isNodeFrozen: (name) => this.dataPlane.kernels.isFrozen(this.#indexOf(name)),
      freezeNode: (name, until) => this.#freezeNode(name, until),
      isNodeUp: (name) => this.dataPlane.kernels.isUp(this.#indexOf(name)),
      shutDownNode: (name, timeout) => this.#kubelets[this.#indexOf(name)]!.shutDown(timeout),
      slowNodeDisk: (name, factor, onUse) => this.#kubelets[this.#indexOf(name)]!.slowDisk(factor, onUse),
      setNodeClock: (name, ahead) => this.#kubelets[this.#indexOf(name)]!.setClock(ahead),
      killPods: (which, dice, cause) => {
        const struck = this.#podsOf(which, dice, (worker) => worker.hasSandbox)
        for (const worker of struck) worker.killSandbox(cause(keyOf(worker.pod)))
        return struck.length
      },
      slowPods: (which, factor, dice, onUse) => {
        const { backends } = this.dataPlane
        const slowdown = { factor, onUse }
        const struck = this.#podsOf(which, dice, (worker) => worker.hasSandbox)
        const hosted = struck.map((worker) => worker.hosted!)
        for (const pod of hosted) backends.slowDown(pod, slowdown)
        return {
          pods: struck.map(({ pod }) => keyOf(pod)),
          end: () => {
            for (const pod of hosted) backends.speedUp(pod, slowdown)
          },
        }
      },
      failDns: (draw, struck) => this.dataPlane.requests.resolver?.failures.begin({ draw, struck }) ?? null,
      leakMemory: (which, dice, onFull) => {
        const { container, bytesPerSecond } = which
        const struck = this.#podsOf(which, dice, (worker) => worker.runs(container))
        const ends = struck.map((struckWorker) => {
          const { uid } = struckWorker.pod.metadata
          const full = (name: string, run: RuntimeContainer): void => {
            const cause = onFull(keyOf(struckWorker.pod), name)
            // The worker of today: the kubelet may have been started anew since, or be down.
            const worker = this.#kubelets.flatMap((kubelet) => [...kubelet.workers()]).find(({ pod }) => pod.metadata.uid === uid)
            if (worker === undefined || worker.crash(name, OOM_KILLED, 'OOMKilled', cause) === 0) run.exit(OOM_KILLED, 'OOMKilled')
          }
          return struckWorker.leak({ container, bytesPerSecond, full })
        })
        return {
          pods: struck.map(({ pod }) => keyOf(pod)),
          end: () => {
            for (const end of ends) end()
          },
        }
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
        const hop = cause()
        if (this.#pausable === null) this.#startKubeProxy(index, hop)
        else
          this.#pausable[index]!.whenRunning(() => {
            if (!this.dataPlane.proxy(index).running) this.#startKubeProxy(index, hop)
          })
        return true
      },
      nodeAgent: (agent, name) => {
        const index = this.#indexOf(name)
        const [runs, { slowness }] =
          agent === 'kubelet'
            ? [this.#kubelets[index]!.up, this.#kubelets[index]!]
            : [this.dataPlane.proxy(index).running, this.dataPlane.proxy(index)]
        return { runs, slow: (factor, onUse) => slowness.begin({ factor, onUse }) }
      },
      replicas: (component) => this.#replicas(component),
      startReplica: (component, host, cause) => {
        const replica = this.#replicas(component).find((one) => one.host === host)!
        const node = this.#nodes.findIndex(({ name }) => name === host)
        if (this.#down.has(host) || (node >= 0 && !this.dataPlane.kernels.isUp(node))) return false
        return replica.start(cause())
      },
      crashContainers: (which, { exitCode, reason }, dice, cause) => {
        let crashed = 0
        for (const worker of this.#podsOf(which, dice, (worker) => worker.runs(which.container)))
          crashed += worker.crash(which.container, exitCode, reason, cause(keyOf(worker.pod)))
        return crashed
      },
    }
  }

  /** Pods on their nodes that match and that it can happen to, as many as are wanted. */
  #podsOf({ namespace, selector, count }: PodChoice, dice: RandomStream, can: (worker: PodWorker) => boolean): readonly PodWorker[] {
    const { kernels } = this.dataPlane
    const there = this.#kubelets
      .flatMap((kubelet, node) => (kernels.isFrozen(node) ? [] : [...kubelet.workers()]))
      .filter((worker) => {
        const { metadata } = worker.pod
        return metadata.namespace === namespace && matchesSelector(selector, metadata.labels) && can(worker)
      })
    return choose(there, count, dice)
  }

  /** Only where a fault of the timeline concerns links does anybody ask whether they are whole. */
  #disturbableLinks(): ClusterLinks | null {
    const { timeline, cluster } = this.#scenario
    if (!timeline.some((entry) => entry.kind === 'fault' && 'oneWay' in entry.fault)) return null
    return new ClusterLinks({
      sim: this.sim,
      cluster,
      nodes: this.nodeNames,
      nodeOfPod: (name) => {
        for (const pod of this.controlPlane.server.cached('Pod')) if (pod.metadata.name === name) return (pod as Pod).spec.nodeName
        return undefined
      },
    })
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
    slow: (id, factor, onUse) => server.processes[id]!.slowness.begin({ factor, onUse }),
    crash: (id) => server.crash(id),
    start: (id, answers) => server.start(id, answers),
  }
}

/** Nobody asks for them. */
const NO_LINKS: FaultTarget['links'] = {
  machines: [],
  controlPlane: [],
  disturb: () => () => {},
}

/** Whether there will ever be an autoscaler. Without one nobody would see what metrics-server does, so it is left out. */
function autoscales(scenario: Scenario): boolean {
  return (
    writes(scenario, 'HorizontalPodAutoscaler') ||
    scenario.timeline.some((entry) => entry.kind === 'kubectl' && entry.command.verb === 'autoscale')
  )
}

/** Whether a node will ever stand still. Without one nobody pays for it. */
function freezesNodes({ timeline }: Scenario): boolean {
  return timeline.some((entry) => entry.kind !== 'kubectl' && entry.fault.kind === 'node-freeze')
}

/** Whether manifests or commands of the timeline hold objects of that kind. */
function writes({ manifests, timeline }: Scenario, kind: Kind): boolean {
  const isOfKind = (object: AnyObject): boolean => object.kind === kind
  return (
    manifests.some(isOfKind) ||
    timeline.some((entry) => entry.kind === 'kubectl' && 'objects' in entry.command && entry.command.objects.some(isOfKind))
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

/** Somebody connects straight to pods of a headless Service. */
function asksForPods({ traffic, workloads }: Scenario): boolean {
  const calls = workloads.flatMap((workload) => workload.calls ?? []).flatMap((step) => step.calls)
  return [...traffic, ...calls].some(({ target }) => target.straight !== undefined)
}
