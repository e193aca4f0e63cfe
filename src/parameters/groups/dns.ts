import { ALIASES_MAX } from '../../scenario/load-external-name.ts'
import { OVERLAPPING } from '../../workload/datagrams/clash.ts'
import { withDns } from '../conditions.ts'
import { assumed, cited, entry, group } from '../parameter.ts'
import { of } from '../quantity.ts'

export const DNS = group('dns', 'DNS', [
  entry('overlapping', of(OVERLAPPING), assumed('assumption: of the order that weaveworks/weave#3287 reports, in which one of 50 to 100 requests hung for 5 s. It needs both to be handled by different cores within microseconds'), { note: 'Share of the pairs of queries, sent at once from one socket, that overlap.', field: 'cluster.dns.overlapping', /*of dnsOverlapping*/, when: withDns }),
  entry('aliasesMax', of(ALIASES_MAX), cited('coredns plugin/pkg/upstream; resolvers follow about as many'), { note: 'So many aliases are followed, one after the other.', when: withDns }),
])
