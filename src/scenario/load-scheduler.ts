import {
  LEAST_ALLOCATED,
  MOST_ALLOCATED,
  requestedToCapacityRatio,
  type ScoringStrategy,
} from '../control-plane/scheduler/plugins/scoring-strategy.ts'
import type { SchedulerSpec } from '../control-plane/scheduler/scheduler.ts'
import type { LoadContext } from './load-context.ts'
import { DEFAULTS } from './load-defaults.ts'
import type { Draft } from './parse-structure.ts'
import type { Path } from './parse-yaml.ts'
import type { ScenarioFile } from './schema.ts'

type SchedulerDraft = Draft<NonNullable<ScenarioFile['spec']['cluster']>>['scheduler']

const AT: Path = ['spec', 'cluster', 'scheduler']

/** Reads how kube-scheduler is configured. */
export function loadScheduler(context: LoadContext, draft: SchedulerDraft): SchedulerSpec {
  return {
    strategy: loadStrategy(context, draft),
    percentageOfNodesToScore: draft?.percentageOfNodesToScore ?? DEFAULTS.percentageOfNodesToScore,
  }
}

function loadStrategy(context: LoadContext, draft: SchedulerDraft): ScoringStrategy {
  const type = draft?.scoringStrategy ?? DEFAULTS.scoringStrategy
  const shape = draft?.shape
  if (type !== 'RequestedToCapacityRatio') {
    if (shape !== undefined)
      context.mistake([...AT, 'shape'], `The strategy ${type} has no shape`, 'a shape only with scoringStrategy: RequestedToCapacityRatio')
    return type === 'MostAllocated' ? MOST_ALLOCATED : LEAST_ALLOCATED
  }
  if (shape === undefined) {
    context.mistake(
      [...AT, 'scoringStrategy'],
      'RequestedToCapacityRatio needs a shape',
      'shape: [{ utilization: 0, score: 0 }, { utilization: 100, score: 10 }]',
    )
    return LEAST_ALLOCATED
  }
  const points = []
  let before = -1
  for (const [index, point] of shape.entries()) {
    const { utilization, score } = point ?? {}
    if (utilization === undefined || score === undefined) continue
    if (utilization <= before)
      context.mistake(
        [...AT, 'shape', index, 'utilization'],
        `A utilization of ${utilization} comes after ${before}`,
        `more than ${before}: points stand in rising order`,
      )
    before = utilization
    points.push({ utilization, score })
  }
  return requestedToCapacityRatio(points)
}
