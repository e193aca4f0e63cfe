import { type LabelSelector, matchesSelector } from '../api/labels.ts'
import type { Wait } from '../engine/process.ts'
import type { RandomStream } from '../engine/random-stream.ts'
import { MILLISECOND, type Nanos, SECOND } from '../units.ts'
import type { ApiAccess } from './api-client.ts'
import { Informer } from './informer.ts'
import { wholeSecond } from './wall-clock.ts'

/** Source: metrics-server's own manifest, `--metric-resolution=15s` (the program's default is 60 s). */
export const RESOLUTION: Nanos = 15 * SECOND
/** A container younger than this gives no usable rate. Source: metrics-server pkg/storage/pod.go (freshContainerMinMetricsResolution). */
export const FRESH_MIN: Nanos = 10 * SECOND
/** Requests of one round are spread over this much a node, and no more than the second in all. Source: pkg/scraper/scraper.go. */
export const SPREAD_PER_NODE: Nanos = 8 * MILLISECOND
export const SPREAD_MAX: Nanos = 4 * SECOND
/** A kubelet that does not answer is given up after this. Source: metrics-server, `--kubelet-request-timeout`. */
export const REQUEST_TIMEOUT: Nanos = 10 * SECOND

/** What a kubelet says of one container: counters since its start. */
export interface ContainerPoint {
  readonly name: string
  readonly startedAt: Nanos
  /** When the kubelet has looked. */
  readonly at: Nanos
  /** CPU time since its start. */
  readonly cpuTime: Nanos
  readonly memoryBytes: number
}

export interface PodPoints {
  readonly namespace: string
  readonly name: string
  readonly containers: readonly ContainerPoint[]
}

/** How a kubelet answers metrics-server: nothing listens on a node without one, and nobody answers on a node that is down. */
export type KubeletAnswer = Iterable<PodPoints> | 'refused' | 'silent'

/** What metrics.k8s.io says of a container. */
export interface ContainerMetrics {
  readonly name: string
  /** Billionths of a core, the mean over the window. */
  readonly cpuNanocores: number
  readonly memoryBytes: number
}

/** What metrics.k8s.io says of a pod. */
export interface PodMetrics {
  readonly name: string
  /** The end of the window, of the container that was looked at first. In whole seconds, as all times of the API are. */
  readonly timestamp: Nanos
  readonly window: Nanos
  readonly containers: readonly ContainerMetrics[]
}

type Points = Map<string, Map<string, ContainerPoint>>

/**
 * metrics-server: asks every kubelet every 15 s and keeps the last two answers, between which usage is a mean. A pod of which there is
 * only one has no metrics, nor has one whose kubelet did not answer in the last round.
 *
 * It is one process that always runs, and asks for nothing of a node: that it is a pod itself, which a node failure takes with it, is not
 * modelled.
 *
 * Source: metrics-server pkg/{server/server,scraper/scraper,storage/pod}.go.
 */
export class MetricsServer {
  readonly #access: ApiAccess
  readonly #kubelets = new Map<string, () => KubeletAnswer>()
  readonly #nodes: Informer<'Node'>
  readonly #pods: Informer<'Pod'>
  readonly #spread: RandomStream
  #last: Points = new Map()
  #previous: Points = new Map()

  constructor(access: ApiAccess) {
    this.#access = access
    this.#nodes = new Informer(access.server, 'Node', { name: 'metrics-server', network: 'nodeNetwork' })
    this.#pods = new Informer(access.server, 'Pod', { name: 'metrics-server', network: 'nodeNetwork' })
    this.#spread = access.sim.rng('metrics-server/spread')
  }

  /** How the kubelet of that node is reached. */
  reach(node: string, ask: () => KubeletAnswer): void {
    this.#kubelets.set(node, ask)
  }

