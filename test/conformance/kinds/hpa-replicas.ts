import { scalingBehavior } from '../../../src/api/convert/scaling-behavior.ts'
import type { HorizontalPodAutoscaler, ResourceMetric, ScalingBehavior } from '../../../src/api/objects/index.ts'
import { cpuMilli } from '../../../src/api/quantity.ts'
import { afterRescale, decide } from '../../../src/control-plane/controllers/hpa/decision.ts'
import { limited, limitedByBehavior, stabilized, stabilizedByBehavior } from '../../../src/control-plane/controllers/hpa/normalize.ts'
import { replicasFor } from '../../../src/control-plane/controllers/hpa/replica-calculator.ts'
import { type ScaleEvent, ScalingHistory } from '../../../src/control-plane/controllers/hpa/scaling-history.ts'
import { scaleDownLimit, scaleUpLimit } from '../../../src/control-plane/controllers/hpa/scaling-rules.ts'
import type { PodSample, ReadinessRules, TargetPod } from '../../../src/control-plane/controllers/hpa/target-pod.ts'
import { MINUTE, SECOND } from '../../../src/units.ts'
import { type Case, casesIn, type Outcome, Tally } from './outcome.ts'

/** The moment at which a case takes place; pods without a start time of their own are much older. */
const NOW = 1_000_000 * SECOND

const OTHER_METRIC = 'only the resource cpu of whole pods is modelled: other metrics are refused'
/** Faults that a test injects and a case does not tell: they show only in what is expected. */
const INJECTED: ReadonlySet<string> = new Set(['InvalidSelector', 'AmbiguousSelector', 'FailedGetScale', 'FailedUpdateScale'])

/** What the HorizontalPodAutoscaler controller of Kubernetes v1.36.2 answered, from single functions to whole reconciles. */
export function check(file: unknown): Outcome {
  const tally = new Tally()
  const constants = (file as Case)?.constants
  const world: World = {
    containers: constants?.containersPerPod ?? 2,
    readiness: {
      cpuInitializationPeriod: (constants?.cpuInitializationPeriodSeconds ?? 120) * SECOND,
      initialReadinessDelay: (constants?.delayOfInitialReadinessStatusSeconds ?? 10) * SECOND,
    },
  }
  for (const row of casesIn(file)) {
    const checkCategory = CATEGORIES.get(row.category)
    if (checkCategory === undefined)
      tally.skip(row.id, String(row.category).startsWith('replicaCalc-') ? OTHER_METRIC : `"${row.category}" is no function of the model`)
    else tally.attempt(row.id, () => checkCategory(row, tally, world))
  }
  return tally
}

interface World {
  readonly containers: number
  readonly readiness: ReadinessRules
}

const CATEGORIES: ReadonlyMap<string, (row: Case, tally: Tally, world: World) => void> = new Map([
  ['convertDesiredReplicas', checkLimits],
  ['scalingRules', checkRules],
  ['rateLimit', checkRateLimit],
  ['stabilization', checkStabilization],
  ['replicaCalc-resource', checkResource],
  ['replicaCalc-pods', checkAverage],
  ['hpaEndToEnd', checkReconcile],
])

function checkLimits({ id, input, expected }: Case, tally: Tally): void {
  const { replicas, reason } = limited(input.currentReplicas, input.desiredReplicas, { min: input.minReplicas, max: input.maxReplicas })
  tally.same(id, { replicas, condition: reason }, expected)
}

function checkRules({ id, input, expected }: Case, tally: Tally): void {
  const range = { min: input.specMinReplicas, max: input.specMaxReplicas }
  const events = { scaleUps: eventsOf(input.scaleUpEvents), scaleDowns: eventsOf(input.scaleDownEvents) }
  const { currentReplicas, prenormalizedDesiredReplicas } = input
  const got = limitedByBehavior(currentReplicas, prenormalizedDesiredReplicas, range, behaviorOf(input), events, NOW)
  tally.same(id, { replicas: got.replicas, condition: got.reason }, expected)
}

