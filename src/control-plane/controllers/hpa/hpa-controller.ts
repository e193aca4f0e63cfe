import { type LabelSelector, matchesSelector, selectorOf } from '../../../api/labels.ts'
import type {
  Condition,
  ConditionStatus,
  HorizontalPodAutoscaler,
  KindMap,
  Pod,
  ResourceMetric,
  ResourceMetricStatus,
} from '../../../api/objects/index.ts'
import type { Wait } from '../../../engine/process.ts'
import type { HopId } from '../../../engine/trace.ts'
import { type Nanos, SECOND } from '../../../units.ts'
import { withCondition } from '../../conditions.ts'
import type { Informer } from '../../informer.ts'
import { replicasOf, withReplicas } from '../../kubectl/kinds.ts'
import type { PodMetrics } from '../../metrics-server.ts'
import { keyOf } from '../../object-key.ts'
import { Controller, type ControllerManager, type Outcome } from '../controller.ts'
import { afterRescale, type Decision, decide, needsMetrics, type Observation } from './decision.ts'
import { ScalingHistory } from './scaling-history.ts'
import { type PodSample, READINESS_RULES, targetPod } from './target-pod.ts'

/** Source: `--concurrent-horizontal-pod-autoscaler-syncs`, v1.36.2 default. */
export const WORKERS = 5
/** Source: `--horizontal-pod-autoscaler-sync-period`, v1.36.2 default. */
export const SYNC_PERIOD: Nanos = 15 * SECOND
/** Every key waits for the period, whatever brought it up. Source: podautoscaler/rate_limiters.go (FixedItemIntervalRateLimiter). */
const QUEUE = { baseDelay: SYNC_PERIOD, maxDelay: SYNC_PERIOD, ratePerSecond: 1e9, burst: 1e9 } as const
/** Of the feature gate HPAConfigurableTolerance, beta and on. Source: reference of feature gates, Kubernetes 1.35. */
export const CONFIGURABLE_TOLERANCE_SINCE = 35

/** Kinds with a scale subresource. */
const SCALABLE = ['Deployment', 'ReplicaSet', 'ReplicationController', 'StatefulSet'] as const
type Scalable = KindMap[(typeof SCALABLE)[number]]

/**
 * The HorizontalPodAutoscaler controller: every 15 s it asks how much the pods of a target use, and writes the target's `spec.replicas`.
 * The first look comes 15 s after the autoscaler was made. What it remembers (recommendations, scale events) is in its memory only.
 *
 * Source: Kubernetes pkg/controller/podautoscaler/horizontal.go.
 */
export class HorizontalPodAutoscalerController extends Controller {
  readonly #manager: ControllerManager
  readonly #autoscalers: Informer<'HorizontalPodAutoscaler'>
  readonly #pods: Informer<'Pod'>
  readonly #histories = new Map<string, ScalingHistory>()
  /** Whose pods each autoscaler looks at, as far as it has looked. */
  readonly #selectors = new Map<string, LabelSelector>()

