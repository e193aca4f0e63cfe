import { CHECK_PERIOD, FAILURES_OUT } from '../../network/load-balancer.ts'
import { TUNNEL } from '../../network/network.ts'
import { HEADERS, OVERLAY_BYTES, SEGMENT } from '../../network/nics.ts'
import { onOverlay, withBandwidth, withCloudBalancer } from '../conditions.ts'
import { assumed, cited, entry, group } from '../parameter.ts'
import { of, time } from '../quantity.ts'

export const NETWORK = group('network', 'Network', [
  entry(
    'overlay.delay',
    time(TUNNEL),
    assumed(
      'assumption: 1 us for putting it in and 1 us for taking it out. Measured it is too little to be seen: TCP_RR took 105 us with VXLAN and 106 us without (imroc/tke-guide, network-benchmark.md, Cilium 1.19)',
    ),
    { note: 'What VXLAN adds to the way of a packet from node to node.', when: onOverlay },
  ),
  entry('overlay.bytes', of(OVERLAY_BYTES, 'bytes'), cited('RFC 7348; Cilium pkg/mtu (TunnelOverhead)'), {
    note: 'What VXLAN puts before each packet.',
    when: onOverlay,
  }),
  entry('headers', of(HEADERS, 'bytes'), cited('Ethernet 14, IP 20, TCP 20 and its time stamps 12'), {
    note: "Bytes of a packet's headers on the wire: Ethernet 14, IP 20, TCP 20 and its time stamps 12.",
    when: withBandwidth,
  }),
  entry('segment', of(SEGMENT, 'bytes'), cited('an MTU of 1500, less the headers of IP and TCP with time stamps'), {
    note: 'Bytes of data in a full packet.',
    when: withBandwidth,
  }),
  entry(
    'cloudBalancer.checkPeriod',
    time(CHECK_PERIOD),
    assumed('assumption for clouds in general: the values with which the Google cloud provider creates its checks'),
    { when: withCloudBalancer },
  ),
  entry(
    'cloudBalancer.failuresOut',
    of(FAILURES_OUT),
    assumed('assumption for clouds in general: the values with which the Google cloud provider creates its checks'),
    { when: withCloudBalancer },
  ),
])
