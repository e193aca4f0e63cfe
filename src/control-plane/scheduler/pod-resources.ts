import type { Container, Pod, Resources } from '../../api/objects/index.ts'

/** What a container without requests counts for when nodes are scored. Source: Kubernetes pkg/scheduler/util/pod_resources.go. */
export const DEFAULT_CPU_MILLI = 100
export const DEFAULT_MEMORY_BYTES = 200 * 1024 * 1024

const NO_OTHERS: ReadonlyMap<string, number> = new Map()

/** Amounts as the scheduler adds them up; `others` by name, without zeros. */
export interface Requests {
  readonly cpuMilli: number
  readonly memoryBytes: number
  readonly others: ReadonlyMap<string, number>
}

/**
 * What a pod asks for: the sum of its containers and sidecars, or what its start needs where that is more (an init container
 * together with the sidecars before it), and the overhead of its sandbox.
 *
 * Source: Kubernetes component-helpers/resource/helpers.go (PodRequests).
 */
export function podRequests(pod: Pod): Requests {
  return total(pod, (container) => container.requests)
}

/** How far a pod may go: the sum of the limits in the same way, and the overhead where there is a limit. Source: as above (PodLimits). */
export function podLimits(pod: Pod): Requests {
  const { overhead, ...spec } = pod.spec
  const limits = total({ ...pod, spec }, (container) => container.limits)
  if (overhead === undefined) return limits
  const others = new Map(limits.others)
  for (const [name, amount] of limits.others) others.set(name, amount + (overhead.others?.[name] ?? 0))
  return {
    cpuMilli: limits.cpuMilli === 0 ? 0 : limits.cpuMilli + overhead.cpuMilli,
    memoryBytes: limits.memoryBytes === 0 ? 0 : limits.memoryBytes + overhead.memoryBytes,
    others,
  }
}

/** The same with the default CPU and memory for every container that asks for none. */
export function scoredRequests(pod: Pod): Requests {
  return total(pod, ({ requests }) => ({
    ...requests,
    cpuMilli: requests.cpuMilli || DEFAULT_CPU_MILLI,
    memoryBytes: requests.memoryBytes || DEFAULT_MEMORY_BYTES,
  }))
}

function total(pod: Pod, requestsOf: (container: Container) => Resources): Requests {
  const { containers, initContainers, overhead } = pod.spec
  const running = new Sum()
  for (const container of containers) running.add(requestsOf(container))
  if (initContainers.length > 0) {
    const sidecars = new Sum()
    const starting = new Sum()
    for (const container of initContainers) {
      const requests = requestsOf(container)
      if (container.restartPolicy === 'Always') {
        running.add(requests)
        sidecars.add(requests)
        starting.raiseTo(sidecars)
      } else {
        const together = sidecars.copy()
        together.add(requests)
        starting.raiseTo(together)
      }
    }
    running.raiseTo(starting)
  }
  if (overhead !== undefined) running.add(overhead)
  return running
}

class Sum implements Requests {
  cpuMilli = 0
  memoryBytes = 0
  others: ReadonlyMap<string, number> = NO_OTHERS

  add({ cpuMilli, memoryBytes, others }: Resources): void {
    this.cpuMilli += cpuMilli
    this.memoryBytes += memoryBytes
    if (others === undefined) return
    for (const name of Object.keys(others)) this.#set(name, (this.others.get(name) ?? 0) + others[name]!)
  }

  raiseTo(least: Requests): void {
    this.cpuMilli = Math.max(this.cpuMilli, least.cpuMilli)
    this.memoryBytes = Math.max(this.memoryBytes, least.memoryBytes)
    for (const [name, amount] of least.others) if (amount > (this.others.get(name) ?? 0)) this.#set(name, amount)
  }

  copy(): Sum {
    const copy = new Sum()
    copy.cpuMilli = this.cpuMilli
    copy.memoryBytes = this.memoryBytes
    copy.others = this.others
    return copy
  }

  #set(name: string, amount: number): void {
    if (amount !== 0) this.others = new Map(this.others).set(name, amount)
  }
}
