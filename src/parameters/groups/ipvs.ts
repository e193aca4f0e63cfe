import { EXTENSION } from '../../proxy/affinity/persistent-connections.ts'
import { KUBE_PROXY_SYSCTLS, TEMPLATE_EXTENSION } from '../../proxy/ipvs/connection-table.ts'
import { CLASSIC_ACTIVE_LOAD, TOTAL_ACTIVE_LOAD } from '../../proxy/ipvs/destination-list.ts'
import { TICK } from '../../proxy/ipvs/kernel-timer.ts'
import { CONFIRMED_ONLY, DRAINED_ANYWAY } from '../../proxy/ipvs/reuse-rules.ts'
import { SLOTS } from '../../proxy/ipvs/schedulers/hash-slots.ts'
import {
  CACHE_EXPIRATION,
  CHECK_INTERVAL,
  FULL_CHECK_ROUND,
  SIZE_MAX,
  SWEEP_EXPIRATION,
} from '../../proxy/ipvs/schedulers/locality-cache.ts'
import { TABLE_SIZE } from '../../proxy/ipvs/schedulers/mh.ts'
import { SCTP_TIMEOUTS } from '../../proxy/ipvs/sctp-state.ts'
import { DEFAULT_TIMEOUTS } from '../../proxy/ipvs/timeouts.ts'
import { WEIGHT_MAX } from '../../proxy/ipvs/virtual-service.ts'
import { withIpvs } from '../conditions.ts'
import { assumed, type Condition, cited, entry, group } from '../parameter.ts'
import { linux, of, time } from '../quantity.ts'

/** Recorded traces have it; no traffic of a scenario is over SCTP. */
const NO_SCTP: Condition = { text: 'not in any run: no traffic is over SCTP', holds: () => false }

