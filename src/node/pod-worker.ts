import type { Condition, Container, ContainerStatus, Pod, PodPhase, PodStatus } from '../api/objects/index.ts'
import type { ApiAccess, ApiClient } from '../control-plane/api-client.ts'
import { withCondition } from '../control-plane/conditions.ts'
import type { LatencyName } from '../control-plane/latencies.ts'
import { keyOf } from '../control-plane/object-key.ts'
import type { Distribution } from '../engine/distributions.ts'
import { Completion, firstOf, type Process, type Wait } from '../engine/process.ts'
import type { RandomStream } from '../engine/random-stream.ts'
import type { HopId } from '../engine/trace.ts'
import { type Nanos, SECOND } from '../units.ts'
import type { ImageStore } from './image-store.ts'
import type { HostLocalIpam } from './ipam.ts'
import type { HostedPod, PodHost } from './pod-host.ts'
import { runProbe } from './probes.ts'
import type { StatusManager } from './status-manager.ts'

/** How a pod's process behaves when it starts and when it is told to stop. */
export interface ProcessBehaviour {
  /** From the start of the process to the moment it listens. */
  readonly startUp: Distribution
  readonly onTerminate: 'exit' | 'drain'
  /** Absent: it runs until it is told to stop. */
  readonly run?: RunToCompletion
}

/** A process that ends by itself. */
export interface RunToCompletion {
  readonly duration: Distribution
  /** With which it fails; 0 when it does not. */
  readonly exitCode: number
  readonly failProbability: number
}

/** What the workers of one node share. */
export interface NodeContext {
  readonly access: ApiAccess
  readonly client: ApiClient
  readonly name: string
  readonly index: number
  readonly hostIP: string
  readonly host: PodHost
  readonly images: ImageStore
  readonly ipam: HostLocalIpam
  readonly status: StatusManager
  readonly behaviourOf: (pod: Pod) => ProcessBehaviour
  readonly startUps: RandomStream
}

/** At least this long is left for SIGTERM when preStop has used up the grace period. Source: kubelet minimumGracePeriodInSeconds. */
const MINIMUM_GRACE: Nanos = 2 * SECOND

/** Of a process that a signal has ended: 128 and the number of SIGTERM. */
const SIGTERM_EXIT_CODE = 143

/**
 * One pod on its node, from the kubelet's first sight of it to its removal: the kubelet's pod worker.
 *
 * ```text
 *   volumes ─► sandbox ─► CNI ─► init containers ─► image ─► start ─► probes ─► Ready
 *   preStop ─► SIGTERM ─► drained or killed ─► sandbox removed ─► status ─► DELETE
 * ```
 *
 * Not modelled yet: crashes and restarts, liveness probes, sidecar containers.
 *
 * Source: Kubernetes pkg/kubelet/{pod_workers,kubelet}.go, kuberuntime/kuberuntime_manager.go.
 */
export class PodWorker {
  readonly #node: NodeContext
  readonly #actor: string
  readonly #key: string
  #pod: Pod
  #hop: HopId
  #hosted: HostedPod | null = null
  #address = ''
  #startTime: Nanos | null = null
  #phase: PodPhase
  /** The containers have been started by this worker. */
  #running = false
  #conditions: readonly Condition[] = []
  #containers: ContainerStatus[] = []
  readonly #terminating: Completion<HopId>
  readonly #exited: Completion<{ readonly exitCode: number }>
  readonly #processes: Process<unknown>[] = []
  readonly #onGone: () => void

