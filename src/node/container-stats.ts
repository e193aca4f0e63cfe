import type { ContainerPoint, PodPoints } from '../control-plane/metrics-server.ts'
import type { Process, Wait } from '../engine/process.ts'
import type { RandomStream } from '../engine/random-stream.ts'
import type { Simulation } from '../engine/simulation.ts'
import { type Nanos, SECOND } from '../units.ts'
import type { ContainerRuntime, ProcessBehaviour, RuntimeContainer, Sandbox } from './container-runtime.ts'

/**
 * Between two looks at a container pass one to two of these. That it looks less often at a container whose numbers stand still is not
 * modelled.
 *
 * Source: cAdvisor manager/container.go (HousekeepingInterval as kubelet sets it in pkg/kubelet/cadvisor, 10 s; jitter with factor 1).
 */
export const HOUSEKEEPING: Nanos = 10 * SECOND

export interface ContainerStatsOptions {
  readonly sim: Simulation
  readonly runtime: ContainerRuntime
  readonly behaviourOf: (pod: Sandbox['pod']) => ProcessBehaviour
  readonly jitter: RandomStream
}

/**
 * The kubelet's cAdvisor: looks at every running container now and then, and keeps the last numbers for whoever asks (`/metrics/resource`).
 *
 * A container is first looked at when it starts, so that what is told of it is up to 20 s old.
 */
export class ContainerStats {
  readonly #options: ContainerStatsOptions
  readonly #points = new Map<RuntimeContainer, ContainerPoint>()
  readonly #processes = new Map<RuntimeContainer, Process<void>>()

  constructor(options: ContainerStatsOptions) {
    this.#options = options
  }

  /** Takes up what runs, and whatever starts from now on. */
  start(): void {
    const { runtime } = this.#options
    runtime.onStart = (sandbox, name, container) => this.#watch(sandbox, name, container)
    for (const sandbox of runtime.sandboxes())
      for (const [name, container] of sandbox.containers) if (container.ended === null) this.#watch(sandbox, name, container)
  }

  /** Ends with the kubelet. What the containers have used is the kernel's to know. */
  stop(): void {
    this.#options.runtime.onStart = null
    for (const process of this.#processes.values()) process.kill()
    this.#processes.clear()
    this.#points.clear()
  }

  /** The last numbers of the containers that run. */
  *pods(): Generator<PodPoints, void, unknown> {
    for (const { pod, containers } of this.#options.runtime.sandboxes()) {
      const points: ContainerPoint[] = []
      for (const container of containers.values()) {
        const point = container.ended === null ? this.#points.get(container) : undefined
        if (point !== undefined) points.push(point)
      }
      if (points.length > 0) yield { namespace: pod.metadata.namespace, name: pod.metadata.name, containers: points }
    }
  }

  #watch(sandbox: Sandbox, name: string, container: RuntimeContainer): void {
    this.#processes.set(container, this.#options.sim.spawn(this.#housekeep(sandbox, name, container)))
  }

  *#housekeep({ pod }: Sandbox, name: string, container: RuntimeContainer): Generator<Wait, void, unknown> {
    const { sim, jitter, behaviourOf } = this.#options
    const spec = [...pod.spec.containers, ...pod.spec.initContainers].find((candidate) => candidate.name === name)
    const memoryBytes = behaviourOf(pod).memoryBytes ?? spec?.requests.memoryBytes ?? 0
    while (container.ended === null) {
      this.#points.set(container, {
        name,
        startedAt: container.startedAt,
        at: sim.now,
        cpuTime: container.cpuTime(),
        memoryBytes: memoryBytes + Math.floor(container.grownBytes),
      })
      yield sim.delay(Math.floor(HOUSEKEEPING * (1 + jitter.uniform())))
    }
    this.#points.delete(container)
    this.#processes.delete(container)
  }
}