  constructor(manager: ControllerManager) {
    super(manager, { name: 'horizontal-pod-autoscaler-controller', account: 'horizontal-pod-autoscaler', workers: WORKERS, queue: QUEUE })
    this.#manager = manager
    this.#autoscalers = manager.informer('HorizontalPodAutoscaler')
    this.#pods = manager.informer('Pod')
    this.#autoscalers.listen((event) => {
      const key = keyOf(event.object)
      if (event.type === 'DELETED') this.#forget(key)
      // Its own writes of the status find the key waiting already.
      else if (event.type === 'ADDED' || event.object.spec !== event.previous?.spec) this.queue.addRateLimited(key, this.observed(event))
    })
  }

  protected *reconcile(key: string, cause: HopId): Generator<Wait, Outcome, unknown> {
    const autoscaler = this.#autoscalers.get(key)
    if (autoscaler === undefined) {
      this.#forget(key)
      return 'done'
    }
    yield* this.#scale(autoscaler, key, cause)
    return this.#autoscalers.get(key) === undefined ? 'done' : 'retry'
  }

  *#scale(autoscaler: HorizontalPodAutoscaler, key: string, cause: HopId): Generator<Wait, void, unknown> {
    const { spec, status, metadata } = autoscaler
    const target = yield* this.#target(autoscaler)
    if (target === undefined) {
      const { kind, name } = spec.scaleTargetRef
      const message = `the HPA controller was unable to get the target's current scale: ${kind} "${name}" not found`
      this.events.record(autoscaler, 'FailedGetScale', message)
      const conditions = withCondition(status.conditions, 'AbleToScale', 'False', 'FailedGetScale', this.now, message)
      yield* this.#writeStatus(autoscaler, { ...status, conditions }, cause, 'status: the target has no scale')
      return
    }
    const current = replicasOf(target)
    const selector = target.kind === 'ReplicationController' ? selectorOf(target.spec.selector) : target.spec.selector
    const history = this.#historyOf(key, current)
    this.#selectors.set(key, selector)
    const metrics = needsMetrics(spec, current) ? yield* this.#metrics(metadata.namespace, selector) : []
    const pods = this.#podsOf(metadata.namespace, selector)
    const rivals = needsMetrics(spec, current) ? this.#rivals(metadata.namespace, pods) : []
    if (rivals.length > 1) {
      yield* this.#refuse(autoscaler, current, `pods by selector are controlled by multiple HPAs: ${rivals.join(', ')}`, cause)
      return
    }
    const decision = decide({
      spec,
      conditions: status.conditions,
      currentReplicas: current,
      usageOf: (metric) => observation(metric, pods, metrics),
      history,
      readiness: READINESS_RULES,
      configurableTolerance: this.access.version >= CONFIGURABLE_TOLERANCE_SINCE,
      now: this.now,
    })
    for (const { reason, message } of decision.failures) this.events.record(autoscaler, reason, message)
    if (decision.desiredReplicas === null) this.events.record(autoscaler, 'FailedComputeMetricsReplicas', decision.failures[0]!.message)
    yield* this.#carryOut(autoscaler, target, decision, history, cause)
  }

  /** Writes the target where that is wanted, and tells it all in the status. */
  *#carryOut(
    autoscaler: HorizontalPodAutoscaler,
    target: Scalable,
    decision: Decision,
    history: ScalingHistory,
    cause: HopId,
  ): Generator<Wait, void, unknown> {
    const { spec, status } = autoscaler
    const current = replicasOf(target)
    const wanted = decision.rescale ? decision.desiredReplicas! : current
    const seen = {
      ...status,
      currentReplicas: current,
      currentMetrics: decision.currentMetrics,
      observedGeneration: autoscaler.metadata.generation,
    }
    let { conditions } = decision
    let because = cause
    if (decision.rescale) {
      const why = `New size: ${wanted}; reason: ${decision.why}`
      const response = yield* this.client.update(withReplicas(target, wanted), { cause, why, subresource: 'scale' })
      const written = response.code === 200
      because = response.hop
      conditions = afterRescale(conditions, written, this.now)
      if (!written) {
        this.events.record(autoscaler, 'FailedRescale', `${why}; error: ${response.message}`)
        yield* this.#writeStatus(autoscaler, { ...seen, conditions }, because, 'status: the target could not be written')
        return
      }
      this.events.record(autoscaler, 'SuccessfulRescale', why)
      history.scaled(spec.behavior, current, wanted, this.now)
    }
    // Where no metric could be read, the wish stays as it was.
    const desiredReplicas = decision.desiredReplicas === null ? status.desiredReplicas : wanted
    const lastScaleTime = decision.rescale ? this.now : status.lastScaleTime
    const next = { ...seen, desiredReplicas, lastScaleTime, conditions }
    yield* this.#writeStatus(
      autoscaler,
      next,
      because,
      `status: ${current} replicas, ${desiredReplicas} wanted${usageText(decision.currentMetrics)}`,
    )
  }

  *#refuse(autoscaler: HorizontalPodAutoscaler, current: number, message: string, cause: HopId): Generator<Wait, void, unknown> {
    const set = (
      conditions: readonly Condition[],
      type: string,
      status: ConditionStatus,
      reason: string,
      text = '',
    ): readonly Condition[] => withCondition(conditions, type, status, reason, this.now, text)
    const able = set(autoscaler.status.conditions, 'AbleToScale', 'True', 'SucceededGetScale')
    const conditions = set(able, 'ScalingActive', 'False', 'AmbiguousSelector', message)
    this.events.record(autoscaler, 'AmbiguousSelector', message)
    const why = 'status: its pods have several autoscalers'
    yield* this.#writeStatus(autoscaler, { ...autoscaler.status, currentReplicas: current, conditions }, cause, why)
  }

  /** The status is written only when it says something new. */
  *#writeStatus(
    autoscaler: HorizontalPodAutoscaler,
    status: HorizontalPodAutoscaler['status'],
    cause: HopId,
    why: string,
  ): Generator<Wait, void, unknown> {
    if (sameStatus(status, autoscaler.status)) return
    yield* this.client.update({ ...autoscaler, status }, { cause, why, subresource: 'status' })
  }

  /** `GET …/scale`. */
  *#target({ spec, metadata }: HorizontalPodAutoscaler): Generator<Wait, Scalable | undefined, unknown> {
    const { kind, name } = spec.scaleTargetRef
    const scalable = SCALABLE.find((candidate) => candidate === kind)
    return scalable === undefined ? undefined : yield* this.client.get(scalable, metadata.namespace, name)
  }

  /** Asked for through the API server, which passes the question on to metrics-server. */
  *#metrics(namespace: string, selector: LabelSelector): Generator<Wait, readonly PodMetrics[], unknown> {
    const { sim, latencies } = this.access
    const draw = (name: 'controlPlaneNetwork' | 'read' | 'nodeNetwork') => latencies.draw(name, 'metrics.k8s.io')
    yield sim.delay(draw('controlPlaneNetwork') + draw('nodeNetwork') + draw('read'))
    const metrics = this.#manager.metrics?.podMetrics(namespace, selector) ?? []
    yield sim.delay(draw('nodeNetwork') + draw('controlPlaneNetwork'))
    return metrics
  }

  #podsOf(namespace: string, selector: LabelSelector): Pod[] {
    const pods: Pod[] = []
    for (const pod of this.#pods.values()) {
      if (pod.metadata.namespace === namespace && matchesSelector(selector, pod.metadata.labels)) pods.push(pod)
    }
    return pods
  }

  /** The autoscalers that look at any of these pods. Source: horizontal.go (hpasControllingPodsUnderSelector). */
  #rivals(namespace: string, pods: readonly Pod[]): string[] {
    const names: string[] = []
    for (const [key, selector] of this.#selectors) {
      const other = this.#autoscalers.get(key)
      if (other === undefined || other.metadata.namespace !== namespace) continue
      if (pods.some((pod) => matchesSelector(selector, pod.metadata.labels))) names.push(other.metadata.name)
    }
    return names.sort()
  }

  #historyOf(key: string, current: number): ScalingHistory {
    let history = this.#histories.get(key)
    if (history === undefined) {
      history = new ScalingHistory([{ replicas: current, at: this.now }])
      this.#histories.set(key, history)
    }
    return history
  }

  #forget(key: string): void {
    this.#histories.delete(key)
    this.#selectors.delete(key)
    this.events.forget(key)
  }
}

