/**
 * What does a large cluster cost that is full and under load, with rollouts? How does that grow with its size?
 *
 * Run with `npm run bench -- large-cluster`. All go through `simulate`, as `towtank run` does. CPU time is the process's own (user and system); the
 * peak of memory is the process's, too, so sizes ascend. Last is the largest cluster that anyone has announced, 65,000 nodes, with nothing to do but
 * one rollout; its rows are for information and have no target. The checksum is one of the summary, and must not change with speed.
 */
import { createHash } from 'node:crypto'
import type { Scenario } from '../src/scenario/scenario.ts'
import { simulate } from '../src/scenario/simulate.ts'
import { MINUTE } from '../src/units.ts'
import { type Row, rowOf, type Size } from './harness/row.ts'
import { idleCluster, settledCluster } from './large-cluster-scenarios.ts'

export interface LargeClusterRow {
  readonly nodes: number
  readonly pods: number
  readonly cpuSeconds: number
  readonly wallSeconds: number
  /** Of the process so far. */
  readonly peakBytes: number
  readonly events: number
  readonly checksum: string
}

const PODS_PER_NODE = 30

/** Source: Google Cloud, GKE support for clusters of 65,000 nodes, November 2024. */
const LARGEST = { smoke: { nodes: 3, replicas: 6 }, full: { nodes: 65_000, replicas: 100 } } as const

const SIZES = {
  smoke: { nodes: [2], duration: MINUTE, requestsPerSecond: 50, rollouts: 1 },
  full: { nodes: [50, 500, 1_500, 5_000], duration: 10 * MINUTE, requestsPerSecond: 1_000, rollouts: 100 },
} as const

export function measure(size: Size): LargeClusterRow[] {
  const { nodes, ...load } = SIZES[size]
  return nodes.map((count) => run(count, PODS_PER_NODE * count, settledCluster({ nodes: count, ...load })))
}

/** One simulated minute. */
export function measureLargest(size: Size): LargeClusterRow {
  const { nodes, replicas } = LARGEST[size]
  return run(nodes, replicas, idleCluster(nodes, replicas, MINUTE))
}

function run(nodes: number, pods: number, scenario: Scenario): LargeClusterRow {
  const before = process.cpuUsage()
  const start = process.hrtime.bigint()
  const { summary } = simulate(scenario, { variant: 'bench' })
  const { user, system } = process.cpuUsage(before)
  const wallSeconds = Number(process.hrtime.bigint() - start) / 1e9
  const available = summary.deployments.reduce((sum, deployment) => sum + deployment.available, 0)
  if (available !== pods) throw new Error(`${nodes} nodes: ${available} of ${pods} pods are available at the end`)
  return {
    nodes,
    pods,
    cpuSeconds: (user + system) / 1e6,
    wallSeconds,
    peakBytes: process.resourceUsage().maxRSS * 1024,
    events: summary.engine.events,
    checksum: createHash('sha256').update(JSON.stringify(summary)).digest('hex').slice(0, 12),
  }
}

export default function main(size: Size): Row[] {
  const full = measure(size).flatMap(({ pods, cpuSeconds, peakBytes, checksum }) => {
    const about = { variant: 'towtank', size: pods }
    return [
      rowOf({ ...about, question: 'full cluster', unit: 's', samples: [cpuSeconds], checksum }),
      rowOf({ ...about, question: 'full cluster: peak memory', unit: 'MB', samples: [peakBytes / 1e6], checksum: null }),
    ]
  })
  const { nodes, cpuSeconds, wallSeconds, peakBytes, checksum } = measureLargest(size)
  const question = `${nodes.toLocaleString('en')} nodes, a rollout`
  const about = { variant: 'towtank', size: nodes }
  return [
    ...full,
    rowOf({ ...about, question, unit: 's', samples: [cpuSeconds], checksum }),
    rowOf({ ...about, question: `${question}: wall time`, unit: 's', samples: [wallSeconds], checksum: null }),
    rowOf({ ...about, question: `${question}: peak memory`, unit: 'MB', samples: [peakBytes / 1e6], checksum: null }),
  ]
}
