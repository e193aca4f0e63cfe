import type { Container, Deployment, Pod, Service } from '../../src/api/objects/index.ts'
import { ControlPlane } from '../../src/control-plane/control-plane.ts'
import { emptyMeta } from '../../src/control-plane/empty-meta.ts'
import type { LatencyOverrides } from '../../src/control-plane/latencies.ts'
import type { SchedulerSpec } from '../../src/control-plane/scheduler/scheduler.ts'
import { distribution } from '../../src/engine/distributions.ts'
import type { Waitable } from '../../src/engine/process.ts'
import { Simulation } from '../../src/engine/simulation.ts'
import { Trace } from '../../src/engine/trace.ts'
import type { KubernetesMinor } from '../../src/kubernetes-version.ts'
import type { ProcessBehaviour, RunBehaviour } from '../../src/node/container-runtime.ts'
import type { ImagePolicy } from '../../src/node/image-store.ts'
import { podCidr } from '../../src/node/ipam.ts'
import { Kubelet } from '../../src/node/kubelet.ts'
import type { HostedPod, PodHost, SandboxSpec } from '../../src/node/pod-host.ts'
import type { RuntimeName } from '../../src/node/runtimes/index.ts'
import { type Nanos, SECOND } from '../../src/units.ts'

/** A machine without traffic: it remembers which pods listen. */
export class QuietHost implements PodHost {
  readonly pods: { spec: SandboxSpec; state: 'up' | 'listening' | 'stopped' | 'gone' }[] = []

  sandboxUp(spec: SandboxSpec): HostedPod {
    return this.pods.push({ spec, state: 'up' }) - 1
  }
  listen(pod: HostedPod): void {
    this.pods[pod]!.state = 'listening'
  }
  stopListening(pod: HostedPod): void {
    this.pods[pod]!.state = 'stopped'
  }
  kill(pod: HostedPod): void {
    this.pods[pod]!.state = 'stopped'
  }
  sandboxDown(pod: HostedPod): void {
    this.pods[pod]!.state = 'gone'
  }
  isListening(pod: HostedPod): boolean {
    return this.pods[pod]!.state === 'listening'
  }
  answersAfter(pod: HostedPod): Nanos | null {
    return this.isListening(pod) ? 0 : null
  }
  inFlight(): number {
    return 0
  }
  cpuTime(): Nanos {
    return this.cpuTimeOf()
  }
  /** CPU time of every pod. */
  cpuTimeOf = (): Nanos => 0
  whenIdle(): Waitable<void> {
    return {
      subscribe(resume) {
        resume()
        return () => {}
      },
    }
  }
}

export interface TestbedOptions {
  readonly nodes?: number
  readonly seed?: string
  readonly etcdMembers?: number
  readonly apiServers?: number
  readonly version?: KubernetesMinor
  /** From process start to listening; 2 s when not given. */
  readonly startUp?: Nanos
  readonly onTerminate?: 'exit' | 'drain'
  /** For pods whose restart policy is not Always: they end by themselves. */
  readonly run?: RunBehaviour
  readonly latencies?: LatencyOverrides
  readonly behaviour?: Partial<ProcessBehaviour>
  readonly missingImages?: readonly string[]
  readonly images?: Partial<ImagePolicy>
  readonly runtime?: RuntimeName
  readonly scheduler?: SchedulerSpec
  readonly staticPods?: readonly Pod[]
  readonly metricsServer?: boolean
  /** Machines with a kube-controller-manager and a kube-scheduler each; one when not given. */
  readonly hosts?: readonly string[]
}

/** A cluster with real controllers, scheduler and kubelets, and no traffic. */
export class Testbed {
  readonly sim: Simulation
  readonly trace: Trace
  readonly plane: ControlPlane
  readonly host = new QuietHost()
  readonly kubelets: Kubelet[] = []

