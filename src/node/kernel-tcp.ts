import { MILLISECOND, type Nanos, SECOND } from '../units.ts'

/** After so many repetitions the kernel gives a connection up. Source: Linux net.ipv4.tcp_syn_retries, default 6. */
export const SYN_RETRIES = 6

/**
 * How long a client's kernel waits for an answer to SYN number `attempt`, counted from 0, before it sends the next: 1, 2, 4, … s, so they go
 * out 1, 3, 7, 15, … s after the first. After the last one, how long until it gives up.
 *
 * Source: Linux include/net/tcp.h, TCP_TIMEOUT_INIT 1 s, doubling. (From 6.5 on, net.ipv4.tcp_syn_linear_timeouts lets the first four be
 * 1 s apart; the profile's kernel is 6.1.)
 */
export function synRetransmitTimeout(attempt: number): Nanos {
  return SECOND * (1 << attempt)
}

/** How long a pod's kernel waits before it sends its first SYN-ACK again. Source: Linux include/net/tcp.h, TCP_TIMEOUT_INIT 1 s. */
export const SYN_ACK_TIMEOUT: Nanos = SECOND

/** After so many repetitions of a segment the kernel gives the connection up. Source: Linux net.ipv4.tcp_retries2, default 15. */
export const DATA_RETRIES = 15

/** That wait never gets longer. Source: Linux include/net/tcp.h, TCP_RTO_MAX, 120 s. */
export const RETRANSMIT_MAX: Nanos = 120 * SECOND

/** Source: Linux include/net/tcp.h, TCP_RTO_MIN, HZ / 5. */
export const RTO_MIN: Nanos = 200 * MILLISECOND

/**
 * How long a kernel waits for the acknowledgement of a segment before it sends it again; doubled each time.
 *
 * Source: RFC 6298, RTO = SRTT + 4 RTTVAR, where Linux takes TCP_RTO_MIN for the second term at least (net/ipv4/tcp_input.c, tcp_rtt_estimator).
 * The round trip is that of the network alone. A tail loss probe of one segment in flight is sent at the same time: 2 SRTT + TCP_RTO_MIN, and
 * no later than the RTO (net/ipv4/tcp_output.c, tcp_schedule_loss_probe).
 */
export function retransmitTimeout(roundTrip: Nanos): Nanos {
  return RTO_MIN + roundTrip
}
