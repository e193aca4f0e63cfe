import type { Condition, ContainerStatus, PodPhase, PodSpec } from '../api/objects/index.ts'
import { conditionOf, withCondition } from '../control-plane/conditions.ts'
import type { Nanos } from '../units.ts'
import type { ContainerRole } from './container-runtime.ts'

/** What a pod's phase and conditions are computed from. */
export interface PodFacts {
  readonly restartPolicy: PodSpec['restartPolicy']
  readonly containers: readonly { readonly role: ContainerRole; readonly status: ContainerStatus }[]
  /** A main container has been started at some time. */
  readonly initialized: boolean
  /** Everything has stopped and nothing will be started again, whatever the restart policy says. */
  readonly ended: boolean
}

/**
 * The phase of a pod as its containers make it.
 *
 * Source: Kubernetes pkg/kubelet/kubelet_pods.go (getPhase).
 */
export function phaseOf({ restartPolicy, containers, initialized, ended }: PodFacts): PodPhase {
  let [running, waiting, stopped, succeeded] = [0, 0, 0, 0]
  for (const { role, status } of containers) {
    if (role === 'main') {
      if (status.state === 'running') running++
      else if (status.state === 'terminated') {
        stopped++
        if (status.exitCode === 0) succeeded++
      } else if (status.lastTermination !== undefined) stopped++
      else waiting++
    } else if (!initialized && !isInitialized(role, status)) {
      const failed = role === 'init' && exitCodeOf(status) !== undefined && exitCodeOf(status) !== 0
      return (failed && restartPolicy === 'Never') || ended ? 'Failed' : 'Pending'
    }
  }
  if (waiting > 0) return ended ? 'Failed' : 'Pending'
  if (running > 0) return 'Running'
  if (ended || restartPolicy === 'Never') return stopped === succeeded ? 'Succeeded' : 'Failed'
  if (restartPolicy === 'OnFailure' && stopped === succeeded) return 'Succeeded'
  return 'Running'
}

function exitCodeOf(status: ContainerStatus): number | undefined {
  return status.state === 'terminated' ? status.exitCode : status.lastTermination?.exitCode
}

/** The init container lets the next one start. */
export function isInitialized(role: ContainerRole, status: ContainerStatus): boolean {
  return role === 'sidecar' ? status.state === 'running' && status.started : status.state === 'terminated' && status.exitCode === 0
}

/** What the conditions need besides the containers. */
export interface ConditionFacts extends PodFacts {
  readonly readinessGates: readonly string[]
  /** The conditions as the API server has them: those of the gates are others' to write. */
  readonly stored: readonly Condition[]
  /** null: this version does not tell. */
  readonly sandboxReady: boolean | null
  readonly now: Nanos
}

/**
 * The conditions that the kubelet owns, in the order in which it writes them.
 *
 * Source: Kubernetes pkg/kubelet/status/generate.go.
 */
export function conditionsOf(facts: ConditionFacts, phase: PodPhase, before: readonly Condition[]): readonly Condition[] {
  const { containers, initialized, sandboxReady, now } = facts
  let conditions = before
  const set = (type: string, value: boolean, reason: string): void => {
    conditions = withCondition(conditions, type, value ? 'True' : 'False', reason, now)
  }
  if (sandboxReady !== null) set('PodReadyToStartContainers', sandboxReady, '')
  const initDone = initialized || containers.every(({ role, status }) => role === 'main' || isInitialized(role, status))
  if (phase === 'Succeeded') set('Initialized', true, 'PodCompleted')
  else set('Initialized', initDone, initDone ? '' : 'ContainersNotInitialized')
  const unready = notReady(facts, phase)
  set('ContainersReady', unready === '', unready)
  const gates = facts.readinessGates.every((gate) => conditionOf(facts.stored, gate)?.status === 'True')
  const reason = unready === '' && !gates ? 'ReadinessGatesNotReady' : unready
  set('Ready', reason === '', reason)
  return conditions
}

/** Why the containers are not ready, or empty. */
function notReady({ containers }: PodFacts, phase: PodPhase): string {
  if (phase === 'Succeeded') return 'PodCompleted'
  if (phase === 'Failed') return 'PodFailed'
  return containers.every(({ role, status }) => role === 'init' || status.ready) ? '' : 'ContainersNotReady'
}
