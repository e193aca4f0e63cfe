import type { Condition, Container, Pod, PodPhase, PodStatus, Probe, Termination } from '../api/objects/index.ts'
import type { ApiAccess, ApiClient } from '../control-plane/api-client.ts'
import { conditionOf } from '../control-plane/conditions.ts'
import type { LatencyName } from '../control-plane/latencies.ts'
import { keyOf } from '../control-plane/object-key.ts'
import { Completion, firstOf, type Process, Signal, type Wait } from '../engine/process.ts'
import type { RandomStream } from '../engine/random-stream.ts'
import type { HopId } from '../engine/trace.ts'
import { invariant } from '../invariant.ts'
import type { KubernetesMinor } from '../kubernetes-version.ts'
import { type Nanos, SECOND } from '../units.ts'
import { ContainerRecord } from './container-record.ts'
import type { ContainerRuntime, Leak, ProcessBehaviour, RuntimeContainer, Sandbox } from './container-runtime.ts'
import type { ImageStore } from './image-store.ts'
import { podActions } from './pod-actions.ts'
import type { HostedPod } from './pod-host.ts'
import { conditionsOf, phaseOf } from './pod-status.ts'
import { ContainerProbes } from './probes.ts'
import type { CriCall, CriTimes } from './runtimes/index.ts'
import { servingContainer } from './serving-container.ts'
import type { StatusManager } from './status-manager.ts'

/** What the workers of one node share. */
export interface NodeContext {
  readonly access: ApiAccess
  readonly client: ApiClient
  readonly name: string
  readonly hostIP: string
  readonly runtime: ContainerRuntime
  readonly images: ImageStore
  readonly cri: CriTimes
  /** How many times as long what the disk does takes: unpacking, root file systems. */
  readonly disk: { factor: number; onUse: () => void }
  readonly status: StatusManager
  readonly behaviourOf: (pod: Pod) => ProcessBehaviour
  /** Why the node cannot take the pod, or null. */
  readonly refusal: (pod: Pod) => string | null
  /** Of the requeue jitter. */
  readonly jitter: RandomStream
}

/** At least this long passes between SIGTERM and SIGKILL. Source: kubelet minimumGracePeriodInSeconds. */
export const MINIMUM_GRACE: Nanos = 2 * SECOND
/** Up to 1.34 a pod that waits is looked at again after this. Source: kubelet backOffPeriod. */
export const REQUEUE: Nanos = 10 * SECOND
/** Since 1.35 that is what is left of the wait, but this at most. Source: Kubernetes pkg/kubelet/pod_workers.go (completeWork, resyncInterval). */
export const REQUEUE_MAX: Nanos = 60 * SECOND
/** Share of the time to the next look that is drawn on top of it. Source: as above (workerBackOffPeriodJitterFactor). */
export const REQUEUE_JITTER = 0.5
/** Source: kubelet status manager, syncPeriod. */
export const STATUS_SYNC_PERIOD: Nanos = 10 * SECOND
/** What goes through the runtime. */
const CRI_CALLS: ReadonlySet<LatencyName> = new Set<CriCall>(['sandbox', 'containerStart', 'signal', 'sandboxTeardown'])
/** What reads and writes images and root file systems. *Assumption*: a slow disk makes all of it slower. */
const DISK_CALLS: ReadonlySet<LatencyName> = new Set<CriCall>(['sandbox', 'containerStart'])
/** How a container ended that a power cut ended. Source: containerd (exit code of a task that is gone). */
export const POWER_CUT = { exitCode: 255, reason: 'Unknown' } as const

/**
 * One pod on its node, from the kubelet's first sight of it to its removal: the kubelet's pod worker.
 *
 * ```text
 *   volumes ─► sandbox ─► CNI ─► ┌─► what is to be started? ─► image ─► start ─► PLEG ─► status ─┐
 *                                └────────── an exit, a probe, a back-off that is over ◄─────────┘
 *   preStop ─► SIGTERM ─► drained or killed ─► sidecars ─► sandbox removed ─► status ─► DELETE
 * ```
 *
 * Source: Kubernetes pkg/kubelet/{pod_workers,kubelet}.go, kuberuntime/{kuberuntime_manager,kuberuntime_container}.go.
 */
