import type { Container, Pod } from '../api/objects/index.ts'
import type { Distribution } from '../engine/distributions.ts'
import { Completion } from '../engine/process.ts'
import type { RandomStream } from '../engine/random-stream.ts'
import type { Simulation } from '../engine/simulation.ts'
import { invariant } from '../invariant.ts'
import type { Nanos } from '../units.ts'
import type { HostLocalIpam } from './ipam.ts'
import { MemoryGrowth } from './memory-growth.ts'
import type { HostedPod, PodHost } from './pod-host.ts'
import { servingContainer } from './serving-container.ts'

/** A process that ends by itself. */
export interface RunBehaviour {
  readonly duration: Distribution
  /** Share of the runs that end with `exitCode`; the others end with 0. */
  readonly failProbability: number
  readonly exitCode: number
}

/** How a pod's processes behave when they start, run, and are told to stop. */
export interface ProcessBehaviour {
  /** From the start of a process to the moment it listens. */
  readonly startUp: Distribution
  readonly onTerminate: 'exit' | 'drain'
  /** Main containers that end by themselves; null for ever. */
  readonly run: RunBehaviour | null
  /** The pod's init containers. */
  readonly init: RunBehaviour
  /** What each container uses; absent: what it requests. */
  readonly memoryBytes?: number | undefined
}

/** What a process will do, drawn when it starts. */
interface Life {
  /** null: it never listens (an init container). */
  readonly startUp: Nanos | null
  /** null: it runs until it is told to stop. */
  readonly run: { readonly duration: Nanos; readonly exitCode: number } | null
  readonly drains: boolean
}

/** SIGTERM, of a process that does not handle it. */
export const TERMINATED = 128 + 15
/** SIGKILL. */
export const KILLED = 128 + 9

/**
 * One run of a container: it may begin to listen, and ends once. It lives in the runtime, so it goes on when the kubelet dies.
 *
 * The serving container of a pod is the process that the data plane knows; others only run.
 */
export class RuntimeContainer {
  readonly startedAt: Nanos
  readonly #sim: Simulation
  readonly #work: Simulation
  readonly #host: PodHost
  /** null: requests do not go to this container. */
  readonly #hosted: HostedPod | null
  readonly #life: Life
  /** CPU time that earlier runs have used in the same place. */
  readonly #cpuTimeBefore: Nanos
  readonly #cancel: (() => void)[] = []
  #listening = false
  #ended: { readonly exitCode: number; readonly reason: string; readonly at: Nanos } | null = null
  #exited: Completion<void> | null = null
  #growth: MemoryGrowth | null = null
  /** Whoever looks after the container now. */
  onListen: (() => void) | null = null
  onExit: (() => void) | null = null

  /** `work`: what its work is counted by, for as long as its machine runs. */
  constructor(sim: Simulation, host: PodHost, hosted: HostedPod | null, life: Life, work = sim) {
    this.#sim = sim
    this.#work = work
    this.#host = host
    this.#hosted = hosted
    this.#life = life
    this.startedAt = sim.now
    this.#cpuTimeBefore = hosted === null ? 0 : host.cpuTime(hosted)
    if (life.startUp !== null) this.#after(life.startUp, () => this.listen())
    const { run } = life
    if (run !== null) this.#after(run.duration, () => this.exit(run.exitCode, run.exitCode === 0 ? 'Completed' : 'Error'))
  }

  /** How it ended; null while it runs. */
  get ended(): { readonly exitCode: number; readonly reason: string; readonly at: Nanos } | null {
    return this.#ended
  }

