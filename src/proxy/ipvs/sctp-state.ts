/**
 * The SCTP states of an IPVS connection, as a node sees them that forwards both directions (masquerading, kube-proxy's only way).
 *
 * IPVS follows the first chunk of a packet, not tags or sequence numbers. An association counts as active in ESTABLISHED alone,
 * so one that is being set up counts as inactive, where TCP's counts as active from the SYN:
 *
 *   client INIT      server INIT-ACK    client COOKIE-ECHO   server COOKIE-ACK
 *        -> INIT1 ----> COOKIE_SENT ------> COOKIE_REPLIED ------> ESTABLISHED
 *
 *   ESTABLISHED -- client SHUTDOWN ----> SHUTDOWN_RECEIVED -- server SHUTDOWN-ACK --> SHUTDOWN_ACK_SENT -- client SHUTDOWN-COMPLETE --> CLOSED
 *   ESTABLISHED -- server SHUTDOWN ----> SHUTDOWN_SENT -- client SHUTDOWN-ACK --> CLOSED
 *
 * A second INIT leads to INIT, which waits longer than INIT1. ABORT closes, but to the first INIT it means REJECTED. COOKIE_WAIT,
 * COOKIE and COOKIE_ECHOED are those of an association that the server begins.
 *
 * Left out: the table for packets of one direction only (direct routing), which kube-proxy does not use.
 *
 * Source: Linux net/netfilter/ipvs/ip_vs_proto_sctp.c; table and time-outs are the same with either overhead formula.
 */
import { type Nanos, SECOND } from '../../units.ts'

/** In the kernel's order: the rules below compare. */
export const NONE = 0
export const INIT1 = 1
export const INIT = 2
export const COOKIE_SENT = 3
export const COOKIE_REPLIED = 4
export const COOKIE_WAIT = 5
export const COOKIE = 6
export const COOKIE_ECHOED = 7
export const ESTABLISHED = 8
export const SHUTDOWN_SENT = 9
export const SHUTDOWN_RECEIVED = 10
export const SHUTDOWN_ACK_SENT = 11
export const REJECTED = 12
export const CLOSED = 13
export type SctpState =
  | typeof NONE
  | typeof INIT1
  | typeof INIT
  | typeof COOKIE_SENT
  | typeof COOKIE_REPLIED
  | typeof COOKIE_WAIT
  | typeof COOKIE
  | typeof COOKIE_ECHOED
  | typeof ESTABLISHED
  | typeof SHUTDOWN_SENT
  | typeof SHUTDOWN_RECEIVED
  | typeof SHUTDOWN_ACK_SENT
  | typeof REJECTED
  | typeof CLOSED

/**
 * What a packet means to IPVS: its first chunk. `data` stands for SACK, HEARTBEAT and chunks that IPVS does not know, too.
 * A COOKIE-ECHO or COOKIE-ACK with an ABORT behind it is an `abort`.
 */
export type SctpChunk =
  | 'data'
  | 'init'
  | 'init-ack'
  | 'cookie-echo'
  | 'cookie-ack'
  | 'shutdown'
  | 'shutdown-ack'
  | 'shutdown-complete'
  | 'error'
  | 'abort'

export function isSctpActive(state: SctpState): boolean {
  return state === ESTABLISHED
}

/** Neither ipvsadm nor kube-proxy can set these. Source: Linux net/netfilter/ipvs/ip_vs_proto_sctp.c (sctp_timeouts). */
export const SCTP_TIMEOUTS = { none: 2 * SECOND, init1: 4 * SECOND, established: 900 * SECOND, other: 61 * SECOND } as const

/** How long a connection stays after its last packet. */
export function sctpTimeout(state: SctpState): Nanos {
  switch (state) {
    case NONE:
      return SCTP_TIMEOUTS.none
    case INIT1:
    case REJECTED:
      return SCTP_TIMEOUTS.init1
    case ESTABLISHED:
      return SCTP_TIMEOUTS.established
    default:
      return SCTP_TIMEOUTS.other
  }
}

/** The state after a packet from the client. */
export function afterClientChunk(state: SctpState, chunk: SctpChunk): SctpState {
  switch (chunk) {
    case 'data':
      return state === NONE ? ESTABLISHED : state
    case 'init':
      if (state === NONE) return INIT1
      return state === INIT1 || state === REJECTED || state === CLOSED ? INIT : state
    case 'init-ack':
      if (state <= INIT) return COOKIE_WAIT
      return state === COOKIE_WAIT ? COOKIE : state
    case 'cookie-echo':
      if (state === NONE || state === COOKIE_SENT) return COOKIE_REPLIED
      return state === INIT1 ? INIT : state
    case 'cookie-ack':
      return state === NONE || state === COOKIE_ECHOED ? ESTABLISHED : state
    case 'shutdown':
      return state === NONE || state === ESTABLISHED ? SHUTDOWN_RECEIVED : state
    case 'shutdown-ack':
      if (state === INIT1) return INIT
      return state === NONE || state === SHUTDOWN_SENT || state === SHUTDOWN_ACK_SENT ? CLOSED : state
    case 'shutdown-complete':
      return state <= INIT || state === SHUTDOWN_ACK_SENT ? CLOSED : state
    case 'error':
      return state === NONE || state === COOKIE_ECHOED ? CLOSED : state
    case 'abort':
      return state === COOKIE_WAIT ? REJECTED : CLOSED
  }
}

/** The state after a packet from the server. */
export function afterServerChunk(state: SctpState, chunk: SctpChunk): SctpState {
  switch (chunk) {
    case 'data':
      return state === NONE ? ESTABLISHED : state
    case 'init':
      return state === ESTABLISHED ? ESTABLISHED : COOKIE_WAIT
    case 'init-ack':
      return state <= INIT ? COOKIE_SENT : state
    case 'cookie-echo':
      return state < ESTABLISHED ? COOKIE_ECHOED : state
    case 'cookie-ack':
      return state < ESTABLISHED ? ESTABLISHED : state
    case 'shutdown':
      return state <= ESTABLISHED ? SHUTDOWN_SENT : state
    case 'shutdown-ack':
      return state <= COOKIE_REPLIED || state === SHUTDOWN_SENT || state === SHUTDOWN_RECEIVED ? SHUTDOWN_ACK_SENT : state
    case 'shutdown-complete':
      return state === NONE ? CLOSED : state
    case 'error':
      return state <= COOKIE_REPLIED ? CLOSED : state
    case 'abort':
      return state === INIT1 ? REJECTED : CLOSED
  }
}
