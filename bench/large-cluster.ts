/**
 * What does a large cluster cost: to fill it pod by pod, and to run it when it is full? How does that grow with its size?
 *
 * Run with `npm run bench -- large-cluster`. All go through `simulate`, as `towtank run` does. CPU time is the process's own (user and system); the
 * peak of memory is the process's, too, so sizes ascend. The checksum is one of the summary, and must not change with speed.
 */
import { createHash } from 'node:crypto'
import type { Scenario } from '../src/scenario/scenario.ts'
import { simulate } from '../src/scenario/simulate.ts'
import { MINUTE } from '../src/units.ts'
import { type Row, rowOf, type Size } from './harness/row.ts'
import { podsToReady, settledCluster } from './large-cluster-scenarios.ts'

export interface LargeClusterRow {
  readonly question: string
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
  smoke: { filled: [2], full: [2], duration: MINUTE, requestsPerSecond: 50, rollouts: 1 },
  full: { filled: [10, 30, 100], full: [50, 500, 1_500, 5_000], duration: 10 * MINUTE, requestsPerSecond: 1_000, rollouts: 100 },
} as const

export function measure(size: 'smoke' | 'full'): LargeClusterRow[] {
  const { filled, full, ...load } = SIZES[size]
  return [
    ...filled.map((nodes) => run('pods to Ready', nodes, 10 * nodes, podsToReady(10 * nodes, nodes))),
    ...full.map((nodes) => run('full cluster', nodes, PODS_PER_NODE * nodes, settledCluster({ nodes, ...load }))),
  ]
}

function run(question: string, nodes: number, pods: number, scenario: Scenario): LargeClusterRow {
  const before = process.cpuUsage()
  const { summary } = simulate(scenario, { variant: 'bench' })
  const { user, system } = process.cpuUsage(before)
  const available = summary.deployments.reduce((sum, deployment) => sum + deployment.available, 0)
  if (available !== pods) throw new Error(`${question}, ${nodes} nodes: ${available} of ${pods} pods are available at the end`)
  return {
    question,
    nodes,
    pods,
    cpuSeconds: (user + system) / 1e6,
    peakBytes: process.resourceUsage().maxRSS * 1024,
    events: summary.engine.events,
    checksum: createHash('sha256').update(JSON.stringify(summary)).digest('hex').slice(0, 12),
  }
}

/** The exponent by which the cost of the largest size has grown since the smallest: 1 where it grows as the size does. */
export function exponent(rows: readonly LargeClusterRow[]): number {
  const [first, last] = [rows[0]!, rows.at(-1)!]
  return Math.log(last.cpuSeconds / first.cpuSeconds) / Math.log(last.pods / first.pods)
}

export default function main(size: Size): Row[] {
  return measure(size).flatMap(({ question, pods, cpuSeconds, peakBytes, checksum }) => {
    const about = { variant: 'towtank', size: pods }
    return [
      rowOf({ ...about, question, unit: 's', samples: [cpuSeconds], checksum }),
      rowOf({ ...about, question: `${question}: peak memory`, unit: 'MB', samples: [peakBytes / 1e6], checksum: null }),
    ]
  })
}
