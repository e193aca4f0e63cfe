import type { NodeInfo } from '../node-info.ts'
import { MAX_SCORE } from '../plugin.ts'
import type { PodInfo } from '../pod-info.ts'

/** A resource that is scored, and how much it counts. */
export interface ScoredResource {
  readonly name: string
  readonly weight: number
}

/** At this utilisation (0 to 100) this score (0 to 10). */
export interface ShapePoint {
  readonly utilization: number
  readonly score: number
}

/** How NodeResourcesFit scores. Source: Kubernetes pkg/scheduler/apis/config/types_pluginargs.go (ScoringStrategy). */
export type ScoringStrategy =
  | { readonly type: 'LeastAllocated' | 'MostAllocated'; readonly resources: readonly ScoredResource[] }
  | { readonly type: 'RequestedToCapacityRatio'; readonly resources: readonly ScoredResource[]; readonly shape: readonly ShapePoint[] }

/** Source: Kubernetes pkg/scheduler/apis/config/v1/defaults.go. */
export const DEFAULT_RESOURCES: readonly ScoredResource[] = [
  { name: 'cpu', weight: 1 },
  { name: 'memory', weight: 1 },
]

export const LEAST_ALLOCATED: ScoringStrategy = { type: 'LeastAllocated', resources: DEFAULT_RESOURCES }
export const MOST_ALLOCATED: ScoringStrategy = { type: 'MostAllocated', resources: DEFAULT_RESOURCES }

/** The shape has one point at least, in rising order of utilisation. */
export function requestedToCapacityRatio(shape: readonly ShapePoint[]): ScoringStrategy {
  return { type: 'RequestedToCapacityRatio', resources: DEFAULT_RESOURCES, shape }
}

/** A shape's score is given from 0 to 10. */
const SHAPE_SCORE_MAX = 10

/**
 * The weighted mean over the resources. CPU and memory of containers without requests count with their defaults; a further
 * resource that the node has not, or the pod does not ask for, is left out.
 *
 * Source: Kubernetes plugins/noderesources/{resource_allocation,least_allocated,most_allocated,requested_to_capacity_ratio}.go.
 */
export function strategyScore(strategy: ScoringStrategy, pod: PodInfo, node: NodeInfo): number {
  const { allocatable } = node.node.status
  let score = 0
  let weights = 0
  for (const { name, weight } of strategy.resources) {
    let capacity: number
    let requested: number
    if (name === 'cpu') {
      capacity = allocatable.cpuMilli
      requested = node.scoredCpuMilli + pod.scored.cpuMilli
    } else if (name === 'memory') {
      capacity = allocatable.memoryBytes
      requested = node.scoredMemoryBytes + pod.scored.memoryBytes
    } else {
      const wanted = pod.requests.others.get(name) ?? 0
      if (wanted === 0) continue
      capacity = allocatable.others?.[name] ?? 0
      requested = (node.others.get(name) ?? 0) + wanted
    }
    if (capacity === 0) continue
    const of = resourceScore(strategy, capacity, requested)
    if (strategy.type === 'RequestedToCapacityRatio' && of <= 0) continue
    score += of * weight
    weights += weight
  }
  if (weights === 0) return 0
  return strategy.type === 'RequestedToCapacityRatio' ? Math.round(score / weights) : Math.trunc(score / weights)
}

function resourceScore(strategy: ScoringStrategy, capacity: number, requested: number): number {
  switch (strategy.type) {
    case 'LeastAllocated':
      return requested > capacity ? 0 : Math.trunc(((capacity - requested) * MAX_SCORE) / capacity)
    case 'MostAllocated':
      return Math.trunc((Math.min(requested, capacity) * MAX_SCORE) / capacity)
    case 'RequestedToCapacityRatio': {
      const utilization = requested > capacity ? 100 : Math.trunc((requested * 100) / capacity)
      return brokenLinear(
        strategy.shape.map((point) => ({ ...point, score: (point.score * MAX_SCORE) / SHAPE_SCORE_MAX })),
        utilization,
      )
    }
  }
}

/** Straight lines between the points, level before the first and after the last. Source: plugins/helper/shape_score.go. */
export function brokenLinear(shape: readonly ShapePoint[], at: number): number {
  for (const [index, point] of shape.entries()) {
    if (at > point.utilization) continue
    if (index === 0) return shape[0]!.score
    const before = shape[index - 1]!
    return before.score + Math.trunc(((point.score - before.score) * (at - before.utilization)) / (point.utilization - before.utilization))
  }
  return shape[shape.length - 1]!.score
}
