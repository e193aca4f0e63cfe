import type { Condition, Node, NodeImage } from '../api/objects/index.ts'
import type { ApiAccess, ApiClient } from '../control-plane/api-client.ts'
import { conditionOf, withCondition } from '../control-plane/conditions.ts'
import type { Wait } from '../engine/process.ts'
import type { RandomStream } from '../engine/random-stream.ts'
import { type HopId, NO_CAUSE } from '../engine/trace.ts'
import { type Nanos, SECOND } from '../units.ts'
import type { ImageStore } from './image-store.ts'

/** The status is computed so often. Source: kubelet nodeStatusUpdateFrequency. */
export const UPDATE_PERIOD: Nanos = 10 * SECOND
/** One that has not changed is written all the same when the last was so long ago. Source: kubelet nodeStatusReportFrequency. */
export const REPORT_PERIOD: Nanos = 300 * SECOND
/** The list of images that the status is computed from is so old at most. Source: pkg/kubelet/images/image_gc_manager.go (Start). */
export const IMAGE_LIST_PERIOD: Nanos = 30 * SECOND

const NO_IMAGES: readonly NodeImage[] = []

export interface NodeStatusOptions {
  readonly access: ApiAccess
  readonly client: ApiClient
  /** What is not told is written by it. */
  readonly heartbeats: ApiClient
  readonly name: string
  readonly images: ImageStore
  /** The node's own clock. */
  readonly clock: () => Nanos
  /** Where a node that is up at the start stands in its periods. */
  readonly phases: RandomStream
}

/**
 * What the kubelet writes into its Node: Ready, and the images that it has. It looks every 10 s, and writes when something has changed, or when
 * it has not written for 5 min. Leases say that it is alive; they are another matter.
 *
 * Source: Kubernetes pkg/kubelet/kubelet_node_status.go (updateNodeStatus, tryUpdateNodeStatus, nodeStatusHasChanged).
 */
export class NodeStatus {
  readonly #options: NodeStatusOptions
  #reportedAt: Nanos = 0
  #images: readonly NodeImage[] = NO_IMAGES

  constructor(options: NodeStatusOptions) {
    this.#options = options
  }

  *becomeReady(cause: HopId): Generator<Wait, void, unknown> {
    const { access, client, name } = this.#options
    const ready = (current: Node): Node => {
      if (conditionOf(current.status.conditions, 'Ready')?.status === 'True') return current
      const conditions = withCondition(current.status.conditions, 'Ready', 'True', 'KubeletReady', access.sim.now)
      return { ...current, status: { ...current.status, conditions: this.#withHeartbeat(conditions) } }
    }
    yield* client.patch('Node', '', name, ready, { cause, why: 'Ready=True: kubelet is ready' })
    this.#reportedAt = access.sim.now
  }

  /**
   * Keeps the status as it should be for as long as the kubelet runs. One that has been `running` stands anywhere in its periods; one that has
   * just `started` has listed its images and written its status.
   *
   * The look at what is stored is a read from the API server's cache, which is taken to cost nothing.
   */
  *keep(since: 'running' | 'started'): Generator<Wait, void, unknown> {
    const { access, name, phases } = this.#options
    const { sim, server } = access
    let listedAt = sim.now
    if (since === 'running') {
      listedAt -= Math.floor(phases.uniform() * IMAGE_LIST_PERIOD)
      this.#reportedAt = sim.now - Math.floor(phases.uniform() * REPORT_PERIOD)
    } else this.#list()
    for (;;) {
      yield sim.delay(UPDATE_PERIOD)
      if (sim.now - listedAt >= IMAGE_LIST_PERIOD) {
        listedAt = sim.now
        this.#list()
      }
      const node = server.peek('Node', '', name)
      if (node === undefined) continue
      if (conditionOf(node.status.conditions, 'Ready')?.status !== 'True') yield* this.becomeReady(NO_CAUSE)
      else if (!sameImages(node.status.images ?? NO_IMAGES, this.#images) || sim.now - this.#reportedAt >= REPORT_PERIOD)
        yield* this.#report()
    }
  }

  #list(): void {
    this.#images = this.#options.images.reported()
  }

  /** A heartbeat, so not told: nothing of what happens to a request or a pod is caused by it but a scheduler's preference. */
  *#report(): Generator<Wait, void, unknown> {
    const { access, heartbeats, name } = this.#options
    const images = this.#images
    const set = (current: Node): Node => {
      const { status } = current
      return { ...current, status: { ...status, images, conditions: this.#withHeartbeat(status.conditions) } }
    }
    yield* heartbeats.beat('Node', '', name, set)
    this.#reportedAt = access.sim.now
  }

  #withHeartbeat(conditions: readonly Condition[]): readonly Condition[] {
    const lastHeartbeatTime = this.#options.clock()
    return conditions.map((condition) => (condition.type === 'Ready' ? { ...condition, lastHeartbeatTime } : condition))
  }
}

/** By name: an image of a name does not change its size here. */
function sameImages(a: readonly NodeImage[], b: readonly NodeImage[]): boolean {
  return a.length === b.length && a.every(({ names }, i) => names[0] === b[i]!.names[0])
}
