/**
 * What does a large cluster cost that is full and under load, with rollouts? How does that grow with its size?
 *
 * Run with `npm run bench -- large-cluster`. All go through `simulate`, as `towtank run` does. CPU time is the process's own (user and system); the
 * peak of memory is the process's, too, so sizes ascend. The checksum is one of the summary, and must not change with speed.
 */
import { createHash } from 'node:crypto'
import type { Scenario } from '../src/scenario/scenario.ts'
import { simulate } from '../src/scenario/simulate.ts'
import { MINUTE } from '../src/units.ts'
import { type Row, rowOf, type Size } from './harness/row.ts'
import { settledCluster } from './large-cluster-scenarios.ts'

export interface LargeClusterRow {
  readonly nodes: number
  readonly pods: number
  readonly cpuSeconds: number
  /** Of the process so far. */
  readonly peakBytes: number
  readonly events: number
  readonly checksum: string
}

const PODS_PER_NODE = 30

const SIZES = {
  smoke: { nodes: [2], duration: MINUTE, requestsPerSecond: 50, rollouts: 1 },
  full: { nodes: [50, 500, 1_500, 5_000], duration: 10 * MINUTE, requestsPerSecond: 1_000, rollouts: 100 },
} as const

export function measure(size: Size): LargeClusterRow[] {
  const { nodes, ...load } = SIZES[size]
  return nodes.map((count) => run(count, settledCluster({ nodes: count, ...load })))
}

function run(nodes: number, scenario: Scenario): LargeClusterRow {
  const pods = PODS_PER_NODE * nodes
  const before = process.cpuUsage()
  const { summary } = simulate(scenario, { variant: 'bench' })
  const { user, system } = process.cpuUsage(before)
  const available = summary.deployments.reduce((sum, deployment) => sum + deployment.available, 0)
  if (available !== pods) throw new Error(`${nodes} nodes: ${available} of ${pods} pods are available at the end`)
  return {
    nodes,
    pods,
    cpuSeconds: (user + system) / 1e6,
    peakBytes: process.resourceUsage().maxRSS * 1024,
    events: summary.engine.events,
    checksum: createHash('sha256').update(JSON.stringify(summary)).digest('hex').slice(0, 12),
  }
}

export default function main(size: Size): Row[] {
  return measure(size).flatMap(({ pods, cpuSeconds, peakBytes, checksum }) => {
    const about = { variant: 'towtank', size: pods }
    return [
      rowOf({ ...about, question: 'full cluster', unit: 's', samples: [cpuSeconds], checksum }),
      rowOf({ ...about, question: 'full cluster: peak memory', unit: 'MB', samples: [peakBytes / 1e6], checksum: null }),
    ]
  })
}
