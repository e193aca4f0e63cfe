import type { Pod, PodStatus } from '../api/objects/index.ts'
import type { ApiAccess, ApiClient } from '../control-plane/api-client.ts'
import { MIRROR } from '../control-plane/mirror-pod.ts'
import { fnv1a } from '../control-plane/random-name.ts'
import type { Process, Wait } from '../engine/process.ts'
import type { RandomStream } from '../engine/random-stream.ts'
import type { HopId } from '../engine/trace.ts'
import { type Nanos, SECOND } from '../units.ts'

const SOURCE = 'kubernetes.io/config.source'
const HASH = 'kubernetes.io/config.hash'

/** A pod is looked at again after this, times a draw from [1, 1.5), when nothing happens. Source: kubelet syncFrequency. */
export const RESYNC: Nanos = 60 * SECOND

const UNKNOWN_YET: PodStatus = { phase: 'Pending', podIP: '', hostIP: '', startTime: null, conditions: [], containerStatuses: [] }

/**
 * A manifest as the kubelet of a node runs it: named after the node, bound to it, borne with whatever taints come. Its uid is the hash of the
 * manifest, so it is the same pod after a restart of the kubelet.
 *
 * Source: Kubernetes pkg/kubelet/config/common.go (applyDefaults).
 */
export function staticPodOf(manifest: Pod, node: string): Pod {
  const { metadata, spec } = manifest
  const text = JSON.stringify([node, metadata.namespace, metadata.name, spec])
  const hash = `${fnv1a(text).toString(16).padStart(8, '0')}${fnv1a(`${text}/`).toString(16).padStart(8, '0')}`
  const tolerations = [
    ...spec.tolerations,
    { key: '', operator: 'Exists', value: '', effect: 'NoExecute', tolerationSeconds: null } as const,
  ]
  return {
    ...manifest,
    metadata: {
      ...metadata,
      name: `${metadata.name}-${node}`,
      uid: hash,
      annotations: { ...metadata.annotations, [SOURCE]: 'file', [HASH]: hash },
    },
    spec: { ...spec, nodeName: node, tolerations },
    status: UNKNOWN_YET,
  }
}

/** The static pod that a mirror shows; undefined when the pod is no mirror. */
export function mirrored(pod: Pod): string | undefined {
  return pod.metadata.annotations[MIRROR]
}

/**
 * Keeps, for each static pod of a node, an object at the API server that shows it. One that is deleted comes again; one that is marked for
 * deletion is removed at once, as nothing waits for it. The pod itself goes on.
 *
 * Source: Kubernetes pkg/kubelet/pod/mirror_client.go, pkg/kubelet/kubelet.go (tryReconcileMirrorPods).
 */
export class MirrorPods {
  readonly #access: ApiAccess
  readonly #client: ApiClient
  readonly #node: string
  readonly #jitter: RandomStream
  readonly #keeping = new Map<string, Process<void>>()
  /** By the mirror's own uid. */
  readonly #removing = new Map<string, Process<void>>()

  constructor(access: ApiAccess, client: ApiClient, node: string, jitter: RandomStream) {
    this.#access = access
    this.#client = client
    this.#node = node
    this.#jitter = jitter
  }

  /** Sees to it that the pod has a mirror: at once, and again when there is no Node yet that could own it. */
  keep(pod: Pod, cause: HopId): void {
    const { uid } = pod.metadata
    if (this.#keeping.has(uid)) return
    this.#keeping.set(uid, this.#access.sim.spawn(this.#create(pod, cause)))
  }

  /** A mirror at the API server has changed, and is not as it should be when it is on its way out or of another manifest. */
  observed(mirror: Pod, pod: Pod | undefined, cause: HopId): void {
    if (pod !== undefined && mirror.metadata.deletionTimestamp === null && mirrored(mirror) === pod.metadata.uid) return
    const { uid } = mirror.metadata
    if (!this.#removing.has(uid)) this.#removing.set(uid, this.#access.sim.spawn(this.#remove(mirror, cause)))
  }

  stop(): void {
    for (const processes of [this.#keeping, this.#removing]) {
      for (const process of processes.values()) process.kill()
      processes.clear()
    }
  }

  *#create(pod: Pod, cause: HopId): Generator<Wait, void, unknown> {
    const { sim, server } = this.#access
    for (;;) {
      // The informer of nodes is taken to be up to date.
      const node = server.peek('Node', '', this.#node)
      if (node !== undefined) {
        const owner = { kind: 'Node', name: this.#node, uid: node.metadata.uid, controller: true }
        const annotations = { ...pod.metadata.annotations, [MIRROR]: pod.metadata.uid }
        const mirror: Pod = { ...pod, metadata: { ...pod.metadata, uid: '', annotations, ownerReferences: [owner] }, status: UNKNOWN_YET }
        const { code } = yield* this.#client.create(mirror, { cause, why: 'mirror of a static pod' })
        if (code === 200 || code === 201 || code === 409) break
      }
      yield sim.delay(Math.floor(RESYNC * (1 + 0.5 * this.#jitter.uniform())))
    }
    this.#keeping.delete(pod.metadata.uid)
  }

  *#remove({ metadata: { namespace, name, uid } }: Pod, cause: HopId): Generator<Wait, void, unknown> {
    yield* this.#client.delete('Pod', namespace, name, 0, {
      cause,
      why: 'a mirror that is not wanted',
    })
    this.#removing.delete(uid)
  }
}
