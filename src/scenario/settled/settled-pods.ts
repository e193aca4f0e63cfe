import type { Condition, ContainerStatus, Pod, PodStatus } from '../../api/objects/index.ts'
import { withCondition } from '../../control-plane/conditions.ts'
import type { KubernetesMinor } from '../../kubernetes-version.ts'
import { conditionsOf } from '../../node/pod-status.ts'
import { isSidecar } from '../../node/pod-worker.ts'
import { HOUR, type Nanos } from '../../units.ts'

/** When everything of a settled cluster was made and became ready: long enough before the run for whatever waits. *Assumption*. */
export const SETTLED_AT: Nanos = -HOUR

/** The status of a pod that has run on its node since {@link SETTLED_AT}, as the scheduler and the kubelet would have written it. */
export function runningStatus({ spec }: Pod, podIP: string, hostIP: string, version: KubernetesMinor): PodStatus {
  const containers = [
    ...spec.initContainers.map(({ name, restartPolicy }) =>
      isSidecar(restartPolicy, version)
        ? ({ role: 'sidecar', status: running(name) } as const)
        : ({ role: 'init', status: completed(name) } as const),
    ),
    ...spec.containers.map(({ name }) => ({ role: 'main', status: running(name) }) as const),
  ]
  const inits = spec.initContainers.length
  const facts = {
    restartPolicy: spec.restartPolicy,
    containers,
    initialized: true,
    ended: false,
    readinessGates: spec.readinessGates ?? [],
    stored: [],
    sandboxReady: version >= 29 ? true : null,
    now: SETTLED_AT,
  }
  const scheduled: readonly Condition[] = withCondition([], 'PodScheduled', 'True', '', SETTLED_AT)
  const statuses = containers.map(({ status }) => status)
  return {
    phase: 'Running',
    podIP,
    hostIP,
    startTime: SETTLED_AT,
    conditions: [...scheduled, ...conditionsOf(facts, 'Running', [])],
    containerStatuses: statuses.slice(inits),
    ...(inits === 0 ? {} : { initContainerStatuses: statuses.slice(0, inits) }),
  }
}

function running(name: string): ContainerStatus {
  return { name, state: 'running', reason: '', ready: true, started: true, restartCount: 0 }
}

function completed(name: string): ContainerStatus {
  return {
    name,
    state: 'terminated',
    reason: 'Completed',
    ready: true,
    started: false,
    restartCount: 0,
    exitCode: 0,
    finishedAt: SETTLED_AT,
  }
}
