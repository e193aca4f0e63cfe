import type { LabelSelector } from '../api/labels.ts'
import type { DistributionSpec } from '../engine/distributions.ts'
import type { Nanos } from '../units.ts'
import type { DiurnalRate } from './arrivals/diurnal.ts'
import type { MmppPhase } from './arrivals/mmpp.ts'
import type { RateStage } from './arrivals/stages.ts'

/** How containers behave: matched to pods by label selector, the first match wins. */
export interface WorkloadSpec {
  readonly selector: LabelSelector
  /** CPU time of one request. */
  readonly serviceTime: DistributionSpec
  /** Requests served at once by one pod. */
  readonly concurrency: number
  /** Requests that wait in one pod when all servers are busy; one more is refused. */
  readonly queue: number
  /** From process start to listening. */
  readonly startUp: DistributionSpec
  /** What the process does on SIGTERM: exits at once and drops what it was serving, or stops accepting and finishes it. */
  readonly onTerminate: 'exit' | 'drain'
  /** Main containers end by themselves; absent: they run until they are told to stop. */
  readonly run?: RunSpec | undefined
  /** How the init containers run. */
  readonly init?: RunSpec | undefined
}

/** A process that ends by itself: after `duration`, with `exitCode` in a share of the runs, else with 0. */
export interface RunSpec {
  readonly duration: DistributionSpec
  readonly failProbability: number
  readonly exitCode: number
}

export interface TrafficSpec {
  readonly name: string
  readonly target: TrafficTarget
  readonly from: TrafficSource
  readonly arrivals: ArrivalSpec | ClosedLoopSpec
  /** A request that has no answer after this long has failed. */
  readonly timeout: Nanos
  readonly start: Nanos
  readonly stop: Nanos
}

/** A Service port by namespace, name and port number. */
export interface TrafficTarget {
  readonly namespace: string
  readonly service: string
  readonly port: number
}

export type TrafficSource =
  /** `clients`: how many addresses they have. */
  | { readonly kind: 'external'; readonly clients: number }
  | { readonly kind: 'pods'; readonly namespace: string; readonly selector: LabelSelector }

/** When requests are sent. Open loop: at their own pace, whatever becomes of earlier ones. */
export type ArrivalSpec =
  | { readonly kind: 'poisson' | 'constant'; readonly ratePerSecond: number }
  /** One stage or more, one after the other. */
  | { readonly kind: 'stages'; readonly stages: readonly RateStage[] }
  | ({ readonly kind: 'diurnal' } & DiurnalRate)
  | { readonly kind: 'mmpp'; readonly phases: readonly [MmppPhase, MmppPhase] }
  /** Times after the start, ascending. */
  | { readonly kind: 'replay'; readonly times: readonly Nanos[] }

/** Closed loop: so many users, each of whom sends, waits for what becomes of it, thinks, and sends again. */
export interface ClosedLoopSpec {
  readonly kind: 'closed'
  readonly users: number
  readonly think: DistributionSpec
}
