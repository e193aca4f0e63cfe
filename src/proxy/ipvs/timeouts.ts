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
