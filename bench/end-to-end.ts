/**
 * What CPU time does a pod take to become Ready, and a request to be served, in a whole run?
 *
 * Run with `npm run bench -- end-to-end`. Both go through `simulate`, as `towtank run` does: control plane, scheduler, kubelets, data plane and
 * metrics are all on. CPU time is the process's own (user and system), median of rounds. A simulator of the
 * Kubernetes control plane in the same language needs 60 CPU-ms a pod at 100 pods.
 */

import { createHash } from 'node:crypto'
import type { Scenario } from '../src/scenario/scenario.ts'
import { simulate } from '../src/scenario/simulate.ts'
import { MINUTE, SECOND } from '../src/units.ts'
import { deploymentOf, serviceOf } from '../test/control-plane/testbed.ts'
import { type Row, rowOf, type Size } from './harness/row.ts'
import { clusterOf, podsToReady } from './large-cluster-scenarios.ts'

const SIZES = {
  smoke: { pods: [10, 20], requests: 4_000, rounds: 1 },
  full: { pods: [100, 300, 1_000, 3_000], requests: 400_000, rounds: 5 },
} as const

export default function main(size: Size): Row[] {
  const { pods, requests, rounds } = SIZES[size]
  return [
    ...pods.flatMap((count) => readyPods(count, rounds)),
    ...(['iptables', 'ipvs'] as const).map((mode) => wholeRequests(mode, requests, rounds)),
  ]
}

/** What one pod costs, and what all do: ten pods a node. */
function readyPods(pods: number, rounds: number): Row[] {
  const { cpuMs, checksum } = run(podsToReady(pods, pods / 10), rounds, (summary) => {
    const ready = summary.deployments.reduce((sum, deployment) => sum + deployment.available, 0)
    if (ready !== pods) throw new Error(`${ready} of ${pods} pods became Ready`)
    return ready
  })
  const about = { variant: 'towtank', size: pods, unit: 'ms', checksum } as const
  return [
    rowOf({ ...about, question: 'pod to Ready', samples: cpuMs.map((ms) => ms / pods) }),
    rowOf({ ...about, question: 'all pods to Ready', samples: cpuMs }),
  ]
}

function wholeRequests(mode: 'iptables' | 'ipvs', requests: number, rounds: number): Row {
  const names = ['a', 'b', 'c', 'd']
  const objects = names.flatMap((name) => [serviceOf(name), deploymentOf(name, 3)])
  const scenario = clusterOf(10, objects, MINUTE, { mode, scheduler: 'wlc' })
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
