import type { ResourceMetric, ResourceMetricStatus } from '../../../api/objects/index.ts'
import type { Nanos } from '../../../units.ts'
import { groupPods, type PodSample, type ReadinessRules, type TargetPod } from './target-pod.ts'

/** Shares by which usage may differ from the target before anything is done. */
export interface Tolerances {
  readonly up: number
  readonly down: number
}

export interface Usage {
  readonly pods: readonly TargetPod[]
  /** By the name of the pod. */
  readonly samples: ReadonlyMap<string, PodSample>
  readonly currentReplicas: number
  readonly tolerances: Tolerances
  readonly readiness: ReadinessRules
  readonly now: Nanos
}

/** How many replicas a metric asks for, and what was seen; or why it cannot be told. */
export type Proposal =
  | { readonly ok: true; readonly replicas: number; readonly status: ResourceMetricStatus }
  | { readonly ok: false; readonly reason: string }

/** Usage in relation to the target, over some pods' samples. */
interface Ratio {
  readonly ratio: number
  readonly averageMilli: number
  readonly averageUtilization: number | null
}

/** How one kind of target is measured. */
interface Gauge {
  /** null: none of the samples is of a pod that is known. */
  measure(usages: ReadonlyMap<string, number>): Ratio | null
  /** What a pod without a sample is taken to use while there is less usage than wanted. */
  assumed(pod: string): number
}

/**
 * How many replicas bring usage to the target: `ceil(ratio × ready pods)`. Pods without a sample, and on the way up those not ready, are
 * then taken to use what speaks against the change; if that turns its direction, nothing is done.
 *
 * Source: Kubernetes pkg/controller/podautoscaler/replica_calculator.go (GetResourceReplicas, calcPlainMetricReplicas).
 */
export function replicasFor({ resource, container, target }: Omit<ResourceMetric, 'type'>, usage: Usage): Proposal {
  const { pods, samples, currentReplicas, tolerances, readiness, now } = usage
  if (samples.size === 0) return failed(`unable to get metrics for resource ${resource}: no metrics returned from resource metrics API`)
  if (pods.length === 0) return failed('no pods returned by selector while calculating replica count')
  const groups = groupPods(pods, samples, readiness, now, resource)
  const usages = new Map<string, number>()
  for (const [name, { usageMilli }] of samples) {
    if (!groups.ignored.has(name) && !groups.unready.has(name)) usages.set(name, usageMilli)
  }
  if (usages.size === 0) return failed('did not receive metrics for targeted pods (pods might be unready)')
  let gauge: Gauge
  if (target.type === 'AverageValue') gauge = averageGauge(target.averageMilli)
  else {
    const requests = new Map<string, number>()
    for (const { name, requestMilli } of pods) {
      if (requestMilli === null)
        return failed(`missing request for ${resource} in ${container === '' ? 'a container' : `container ${container}`} of Pod ${name}`)
      requests.set(name, requestMilli)
    }
    gauge = utilizationGauge(requests, target.averageUtilization)
  }
  const first = gauge.measure(usages)
  if (first === null) return failed('no metrics returned matched known pods')
  const { ratio, averageMilli, averageUtilization } = first
  const asked = (replicas: number): Proposal => ({ ok: true, replicas, status: { resource, container, averageMilli, averageUtilization } })
  const upWithUnready = groups.unready.size > 0 && ratio > 1
  if (!upWithUnready && groups.missing.size === 0)
    return asked(isWithin(ratio, tolerances) ? currentReplicas : Math.ceil(ratio * groups.readyCount))

  if (ratio !== 1 || target.type === 'AverageValue')
    for (const name of groups.missing) usages.set(name, ratio < 1 ? gauge.assumed(name) : 0)
  if (upWithUnready) for (const name of groups.unready) usages.set(name, 0)
  const second = gauge.measure(usages)!.ratio
  if (isWithin(second, tolerances) || (ratio < 1 && second > 1) || (ratio > 1 && second < 1)) return asked(currentReplicas)
  const replicas = Math.ceil(second * usages.size)
  return asked((second < 1 && replicas > currentReplicas) || (second > 1 && replicas < currentReplicas) ? currentReplicas : replicas)
}

function failed(reason: string): Proposal {
  return { ok: false, reason }
}

function isWithin(ratio: number, { up, down }: Tolerances): boolean {
  return 1 - down <= ratio && ratio <= 1 + up
}

/** Usage as whole percent of what is requested. Source: pkg/controller/podautoscaler/metrics/utilization.go. */
function utilizationGauge(requests: ReadonlyMap<string, number>, targetPercent: number): Gauge {
  return {
    measure(usages) {
      let used = 0
      let requested = 0
      let entries = 0
      for (const [name, usage] of usages) {
        const request = requests.get(name)
        if (request === undefined) continue
        used += usage
        requested += request
        entries++
      }
      if (requested === 0) return null
      // Thousandths of bytes times 100 go beyond what a number holds exactly.
      const averageUtilization = Number((BigInt(used) * 100n) / BigInt(requested))
      return { ratio: averageUtilization / targetPercent, averageMilli: Math.floor(used / entries), averageUtilization }
    },
    assumed: (pod) => Math.floor((requests.get(pod)! * Math.max(100, targetPercent)) / 100),
  }
}

function averageGauge(targetMilli: number): Gauge {
  return {
    measure(usages) {
      let used = 0
      for (const usage of usages.values()) used += usage
      const averageMilli = Math.floor(used / usages.size)
      return { ratio: averageMilli / targetMilli, averageMilli, averageUtilization: null }
    },
    assumed: () => targetMilli,
  }
}
