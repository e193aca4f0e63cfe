import type { Simulation } from '../engine/simulation.ts'
import type { ProxyMode } from '../kube-proxy/modes/mode.ts'
import type { Addresses } from '../network/addresses.ts'
import type { Network } from '../network/network.ts'
import type { Kernels } from '../node/kernel.ts'
import type { PacketCores } from '../node/packet-cores.ts'
import type { SandboxSpec } from '../node/pod-host.ts'
import type { Backends } from './backends.ts'
import type { PacketFilter } from './packet-filter.ts'
import type { RequestSampler } from './samples/request-sampler.ts'
import type { HttpRequest, IngressControllerSpec } from './specs.ts'

/**
 * Pods that pass requests on instead of answering them: what the data plane tells whoever runs them.
 *
 * ```text
 *   client ── request ──▶ pod: queue, CPU time ── received ──▶ Gateway ── try ──▶ another pod: queue, service
 *          ◀── answer or failure ─ PassedRequests ◀──────────────┘ ◀── answered, dropped ──┘
 * ```
 *
 * A **try** is the gateway's own number, >= 0, for a request that it sent to a pod; to {@link Backends} it is the customer `~try`.
 */
export interface Gateway {
  /** The pod's process could listen. It does so when the gateway calls `backends.open(pod)`, once it has a configuration. */
  started(pod: number, spec: SandboxSpec, controller: IngressControllerSpec, workers: number): void
  /** The pod's process is gone. What it was passing on is to be dropped, with or without a reset. */
  ended(pod: number, withReset: boolean): void
  /** A request has had its CPU time in the pod and is now the gateway's. */
  received(pod: number, request: number): void
  /** Adds to `open`, by pod, the connections of the gateway that it has accepted and neither side has closed. */
  countOpen(open: Int32Array): void
  /** Any pod has told its peers that its open connections are over. */
  closed(pod: number): void
  /** A pod takes the try up. */
  begun(attempt: number): void
  /** What its pod sends from now on is sent for the try. */
  tellSpanOf(attempt: number, sampler: RequestSampler): void
  /** The number that a try's demand is drawn from. */
  seedOf(attempt: number): number
  /** A pod is done with the try: its answer is a success ({@link OK}), or an HTTP error, an index into FAILURE_CAUSES. */
  answered(attempt: number, cause: number): void
  /** The pod's process ended with the try in it. */
  dropped(attempt: number, withReset: boolean): void
}

/** What a gateway does with the requests that are its own. Each ends by one of the last three. */
export interface PassedRequests {
  /** Its client still waits. */
  isWaited(request: number): boolean
  seedOf(request: number): number
  /** Index of its traffic. */
  trafficOf(request: number): number
  /** The address of its client, as an int32. */
  clientOf(request: number): number
  /** The index of the node whose address the pod sees in place of the client's, as kube-proxy there masquerades; -1: none does. */
  maskedBy(request: number): number
  /** What a traffic's requests say. */
  routeOf(traffic: number): HttpRequest
  /** Answered with success. */
  served(request: number): void
  /** Answered with an HTTP error, an index into FAILURE_CAUSES. */
  refused(request: number, cause: number): void
  /** The process that had it is gone. */
  dropped(request: number, withReset: boolean): void
}

export interface GatewayParts {
  readonly sim: Simulation
  readonly requests: PassedRequests
  readonly backends: Backends
  readonly addresses: Addresses
  readonly network: Network
  readonly kernels: Kernels
  readonly cores: PacketCores
  readonly mode: ProxyMode
  /** null: every packet passes. */
  readonly filter: PacketFilter | null
  /** null: nobody watches requests. */
  readonly sampler: RequestSampler | null
}

export type GatewayFactory = (parts: GatewayParts) => Gateway
