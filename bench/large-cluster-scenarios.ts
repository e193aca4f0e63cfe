import type { Deployment, Probe, Service } from '../src/api/objects/index.ts'
import { LEAST_ALLOCATED } from '../src/control-plane/scheduler/plugins/scoring-strategy.ts'
import { DEFAULT_LINUX } from '../src/linux-version.ts'
import { SOFTIRQ_DEFAULTS } from '../src/node/packet-cores.ts'
import type { KubeProxySpec, Scenario } from '../src/scenario/scenario.ts'
import { MICROSECOND, MILLISECOND, MINUTE, type Nanos, SECOND } from '../src/units.ts'
import { containerOf, deploymentOf, podSpecOf, serviceOf } from '../test/control-plane/testbed.ts'

const GIBIBYTE = 1024 ** 3

/** A cluster of so many nodes in three zones, with room for 110 pods each, and no traffic. */
export function clusterOf(
  nodes: number,
  manifests: readonly (Deployment | Service)[],
  duration: number,
  kubeProxy: KubeProxySpec = { mode: 'ipvs', scheduler: 'rr' },
): Scenario {
  return {
    name: 'large-cluster',
    seed: 'bench',
    duration,
    warmUp: Math.min(30 * SECOND, duration),
    cluster: {
      nodes: [{ count: nodes, cpuMilli: 32_000, memoryBytes: 128 * GIBIBYTE, maxPods: 110, zones: ['a', 'b', 'c'] }],
      version: 36,
      kernel: DEFAULT_LINUX,
      install: null,
      bootstrap: false,
      softirq: SOFTIRQ_DEFAULTS,
      cpuQuotaPeriod: null,
      controlPlane: { cpuMilli: 4000, memoryBytes: 8 * GIBIBYTE },
      etcdMembers: 3,
      apiServer: { maxRequestsInflight: 400, maxMutatingRequestsInflight: 200 },
      otherServices: { count: 0, endpoints: 1 },
      conntrack: { maxPerCore: 32_768, min: 131_072 },
      apiServers: 1,
      kubeProxy,
      network: { sameNode: 30 * MICROSECOND, sameZone: 250 * MICROSECOND, crossZone: MILLISECOND, external: 5 * MILLISECOND },
      images: { sizeBytes: 0, bandwidthBytesPerSecond: 1, preloaded: true },
      runtime: 'containerd',
      scheduler: { strategy: LEAST_ALLOCATED, percentageOfNodesToScore: 0 },
    },
    manifests,
    workloads: [
      {
        selector: { matchLabels: {}, matchExpressions: [] },
        serviceTime: { kind: 'exponential', mean: 2 * MILLISECOND },
        concurrency: 32,
        queue: 1000,
        startUp: { kind: 'constant', value: SECOND },
        cpuMilli: 1000,
        onTerminate: 'drain',
      },
    ],
    traffic: [],
    timeline: [],
    thresholds: [],
  }
}

/** Deployments that are applied at time 0, and become Ready through the controllers, the scheduler and the kubelets. */
export function podsToReady(pods: number, nodes: number, deployments = 10): Scenario {
  const replicas = Math.ceil(pods / deployments)
  const manifests = Array.from({ length: deployments }, (_, i) => deploymentOf(`app-${i}`, replicas))
  // The ReplicaSet controller may send 20 requests a second.
  return clusterOf(nodes, manifests, Math.max(MINUTE, Math.ceil(pods / 15) * SECOND))
}

/** Pods of each Service of a settled cluster. */
const PODS_PER_SERVICE = 15
const PODS_PER_NODE = 30
/** Requests go to so many of the Services. */
const TARGETS = 100

export interface SettledOptions {
  readonly nodes: number
  readonly duration: Nanos
  /** Of all traffic together. */
  readonly requestsPerSecond: number
  /** Deployments that get a new image after a quarter of the run. */
  readonly rollouts: number
}

/** A cluster that has run for long, with 30 pods a node and a Service for each 15 of them. Pods of one app are the users of the others. */
export function settledCluster({ nodes, duration, requestsPerSecond, rollouts }: SettledOptions): Scenario {
  const count = (nodes * PODS_PER_NODE) / PODS_PER_SERVICE
  const names = Array.from({ length: count }, (_, i) => `app-${i}`)
  const spec = podSpecOf([containerOf('server', { readinessProbe: EVERY_10_S })])
  const manifests = names.flatMap((name) => [
    serviceOf(name),
    deploymentOf(name, PODS_PER_SERVICE, { template: { labels: { app: name }, annotations: {}, spec } }),
  ])
  const scenario = clusterOf(nodes, manifests, duration)
  const targets = names.slice(1, 1 + TARGETS)
  return {
    ...scenario,
    cluster: { ...scenario.cluster, settled: true },
    traffic: targets.map((name) => ({
      name: `to-${name}`,
      target: { namespace: 'default', service: name, port: 80, host: name, path: '/' },
      from: { kind: 'pods', namespace: 'default', selector: { matchLabels: { app: names[0]! }, matchExpressions: [] } },
      arrivals: { kind: 'poisson', ratePerSecond: requestsPerSecond / targets.length },
      timeout: SECOND,
      start: scenario.warmUp,
      stop: duration,
    })),
    timeline: names.slice(1, 1 + rollouts).map((name) => newImage(name, Math.floor(duration / 4))),
  }
}

/** A cluster of so many nodes with nothing to do, but for one Deployment with a Service that gets a new image after a quarter of the run. */
export function idleCluster(nodes: number, replicas: number, duration: Nanos): Scenario {
  const manifests = [serviceOf('app'), deploymentOf('app', replicas)]
  const scenario = clusterOf(nodes, manifests, duration)
  return { ...scenario, cluster: { ...scenario.cluster, settled: true }, timeline: [newImage('app', Math.floor(duration / 4))] }
}

function newImage(name: string, at: Nanos): Scenario['timeline'][number] {
  return {
    at,
    kind: 'kubectl',
    as: null,
    text: `kubectl set image deployment/${name} server=example/server:v2`,
    command: { verb: 'set image', namespace: 'default', name, images: [{ container: 'server', image: 'example/server:v2' }] },
  }
}

/** As Kubernetes has it when nothing is said. */
const EVERY_10_S: Probe = {
  handler: 'httpGet',
  port: 8080,
  initialDelaySeconds: 0,
  periodSeconds: 10,
  timeoutSeconds: 1,
  successThreshold: 1,
  failureThreshold: 3,
}
