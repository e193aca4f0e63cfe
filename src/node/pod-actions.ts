import type { ContainerStatus, PodSpec } from '../api/objects/index.ts'
import type { ContainerRole } from './container-runtime.ts'
import { isInitialized } from './pod-status.ts'

export interface PodActions<T> {
  /** What is to be started now, in order; a back-off may hold it back. */
  readonly start: readonly T[]
  /** Every init container has done its part. */
  readonly initialized: boolean
  /** No main container runs or will run again. */
  readonly finished: boolean
}

/**
 * What is to be done so that the containers become as the pod wants them. Init containers come first in `containers`.
 *
 * Source: Kubernetes pkg/kubelet/kuberuntime/kuberuntime_manager.go (computePodActions, computeInitContainerActions).
 */
export function podActions<T extends { readonly role: ContainerRole; readonly status: ContainerStatus; readonly killed?: boolean }>(
  containers: readonly T[],
  restartPolicy: PodSpec['restartPolicy'],
  initialized: boolean,
): PodActions<T> {
  const start: T[] = []
  for (const container of containers) {
    const { role, status } = container
    if (role === 'main') break
    if (role === 'init' && initialized) continue
    if (isInitialized(role, status)) continue
    if (role === 'init' && status.state === 'terminated' && restartPolicy === 'Never') return { start: [], initialized, finished: true }
    if (status.state !== 'running') start.push(container)
    if (!initialized) return { start, initialized, finished: false }
  }
  const mains = containers.filter(({ role }) => role === 'main')
  const due = mains.filter(
    ({ status, killed = false }) =>
      status.state === 'waiting' || (status.state === 'terminated' && restarts(restartPolicy, status, killed)),
  )
  const finished = due.length === 0 && mains.every(({ status }) => status.state === 'terminated')
  return { start: finished ? [] : [...start, ...due], initialized: true, finished }
}

/** A container that the kubelet killed for its probe has failed, whatever it exited with. */
function restarts(policy: PodSpec['restartPolicy'], status: ContainerStatus, killed: boolean): boolean {
  return policy === 'Always' || (policy === 'OnFailure' && (killed || status.exitCode !== 0))
}
