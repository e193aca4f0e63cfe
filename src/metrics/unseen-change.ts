import type { Nanos } from '../units.ts'

/** A change of an object that the rules behind a failure did not have yet. */
export interface UnseenChange {
  /** Such as `EndpointSlice/shop/frontend-x7k2p`. */
  readonly object: string
  readonly revision: number
  /** When etcd committed it; null where that is no longer known. */
  readonly committedAt: Nanos | null
}

/** It had happened, and nobody had told the API server. */
export const UNWRITTEN: UnseenChange = { object: 'not written yet', revision: 0, committedAt: null }
