import { PARTS } from './blame.ts'

/** In place of a cause of failure: the run ended before the request did. */
export const IN_FLIGHT = -2

/** What a request went on: nothing, a connection that was opened for it, or one that was there before. */
export const NO_WAY = 0
export const NEW_CONNECTION = 1
export const KEPT_CONNECTION = 2

/** In place of a client pod: a client outside the cluster; or none, as none was running to send it. */
export const FROM_OUTSIDE = -1
export const FROM_NOBODY = -2
/** No pod, or no node. */
export const NONE = -1

/**
 * Requests that have ended, in columns; a row is an index below `length`. The one who has it may read it until the call is over: it is filled again.
 */
export class RequestBatch {
  length = 0
  /** Index into {@link RequestNames.traffics}. */
  readonly traffics = new Int32Array(BATCH)
  /** When it was to be sent, ns. */
  readonly sentAt = new Float64Array(BATCH)
  /** From then to its end, ns; NaN: {@link IN_FLIGHT}. */
  readonly latencies = new Float64Array(BATCH)
  /** OK, a cause of failure (an index into FAILURE_CAUSES), or {@link IN_FLIGHT}. */
  readonly outcomes = new Int8Array(BATCH)
  /** The client: a pod, {@link FROM_OUTSIDE} or {@link FROM_NOBODY}; and of one outside its address, an int32. */
  readonly clients = new Int32Array(BATCH)
  readonly addresses = new Int32Array(BATCH)
  /** The node whose rules translate it, or {@link NONE}. */
  readonly nodes = new Int32Array(BATCH)
  /** The pod that accepted its connection, or {@link NONE}. */
  readonly pods = new Int32Array(BATCH)
  /** {@link NO_WAY}, {@link NEW_CONNECTION} or {@link KEPT_CONNECTION}. */
  readonly connections = new Uint8Array(BATCH)
  /** Tries so far, and SYNs that the connection of the last one repeated. */
  readonly tries = new Int32Array(BATCH)
  readonly repeats = new Int32Array(BATCH)
  /** What the time was spent on, ns: PARTS numbers a row, whose sum is the latency; meaningless where that is NaN. */
  readonly parts = new Float64Array(BATCH * PARTS)

  get isFull(): boolean {
    return this.length === BATCH
  }
}

/** What the numbers of a batch are called. */
export interface RequestNames {
  readonly traffics: readonly string[]
  readonly nodes: readonly string[]
  /** `namespace/name` of a pod, or the name of a node that is a client itself; and the node it is on. They stay what they are. */
  pod(pod: number): { readonly name: string; readonly node: number }
}

/** Takes the requests of one run as they end. */
export interface RequestSink {
  take(batch: RequestBatch, names: RequestNames): void
}

/** Rows: few enough to stay in the cache, enough for a call to cost nothing. */
const BATCH = 1024