  /** It has run for a while when the scenario begins, so that its rounds come at any time within the 15 s. */
  start(): void {
    const { sim } = this.#access
    this.#nodes.start()
    this.#pods.start()
    const first = Math.floor(sim.rng('metrics-server/phase').uniform() * RESOLUTION)
    sim.spawn(this.#run(first))
  }

  /** The metrics of the pods that are selected, as `GET /apis/metrics.k8s.io/v1beta1/namespaces/NAMESPACE/pods` has them. */
  podMetrics(namespace: string, selector: LabelSelector): PodMetrics[] {
    const found: PodMetrics[] = []
    for (const { metadata } of this.#pods.values()) {
      if (metadata.namespace !== namespace || !matchesSelector(selector, metadata.labels)) continue
      const metrics = this.#metricsOf(metadata.name, `${namespace}/${metadata.name}`)
      if (metrics !== null) found.push(metrics)
    }
    return found
  }

  #metricsOf(name: string, key: string): PodMetrics | null {
    const last = this.#last.get(key)
    const previous = this.#previous.get(key)
    if (last === undefined || previous === undefined) return null
    const containers: ContainerMetrics[] = []
    let timestamp = Number.POSITIVE_INFINITY
    let window = 0
    for (const [container, point] of last) {
      const before = previous.get(container)
      if (before === undefined) return null
      const span = point.at - before.at
      const cpuNanocores = Math.floor(((point.cpuTime - before.cpuTime) / span) * SECOND)
      containers.push({ name: container, cpuNanocores, memoryBytes: point.memoryBytes })
      if (point.at < timestamp) {
        timestamp = point.at
        window = span
      }
    }
    return { name, timestamp: wholeSecond(timestamp), window, containers }
  }

  /** A ticker: a round that takes long does not shift the next. */
  *#run(first: Nanos): Generator<Wait, void, unknown> {
    const { sim } = this.#access
    for (let due = sim.now + first; ; due += RESOLUTION) {
      if (due > sim.now) yield sim.delay(due - sim.now)
      yield* this.#round()
    }
  }

  /** All nodes are asked at once, each a little later; the answers count when the last has come, or has been given up. */
  *#round(): Generator<Wait, void, unknown> {
    const { sim, latencies } = this.#access
    const nodes = [...this.#nodes.values()]
    const spread = Math.min(SPREAD_MAX, SPREAD_PER_NODE * nodes.length)
    const asked = nodes.map(({ metadata: { name } }) => ({ name, at: sim.now + Math.floor(this.#spread.uniform() * spread) }))
    asked.sort((a, b) => a.at - b.at)
    const answers: PodPoints[] = []
    let end = sim.now
    for (const { name, at } of asked) {
      if (at > sim.now) yield sim.delay(at - sim.now)
      const oneWay = latencies.draw('nodeNetwork', 'metrics-server')
      const answer = this.#kubelets.get(name)?.() ?? 'silent'
      if (typeof answer !== 'string') answers.push(...answer)
      end = Math.max(end, sim.now + (answer === 'silent' ? REQUEST_TIMEOUT : 2 * oneWay))
    }
    if (end > sim.now) yield sim.delay(end - sim.now)
    this.#store(answers)
  }

  #store(pods: readonly PodPoints[]): void {
    const last: Points = new Map()
    const previous: Points = new Map()
    for (const { namespace, name, containers } of pods) {
      const key = `${namespace}/${name}`
      const before = new Map<string, ContainerPoint>()
      for (const point of containers) {
        const earlier = this.#earlier(key, point)
        if (earlier !== undefined) before.set(point.name, earlier)
      }
      last.set(key, new Map(containers.map((point) => [point.name, point])))
      if (before.size > 0) previous.set(key, before)
    }
    this.#last = last
    this.#previous = previous
  }

  /** The point from which usage is counted up to the new one. A container that has just started has used nothing at its start. */
  #earlier(key: string, point: ContainerPoint): ContainerPoint | undefined {
    const age = point.at - point.startedAt
    if (age >= FRESH_MIN && age < RESOLUTION) return { ...point, at: point.startedAt, cpuTime: 0 }
    const last = this.#last.get(key)?.get(point.name)
    if (last === undefined || point.startedAt >= last.at) return undefined
    if (point.at > last.at) return last
    const previous = this.#previous.get(key)?.get(point.name)
    return previous !== undefined && previous.at < point.at ? previous : undefined
  }
}