function checkRateLimit({ id, input, expected }: Case, tally: Tally): void {
  const none = { scaleUps: [], scaleDowns: [] }
  const behavior = scalingBehavior({ scaleUp: input.rules, scaleDown: input.rules })
  const limit =
    input.direction === 'up'
      ? scaleUpLimit(input.currentReplicas, behavior.scaleUp, none, NOW)
      : scaleDownLimit(input.currentReplicas, behavior.scaleDown, none, NOW)
  tally.same(id, { limit }, expected)
}

function checkStabilization({ id, input, expected }: Case, tally: Tally): void {
  const history = new ScalingHistory(recommendationsOf(input))
  const wanted: number = input.prenormalizedDesiredReplicas
  const windows = { up: input.scaleUpStabilizationWindowSeconds * SECOND, down: input.scaleDownStabilizationWindowSeconds * SECOND }
  const { replicas } =
    input.downscaleStabilizationSeconds === undefined
      ? stabilizedByBehavior(input.currentReplicas, wanted, windows, history, NOW)
      : stabilized(wanted, history, NOW, input.downscaleStabilizationSeconds * SECOND)
  tally.same(id, { replicas }, expected)
}

function checkResource({ id, input, expected }: Case, tally: Tally, world: World): void {
  const { resource, container } = input
  if (container !== undefined || resource.name !== 'cpu') {
    tally.skip(id, OTHER_METRIC)
    return
  }
  const levels = resource.containerLevelsMilli.map((each: number[]) => each.reduce((sum, level) => sum + level, 0))
  const target = { type: 'Utilization', averageUtilization: resource.targetUtilizationPercent } as const
  const pods = podsOf(input, Math.max(input.currentReplicas, input.podPhase?.length ?? 0), resource.requestPerContainer, world)
  calculate({ id, input, expected }, tally, world, { target }, pods, samplesOf(levels, resource.podNames))
}

/** An average over pods is that of CPU as long as all pods have long been ready. */
function checkAverage({ id, input, expected }: Case, tally: Tally, world: World): void {
  if (input.podReadiness !== undefined || input.podStartSecondsAgo !== undefined) {
    tally.skip(id, OTHER_METRIC)
    return
  }
  const { levelsMilli, targetMilli } = input.metric
  const pods = podsOf(input, Math.max(input.currentReplicas, input.podPhase?.length ?? 0), [], world)
  calculate(
    { id, input, expected },
    tally,
    world,
    { target: { type: 'AverageValue', averageMilli: targetMilli } },
    pods,
    samplesOf(levelsMilli),
  )
}

function calculate(
  { id, input, expected }: Case,
  tally: Tally,
  { readiness }: World,
  metric: Pick<ResourceMetric, 'target'>,
  pods: readonly TargetPod[],
  samples: ReadonlyMap<string, PodSample>,
): void {
  const { currentReplicas, tolerance } = input
  const got = replicasFor(
    { resource: 'cpu', container: '', ...metric },
    { pods, samples, currentReplicas, tolerances: tolerance, readiness, now: NOW },
  )
  if (!got.ok) {
    tally.same(id, { error: got.reason }, expected)
    return
  }
  const { averageMilli, averageUtilization } = got.status
  const seen =
    averageUtilization === null ? { usageMilli: averageMilli } : { utilizationPercent: averageUtilization, rawMilliValue: averageMilli }
  tally.same(id, { replicas: got.replicas, ...seen }, expected)
}

