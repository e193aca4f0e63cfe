import { stringify } from 'yaml'
import type { TemplatedObject } from '../scenario/rollout/find-rollout.ts'
import type { RolloutSettings } from '../scenario/rollout/settings.ts'

/**
 * The change from the present settings as a strategic merge patch: only what differs, containers by their names.
 *
 * `sleep` is an action of its own since Kubernetes 1.30 (feature gate PodLifecycleSleepAction, on by default); older ones run the program.
 */
export function rolloutPatch(object: TemplatedObject, present: RolloutSettings, wanted: RolloutSettings, minor: number): string {
  const { kind, metadata, spec } = object
  const { preStopSeconds, minReadySeconds, terminationGracePeriodSeconds } = wanted
  const containers = spec.template.spec.containers
    .filter((container) => container.preStopSleepSeconds !== preStopSeconds)
    .map((container) => ({
      name: container.name,
      lifecycle: { preStop: preStop(preStopSeconds, container.preStopSleepSeconds > 0, minor) },
    }))
  const pod = {
    ...(terminationGracePeriodSeconds === present.terminationGracePeriodSeconds ? {} : { terminationGracePeriodSeconds }),
    ...(containers.length === 0 ? {} : { containers }),
  }
  const patch = {
    spec: {
      ...(minReadySeconds === present.minReadySeconds ? {} : { minReadySeconds }),
      ...(Object.keys(pod).length === 0 ? {} : { template: { spec: pod } }),
    },
  }
  const command = `# kubectl patch ${kind.toLowerCase()} ${metadata.name} -n ${metadata.namespace} --type strategic --patch-file patch.yaml\n`
  return `${command}${stringify(patch)}`
}

function preStop(seconds: number, replaces: boolean, minor: number): unknown {
  if (seconds === 0) return null
  const sleeps = minor >= 30
  const hook = sleeps ? { sleep: { seconds } } : { exec: { command: ['sleep', String(seconds)] } }
  // A hook has one action: another one that is there must go.
  return replaces ? { ...hook, [sleeps ? 'exec' : 'sleep']: null } : hook
}
