import type { Lease, Pod } from '../../../src/api/objects/index.ts'
import { ApiClient } from '../../../src/control-plane/api-client.ts'
import { withCondition } from '../../../src/control-plane/conditions.ts'
import type { ControlPlane } from '../../../src/control-plane/control-plane.ts'
import { ADMINISTRATOR } from '../../../src/control-plane/identity.ts'
import type { Wait } from '../../../src/engine/process.ts'
import { MILLISECOND, SECOND } from '../../../src/units.ts'
import type { Fields } from './recording.ts'

/** From bind to running. */
const START = 100 * MILLISECOND
/** How long pods run when the recording does not say (`run-ms`). */
const RUN_MS = 5000
const LEASE_PERIOD = 10 * SECOND

/** Writes the status of pods on nodes without a kubelet, as was done while recording: running after 100 ms, finished `run-ms` later. */
export function drivePods(plane: ControlPlane, nodes: readonly string[], meta: Fields): void {
  const { sim, server } = plane.access
  const client = new ApiClient(plane.access, {
    actor: 'pod-driver',
    identity: ADMINISTRATOR,
    limit: null,
    network: 'controlPlaneNetwork',
  })
  const labels = (meta.labels ?? {}) as Record<string, string>
  const runMs = Number(labels['run-ms'] ?? RUN_MS)
  const fails = labels.fail === 'all'
  const taken = new Set<string>()

  function* beat(node: string): Generator<Wait, void, unknown> {
    for (;;) {
      yield* client.beat('Lease', 'kube-node-lease', node, (lease: Lease) => ({ ...lease, renewTime: sim.now }))
      yield sim.delay(LEASE_PERIOD)
    }
  }

  function* live(pod: Pod): Generator<Wait, void, unknown> {
    yield sim.delay(START)
    yield* write(pod, 'Running', 'True', '')
    yield sim.delay(runMs * MILLISECOND)
    yield* write(pod, fails ? 'Failed' : 'Succeeded', 'False', 'PodCompleted')
  }

  function* write(pod: Pod, phase: Pod['status']['phase'], ready: 'True' | 'False', reason: string): Generator<Wait, void, unknown> {
    const { namespace, name } = pod.metadata
    const change = (current: Pod): Pod => {
      if (current.metadata.deletionTimestamp !== null) return current
      let { conditions } = current.status
      if (phase === 'Running') conditions = withCondition(conditions, 'Initialized', 'True', '', sim.now)
      for (const type of ['Ready', 'ContainersReady']) conditions = withCondition(conditions, type, ready, reason, sim.now)
      const startTime = current.status.startTime ?? sim.now
      return { ...current, status: { ...current.status, phase, podIP: '10.1.2.3', startTime, conditions } }
    }
    yield* client.patch('Pod', namespace, name, change, { cause: -1, why: phase })
  }

  function* end(pod: Pod): Generator<Wait, void, unknown> {
    yield* client.delete('Pod', pod.metadata.namespace, pod.metadata.name, 0, { cause: -1, why: 'driven pod ends at once' })
  }

  for (const node of nodes) sim.spawn(beat(node))
  server.observeCommits((event) => {
    if (event.object.kind !== 'Pod' || event.type === 'DELETED') return
    const pod = event.object as Pod
    if (!nodes.includes(pod.spec.nodeName)) return
    const marked = pod.metadata.deletionTimestamp !== null
    const key = `${pod.metadata.uid}${marked ? '/end' : ''}`
    if (taken.has(key)) return
    taken.add(key)
    sim.spawn(marked ? end(pod) : live(pod))
  })
}