export const IPVS = group(
  'ipvs',
  'IPVS',
  [
    entry(
      'timeout.established',
      time(DEFAULT_TIMEOUTS.established),
      cited('Linux net/netfilter/ipvs/ip_vs_proto_tcp.c, ip_vs_proto_udp.c'),
    ),
    entry(
      'timeout.synReceived',
      time(DEFAULT_TIMEOUTS.synReceived),
      cited('Linux net/netfilter/ipvs/ip_vs_proto_tcp.c, ip_vs_proto_udp.c'),
    ),
    entry('timeout.finWait', time(DEFAULT_TIMEOUTS.finWait), cited('Linux net/netfilter/ipvs/ip_vs_proto_tcp.c, ip_vs_proto_udp.c')),
    entry('timeout.timeWait', time(DEFAULT_TIMEOUTS.timeWait), cited('Linux net/netfilter/ipvs/ip_vs_proto_tcp.c, ip_vs_proto_udp.c')),
    entry('timeout.close', time(DEFAULT_TIMEOUTS.close), cited('Linux net/netfilter/ipvs/ip_vs_proto_tcp.c, ip_vs_proto_udp.c')),
    entry('timeout.closeWait', time(DEFAULT_TIMEOUTS.closeWait), cited('Linux net/netfilter/ipvs/ip_vs_proto_tcp.c, ip_vs_proto_udp.c')),
    entry('timeout.udp', time(DEFAULT_TIMEOUTS.udp), cited('Linux net/netfilter/ipvs/ip_vs_proto_tcp.c, ip_vs_proto_udp.c')),
    entry('timeout.sctp.none', time(SCTP_TIMEOUTS.none), cited('Linux net/netfilter/ipvs/ip_vs_proto_sctp.c (sctp_timeouts)'), {
      note: 'Neither ipvsadm nor kube-proxy can set these.',
      when: NO_SCTP,
    }),
    entry('timeout.sctp.init1', time(SCTP_TIMEOUTS.init1), cited('Linux net/netfilter/ipvs/ip_vs_proto_sctp.c (sctp_timeouts)'), {
      note: 'Neither ipvsadm nor kube-proxy can set these.',
      when: NO_SCTP,
    }),
    entry(
      'timeout.sctp.established',
      time(SCTP_TIMEOUTS.established),
      cited('Linux net/netfilter/ipvs/ip_vs_proto_sctp.c (sctp_timeouts)'),
      { note: 'Neither ipvsadm nor kube-proxy can set these.', when: NO_SCTP },
    ),
    entry('timeout.sctp.other', time(SCTP_TIMEOUTS.other), cited('Linux net/netfilter/ipvs/ip_vs_proto_sctp.c (sctp_timeouts)'), {
      note: 'Neither ipvsadm nor kube-proxy can set these.',
      when: NO_SCTP,
    }),
    entry('templateExtension', time(TEMPLATE_EXTENSION), cited('Linux net/netfilter/ipvs/ip_vs_conn.c (ip_vs_conn_expire)'), {
      note: 'A template that still has connections when its time is up gets another minute.',
    }),
    entry('expireNodestConn', of(KUBE_PROXY_SYSCTLS.expireNodestConn), cited('kubernetes v1.36.2 pkg/proxy/ipvs/proxier.go')),
    entry('expireQuiescentTemplate', of(KUBE_PROXY_SYSCTLS.expireQuiescentTemplate), cited('kubernetes v1.36.2 pkg/proxy/ipvs/proxier.go')),
    entry(
      'persistence.extension',
      time(EXTENSION),
      cited('ip_vs_conn_expire, which writes it over the time-out that the template was made with'),
    ),
    entry(
      'activeLoad',
      of(CLASSIC_ACTIVE_LOAD),
      cited('Linux net/netfilter/ipvs, ip_vs_dest_conn_overhead: 256 of an active connection, 1 of an inactive one'),
      {
        note: 'Load of an active connection where an inactive one counts 1.',
      },
    ),
    entry('activeLoad2026', of(TOTAL_ACTIVE_LOAD), cited('Linux kernels of 2026: the sum of all connections in the overhead'), {
      note: 'The same in kernels of 2026, which add the active connections once more.',
    }),
    entry('jiffy', time(TICK), assumed('assumption: HZ = 250, as most distributions build it'), { note: 'One jiffy at HZ = 250.' }),
    entry(
      'reuse.confirmedOnlySince',
      linux(CONFIRMED_ONLY),
      cited('Linux commit f0a5e4d7a594 (ipvs: allow connection reuse for unconfirmed conntrack)'),
      { note: 'Since then only a SYN that connection tracking has confirmed is dropped.' },
    ),
    entry(
      'reuse.drainedAnywaySince',
      linux(DRAINED_ANYWAY),
      cited('Linux commit c95c07836fa4 (ipvs: fix reuse connection if RS weight is 0)'),
      { note: 'Since then drained destinations do not depend on conn_reuse_mode.' },
    ),
    entry('sh.slots', of(SLOTS), cited('Linux net/netfilter/ipvs/ip_vs_sh.c, ip_vs_dh.c (table of 2^8)')),
    entry(
      'lblc.expirationTicks',
      of(CACHE_EXPIRATION, 'ticks'),
      cited('Linux net/netfilter/ipvs/ip_vs_lblc.c (sysctl lblc_expiration, lblcr_expiration)'),
      { note: 'Ticks after which an address is forgotten: sysctl lblc_expiration, lblcr_expiration.' },
    ),
    entry('lblc.sweepExpirationTicks', of(SWEEP_EXPIRATION, 'ticks'), cited('Linux net/netfilter/ipvs/ip_vs_lblc.c'), {
      note: 'The same while the cache is too large, ticks.',
    }),
    entry('lblc.checkInterval', time(CHECK_INTERVAL), cited('Linux net/netfilter/ipvs/ip_vs_lblc.c (CHECK_EXPIRE_INTERVAL)'), {
      note: 'The same while the cache is too large, ticks.',
    }),
    entry('lblc.fullCheckRounds', of(FULL_CHECK_ROUND), cited('Linux net/netfilter/ipvs/ip_vs_lblc.c (COUNT_FOR_FULL_EXPIRATION)'), {
      note: 'The same while the cache is too large, ticks.',
    }),
    entry('lblc.sizeMax', of(SIZE_MAX, 'addresses'), cited('Linux net/netfilter/ipvs/ip_vs_lblc.c'), { note: '16 addresses a bucket.' }),
    entry('mh.tableSize', of(TABLE_SIZE), cited('Linux net/netfilter/ipvs/ip_vs_mh.c'), {
      note: 'A prime, for the default table index 12.',
    }),
    entry('weightMax', of(WEIGHT_MAX), cited('ipvsadm(8): "an integer 0..65535"')),
  ],
  withIpvs,
)
