import type { AnyObject } from '../../api/objects/index.ts'
import type { ApiResponse } from '../api-server.ts'
import type { EventRecorder } from '../event-recorder.ts'

/**
 * Tells that a pod could not be created; not while its namespace is being deleted, since nothing else is to be expected then.
 *
 * Source: Kubernetes pkg/controller/controller_utils.go (RealPodControl.createPods).
 */
export function recordFailedCreate(events: EventRecorder, owner: AnyObject, { message }: ApiResponse): void {
  if (!message.endsWith('because it is being terminated')) events.record(owner, 'FailedCreate', `Error creating: ${message}`)
}
