import { matchesSelector } from '../../api/labels.ts'
import type { AnyObject, Container } from '../../api/objects/index.ts'
import { SECOND } from '../../units.ts'
import type { Scenario } from '../scenario.ts'
import { isThe, type Rollout, type TemplatedObject, templateOf } from './find-rollout.ts'

/** What can be set to lose fewer requests. Whole seconds. */
export interface RolloutSettings {
  readonly preStopSeconds: number
  readonly minReadySeconds: number
  readonly terminationGracePeriodSeconds: number
}

/** The settings that the manifest has. Of several containers the longest sleep. */
export function presentSettings(scenario: Scenario, rollout: Rollout): RolloutSettings {
  const { spec } = templateOf(scenario, rollout)!
  const sleeps = spec.template.spec.containers.map((container) => container.preStopSleepSeconds)
  return {
    preStopSeconds: Math.max(0, ...sleeps),
    minReadySeconds: spec.minReadySeconds,
    terminationGracePeriodSeconds: spec.template.spec.terminationGracePeriodSeconds,
  }
}

/**
 * The grace period that leaves room for the sleep and for what the process does afterwards: nothing when it exits at once; when it drains, at
 * most as long as a client waits for an answer. It is never shortened.
 *
 * Source: the kubelet counts the hook's time against the grace period (Kubernetes pkg/kubelet/kuberuntime/kuberuntime_container.go, killContainer).
 */
export function graceFor(scenario: Scenario, rollout: Rollout, preStopSeconds: number): number {
  const present = presentSettings(scenario, rollout).terminationGracePeriodSeconds
  return Math.max(present, preStopSeconds + drainSeconds(scenario, rollout))
}

function drainSeconds(scenario: Scenario, rollout: Rollout): number {
  const { labels } = templateOf(scenario, rollout)!.spec.template
  const behaviour = scenario.workloads.find(({ selector }) => matchesSelector(selector, labels))
  if (behaviour?.onTerminate !== 'drain') return 1
  return Math.max(1, ...scenario.traffic.map(({ timeout }) => Math.ceil(timeout / SECOND)))
}

/** The scenario with these settings in the manifest from the start, and in whatever the timeline applies of the object. */
export function withSettings(scenario: Scenario, rollout: Rollout, settings: RolloutSettings): Scenario {
  const change = <T extends AnyObject>(object: T): T =>
    isThe(object, rollout) ? (changed(object as unknown as TemplatedObject, settings) as unknown as T) : object
  return {
    ...scenario,
    manifests: scenario.manifests.map(change),
    timeline: scenario.timeline.map((entry) =>
      entry.kind === 'kubectl' && 'objects' in entry.command
        ? { ...entry, command: { ...entry.command, objects: entry.command.objects.map(change) } }
        : entry,
    ),
  }
}

function changed(object: TemplatedObject, settings: RolloutSettings): TemplatedObject {
  const { template } = object.spec
  const containers = template.spec.containers.map(
    (container): Container => ({ ...container, preStopSleepSeconds: settings.preStopSeconds }),
  )
  const pod = { ...template.spec, containers, terminationGracePeriodSeconds: settings.terminationGracePeriodSeconds }
  return { ...object, spec: { ...object.spec, minReadySeconds: settings.minReadySeconds, template: { ...template, spec: pod } } }
}