  constructor(node: NodeContext, pod: Pod, cause: HopId, onGone: () => void) {
    this.#node = node
    this.#actor = `kubelet/${node.name}`
    this.#pod = pod
    this.#key = keyOf(pod)
    this.#hop = cause
    this.#onGone = onGone
    this.#terminating = new Completion(node.access.sim)
    this.#exited = new Completion(node.access.sim)
    // After a reboot the containers start anew: the phase stays Running, the restarts count.
    this.#phase = pod.status.phase === 'Running' ? 'Running' : 'Pending'
    const restarts = this.#phase === 'Running' ? 1 : 0
    this.#containers = pod.spec.containers.map((container, i) =>
      waiting(container, (pod.status.containerStatuses[i]?.restartCount ?? 0) + restarts),
    )
    if (pod.metadata.deletionTimestamp !== null) this.#terminating.resolve(cause)
    this.#spawn(this.#live())
  }

  /** A newer version of the pod has come in. */
  update(pod: Pod, cause: HopId): void {
    this.#pod = pod
    if (pod.metadata.deletionTimestamp !== null && !this.#terminating.settled) this.#terminating.resolve(cause)
  }

  /** The node or the kubelet is gone: nothing goes on. */
  abandon(): void {
    for (const process of this.#processes) process.kill()
  }

  *#live(): Generator<Wait, void, unknown> {
    const start = this.#spawn(this.#start())
    const which = yield firstOf(this.#terminating, this.#exited)
    start.kill()
    if (which === 0) yield* this.#stop()
    else yield* this.#finish(((yield this.#exited) as { exitCode: number }).exitCode)
  }

  *#start(): Generator<Wait, void, unknown> {
    const { access, host, ipam, behaviourOf, startUps } = this.#node
    yield* this.#take('kubeletSync', 'accepted', 'pod worker started')
    this.#startTime = access.sim.now
    this.#condition('PodReadyToStartContainers', false, '')
    this.#condition(
      'Initialized',
      this.#pod.spec.initContainers.length === 0,
      this.#pod.spec.initContainers.length === 0 ? '' : 'ContainersNotInitialized',
    )
    this.#setReady(false)
    this.#report('containers are being created')
    yield* this.#take('volumes', 'mounted volumes', 'service account token projected')
    yield* this.#take('sandbox', 'created sandbox', 'pause container and network namespace')
    const address = ipam.allocate()
    if (address === null) {
      this.#note('failed to set up network', 'no free address in the node’s block')
      return
    }
    this.#address = address
    yield* this.#take('cniAdd', 'set up network', address)
    const { uid, name, namespace, labels } = this.#pod.metadata
    this.#hosted = host.sandboxUp({ podUid: uid, podName: name, namespace, labels, address, nodeIndex: this.#node.index })
    this.#condition('PodReadyToStartContainers', true, '')
    for (const container of this.#pod.spec.initContainers) {
      yield* this.#ensureImage(container)
      yield* this.#take('containerStart', 'started init container', container.name)
      yield* this.#take('initContainerRun', 'init container finished', container.name)
    }
    this.#condition('Initialized', true, '')
    for (const [i, container] of this.#pod.spec.containers.entries()) {
      yield* this.#ensureImage(container)
      yield* this.#take('containerStart', 'started container', container.name)
      this.#containers[i] = { ...this.#containers[i]!, state: 'running', reason: '', started: container.startupProbe === null }
    }
    this.#spawn(this.#becomeListening(behaviourOf(this.#pod).startUp.sample(startUps)))
    yield* this.#take(access.version >= 36 ? 'pleg' : 'plegRelist', 'saw containers running', 'runtime relisted')
    this.#phase = 'Running'
    this.#running = true
    for (const [i, container] of this.#pod.spec.containers.entries()) this.#spawn(this.#watchReadiness(i, container))
    if (this.#pod.spec.containers.some((container) => container.readinessProbe !== null || container.startupProbe !== null))
      this.#report('phase Running')
    const { run } = behaviourOf(this.#pod)
    if (run !== undefined && this.#pod.spec.restartPolicy !== 'Always') this.#spawn(this.#runToCompletion(run))
  }

  *#runToCompletion({ duration, exitCode, failProbability }: RunToCompletion): Generator<Wait, void, unknown> {
    const { access, startUps } = this.#node
    const started = access.sim.now
    const code = startUps.uniform() < failProbability ? exitCode : 0
    yield access.sim.delay(duration.sample(startUps))
    this.#note('process exited', `exit code ${code}`, started)
    this.#exited.resolve({ exitCode: code })
  }

  /** The containers have ended by themselves: the pod stays as it is until somebody deletes it. */
  *#finish(exitCode: number): Generator<Wait, void, unknown> {
    const { access, host } = this.#node
    for (const process of this.#processes.slice(1)) process.kill()
    const reason = exitCode === 0 ? 'Completed' : 'Error'
    const end = { state: 'terminated', reason, ready: false, exitCode, finishedAt: access.sim.now } as const
    this.#containers = this.#containers.map((status) => ({ ...status, ...end }))
    this.#phase = exitCode === 0 ? 'Succeeded' : 'Failed'
    this.#setReady(false, 'PodCompleted')
    this.#report(`phase ${this.#phase}, exit code ${exitCode}`)
    if (this.#hosted !== null) {
      host.kill(this.#hosted)
      yield* this.#take('sandboxTeardown', 'removed sandbox', this.#address)
      host.sandboxDown(this.#hosted)
      this.#hosted = null
      this.#node.ipam.release(this.#address)
    }
    this.#onGone()
  }

  *#becomeListening(startUp: Nanos): Generator<Wait, void, unknown> {
    const started = this.#node.access.sim.now
    yield this.#node.access.sim.delay(startUp)
    this.#node.host.listen(this.#hosted!)
    this.#note('process listens', `${this.#address} accepts connections`, started)
  }

  /** Startup probe, then readiness probe; without either a running container is ready. */
  *#watchReadiness(index: number, container: Container): Generator<Wait, void, unknown> {
    const { access, name } = this.#node
    const context = {
      sim: access.sim,
      latencies: access.latencies,
      node: name,
      answers: () => this.#hosted !== null && this.#node.host.isListening(this.#hosted),
    }
    if (container.startupProbe !== null) {
      yield* runProbe(container.startupProbe, { ...context, onResult: () => this.#note('startup probe succeeded', container.name) }, true)
      this.#containers[index] = { ...this.#containers[index]!, started: true }
    }
    if (container.readinessProbe === null) {
      this.#containerReady(index, true)
      return
    }
    const onResult = (success: boolean): void => {
      this.#note(success ? 'readiness probe succeeded' : 'readiness probe failed', container.name)
      this.#containerReady(index, success)
    }
    yield* runProbe(container.readinessProbe, { ...context, onResult }, false)
  }

  #containerReady(index: number, ready: boolean): void {
    this.#containers[index] = { ...this.#containers[index]!, ready }
    const all = this.#containers.every((status) => status.ready)
    if (this.#setReady(all)) this.#report(all ? 'phase Running, Ready=True' : 'Ready=False')
    else if (this.#running) this.#report('phase Running')
  }

  *#ensureImage(container: Container): Generator<Wait, void, unknown> {
    const { images, access, name } = this.#node
    const started = access.sim.now
    if (images.has(container.image)) {
      if (container.imagePullPolicy !== 'Always') return
      yield access.sim.delay(access.latencies.draw('imagePullOverhead', name))
      this.#note('checked image', `${container.image} is up to date`, started)
      return
    }
    yield* images.pull(container.image, access.latencies.draw('imagePullOverhead', name))
    this.#note('pulled image', container.image, started)
  }

  *#stop(): Generator<Wait, void, unknown> {
    const { access, host, behaviourOf } = this.#node
    const { sim } = access
    this.#hop = (yield this.#terminating) as HopId
    const startedAt = sim.now
    const graceSeconds = this.#pod.metadata.deletionGracePeriodSeconds ?? this.#pod.spec.terminationGracePeriodSeconds
    const killAt = startedAt + graceSeconds * SECOND
    yield* this.#take('kubeletSync', 'began termination', `grace period ${graceSeconds} s`)
    if (this.#running) {
      const preStop = Math.max(0, ...this.#pod.spec.containers.map((container) => container.preStopSleepSeconds))
      if (preStop > 0) {
        const began = sim.now
        yield sim.delay(Math.min(preStop * SECOND, graceSeconds * SECOND))
        this.#note('preStop hook ended', `slept ${preStop} s`, began)
      }
      yield* this.#take('signal', 'sent SIGTERM', 'to every container')
      yield* this.#untilExit(Math.max(killAt, sim.now + (preStop > 0 ? MINIMUM_GRACE : 0)))
    }
    for (const process of this.#processes.slice(1)) process.kill()
    if (this.#hosted !== null) host.kill(this.#hosted)
    const cutShort = behaviourOf(this.#pod).run !== undefined
    this.#phase = this.#running && !cutShort ? 'Succeeded' : 'Failed'
    const end = cutShort
      ? ({ reason: 'Error', exitCode: SIGTERM_EXIT_CODE, finishedAt: sim.now } as const)
      : ({ reason: 'Completed' } as const)
    this.#containers = this.#containers.map((status) => ({ ...status, state: 'terminated', ready: false, ...end }))
    if (this.#hosted !== null) {
      yield* this.#take('sandboxTeardown', 'removed sandbox', this.#address)
      host.sandboxDown(this.#hosted)
      this.#hosted = null
      this.#node.ipam.release(this.#address)
    }
    yield* this.#take('kubeletSync', 'saw containers stopped', 'pod worker')
    const reason = this.#phase === 'Failed' ? 'PodFailed' : 'PodCompleted'
    this.#condition('PodReadyToStartContainers', false, '')
    if (this.#phase === 'Succeeded') this.#condition('Initialized', true, reason)
    this.#setReady(false, reason)
    this.#report(`phase ${this.#phase}, containers terminated`)
    yield* this.#take('podCleanup', 'cleaned up', 'volumes and cgroups')
    const { namespace, name } = this.#pod.metadata
    yield* this.#node.client.delete('Pod', namespace, name, 0, { cause: this.#hop, why: 'everything of it has stopped' })
    this.#onGone()
  }

  /** From SIGTERM until the process has exited, or is killed when the grace period is over. */
  *#untilExit(killAt: Nanos): Generator<Wait, void, unknown> {
    const { access, host, behaviourOf } = this.#node
    if (this.#hosted === null) return
    if (behaviourOf(this.#pod).onTerminate === 'exit') {
      const lost = host.inFlight(this.#hosted)
      host.kill(this.#hosted)
      this.#note('process exited', `at once, ${lost} requests in flight`)
      return
    }
    const began = access.sim.now
    host.stopListening(this.#hosted)
    const which = yield firstOf(host.whenIdle(this.#hosted), access.sim.delay(Math.max(0, killAt - began)))
    const lost = host.inFlight(this.#hosted)
    if (which === 0) this.#note('process exited', 'finished what it had accepted', began)
    else this.#note('killed', `grace period is over, ${lost} requests in flight`, began)
  }

  #spawn<T>(body: Generator<Wait, T, unknown>): Process<T> {
    const process = this.#node.access.sim.spawn(body)
    this.#processes.push(process as Process<unknown>)
    return process
  }

  /** Lets a latency pass and tells what was done in it. */
  *#take(latency: LatencyName, action: string, detail: string): Generator<Wait, void, unknown> {
    const { access, name } = this.#node
    const started = access.sim.now
    yield access.sim.delay(access.latencies.draw(latency, name))
    this.#note(action, detail, started)
  }

  #note(action: string, detail: string, started = this.#node.access.sim.now): void {
    this.#hop = this.#node.access.trace.record({ cause: this.#hop, actor: this.#actor, action, subject: this.#key, started, detail })
  }

  #condition(type: string, value: boolean, reason: string): void {
    this.#conditions = withCondition(this.#conditions, type, value ? 'True' : 'False', reason, this.#node.access.sim.now)
  }

  /** Whether that changed anything. */
  #setReady(ready: boolean, reason = 'ContainersNotReady'): boolean {
    const before = this.#conditions
    this.#condition('ContainersReady', ready, ready ? '' : reason)
    this.#condition('Ready', ready, ready ? '' : reason)
    return this.#conditions !== before
  }

  #report(why: string): void {
    const status: PodStatus = {
      phase: this.#phase,
      podIP: this.#address,
      hostIP: this.#node.hostIP,
      startTime: this.#startTime,
      conditions: this.#conditions,
      containerStatuses: [...this.#containers],
    }
    this.#node.status.report(this.#pod, status, this.#hop, why)
  }
}

function waiting(container: Container, restartCount: number): ContainerStatus {
  return { name: container.name, state: 'waiting', reason: 'ContainerCreating', ready: false, started: false, restartCount }
}
