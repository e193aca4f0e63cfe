import type {
  Condition,
  ConditionStatus,
  HorizontalPodAutoscaler,
  Metric,
  ResourceMetric,
  ResourceMetricStatus,
  ScalingBehavior,
} from '../../../api/objects/index.ts'
import { type Nanos, SECOND } from '../../../units.ts'
import { withCondition } from '../../conditions.ts'
import { DOWNSCALE_STABILIZATION, limited, limitedByBehavior, stabilized, stabilizedByBehavior } from './normalize.ts'
import { type Proposal, replicasFor, type Tolerances } from './replica-calculator.ts'
import type { ScalingHistory } from './scaling-history.ts'
import type { PodSample, ReadinessRules, TargetPod } from './target-pod.ts'

/** Source: `--horizontal-pod-autoscaler-tolerance`, v1.36.2 default. */
export const TOLERANCE = 0.1

/** What one reconcile sees. */
export interface Situation {
  readonly spec: HorizontalPodAutoscaler['spec']
  readonly conditions: readonly Condition[]
  /** `spec.replicas` of the target. */
  readonly currentReplicas: number
  /** The pods of the target as a metric looks at them, and what is known of their usage; asked only where metrics decide. */
  readonly usageOf: (metric: ResourceMetric) => Observation
  readonly history: ScalingHistory
  readonly readiness: ReadinessRules
  /** The feature gate HPAConfigurableTolerance. */
  readonly configurableTolerance: boolean
  readonly now: Nanos
}

export interface Observation {
  readonly pods: readonly TargetPod[]
  readonly samples: ReadonlyMap<string, PodSample>
}

/** A metric that could not be read. */
export interface MetricFailure {
  /** Of the event and the condition, such as `FailedGetResourceMetric`. */
  readonly reason: string
  readonly message: string
}

export interface Decision {
  /** Not told where no metric could be read: then nothing but the conditions changes. */
  readonly desiredReplicas: number | null
  /** To be written to the target. */
  readonly rescale: boolean
  readonly conditions: readonly Condition[]
  readonly currentMetrics: readonly ResourceMetricStatus[]
  /** Why the target is to be written, as the event says it. */
  readonly why: string
  readonly failures: readonly MetricFailure[]
}

/** Whether the replicas are already outside of what an autoscaler allows, so that no metric has to be looked at. */
export function needsMetrics({ minReplicas, maxReplicas }: HorizontalPodAutoscaler['spec'], current: number): boolean {
  return !(current === 0 && minReplicas !== 0) && current >= minReplicas && current <= maxReplicas
}

/**
 * One step of an autoscaler, from what is seen to what is wanted. Notes the recommendation in the history.
 *
 * Source: Kubernetes pkg/controller/podautoscaler/horizontal.go (reconcileAutoscaler).
 */