  constructor(options: TestbedOptions = {}) {
    const {
      nodes = 3,
      seed = 'test',
      etcdMembers = 1,
      apiServers = 1,
      version = 36,
      startUp = 2 * SECOND,
      onTerminate = 'drain',
      latencies = {},
      metricsServer = false,
      run,
    } = options
    this.sim = new Simulation({ seed })
    this.trace = new Trace(this.sim)
    const names = Array.from({ length: nodes }, (_, i) => `worker-${i + 1}`)
    this.plane = new ControlPlane(this.sim, {
      trace: this.trace,
      version,
      etcdMembers,
      apiServers,
      latencies,
      ...(options.scheduler === undefined ? {} : { scheduler: options.scheduler }),
      metricsServer,
      ...(options.hosts === undefined ? {} : { hosts: options.hosts }),
      nodes: names.map((name, i) => ({
        name,
        zone: ['a', 'b', 'c'][i % 3]!,
        cpuMilli: 8000,
        memoryBytes: 32 * 1024 * 1024 * 1024,
        maxPods: 110,
        podCIDR: podCidr(i),
        internalIP: `192.168.0.${i + 1}`,
      })),
    })
    const constant = (value: Nanos) => distribution({ kind: 'constant', value })
    const behaviour: ProcessBehaviour = {
      startUp: constant(startUp),
      onTerminate,
      run: run ?? null,
      init: { duration: constant(SECOND), failProbability: 0, exitCode: 1 },
      ...options.behaviour,
    }
    for (const [index, name] of names.entries()) {
      this.kubelets.push(
        new Kubelet(this.plane.access, {
          name,
          index,
          hostIP: `192.168.0.${index + 1}`,
          allocatable: { cpuMilli: 8000, memoryBytes: 32 * 1024 * 1024 * 1024, pods: 110 },
          host: this.host,
          images: { sizeBytes: 0, bandwidthBytesPerSecond: 1, preloaded: true, missing: options.missingImages, ...options.images },
          runtime: options.runtime,
          staticPods: options.staticPods,
          behaviourOf: () => behaviour,
          measured: metricsServer,
        }),
      )
      const kubelet = this.kubelets[index]!
      this.plane.metricsServer?.reach(name, () => kubelet.containerPoints() ?? 'refused')
    }
    this.plane.start()
    for (const kubelet of this.kubelets) kubelet.start()
  }

  deployment(name: string, namespace = 'default'): Deployment | undefined {
    return this.plane.server.peek('Deployment', namespace, name)
  }
}

/** A Deployment of one small container, as the manifest reader would give it. */
export function deploymentOf(name: string, replicas: number, change: Partial<Deployment['spec']> = {}): Deployment {
  const labels = { app: name }
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { ...emptyMeta(name, 'default'), labels },
    spec: {
      replicas,
      selector: { matchLabels: labels, matchExpressions: [] },
      template: { labels, annotations: {}, spec: podSpecOf([containerOf('server')]) },
      strategy: { type: 'RollingUpdate', maxSurge: '25%', maxUnavailable: '25%' },
      minReadySeconds: 0,
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
      paused: false,
      ...change,
    },
    status: {
      observedGeneration: 0,
      replicas: 0,
      updatedReplicas: 0,
      readyReplicas: 0,
      availableReplicas: 0,
      unavailableReplicas: 0,
      conditions: [],
    },
  }
}

export function containerOf(name: string, change: Partial<Container> = {}): Container {
  return {
    name,
    image: `example/${name}:v1`,
    imagePullPolicy: 'IfNotPresent',
    ports: [{ name: 'http', containerPort: 8080, hostPort: 0, protocol: 'TCP' }],
    requests: { cpuMilli: 100, memoryBytes: 64 * 1024 * 1024 },
    limits: { cpuMilli: 0, memoryBytes: 0 },
    readinessProbe: {
      handler: 'httpGet',
      port: 8080,
      initialDelaySeconds: 0,
      periodSeconds: 1,
      timeoutSeconds: 1,
      successThreshold: 1,
      failureThreshold: 3,
    },
    livenessProbe: null,
    startupProbe: null,
    preStopSleepSeconds: 0,
    ...change,
  }
}

export function podSpecOf(containers: readonly Container[]): Pod['spec'] {
  return {
    nodeName: '',
    serviceAccountName: 'default',
    initContainers: [],
    containers,
    nodeSelector: {},
    requiredNodeAffinity: [],
    tolerations: [],
    terminationGracePeriodSeconds: 30,
    restartPolicy: 'Always',
    priority: 0,
    hostNetwork: false,
  }
}

export function serviceOf(name: string, change: Partial<Service['spec']> = {}): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: emptyMeta(name, 'default'),
    spec: {
      type: 'ClusterIP',
      clusterIP: '',
      ports: [{ name: 'http', protocol: 'TCP', port: 80, targetPort: 8080, nodePort: 0 }],
      selector: { app: name },
      publishNotReadyAddresses: false,
      ...change,
    },
  }
}
