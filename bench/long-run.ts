/**
 * What does an hour of a cluster under load cost, and does memory grow with the time that is simulated?
 *
 * Run with `npm run bench -- long-run`. A settled cluster of 100 nodes with 3,000 pods, each length in a process of its own, through `simulate`. CPU time
 * and peak memory are the process's own. Per-second tables of a run are kept until its end, so that they are part of what grows.
 */
import { createHash } from 'node:crypto'
import { simulate } from '../src/scenario/simulate.ts'
import { SECOND } from '../src/units.ts'
import { inFreshProcesses, type Sample } from './harness/compare.ts'
import { type Row, rowOf, type Size } from './harness/row.ts'
import { settledCluster } from './large-cluster-scenarios.ts'

const SHORT = 'once the duration'
const LONG = '10 times the duration'

const SIZES = {
  smoke: { nodes: 2, seconds: 36, requestsPerSecond: 50 },
  full: { nodes: 100, seconds: 360, requestsPerSecond: 1000 },
} as const

export function one(variant: string, size: Size): Readonly<Record<string, Sample>> {
  const { nodes, seconds, requestsPerSecond } = SIZES[size]
  const duration = seconds * (variant === LONG ? 10 : 1) * SECOND
  const before = process.cpuUsage()
  const { summary } = simulate(settledCluster({ nodes, duration, requestsPerSecond, rollouts: 0 }), { variant: 'bench' })
  const { user, system } = process.cpuUsage(before)
  const checksum = createHash('sha256').update(JSON.stringify(summary)).digest('hex').slice(0, 12)
  return {
    cpu: { value: (user + system) / 1e6, checksum },
    memory: { value: (process.resourceUsage().maxRSS * 1024) / 1e6, checksum: null },
  }
}

export default async function main(size: Size): Promise<Row[]> {
  const { seconds, requestsPerSecond } = SIZES[size]
  const found = await inFreshProcesses({ module: import.meta.url, variants: [SHORT, LONG], rounds: 1, size }, one)
  const samples = (question: string, variant: string) => found.get(question)!.get(variant)!
  return [SHORT, LONG].flatMap((variant) => {
    const length = seconds * (variant === LONG ? 10 : 1) * requestsPerSecond
    const [cpu, memory] = [samples('cpu', variant), samples('memory', variant)]
    return [
      rowOf({
        question: 'a cluster under load',
        variant,
        size: length,
        unit: 's',
        samples: cpu.map(({ value }) => value),
        checksum: cpu[0]!.checksum,
      }),
      rowOf({
        question: 'peak memory',
        variant,
        size: 1,
        unit: 'MB',
        samples: memory.map(({ value }) => value),
        checksum: null,
        baseline: SHORT,
      }),
    ]
  })
}
