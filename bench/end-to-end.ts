/**
 * What CPU time does a pod take to become Ready, and a request to be served, in a whole run?
 *
 * Run with `npm run bench -- end-to-end`. Both go through `simulate`, as `towtank run` does: control plane, scheduler, kubelets, data plane and
 * metrics are all on. CPU time is the process's own (user and system), median of rounds. A simulator of the
 * Kubernetes control plane in the same language needs 60 CPU-ms a pod at 100 pods.
 */

import { createHash } from 'node:crypto'
import type { Deployment, Service } from '../src/api/objects/index.ts'
import { LEAST_ALLOCATED } from '../src/control-plane/scheduler/plugins/scoring-strategy.ts'
import { DEFAULT_LINUX } from '../src/linux-version.ts'
import { SOFTIRQ_DEFAULTS } from '../src/node/packet-cores.ts'
import type { Scenario } from '../src/scenario/scenario.ts'
import { simulate } from '../src/scenario/simulate.ts'
import { MICROSECOND, MILLISECOND, MINUTE, SECOND } from '../src/units.ts'
import { deploymentOf, serviceOf } from '../test/control-plane/testbed.ts'
import { type Row, rowOf, type Size } from './harness/row.ts'

const SIZES = {
  smoke: { pods: [10, 20], requests: 4_000, rounds: 1 },
  full: { pods: [100, 1_000], requests: 400_000, rounds: 5 },
} as const

export default function main(size: Size): Row[] {
  const { pods, requests, rounds } = SIZES[size]
  return [
    ...pods.flatMap((count) => podsToReady(count, rounds)),
    ...(['iptables', 'ipvs'] as const).map((mode) => wholeRequests(mode, requests, rounds)),
  ]
}

/** What one pod costs, and what all do. */
function podsToReady(pods: number, rounds: number): Row[] {
  const replicas = Math.ceil(pods / 10)
  const deployments = Array.from({ length: 10 }, (_, i) => deploymentOf(`app-${i}`, replicas))
  const scenario: Scenario = { ...scenarioOf('ipvs', deployments), duration: Math.max(30, pods / 5) * SECOND, traffic: [] }
  const { cpuMs, checksum } = run(scenario, rounds, (summary) => {
    const ready = summary.deployments.reduce((sum, deployment) => sum + deployment.available, 0)
    if (ready !== replicas * 10) throw new Error(`${ready} of ${replicas * 10} pods became Ready`)
    return ready
  })
  const about = { variant: 'ipvs', size: pods, unit: 'ms', checksum } as const
  return [
    rowOf({ ...about, question: 'pod to Ready', samples: cpuMs.map((ms) => ms / pods) }),
    rowOf({ ...about, question: 'all pods to Ready', samples: cpuMs }),
  ]
}

function wholeRequests(mode: 'iptables' | 'ipvs', requests: number, rounds: number): Row {
  const names = ['a', 'b', 'c', 'd']
  const objects = names.flatMap((name) => [serviceOf(name), deploymentOf(name, 3)])
  const scenario = { ...scenarioOf(mode, objects), duration: MINUTE }
  const traffic = names.map((name) => ({
    name,
    target: { namespace: 'default', service: name, port: 80, host: name, path: '/' },
    from: { kind: 'pods' as const, namespace: 'default', selector: { matchLabels: { app: names[0]! }, matchExpressions: [] } },
    arrivals: { kind: 'poisson' as const, ratePerSecond: requests / names.length / 30 },
    timeout: SECOND,
    start: 30 * SECOND,
    stop: MINUTE,
  }))
  const { cpuMs, done, checksum } = run({ ...scenario, traffic }, rounds, (summary) => {
    const ok = summary.traffic.reduce((sum, one) => sum + one.ok, 0)
    const sent = summary.traffic.reduce((sum, one) => sum + one.sent, 0)
    if (ok < 0.99 * sent) throw new Error(`only ${ok} of ${sent} requests were answered`)
    return sent
  })
  const samples = cpuMs.map((ms) => (ms * 1000) / done)
  return rowOf({ question: 'request of a whole run', variant: mode, size: requests, unit: 'µs', samples, checksum, answersAlone: true })
}

/** CPU ms of each round, what was done in one, and the checksum of its answers. */
function run(
  scenario: Scenario,
  rounds: number,
  count: (summary: ReturnType<typeof simulate>['summary']) => number,
): { cpuMs: number[]; done: number; checksum: string } {
  const cpuMs: number[] = []
  const checksums = new Set<string>()
  let done = 0
  for (let round = 0; round <= rounds; round++) {
    const before = process.cpuUsage()
    const result = simulate(scenario, { variant: 'bench' })
    const { user, system } = process.cpuUsage(before)
    done = count(result.summary)
    checksums.add(createHash('sha256').update(JSON.stringify(result.summary)).digest('hex').slice(0, 12))
    // The first round warms up the code and is not counted.
    if (round > 0) cpuMs.push((user + system) / 1000)
  }
  if (checksums.size !== 1) throw new Error(`${scenario.name}: rounds of the same scenario disagree`)
  return { cpuMs, done, checksum: [...checksums][0]! }
}

function scenarioOf(mode: 'iptables' | 'ipvs', manifests: readonly (Deployment | Service)[]): Scenario {
  return {
    name: 'end-to-end',
    seed: 'bench',
    duration: MINUTE,
    warmUp: 30 * SECOND,
    cluster: {
      nodes: [{ count: 10, cpuMilli: 32_000, memoryBytes: 128 * 1024 * 1024 * 1024, maxPods: 110, zones: ['a', 'b', 'c'] }],
      version: 36,
      kernel: DEFAULT_LINUX,
      install: null,
      bootstrap: false,
      softirq: SOFTIRQ_DEFAULTS,
      cpuQuotaPeriod: null,
      controlPlane: { cpuMilli: 4000, memoryBytes: 8 * 1024 ** 3 },
      etcdMembers: 3,
      apiServer: { maxRequestsInflight: 400, maxMutatingRequestsInflight: 200 },
      otherServices: { count: 0, endpoints: 1 },
      conntrack: { maxPerCore: 32_768, min: 131_072 },
      apiServers: 1,
      kubeProxy: { mode, scheduler: 'wlc' },
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
