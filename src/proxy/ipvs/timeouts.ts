/**
 * Time-outs of IPVS connections by state.
 *
 * Source: Linux net/netfilter/ipvs/ip_vs_proto_tcp.c, ip_vs_proto_udp.c. kube-proxy can set three of them
 * (`--ipvs-tcp-timeout`, `--ipvs-tcpfin-timeout`, `--ipvs-udp-timeout`; 0 leaves the kernel's value).
 */
import { type Nanos, SECOND } from '../../units.ts'

export interface ConnectionTimeouts {
  readonly established: Nanos
  readonly synReceived: Nanos
  /** The server closed first. `--ipvs-tcpfin-timeout` sets this one only. */
  readonly finWait: Nanos
  readonly timeWait: Nanos
  readonly close: Nanos
  /** The client closed first. */
  readonly closeWait: Nanos
  readonly udp: Nanos
}

export const DEFAULT_TIMEOUTS: ConnectionTimeouts = {
  established: 900 * SECOND,
  synReceived: 60 * SECOND,
  finWait: 120 * SECOND,
  timeWait: 120 * SECOND,
  close: 10 * SECOND,
  closeWait: 60 * SECOND,
  udp: 300 * SECOND,
}

/** How a connection ended, and so how long and as what IPVS keeps counting it. */
export type Ending =
  /** Both sides closed: inactive for 120 s. */
  | 'time-wait'
  /** A reset by either side, also the refusal of a SYN: inactive for 10 s. */
  | 'close'
  /** The SYN was never answered: stays active for 60 s after the last SYN. */
  | 'syn-received'
  /** Both sides fell silent (a node died): stays active for 900 s after the last packet. */
  | 'established'

/** How long IPVS keeps counting a connection that ended so. */
export function timeoutOf(timeouts: ConnectionTimeouts, ending: Ending): Nanos {
  switch (ending) {
    case 'time-wait':
      return timeouts.timeWait
    case 'close':
      return timeouts.close
    case 'syn-received':
      return timeouts.synReceived
    case 'established':
      return timeouts.established
  }
}
