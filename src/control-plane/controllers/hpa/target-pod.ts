import type { Condition, Pod, ResourceMetric, Resources } from '../../../api/objects/index.ts'
import { type Nanos, SECOND } from '../../../units.ts'
import { conditionOf } from '../../conditions.ts'
import { wholeSecond } from '../../wall-clock.ts'

/** A pod as an autoscaler looks at it. */
export interface TargetPod {
  readonly name: string
  readonly phase: Pod['status']['phase']
  readonly deleting: boolean
  readonly startTime: Nanos | null
  /** The Ready condition, if the pod has one. */
  readonly ready: Pick<Condition, 'status' | 'lastTransitionTime'> | null
  /** Thousandths of the metric's resource that its containers together ask for; null when one of them asks for none. */
  readonly requestMilli: number | null
}

/** What metrics.k8s.io says of one resource of a pod. */
export interface PodSample {
  /** Thousandths: of a core the mean over the window, rounded up; of a byte what is used at its end. */
  readonly usageMilli: number
  /** The end of the window. */
  readonly timestamp: Nanos
  readonly window: Nanos
}

/** How long after its start a pod's CPU usage is taken for that of a start. */
export interface ReadinessRules {
  readonly cpuInitializationPeriod: Nanos
  readonly initialReadinessDelay: Nanos
}

/** Source: `--horizontal-pod-autoscaler-cpu-initialization-period`, `--horizontal-pod-autoscaler-initial-readiness-delay`, v1.36.2 defaults. */
export const READINESS_RULES: ReadinessRules = { cpuInitializationPeriod: 300 * SECOND, initialReadinessDelay: 30 * SECOND }

/**
 * Times in the API are whole seconds. Sidecars count as containers do.
 *
 * Source: replica_calculator.go (calculatePodRequests); apimachinery pkg/apis/meta/v1/time.go.
 */
export function targetPod(
  { metadata, spec, status }: Pod,
  { resource, container }: Pick<ResourceMetric, 'resource' | 'container'>,
): TargetPod {
  const containers = [...spec.containers, ...spec.initContainers.filter(({ restartPolicy }) => restartPolicy === 'Always')]
  const requests = containers
    .filter(({ name }) => container === '' || name === container)
    .map(({ requests }) => requestMilli(requests, resource))
  const ready = conditionOf(status.conditions, 'Ready')
  return {
    name: metadata.name,
    phase: status.phase,
    deleting: metadata.deletionTimestamp !== null,
    startTime: status.startTime === null ? null : wholeSecond(status.startTime),
    ready: ready === undefined ? null : { status: ready.status, lastTransitionTime: wholeSecond(ready.lastTransitionTime) },
    requestMilli: requests.some((request) => request === 0) ? null : requests.reduce((sum, request) => sum + request, 0),
  }
}

function requestMilli({ cpuMilli, memoryBytes, others }: Resources, resource: string): number {
  if (resource === 'cpu') return cpuMilli
  return 1000 * (resource === 'memory' ? memoryBytes : (others?.[resource] ?? 0))
}

export interface PodGroups {
  /** Their samples count. */
  readonly readyCount: number
  readonly unready: ReadonlySet<string>
  /** No sample of them is there. */
  readonly missing: ReadonlySet<string>
  /** Going or failed: as if they were not there. */
  readonly ignored: ReadonlySet<string>
}

/**
 * Which pods' samples count. Of other resources than CPU, all of pods that run. Of CPU, while a pod may still be starting, its sample counts only if the pod is Ready and has been so for the whole
 * window; afterwards only a pod that has never been Ready is left out.
 *
 * Source: Kubernetes pkg/controller/podautoscaler/replica_calculator.go (groupPods).
 */
export function groupPods(
  pods: readonly TargetPod[],
  samples: ReadonlyMap<string, PodSample>,
  rules: ReadinessRules,
  now: Nanos,
  resource = 'cpu',
): PodGroups {
  const unready = new Set<string>()
  const missing = new Set<string>()
  const ignored = new Set<string>()
  let readyCount = 0
  for (const pod of pods) {
    const sample = samples.get(pod.name)
    if (pod.deleting || pod.phase === 'Failed') ignored.add(pod.name)
    else if (pod.phase === 'Pending') unready.add(pod.name)
    else if (sample === undefined) missing.add(pod.name)
    else if (resource === 'cpu' && isUnready(pod, sample, rules, now)) unready.add(pod.name)
    else readyCount++
  }
  return { readyCount, unready, missing, ignored }
}

function isUnready({ ready, startTime }: TargetPod, sample: PodSample, rules: ReadinessRules, now: Nanos): boolean {
  if (ready === null || startTime === null) return true
  if (startTime + rules.cpuInitializationPeriod > now)
    return ready.status === 'False' || sample.timestamp < ready.lastTransitionTime + sample.window
  return ready.status === 'False' && startTime + rules.initialReadinessDelay > ready.lastTransitionTime
}