/** What a metric is about, of the pods and of what metrics-server knows. Source: podautoscaler/metrics/client.go (getPodMetrics, getContainerMetrics). */
function observation(metric: ResourceMetric, pods: readonly Pod[], metrics: readonly PodMetrics[]): Observation {
  const samples = new Map<string, PodSample>()
  for (const { name, timestamp, window, containers } of metrics) {
    const counted = containers.filter((container) => metric.container === '' || container.name === metric.container)
    if (counted.length === 0) continue
    let usageMilli = 0
    for (const { cpuNanocores, memoryBytes } of counted)
      usageMilli += metric.resource === 'cpu' ? Math.ceil(cpuNanocores / 1_000_000) : 1000 * memoryBytes
    if (metric.resource === 'cpu' || metric.resource === 'memory') samples.set(name, { usageMilli, timestamp, window })
  }
  return { pods: pods.map((pod) => targetPod(pod, metric)), samples }
}

function usageText(metrics: readonly ResourceMetricStatus[]): string {
  const parts = metrics.map(({ resource, averageMilli, averageUtilization }) => {
    if (averageUtilization !== null) return `${resource} ${averageUtilization}%`
    return resource === 'cpu' ? `${resource} ${averageMilli}m` : `${resource} ${Math.ceil(averageMilli / 1000)} bytes`
  })
  return parts.length === 0 ? '' : `, ${parts.join(', ')}`
}

function sameStatus(a: HorizontalPodAutoscaler['status'], b: HorizontalPodAutoscaler['status']): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
