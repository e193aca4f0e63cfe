import type { StringMap } from '../api/objects/index.ts'
import type { Waitable } from '../engine/process.ts'
import type { Nanos } from '../units.ts'

/** What the kubelet tells the machine below it about one pod. */
export interface SandboxSpec {
  readonly podUid: string
  readonly podName: string
  readonly namespace: string
  readonly labels: StringMap
  /** Dotted IPv4. */
  readonly address: string
  readonly nodeIndex: number
  /** It has the address of the node, where only these ports are its own. Absent: the address is all its own. */
  readonly hostPorts?: readonly number[]
  /** The CPU limit of the container that serves, in thousandths of a core; absent or 0: it has none. */
  readonly cpuLimitMilli?: number
}

/** A pod's place on the machine, as the data plane numbers it. */
export type HostedPod = number

/**
 * The machine as the kubelet and the container runtime see it: addresses that come and go, processes that listen, finish and
 * die. Requests are served behind this seam.
 */
export interface PodHost {
  /** The sandbox has its address; nothing listens yet, so a connection is refused. */
  sandboxUp(spec: SandboxSpec): HostedPod
  /** The process accepts connections from now on. */
  listen(pod: HostedPod): void
  /** New connections are refused; what was accepted goes on. */
  stopListening(pod: HostedPod): void
  /** The process is gone: what it was serving is reset. */
  kill(pod: HostedPod): void
  /** The address is gone: packets to it vanish. That of the node stays, which refuses connections. */
  sandboxDown(pod: HostedPod): void
  isListening(pod: HostedPod): boolean
  /** How long a health call that comes now would wait behind what the process has to do; null when it gets no answer. */
  answersAfter(pod: HostedPod): Nanos | null
  /** Requests being served or queued. */
  inFlight(pod: HostedPod): number
  /** CPU time that its process has used so far, since the sandbox has its address. */
  cpuTime(pod: HostedPod): Nanos
  /** Happens when nothing is in flight any more; at once when nothing is. */
  whenIdle(pod: HostedPod): Waitable<void>
}