function checkReconcile({ id, input, expected }: Case, tally: Tally, world: World): void {
  const reasons: string[] = (expected.conditions ?? []).map((condition: Case) => condition.reason)
  const levels: number[] = input.reportedLevels ?? []
  const requests: string[] = input.reportedCPURequests ?? []
  if (input.metricsTarget !== undefined) {
    tally.skip(id, OTHER_METRIC)
    return
  }
  if (reasons.includes('NotScaledToZero') || reasons.includes('ScaledToZero') || /HPAScaleToZero=true/.test(id)) {
    tally.skip(id, 'the feature gate HPAScaleToZero is off by default')
    return
  }
  const fails = reasons.includes('FailedGetResourceMetric') && levels.length > 0 && requests.length > 0
  if (fails || reasons.some((reason) => INJECTED.has(reason))) {
    tally.skip(id, 'the fault that is injected is not in the case')
    return
  }
  const spec: HorizontalPodAutoscaler['spec'] = {
    scaleTargetRef: { kind: 'Deployment', name: 'target' },
    minReplicas: input.minReplicas ?? 1,
    maxReplicas: input.maxReplicas,
    metrics: [{ type: 'Resource', resource: 'cpu', container: '', target: { type: 'Utilization', averageUtilization: input.CPUTarget } }],
    behavior: input.scaleUpRules || input.scaleDownRules ? behaviorOf(input) : null,
  }
  const { specReplicas: currentReplicas } = input
  const history = new ScalingHistory(
    input.recommendations === undefined ? [{ replicas: currentReplicas, at: NOW }] : recommendationsOf(input),
  )
  const phases = input.reportedPodPhase ?? input.podPhase
  const pods = podsOf(
    { podPhase: phases, podReadiness: input.reportedPodReadiness, podStartSecondsAgo: input.podStartSecondsAgo },
    requests.length,
    requests,
    world,
  )
  const decision = decide({
    spec,
    conditions: [],
    currentReplicas,
    usageOf: () => ({ pods, samples: samplesOf(levels.map((level) => level * world.containers)) }),
    history,
    readiness: world.readiness,
    configurableTolerance: !/feature_gate_is_disabled/.test(id),
    now: NOW,
  })
  const desiredReplicas = decision.rescale ? decision.desiredReplicas! : currentReplicas
  const action = desiredReplicas > currentReplicas ? 'scale_up' : desiredReplicas < currentReplicas ? 'scale_down' : 'none'
  const conditions = decision.rescale ? afterRescale(decision.conditions, true, NOW) : decision.conditions
  const shown = conditions.map(({ type, status, reason }) => ({ type, status, reason }))
  tally.same(id, { desiredReplicas, action, ...(expected.conditions === undefined ? {} : { conditions: shown }) }, expected)
}

function behaviorOf(input: Case): ScalingBehavior {
  const { scaleUpRules, scaleDownRules } = input
  return scalingBehavior({ ...(scaleUpRules && { scaleUp: scaleUpRules }), ...(scaleDownRules && { scaleDown: scaleDownRules }) })
}

function recommendationsOf({ recommendations }: Case) {
  return (recommendations ?? []).map(({ replicas, secondsAgo }: Case) => ({ replicas, at: NOW - secondsAgo * SECOND }))
}

function eventsOf(events: Case): ScaleEvent[] {
  return (events ?? []).map(({ replicaChange, secondsAgo }: Case) => ({ change: replicaChange, at: NOW - secondsAgo * SECOND }))
}

/** Pods whose readiness last changed when they started. */
function podsOf(input: Case, count: number, requests: readonly string[], { containers }: World): TargetPod[] {
  return Array.from({ length: count }, (_, i) => {
    const age = input.podStartSecondsAgo?.[i]
    const startTime = age === undefined ? 0 : NOW - age * SECOND
    const request = requests[i]
    return {
      name: `pod-${i}`,
      phase: input.podPhase?.[i] ?? 'Running',
      deleting: input.podDeleting?.[i] ?? false,
      startTime,
      ready: { status: input.podReadiness?.[i] ?? 'True', lastTransitionTime: startTime },
      requestMilli: request === undefined ? null : cpuMilli(request) * containers,
    }
  })
}

function samplesOf(levels: readonly number[], names?: readonly string[]): Map<string, PodSample> {
  return new Map(levels.map((usageMilli, i) => [names?.[i] ?? `pod-${i}`, { usageMilli, timestamp: NOW, window: MINUTE }]))
}
