/**
 * The TCP states of an IPVS connection, as a node sees them that forwards both directions (masquerading, kube-proxy's only way).
 *
 * IPVS follows flags, not sequence numbers. A connection counts as active in SYN_RECEIVED and ESTABLISHED. The first FIN
 * or RST makes it inactive:
 *
 *                      client FIN              server FIN
 *   SYN_RECEIVED -> ESTABLISHED -> CLOSE_WAIT -> TIME_WAIT
 *                        |  server FIN     client FIN
 *                        +-------> FIN_WAIT -> TIME_WAIT        RST -> CLOSE
 *
 * A SYN of the client begins anew from any state but ESTABLISHED.
 *
 * Source: Linux net/netfilter/ipvs/ip_vs_proto_tcp.c.
 */

export const NEW = 0
export const SYN_RECEIVED = 1
export const ESTABLISHED = 2
export const FIN_WAIT = 3
export const CLOSE_WAIT = 4
export const TIME_WAIT = 5
export const CLOSE = 6
export type TcpState =
  | typeof NEW
  | typeof SYN_RECEIVED
  | typeof ESTABLISHED
  | typeof FIN_WAIT
  | typeof CLOSE_WAIT
  | typeof TIME_WAIT
  | typeof CLOSE

/** What a segment means to IPVS; of several flags the first of RST, SYN, FIN, ACK counts. */
export type TcpFlag = 'syn' | 'ack' | 'fin' | 'rst'

export function isActive(state: TcpState): boolean {
  return state === SYN_RECEIVED || state === ESTABLISHED
}

/** The state after a segment from the client. */
export function afterClient(state: TcpState, flag: TcpFlag): TcpState {
  switch (flag) {
    case 'syn':
      return state === ESTABLISHED ? ESTABLISHED : SYN_RECEIVED
    case 'ack':
      return state === SYN_RECEIVED || state === NEW ? ESTABLISHED : state
    case 'fin':
      if (state === ESTABLISHED) return CLOSE_WAIT
      if (state === SYN_RECEIVED || state === FIN_WAIT) return TIME_WAIT
      return state === NEW ? CLOSE : state
    case 'rst':
      return state === SYN_RECEIVED ? SYN_RECEIVED : CLOSE
  }
}

/** The state after a segment from the server. */
export function afterServer(state: TcpState, flag: TcpFlag): TcpState {
  switch (flag) {
    case 'syn':
      return state
    case 'ack':
      return state === SYN_RECEIVED ? ESTABLISHED : state
    case 'fin':
      if (state === ESTABLISHED) return FIN_WAIT
      return state === SYN_RECEIVED || state === CLOSE_WAIT ? TIME_WAIT : state
    case 'rst':
      return state === TIME_WAIT ? TIME_WAIT : CLOSE
  }
}