  /** Happens when the process has ended. */
  get exited(): Completion<void> {
    if (this.#exited === null) {
      this.#exited = new Completion<void>(this.#sim)
      if (this.#ended !== null) this.#exited.resolve()
    }
    return this.#exited
  }

  /** How long the process would take to answer a probe; null when it does not answer. */
  answersAfter(): Nanos | null {
    if (!this.#listening) return null
    return this.#hosted === null ? 0 : this.#host.answersAfter(this.#hosted)
  }

  /** CPU time of this run so far. Requests alone use CPU: starting up, health calls and idling use none (*assumption*). */
  cpuTime(): Nanos {
    return this.#hosted === null ? 0 : this.#host.cpuTime(this.#hosted) - this.#cpuTimeBefore
  }

  /** What it has beside the memory that it always uses. */
  get grownBytes(): number {
    return this.#growth?.bytes ?? 0
  }

  /** Its memory grows by so much more a second from now on, or less; `full` is called when `room` bytes are used up. */
  grow(bytesPerSecond: number, room: number | null, full: () => void): void {
    if (this.#ended !== null) return
    if (this.#growth === null) {
      const growth = new MemoryGrowth(this.#work, room, full)
      this.#growth = growth
      this.#cancel.push(() => growth.stop())
    }
    this.#growth.change(bytesPerSecond)
  }

  inFlight(): number {
    return this.#hosted === null ? 0 : this.#host.inFlight(this.#hosted)
  }

  /** SIGTERM: the process finishes what it has accepted and exits, or exits at once. */
  terminate(): void {
    if (this.#ended !== null) return
    // A server ends well when it is told to; a run that is cut short has not done its work.
    if (this.#life.run !== null) {
      this.exit(TERMINATED, 'Error')
      return
    }
    if (this.#hosted === null || !this.#life.drains) {
      this.exit(0, 'Completed')
      return
    }
    this.#listening = false
    this.#host.stopListening(this.#hosted)
    const leave = this.#host.whenIdle(this.#hosted).subscribe(() => this.exit(0, 'Completed'))
    if (this.#ended === null) this.#cancel.push(leave)
  }

  kill(): void {
    this.exit(KILLED, 'Error')
  }

  /** The process ends now, whatever the reason. */
  exit(exitCode: number, reason: string): void {
    if (this.#ended !== null) return
    this.#ended = { exitCode, reason, at: this.#sim.now }
    this.#listening = false
    for (const cancel of this.#cancel.splice(0)) cancel()
    if (this.#hosted !== null) this.#host.kill(this.#hosted)
    this.#exited?.resolve()
    this.onExit?.()
  }

  /** A power cut: nobody is told. */
  vanish(): void {
    for (const cancel of this.#cancel.splice(0)) cancel()
    this.#ended = { exitCode: KILLED, reason: 'Error', at: this.#sim.now }
  }

  /** The process accepts connections from now on. */
  listen(): void {
    this.#listening = true
    if (this.#hosted !== null) this.#host.listen(this.#hosted)
    this.onListen?.()
  }

  #after(delay: Nanos, run: () => void): void {
    const timer = this.#work.after(delay, run)
    this.#cancel.push(() => this.#work.cancel(timer))
  }
}

/** Of the containers of one pod. */
export interface Leak {
  /** null: every main container. */
  readonly container: string | null
  readonly bytesPerSecond: number
  /** What the pod's containers use anyhow; absent: what they request. */
  readonly memoryBytes: number | undefined
  /** A container has come to its limit: whoever calls must end it. */
  readonly full: (name: string, container: RuntimeContainer) => void
}

/** The network namespace of a pod, and its containers by name. */
export interface Sandbox {
  readonly pod: Pod
  readonly address: string
  readonly hosted: HostedPod
  readonly containers: Map<string, RuntimeContainer>
  /** Its own process runs. When it does not, the kubelet takes the sandbox down and makes another. */
  alive: boolean
}

export interface ContainerRuntimeOptions {
  readonly sim: Simulation
  /** What the work of processes is counted by; `sim` when not given. */
  readonly work?: Simulation | undefined
  readonly host: PodHost
  readonly ipam: HostLocalIpam
  readonly nodeIndex: number
  /** Where each start draws its start-up time from. */
  readonly startUps: RandomStream
  /** Where runs that end by themselves are drawn from. */
  readonly runs: RandomStream
}

function hostPortOf({ containerPort }: Container['ports'][number]): number {
  return containerPort
}

/** The container runtime of one node: sandboxes and processes, whether or not a kubelet looks after them. */
export class ContainerRuntime {
  readonly #options: ContainerRuntimeOptions
  readonly #sandboxes = new Map<string, Sandbox>()
  /** By pod: its program leaks in every run of a container. */
  readonly #leaks = new Map<string, Leak[]>()
  /** Whoever wants to know of each container that starts. */
  onStart: ((sandbox: Sandbox, name: string, container: RuntimeContainer) => void) | null = null

  constructor(options: ContainerRuntimeOptions) {
    this.#options = options
  }

  sandbox(podUid: string): Sandbox | undefined {
    return this.#sandboxes.get(podUid)
  }

  /** In the order in which they were made. */
  sandboxes(): IterableIterator<Sandbox> {
    return this.#sandboxes.values()
  }

  /** null when the node has no address left. */
  reserveAddress(): string | null {
    return this.#options.ipam.allocate()
  }

  releaseAddress(address: string): void {
    this.#options.ipam.release(address)
  }

  /** With the host's network `address` is the node's. */
  addSandbox(pod: Pod, address: string): Sandbox {
    const { host, nodeIndex } = this.#options
    const { uid, name, namespace, labels } = pod.metadata
    invariant(!this.#sandboxes.has(uid), `Pod ${name} has a sandbox already`)
    const hostPorts = pod.spec.hostNetwork ? { hostPorts: pod.spec.containers.flatMap(({ ports }) => ports.map(hostPortOf)) } : {}
    const cpuLimitMilli = pod.spec.containers[servingContainer(pod.spec)]?.limits.cpuMilli ?? 0
    const hosted = host.sandboxUp({ podUid: uid, podName: name, namespace, labels, address, nodeIndex, cpuLimitMilli, ...hostPorts })
    const sandbox: Sandbox = { pod, address, hosted, containers: new Map(), alive: true }
    this.#sandboxes.set(uid, sandbox)
    return sandbox
  }

  removeSandbox(podUid: string): void {
    const sandbox = this.#sandboxes.get(podUid)
    if (sandbox === undefined) return
    for (const container of sandbox.containers.values()) container.kill()
    this.#options.host.sandboxDown(sandbox.hosted)
    if (!sandbox.pod.spec.hostNetwork) this.#options.ipam.release(sandbox.address)
    this.#sandboxes.delete(podUid)
  }

  /** Starts a container's process in its sandbox. */
  start(
    sandbox: Sandbox,
    container: { name: string; role: ContainerRole; serves: boolean },
    behaviour: ProcessBehaviour,
  ): RuntimeContainer {
    const { sim, host, startUps, work } = this.#options
    const run = container.role === 'init' ? behaviour.init : container.role === 'main' ? behaviour.run : null
    const life: Life = {
      startUp: container.role === 'init' ? null : behaviour.startUp.sample(startUps),
      run: run === null ? null : this.#draw(run),
      drains: behaviour.onTerminate === 'drain',
    }
    const started = new RuntimeContainer(sim, host, container.serves ? sandbox.hosted : null, life, work)
    sandbox.containers.set(container.name, started)
    for (const leak of this.#leaks.get(sandbox.pod.metadata.uid) ?? []) grow(sandbox, container.name, started, leak, leak.bytesPerSecond)
    this.onStart?.(sandbox, container.name, started)
    return started
  }

  /** A container that has run for long: it listens. */
  runsAlready(
    sandbox: Sandbox,
    container: { name: string; role: 'sidecar' | 'main'; serves: boolean },
    { run, onTerminate }: ProcessBehaviour,
  ): void {
    const { sim, host, work } = this.#options
    const life: Life = {
      startUp: null,
      run: container.role === 'sidecar' || run === null ? null : this.#draw(run),
      drains: onTerminate === 'drain',
    }
    const running = new RuntimeContainer(sim, host, container.serves ? sandbox.hosted : null, life, work)
    sandbox.containers.set(container.name, running)
    running.listen()
    this.onStart?.(sandbox, container.name, running)
  }

  /** From now on the pod's containers leak memory, those too that are started later. Gives the end of it. */
  leak(podUid: string, leak: Leak): () => void {
    const leaks = this.#leaks.get(podUid) ?? []
    this.#leaks.set(podUid, leaks)
    leaks.push(leak)
    this.#growAll(podUid, leak, leak.bytesPerSecond)
    return () => {
      leaks.splice(leaks.indexOf(leak), 1)
      if (leaks.length === 0) this.#leaks.delete(podUid)
      this.#growAll(podUid, leak, -leak.bytesPerSecond)
    }
  }

  #growAll(podUid: string, leak: Leak, bytesPerSecond: number): void {
    const sandbox = this.#sandboxes.get(podUid)
    if (sandbox === undefined) return
    for (const [name, container] of sandbox.containers) grow(sandbox, name, container, leak, bytesPerSecond)
  }

  /** Every process of the sandbox ends, its own too. The address stays taken until the sandbox is removed. */
  killSandbox(podUid: string): void {
    const sandbox = this.#sandboxes.get(podUid)
    if (sandbox === undefined) return
    sandbox.alive = false
    for (const container of sandbox.containers.values()) container.kill()
  }

  /** The containers that run. */
  running(): readonly RuntimeContainer[] {
    return [...this.#sandboxes.values()].flatMap(({ containers }) => [...containers.values()].filter(({ ended }) => ended === null))
  }

  /** The machine has lost its power. */
  vanish(): void {
    for (const sandbox of this.#sandboxes.values()) for (const container of sandbox.containers.values()) container.vanish()
    this.#sandboxes.clear()
    this.#options.ipam.reset()
  }

  #draw({ duration, failProbability, exitCode }: RunBehaviour): { duration: Nanos; exitCode: number } {
    const { runs } = this.#options
    return { duration: duration.sample(runs), exitCode: failProbability > 0 && runs.uniform() < failProbability ? exitCode : 0 }
  }
}

/** An init container ends before the next one starts; a sidecar goes on beside the main containers. */
export type ContainerRole = 'init' | 'sidecar' | 'main'

/** A container that the leak is about grows; one that uses more than its limit already is full at once. */
function grow({ pod }: Sandbox, name: string, container: RuntimeContainer, leak: Leak, bytesPerSecond: number): void {
  const main = pod.spec.containers.find((candidate) => candidate.name === name)
  const spec = main ?? pod.spec.initContainers.find((candidate) => candidate.name === name)
  if (spec === undefined || (leak.container === null ? main === undefined : leak.container !== name)) return
  const limit = spec.limits.memoryBytes
  const room = limit === 0 ? null : limit - (leak.memoryBytes ?? spec.requests.memoryBytes)
  container.grow(bytesPerSecond, room, () => leak.full(name, container))
}
