import {
  BUCKETS,
  CLOSE_TIMEOUT,
  ENTRIES_AT_MOST,
  EVICTION_RANGE,
  LONG_TIMEOUT,
  UDP_STREAM_AFTER,
  UDP_STREAM_TIMEOUT,
  UDP_TIMEOUT,
} from '../../node/conntrack.ts'
import { CLIENTS_MAX } from '../../proxy/affinity/recent-list.ts'
import { EVICTS, HARDER, LONG, SHORT, SNAT_FIRST, SNAT_PORTS, TRIES, TRIES_LEAST } from '../../workload/snat-ports.ts'
import { since } from '../conditions.ts'
import { cited, entry, group } from '../parameter.ts'
import { linux, of, time } from '../quantity.ts'

export const CONNTRACK = group('conntrack', 'Connection tracking and masquerading', [
  entry('timeout.long', time(LONG_TIMEOUT), cited('Linux net/netfilter/nf_conntrack_proto_tcp.c'), {
    note: 'TIME_WAIT, SYN_SENT and FIN_WAIT all last this long.',
  }),
  entry('timeout.close', time(CLOSE_TIMEOUT), cited('Linux net/netfilter/nf_conntrack_proto_tcp.c'), {
    note: 'CLOSE, which an RST leads to.',
  }),
  entry('timeout.udp', time(UDP_TIMEOUT), cited('Linux 6.1 net/netfilter/nf_conntrack_proto_udp.c, UDP_CT_UNREPLIED'), {
    note: 'Of UDP until there is an answer, and for 2 s after the first datagram.',
  }),
  entry(
    'timeout.udpStream',
    time(UDP_STREAM_TIMEOUT),
    cited('Linux 6.1 net/netfilter/nf_conntrack_proto_udp.c, UDP_CT_UNREPLIED, UDP_CT_REPLIED'),
    { note: 'Of UDP that goes both ways for longer.' },
  ),
  entry(
    'udpStreamAfter',
    time(UDP_STREAM_AFTER),
    cited('Linux 6.1 net/netfilter/nf_conntrack_proto_udp.c, UDP_CT_UNREPLIED, UDP_CT_REPLIED, UDP_CT_REPLIED'),
    { note: 'Of UDP that goes both ways for longer.' },
  ),
  entry(
    'max',
    of(ENTRIES_AT_MOST, 'entries'),
    cited('kubernetes v1.36.2 pkg/proxy/apis/config/v1alpha1/defaults.go (conntrack.maxPerCore, conntrack.min; the cap is new in 1.36)'),
    { when: since(36) },
  ),
  entry(
    'buckets',
    of(BUCKETS),
    cited('Linux 5.15 nf_conntrack_core.c, nf_conntrack_init_start; kubernetes v1.36 pkg/proxy/conntrack/sysctls.go'),
    { note: 'Buckets of the table on a node of more than 4 GB, which kube-proxy raises to a quarter of the entries.' },
  ),
  entry('evictionRange', of(EVICTION_RANGE, 'buckets'), cited('Linux net/netfilter/nf_conntrack_core.c, NF_CT_EVICTION_RANGE'), {
    note: 'Buckets in which a full table looks for an entry to throw out.',
  }),
  entry(
    'snat.firstPort',
    of(SNAT_FIRST),
    cited('Linux net/netfilter/nf_nat_core.c, nf_nat_l4proto_unique_tuple, for a source port of 512 and more'),
    { note: 'Source ports that masquerading takes from.' },
  ),
  entry(
    'snat.ports',
    of(SNAT_PORTS, 'ports'),
    cited('Linux net/netfilter/nf_nat_core.c, nf_nat_l4proto_unique_tuple, for a source port of 512 and more'),
    { note: 'Source ports that masquerading takes from.' },
  ),
  entry(
    'snat.tries',
    of(TRIES),
    cited('Linux net/netfilter/nf_nat_core.c, nf_nat_l4proto_unique_tuple, for a source port of 512 and more'),
    { note: 'Ports tried in a row from a random one on; then half as many from another one, and so on down to fewer than 16.' },
  ),
  entry(
    'snat.triesLeast',
    of(TRIES_LEAST),
    cited('Linux net/netfilter/nf_nat_core.c, nf_nat_l4proto_unique_tuple, for a source port of 512 and more'),
    { note: 'Ports tried in a row from a random one on; then half as many from another one, and so on down to fewer than 16.' },
  ),
  entry('snat.takesClosingFrom', of(HARDER), cited('Linux commit 4589725502871 (snat: evict closing tcp entries), 6.5'), {
    note: 'So many tries before the end of a row the kernel also takes the port of a connection that has ended.',
  }),
  entry('snat.evictsClosingSince', linux(EVICTS), cited('Linux commit 4589725502871 (snat: evict closing tcp entries), 6.5'), {
    note: 'So many tries before the end of a row the kernel also takes the port of a connection that has ended.',
  }),
  entry('snat.timeout.long', time(LONG), cited('Linux net/netfilter/nf_conntrack_proto_tcp.c')),
  entry('snat.timeout.close', time(SHORT), cited('Linux net/netfilter/nf_conntrack_proto_tcp.c')),
  entry('recent.clientsMax', of(CLIENTS_MAX), cited('Linux net/netfilter/xt_recent.c, module parameter ip_list_tot')),
])