export function decide(situation: Situation): Decision {
  const { spec, currentReplicas: current, now } = situation
  const set = (conditions: readonly Condition[], type: string, status: ConditionStatus, reason: string): readonly Condition[] =>
    withCondition(conditions, type, status, reason, now)
  let conditions = set(situation.conditions, 'AbleToScale', 'True', 'SucceededGetScale')
  if (!needsMetrics(spec, current)) {
    if (current === 0) {
      conditions = set(conditions, 'ScalingActive', 'False', 'ScalingDisabled')
      return { desiredReplicas: 0, rescale: false, conditions, currentMetrics: [], why: '', failures: [] }
    }
    const above = current > spec.maxReplicas
    const why = above ? 'Current number of replicas above Spec.MaxReplicas' : 'Current number of replicas below Spec.MinReplicas'
    const desiredReplicas = above ? spec.maxReplicas : spec.minReplicas
    return { desiredReplicas, rescale: true, conditions, currentMetrics: [], why, failures: [] }
  }
  const proposals = propose(situation)
  const currentMetrics = proposals.flatMap(({ proposal }) => (proposal.ok ? [proposal.status] : []))
  const failures = proposals.flatMap(({ metric, proposal }) => (proposal.ok ? [] : [failureOf(metric, proposal.reason)]))
  const wanted = Math.max(0, ...proposals.map(({ proposal }) => (proposal.ok ? proposal.replicas : 0)))
  const [first] = failures
  if (first !== undefined && (failures.length === proposals.length || wanted < current)) {
    const message = `the HPA was unable to compute the replica count: ${first.message}`
    conditions = withCondition(conditions, 'ScalingActive', 'False', first.reason, now, message)
    return { desiredReplicas: null, rescale: false, conditions, currentMetrics, why: '', failures }
  }
  conditions = set(conditions, 'ScalingActive', 'True', 'ValidMetricFound')
  const { stable, limit } = normalized(situation, wanted)
  conditions = set(conditions, 'AbleToScale', 'True', stable.reason)
  conditions = set(conditions, 'ScalingLimited', limit.replicas === stable.replicas ? 'False' : 'True', limit.reason)
  const decisive = proposals.find(({ proposal }) => proposal.ok && proposal.replicas === wanted)
  const why = wanted > current && decisive !== undefined ? `${nameOf(decisive.metric)} above target` : 'All metrics below target'
  return { desiredReplicas: limit.replicas, rescale: limit.replicas !== current, conditions, currentMetrics, why, failures }
}

function propose({ spec, usageOf, currentReplicas, readiness, configurableTolerance, now }: Situation) {
  const own = configurableTolerance ? spec.behavior : null
  const tolerances: Tolerances = { up: own?.scaleUp.tolerance ?? TOLERANCE, down: own?.scaleDown.tolerance ?? TOLERANCE }
  return spec.metrics.map((metric): { metric: Metric; proposal: Proposal } => {
    if (!('target' in metric)) return { metric, proposal: { ok: false, reason: `no adapter serves the metric ${metric.name}` } }
    return { metric, proposal: replicasFor(metric, { ...usageOf(metric), currentReplicas, tolerances, readiness, now }) }
  })
}

/** Source: horizontal.go (computeReplicasForMetric). */
function failureOf(metric: Metric, reason: string): MetricFailure {
  const what = !('target' in metric)
    ? `${metric.type.toLowerCase()} metric value`
    : `${metric.resource} ${metric.target.type === 'Utilization' ? 'utilization' : 'usage'}`
  return { reason: `FailedGet${metric.type}Metric`, message: `failed to get ${what}: ${reason}` }
}

/** As events name it. Source: horizontal.go (computeStatusForResourceMetric). */
function nameOf(metric: Metric): string {
  if (!('target' in metric)) return metric.name
  const whole = metric.type === 'Resource' ? `${metric.resource} resource` : `${metric.resource} container resource`
  return metric.target.type === 'Utilization' ? `${whole} utilization (percentage of request)` : whole
}

function normalized({ spec, currentReplicas: current, history, now }: Situation, wanted: number) {
  const range = { min: spec.minReplicas, max: spec.maxReplicas }
  if (spec.behavior === null) {
    const stable = stabilized(wanted, history, now)
    return { stable, limit: limited(current, stable.replicas, range) }
  }
  const stable = stabilizedByBehavior(current, wanted, windowsOf(spec.behavior), history, now)
  return { stable, limit: limitedByBehavior(current, stable.replicas, range, spec.behavior, history, now) }
}

function windowsOf({ scaleUp, scaleDown }: ScalingBehavior): { up: Nanos; down: Nanos } {
  const down = scaleDown.stabilizationWindowSeconds
  return {
    up: (scaleUp.stabilizationWindowSeconds ?? 0) * SECOND,
    down: down === null ? DOWNSCALE_STABILIZATION : down * SECOND,
  }
}

/** The conditions once the target has been written, or could not be. */
export function afterRescale(conditions: readonly Condition[], written: boolean, now: Nanos): readonly Condition[] {
  return withCondition(conditions, 'AbleToScale', written ? 'True' : 'False', written ? 'SucceededRescale' : 'FailedUpdateScale', now)
}
