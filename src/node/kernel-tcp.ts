import { type Nanos, SECOND } from '../units.ts'

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