export class PodWorker {
  readonly #node: NodeContext
  readonly #actor: string
  readonly #key: string
  readonly #behaviour: ProcessBehaviour
  /** Init containers first. */
  readonly #records: readonly ContainerRecord[]
  readonly #terminating: Completion<HopId>
  readonly #changed: Signal<void>
  readonly #processes: Process<unknown>[] = []
  readonly #onGone: () => void
  #pod: Pod
  #hop: HopId
  #sandbox: Sandbox | null
  /** The last sandbox that was seen to be dead. */
  #seenDead: Sandbox | null = null
  #startTime: Nanos | null
  #phase: PodPhase = 'Pending'
  #conditions: readonly Condition[] = []
  #initialized: boolean
  /** Everything has stopped, for good. */
  #ended = false
  #refused: string | null = null
  /** Something has changed since the worker looked. */
  #dirty = false
  /** The API server has no such object any more. */
  #removed = false
  #finished = false
  #lastReported: PodStatus | null = null
  /** A look at what is stored is on its way. */
  #reconciling = false

  /** `isSettled`: the pod has run for long, its containers do, and what it has reported is what the API server has. */
  constructor(node: NodeContext, pod: Pod, cause: HopId, onGone: () => void, isSettled = false) {
    const { sim, version } = node.access
    this.#node = node
    this.#actor = `kubelet/${node.name}`
    this.#pod = pod
    this.#key = keyOf(pod)
    this.#hop = cause
    this.#onGone = onGone
    this.#behaviour = node.behaviourOf(pod)
    this.#terminating = new Completion(sim)
    this.#changed = new Signal(sim)
    this.#startTime = pod.status.startTime
    const { spec, status } = pod
    const serving = servingContainer(spec)
    this.#records = [
      ...spec.initContainers.map((container, i) => {
        const role = isSidecar(container.restartPolicy, version) ? 'sidecar' : 'init'
        return new ContainerRecord(container, role, false, status.initContainerStatuses?.[i])
      }),
      ...spec.containers.map((container, i) => new ContainerRecord(container, 'main', i === serving, status.containerStatuses[i])),
    ]
    this.#sandbox = node.runtime.sandbox(pod.metadata.uid) ?? null
    this.#initialized = false
    this.#takeUp()
    if (pod.metadata.deletionTimestamp !== null) this.#terminating.resolve(cause)
    this.#spawn(this.#live(isSettled))
  }

  get pod(): Pod {
    return this.#pod
  }

  /** It still needs its share of the node. */
  get active(): boolean {
    return !this.#ended && this.#refused === null
  }

  /** Whether that container, or any main container, runs now. */
  runs(container: string | null): boolean {
    return this.#records.some(
      ({ role, spec, run }) => (container === null ? role === 'main' : spec.name === container) && run !== null && run.ended === null,
    )
  }

  /** Ends the process of one container, or of all main containers. Says how many there were. */
  crash(container: string | null, exitCode: number, reason: string, cause: HopId): number {
    let crashed = 0
    for (const record of this.#records) {
      if (container === null ? record.role !== 'main' : record.spec.name !== container) continue
      if (record.run === null || record.run.ended !== null) continue
      this.#hop = cause
      record.run.exit(exitCode, reason)
      crashed++
    }
    return crashed
  }

  /** It has a sandbox that runs, and is not on its way out. */
  get hasSandbox(): boolean {
    return this.#sandbox?.alive === true && !this.#ended && !this.#terminating.settled
  }

  /** Its place on the machine; null without a sandbox. */
  get hosted(): HostedPod | null {
    return this.#sandbox?.hosted ?? null
  }

  /** Its containers leak memory from now on. Gives the end of it. */
  leak(leak: Omit<Leak, 'memoryBytes'>): () => void {
    return this.#node.runtime.leak(this.#pod.metadata.uid, { ...leak, memoryBytes: this.#behaviour.memoryBytes })
  }

  /** The sandbox and all that runs in it end at once. */
  killSandbox(cause: HopId): void {
    const sandbox = this.#sandbox
    invariant(sandbox !== null && this.hasSandbox, 'There is no sandbox to be killed')
    const { access, runtime, name } = this.#node
    this.#hop = cause
    const ran = this.#records.filter(({ run, stopping }) => run !== null && run.ended === null && !stopping)
    for (const record of ran) record.stopping = true
    runtime.killSandbox(this.#pod.metadata.uid)
    this.#spawn(this.#noticeDeadSandbox(sandbox, access.latencies.draw('plegRelist', name)))
  }

  /** A newer version of the pod has come in. */
  update(pod: Pod, cause: HopId): void {
    const gates = this.#pod.spec.readinessGates ?? []
    const moved = gates.some(
      (gate) => conditionOf(pod.status.conditions, gate)?.status !== conditionOf(this.#pod.status.conditions, gate)?.status,
    )
    this.#pod = pod
    if (pod.metadata.deletionTimestamp !== null && !this.#terminating.settled) this.#terminating.resolve(cause)
    if (moved) this.#touch()
    if (!this.#reconciling && this.#isOverwritten()) this.#spawn(this.#reconcileStatus())
  }

  /** The API server has another readiness than was reported: not there yet, or somebody else has written it. */
  #isOverwritten(): boolean {
    if (this.#lastReported === null || this.#finished) return false
    const stored = conditionOf(this.#pod.status.conditions, 'Ready')?.status
    return stored !== conditionOf(this.#lastReported.conditions, 'Ready')?.status
  }

  /**
   * The next round of the status manager sets right what others have written.
   *
   * Source: Kubernetes pkg/kubelet/status/status_manager.go (syncBatch, needsReconcile; syncPeriod 10 s).
   */
  *#reconcileStatus(): Generator<Wait, void, unknown> {
    this.#reconciling = true
    yield this.#node.access.sim.delay(STATUS_SYNC_PERIOD)
    this.#reconciling = false
    if (this.#isOverwritten()) this.#send(this.#computeStatus(), 'status: as it is on the node')
  }

  /** The object is gone, without having waited for the kubelet. */
  removed(cause: HopId): void {
    this.#removed = true
    if (!this.#terminating.settled) this.#terminating.resolve(cause)
  }

  /** The kubelet is gone: nothing goes on but what runs in the runtime. */
  abandon(): void {
    for (const process of this.#processes) process.kill()
    for (const record of this.#records) {
      record.probes?.stop()
      if (record.run === null) continue
      record.run.onListen = null
      record.run.onExit = null
    }
  }

  /** What a kubelet that starts finds: containers that run, or a pod whose containers a power cut has ended. */
  #takeUp(): void {
    const { status } = this.#pod
    const stored = [...(status.initContainerStatuses ?? []), ...status.containerStatuses]
    for (const record of this.#records) {
      const before = stored.find(({ name }) => name === record.spec.name)
      const run = this.#sandbox?.containers.get(record.spec.name)
      if (run !== undefined) {
        record.adopt(run, before)
        if (record.role === 'main') this.#initialized = true
        this.#attend(record, run)
        if (run.ended !== null) this.#sees(record, run)
      } else if (before?.state === 'running') {
        record.ended({ ...POWER_CUT, finishedAt: this.#node.access.sim.now })
      } else if (this.#sandbox === null && before?.state === 'waiting' && before.lastTermination !== undefined) {
        record.ended(before.lastTermination)
      } else if (before?.state === 'terminated' && (record.role === 'main' || this.#sandbox !== null)) {
        record.ended({ exitCode: before.exitCode!, reason: before.reason, finishedAt: before.finishedAt! })
      }
    }
  }

  *#live(isSettled: boolean): Generator<Wait, void, unknown> {
    const run = this.#spawn(this.#run(isSettled))
    const first = (yield firstOf(this.#terminating, run)) as number
    run.kill()
    if (first === 0) this.#hop = (yield this.#terminating) as HopId
    yield* this.#stop(first === 0)
    if (!this.#terminating.settled) this.#hop = (yield this.#terminating) as HopId
    yield* this.#cleanUp()
  }

  /** Keeps the containers as the pod wants them, until none of them will run again. */
  *#run(isSettled: boolean): Generator<Wait, void, unknown> {
    const { access } = this.#node
    const { sim } = access
    const adopted = this.#sandbox !== null
    if (!isSettled && !(yield* this.#accept())) return
    if (this.#sandbox === null) {
      yield* this.#take('volumes', 'mounted volumes', 'service account token projected')
      while (this.#sandbox === null) yield* this.#createSandbox()
    }
    if (adopted) for (const record of this.#records) if (record.run !== null) this.#startProbes(record)
    if (isSettled) this.#lastReported = this.#computeStatus()
    for (;;) {
      const { start, initialized, finished } = podActions(this.#records, this.#pod.spec.restartPolicy, this.#initialized)
      this.#initialized = initialized
      if (finished) return
      if (!this.#sandbox!.alive) {
        yield* this.#replaceSandbox()
        continue
      }
      let wake: Nanos | null = null
      const started: ContainerRecord[] = []
      for (const record of start) {
        const held = record.holdBack()
        if (held !== null && held.until > sim.now) {
          record.wait(held.reason)
          wake = Math.min(wake ?? held.until, held.until)
        } else if (yield* this.#startContainer(record)) started.push(record)
        else wake = sim.now + REQUEUE
      }
      if (started.length > 0) {
        yield* this.#take(access.version >= 36 ? 'pleg' : 'plegRelist', 'saw containers running', 'runtime relisted')
        for (const record of started) if (record.status.state === 'running') this.#startProbes(record)
        this.#dirty = true
      }
      this.#reportChange()
      if (!this.#dirty) yield wake === null ? this.#changed : firstOf(this.#changed, sim.delay(this.#requeueAfter(wake)))
      this.#dirty = false
    }
  }

  /** False when the node cannot take the pod. */
  *#accept(): Generator<Wait, boolean, unknown> {
    yield* this.#take('kubeletSync', 'accepted', 'pod worker started')
    this.#startTime ??= this.#node.access.sim.now
    this.#refused = this.#node.refusal(this.#pod)
    if (this.#refused !== null) {
      this.#note('refused', this.#refused)
      return false
    }
    this.#report('containers are being created')
    return true
  }

  /** When the worker looks again at a pod that waits until `wake`: later than that, so a back-off takes up to half as long again. */
  #requeueAfter(wake: Nanos): Nanos {
    const { access, jitter } = this.#node
    const period = access.version < 35 ? REQUEUE : Math.min(wake - access.sim.now, REQUEUE_MAX)
    return Math.floor(period * (1 + REQUEUE_JITTER * jitter.uniform()))
  }

  *#createSandbox(): Generator<Wait, void, unknown> {
    const { access, runtime } = this.#node
    yield* this.#take('sandbox', 'created sandbox', 'pause container and network namespace')
    if (this.#pod.spec.hostNetwork) {
      // The runtime calls no CNI plugin. Source: containerd internal/cri/server/sandbox_run.go (hostNetwork).
      this.#sandbox = runtime.addSandbox(this.#pod, this.#node.hostIP)
      return
    }
    const address = runtime.reserveAddress()
    if (address === null) {
      this.#note('failed to set up network', 'no free address in the node’s block')
      yield access.sim.delay(this.#requeueAfter(access.sim.now + REQUEUE))
      return
    }
    let done = false
    try {
      yield* this.#take('cniAdd', 'set up network', address)
      done = true
    } finally {
      if (!done) runtime.releaseAddress(address)
    }
    this.#sandbox = runtime.addSandbox(this.#pod, address)
  }

  /** Image, process, postStart. False when the image is not to be had. */
  *#startContainer(record: ContainerRecord): Generator<Wait, boolean, unknown> {
    const { access, runtime } = this.#node
    if (!(yield* this.#ensureImage(record))) return false
    yield* this.#take('containerStart', record.role === 'init' ? 'started init container' : 'started container', record.spec.name)
    const run = runtime.start(this.#sandbox!, { name: record.spec.name, role: record.role, serves: record.serves }, this.#behaviour)
    record.start(run, access.sim.now)
    this.#attend(record, run)
    const hook = record.spec.postStartSleepSeconds ?? 0
    if (hook > 0) {
      const began = access.sim.now
      yield firstOf(run.exited, access.sim.delay(hook * SECOND))
      this.#note('postStart hook ended', `slept ${hook} s`, began)
    }
    return true
  }

  #attend(record: ContainerRecord, run: RuntimeContainer): void {
    const { access, name } = this.#node
    // What runs to its end is taken for a worker, which nobody connects to.
    if (this.#pod.spec.restartPolicy === 'Always')
      run.onListen = () => this.#note('process listens', `${this.#sandbox?.address} accepts connections`, run.startedAt)
    run.onExit = () => {
      if (record.stopping) return
      this.#spawn(this.#noticeExit(record, run, access.latencies.draw('plegRelist', name)))
    }
  }

  /** Nobody tells the kubelet: it finds out when it next asks the runtime. */
  *#noticeExit(record: ContainerRecord, run: RuntimeContainer, relist: Nanos): Generator<Wait, void, unknown> {
    yield this.#node.access.sim.delay(relist)
    if (record.run === run && !record.stopping) this.#sees(record, run)
  }

  *#noticeDeadSandbox(sandbox: Sandbox, relist: Nanos): Generator<Wait, void, unknown> {
    yield this.#node.access.sim.delay(relist)
    // The worker may have looked by itself meanwhile, after a start.
    if (this.#sandbox === sandbox) this.#seesDeadSandbox(sandbox)
  }

  /** One look shows all that has ended. */
  #seesDeadSandbox(sandbox: Sandbox): void {
    if (sandbox === this.#seenDead) return
    this.#seenDead = sandbox
    this.#note('saw sandbox dead', sandbox.address)
    for (const record of this.#records) if (record.run !== null && record.run.ended !== null) this.#sees(record, record.run)
    this.#touch()
  }

  /**
   * A sandbox whose process has ended is taken down, and a new one made; in it everything starts from the beginning.
   *
   * Source: Kubernetes pkg/kubelet/kuberuntime/kuberuntime_manager.go (podSandboxChanged, computePodActions: KillPod, CreateSandbox).
   */
  *#replaceSandbox(): Generator<Wait, void, unknown> {
    this.#seesDeadSandbox(this.#sandbox!)
    this.#reportChange()
    yield* this.#take('sandboxTeardown', 'removed sandbox', this.#sandbox!.address)
    this.#node.runtime.removeSandbox(this.#pod.metadata.uid)
    this.#sandbox = null
    this.#initialized = false
    for (const record of this.#records) if (record.role !== 'main') record.wait('PodInitializing')
    while (this.#sandbox === null) yield* this.#createSandbox()
  }

  #sees(record: ContainerRecord, run: RuntimeContainer): void {
    const { exitCode, reason, at } = run.ended!
    const termination: Termination = { exitCode, reason, finishedAt: at }
    record.ended(termination)
    const what = record.role === 'init' && exitCode === 0 ? 'init container finished' : 'container exited'
    this.#note(what, `${record.spec.name}, exit code ${exitCode} (${reason})`, run.startedAt)
    this.#touch()
  }

  #startProbes(record: ContainerRecord): void {
    if (record.role === 'init') return
    const { access, name } = this.#node
    const { spec, run } = record
    const { ready, started } = record.status
    record.set({ started: started || spec.startupProbe === null })
    if (spec.readinessProbe === null && record.status.started) record.set({ ready: true })
    if (spec.readinessProbe === null && spec.livenessProbe === null && spec.startupProbe === null) return
    const context = { sim: access.sim, latencies: access.latencies, node: name, answersAfter: () => run!.answersAfter() }
    record.probes = new ContainerProbes(context, spec, {
      onStarted: () => {
        this.#note('startup probe succeeded', spec.name)
        record.set({ started: true, ready: spec.readinessProbe === null })
        this.#touch()
      },
      onReady: (success) => {
        this.#note(success ? 'readiness probe succeeded' : 'readiness probe failed', spec.name)
        record.set({ ready: success })
        this.#reportChange()
      },
      onUnhealthy: (probe, kind) => {
        this.#note(`${kind} probe failed`, `${spec.name} is killed`)
        this.#spawn(this.#killUnhealthy(record, probe))
      },
    })
    record.probes.start(record.status.started, ready)
  }

  /**
   * A container that failed its probe is stopped as the pod would be, with the probe's own grace period where it has one. The same look at the
   * pod starts it again, unless it is held back by what the kubelet knew before: the end of the run before this one.
   *
   * Source: Kubernetes pkg/kubelet/kuberuntime/kuberuntime_manager.go (SyncPod: ContainersToKill, then start; doBackOff).
   */
  *#killUnhealthy(record: ContainerRecord, probe: Probe): Generator<Wait, void, unknown> {
    const { run } = record
    if (run === null || record.stopping || run.ended !== null) return
    const { access } = this.#node
    const grace = probe.terminationGracePeriodSeconds ?? this.#pod.spec.terminationGracePeriodSeconds
    record.stopping = true
    yield* this.#stopContainer(record, run, access.sim.now + grace * SECOND)
    if (record.mayStartAfterKill(access.sim.now)) record.killed = true
    else yield* this.#take(access.version >= 36 ? 'pleg' : 'plegRelist', 'saw container stopped', 'runtime relisted')
    if (record.run === run) this.#sees(record, run)
  }

  *#ensureImage(record: ContainerRecord): Generator<Wait, boolean, unknown> {
    const { images, access, name } = this.#node
    const { image, imagePullPolicy } = record.spec
    const started = access.sim.now
    const there = images.has(image)
    if (there && imagePullPolicy !== 'Always') return true
    if (!there && imagePullPolicy === 'Never') {
      if (record.wait('ErrImageNeverPull')) this.#note('has no image', `${image}, and is not to pull it`)
      return false
    }
    const outcome = yield* images.pull(image, this.#ofDisk(access.latencies.draw('imagePullOverhead', name)))
    switch (outcome) {
      case 'pulled':
        this.#note('pulled image', image, started)
        return true
      case 'up to date':
        this.#note('checked image', `${image} is up to date`, started)
        return true
      default:
        this.#note('failed to pull image', outcome === 'exceeded' ? `${image}: pull QPS exceeded` : image, started)
        record.pullFailed(access.sim.now)
        record.wait('ErrImagePull')
        return false
    }
  }

  /** What the disk has its part in takes longer on a slow one. */
  #ofDisk(time: Nanos): Nanos {
    const { factor, onUse } = this.#node.disk
    if (factor === 1) return time
    onUse()
    return Math.round(time * factor)
  }

  /** Ends all that runs. `asked`: the pod is being deleted; otherwise its main containers have ended by themselves. */
  *#stop(asked: boolean): Generator<Wait, void, unknown> {
    const { access, runtime } = this.#node
    const { sim } = access
    const { deletionGracePeriodSeconds } = this.#pod.metadata
    const graceSeconds = (asked ? deletionGracePeriodSeconds : null) ?? this.#pod.spec.terminationGracePeriodSeconds
    const killAt = sim.now + graceSeconds * SECOND
    if (asked) yield* this.#take('kubeletSync', 'began termination', `grace period ${graceSeconds} s`)
    for (const record of this.#records) record.probes?.stopHealth()
    const [mains, sidecars] = [
      this.#records.filter(({ role }) => role !== 'sidecar'),
      this.#records.filter(({ role }) => role === 'sidecar'),
    ]
    yield* this.#stopAll(mains, killAt)
    for (const sidecar of sidecars.toReversed()) yield* this.#stopAll([sidecar], killAt)
    for (const process of this.#processes.slice(1)) process.kill()
    for (const record of this.#records) this.#settle(record)
    this.#ended = true
    if (this.#sandbox !== null) {
      yield* this.#take('sandboxTeardown', 'removed sandbox', this.#sandbox.address)
      runtime.removeSandbox(this.#pod.metadata.uid)
    }
    // Recorded: the terminal status comes two syncs of the pod worker after the mark.
    yield* this.#take('kubeletSync', 'saw containers stopped', 'pod worker')
    this.#finished = true
    if (!this.#removed) this.#report(null)
  }

  /** Nothing of the pod is left on the node: now the object may go. */
  *#cleanUp(): Generator<Wait, void, unknown> {
    yield* this.#take('podCleanup', 'cleaned up', 'volumes and cgroups')
    const { namespace, name } = this.#pod.metadata
    if (!this.#removed) {
      yield* this.#node.client.delete('Pod', namespace, name, 0, { cause: this.#hop, why: 'everything of it has stopped' })
    }
    this.#onGone()
  }

  /** Stops containers side by side. */
  *#stopAll(records: readonly ContainerRecord[], killAt: Nanos): Generator<Wait, void, unknown> {
    const stops: Process<void>[] = []
    for (const record of records) {
      const { run } = record
      if (run === null || run.ended !== null) continue
      record.stopping = true
      stops.push(this.#spawn(this.#stopContainer(record, run, killAt)))
    }
    for (const stop of stops) yield stop
  }

  /** preStop, SIGTERM, and SIGKILL when the grace period is over, but not before the minimum. */
  *#stopContainer(record: ContainerRecord, run: RuntimeContainer, killAt: Nanos): Generator<Wait, void, unknown> {
    const { sim } = this.#node.access
    const { name, preStopSleepSeconds } = record.spec
    if (preStopSleepSeconds > 0) {
      const began = sim.now
      yield firstOf(run.exited, sim.delay(Math.max(0, Math.min(preStopSleepSeconds * SECOND, killAt - began))))
      this.#note('preStop hook ended', `slept ${Math.round((sim.now - began) / SECOND)} s`, began)
    }
    yield* this.#take('signal', 'sent SIGTERM', `to ${name}`)
    const began = sim.now
    const inFlight = run.inFlight()
    run.terminate()
    if (run.ended === null) yield firstOf(run.exited, sim.delay(Math.max(killAt - began, MINIMUM_GRACE)))
    if (run.ended === null) {
      this.#note('killed', `grace period is over, ${run.inFlight()} requests in flight`, began)
      run.kill()
    } else {
      const how = this.#behaviour.onTerminate === 'exit' ? `at once, ${inFlight} requests in flight` : 'finished what it had accepted'
      this.#note('process exited', how, began)
    }
  }

  /** What is known of a container when everything has stopped. */
  #settle(record: ContainerRecord): void {
    const { run } = record
    if (run !== null) {
      run.kill()
      const { exitCode, reason, at } = run.ended!
      record.ended({ exitCode, reason, finishedAt: at })
    } else if (record.status.state === 'waiting' && record.lastTermination !== undefined) record.ended(record.lastTermination)
  }

  #spawn<T>(body: Generator<Wait, T, unknown>): Process<T> {
    if (this.#processes.length > 8) this.#forgetDone()
    const process = this.#node.access.sim.spawn(body)
    this.#processes.push(process as Process<unknown>)
    return process
  }

  /** A container that crashes for ever makes a process each time. The first is the worker's own. */
  #forgetDone(): void {
    const alive = this.#processes.filter((process, i) => i === 0 || !process.done)
    this.#processes.splice(0, this.#processes.length, ...alive)
  }

  /** Lets a latency pass and tells what was done in it. */
  *#take(latency: LatencyName, action: string, detail: string): Generator<Wait, void, unknown> {
    const { access, name, cri } = this.#node
    const started = access.sim.now
    const drawn = access.latencies.draw(latency, name)
    const took = DISK_CALLS.has(latency) ? this.#ofDisk(drawn) : drawn
    yield access.sim.delay(CRI_CALLS.has(latency) ? took + cri.longer(latency as CriCall) : took)
    this.#note(action, detail, started)
  }

  #note(action: string, detail: string, started = this.#node.access.sim.now): void {
    this.#hop = this.#node.access.trace.record({ cause: this.#hop, actor: this.#actor, action, subject: this.#key, started, detail })
  }

  /** Has the worker look again. */
  #touch(): void {
    this.#dirty = true
    this.#changed.fire()
  }

  /** Reports the status if it differs from the last one. */
  #reportChange(): void {
    if (this.#finished) return
    const before = this.#lastReported
    const status = this.#computeStatus()
    if (before !== null && sameStatus(before, status)) return
    const wasReady = before !== null && conditionOf(before.conditions, 'Ready')?.status === 'True'
    const isReady = conditionOf(status.conditions, 'Ready')?.status === 'True'
    const readiness = isReady ? ', Ready=True' : wasReady ? ', Ready=False' : ''
    const held = status.containerStatuses.find(({ reason }) => HELD_BACK.has(reason))
    this.#send(status, `phase ${status.phase}${readiness}${held === undefined ? '' : `, ${held.reason}`}`)
  }

  /** Reports the status. */
  #report(why: string | null): void {
    const status = this.#computeStatus()
    this.#send(status, why ?? `phase ${status.phase}, containers terminated`)
  }

  #send(status: PodStatus, why: string): void {
    this.#lastReported = status
    this.#node.status.report(this.#pod, status, this.#hop, why)
  }

  /** With the host's network the address is known before there is a sandbox. Source: pkg/kubelet/kubelet_pods.go (generateAPIPodStatus). */
  #computeStatus(): PodStatus {
    const { access, hostIP } = this.#node
    const { spec, status: stored } = this.#pod
    const { restartPolicy } = spec
    const facts = { restartPolicy, containers: this.#records, initialized: this.#initialized, ended: this.#ended }
    this.#phase = this.#refused === null ? phaseOf(facts) : 'Failed'
    this.#conditions = conditionsOf(
      {
        ...facts,
        readinessGates: spec.readinessGates ?? [],
        stored: stored.conditions,
        sandboxReady: access.version >= 29 ? this.#sandbox !== null && !this.#finished : null,
        now: access.sim.now,
      },
      this.#phase,
      this.#conditions.length > 0 ? this.#conditions : stored.conditions.filter(({ type }) => OWNED.has(type)),
    )
    const inits = spec.initContainers.length
    return {
      phase: this.#phase,
      podIP: this.#sandbox?.address ?? (spec.hostNetwork ? hostIP : ''),
      hostIP,
      startTime: this.#startTime,
      conditions: this.#conditions,
      containerStatuses: this.#records.slice(inits).map(({ status }) => status),
      ...(inits === 0 ? {} : { initContainerStatuses: this.#records.slice(0, inits).map(({ status }) => status) }),
      ...(this.#refused === null ? {} : { reason: this.#refused }),
    }
  }
}

/** Whether an init container of that restart policy goes on beside the others. Source: Kubernetes feature gate SidecarContainers (on from 1.29). */
export function isSidecar(restartPolicy: Container['restartPolicy'], version: KubernetesMinor): boolean {
  return version >= 29 && restartPolicy === 'Always'
}

/** Why a container waits, where it is worth telling. */
const HELD_BACK: ReadonlySet<string> = new Set(['CrashLoopBackOff', 'ErrImagePull', 'ImagePullBackOff', 'ErrImageNeverPull'])
const OWNED: ReadonlySet<string> = new Set(['PodReadyToStartContainers', 'Initialized', 'ContainersReady', 'Ready'])

function sameStatus(a: PodStatus, b: PodStatus): boolean {
  return (
    a.phase === b.phase &&
    a.podIP === b.podIP &&
    a.conditions === b.conditions &&
    same(a.containerStatuses, b.containerStatuses) &&
    same(a.initContainerStatuses ?? [], b.initContainerStatuses ?? [])
  )
}

function same<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.length === b.length && a.every((item, i) => item === b[i])
}
