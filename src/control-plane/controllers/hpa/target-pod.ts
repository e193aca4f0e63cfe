import type { Condition, Pod } from '../../../api/objects/index.ts'
import { type Nanos, SECOND } from '../../../units.ts'
import { conditionOf } from '../../conditions.ts'

/** A pod as an autoscaler looks at it. */
export interface TargetPod {
  readonly name: string
  readonly phase: Pod['status']['phase']
  readonly deleting: boolean
  readonly startTime: Nanos | null
  /** The Ready condition, if the pod has one. */
  readonly ready: Pick<Condition, 'status' | 'lastTransitionTime'> | null
  /** Thousandths of a core that all containers together ask for; null when one of them asks for none. */
  readonly requestMilli: number | null
}

/** What metrics.k8s.io says of a pod. */
export interface PodSample {
  /** Thousandths of a core, rounded up: the mean over the window. */
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

export function targetPod({ metadata, spec, status }: Pod): TargetPod {
  const requests = spec.containers.map((container) => container.requests.cpuMilli)
  return {
    name: metadata.name,
    phase: status.phase,
    deleting: metadata.deletionTimestamp !== null,
    startTime: status.startTime,
    ready: conditionOf(status.conditions, 'Ready') ?? null,
    requestMilli: requests.some((request) => request === 0) ? null : requests.reduce((sum, request) => sum + request, 0),
  }
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
 * Which pods' samples count. While a pod may still be starting, its sample counts only if the pod is Ready and has been so for the whole
 * window; afterwards only a pod that has never been Ready is left out.
 *
 * Source: Kubernetes pkg/controller/podautoscaler/replica_calculator.go (groupPods).
 */
export function groupPods(
  pods: readonly TargetPod[],
  samples: ReadonlyMap<string, PodSample>,
  rules: ReadinessRules,
  now: Nanos,
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
    else if (isUnready(pod, sample, rules, now)) unready.add(pod.name)
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
