import { DATA_RETRIES, RETRANSMIT_MAX, RTO_MIN, SYN_ACK_TIMEOUT, SYN_RETRIES } from '../../node/kernel-tcp.ts'
import { FIRST_PORT, PORTS } from '../../workload/client-ports.ts'
import { TCP_GIVES_UP } from '../../workload/requests/http2-streams.ts'
import { cited, entry, group } from '../parameter.ts'
import { of, time } from '../quantity.ts'

export const TCP = group('tcp', 'TCP and kernel', [
  entry('synRetries', of(SYN_RETRIES), cited('Linux net.ipv4.tcp_syn_retries, default 6'), {
    note: 'After so many repetitions the kernel gives a connection up.',
  }),
  entry('synAckTimeout', time(SYN_ACK_TIMEOUT), cited('Linux include/net/tcp.h, TCP_TIMEOUT_INIT 1 s'), {
    note: "How long a pod's kernel waits before it sends its first SYN-ACK again.",
  }),
  entry('dataRetries', of(DATA_RETRIES), cited('Linux net.ipv4.tcp_retries2, default 15'), {
    note: 'After so many repetitions of a segment the kernel gives the connection up.',
  }),
  entry('rtoMax', time(RETRANSMIT_MAX), cited('Linux include/net/tcp.h, TCP_RTO_MAX, 120 s'), { note: 'That wait never gets longer.' }),
  entry('rtoMin', time(RTO_MIN), cited('Linux include/net/tcp.h, TCP_RTO_MIN, HZ / 5')),
  entry(
    'givesUpAfter',
    time(TCP_GIVES_UP),
    cited('Linux, Documentation/networking/ip-sysctl: tcp_retries2 = 15 is "a hypothetical timeout of 924.6 seconds"'),
    { note: 'For how long TCP repeats what is not acknowledged before it gives the connection up.' },
  ),
  entry('localPorts.first', of(FIRST_PORT), cited('net.ipv4.ip_local_port_range, default 32768 to 60999')),
  entry('localPorts.count', of(PORTS, 'ports'), cited('net.ipv4.ip_local_port_range, default 32768 to 60999')),
])
