import { LARGE_CLUSTER_ENDPOINTS } from '../../kube-proxy/kube-proxy.ts'
import { DEFAULT_MASQUERADE_MARK } from '../../kube-proxy/model/proxy-config.ts'
import { DEFAULT_AFFINITY_SECONDS } from '../../kube-proxy/model/service-port.ts'
import { IPTABLES_BACKEND, IPTABLES_SYNC } from '../../kube-proxy/modes/iptables.ts'
import { IPVS_SYNC } from '../../kube-proxy/modes/ipvs.ts'
import { NFTABLES_SYNC } from '../../kube-proxy/modes/nftables.ts'
import { DRAIN_CHECK_PERIOD } from '../../kube-proxy/modes/node-virtual-service.ts'
import { FILTER_RULES_ALWAYS, NAT_RULES_ALWAYS } from '../../kube-proxy/rule-counts.ts'
import { DIAL_TIMEOUTS } from '../../kube-proxy/rules/userspace/dial.ts'
import { UDP_IDLE_TIMEOUT } from '../../kube-proxy/rules/userspace/udp-sockets.ts'
import { BURST } from '../../kube-proxy/sync-runner.ts'
import { NFTABLES_SINCE } from '../../scenario/load-cluster.ts'
import { onIptables, onIpvs, onNftables, until } from '../conditions.ts'
import { assumed, type Condition, cited, entry, group } from '../parameter.ts'
import { minor, of, time, times } from '../quantity.ts'

/** Its rules and balancer exist; simulated nodes do not have the mode. */
const NO_USERSPACE: Condition = { text: 'not in any run: nodes do not have mode userspace', holds: () => false }

export const KUBE_PROXY = group('kubeProxy', 'kube-proxy', [
  entry(
    'iptables.minSyncPeriod',
    time(IPTABLES_SYNC.minSyncPeriod),
    cited('kubernetes v1.36.2 pkg/proxy/apis/config/v1alpha1/defaults.go (minSyncPeriod), pkg/proxy/util/utils.go (FullSyncPeriod)'),
    { when: onIptables },
  ),
  entry(
    'iptables.syncPeriod',
    time(IPTABLES_SYNC.maxSyncPeriod),
    cited('kubernetes v1.36.2 pkg/proxy/apis/config/v1alpha1/defaults.go (minSyncPeriod), pkg/proxy/util/utils.go (FullSyncPeriod)'),
    { when: onIptables },
  ),
  entry(
    'iptables.fullSyncPeriod',
    time(IPTABLES_SYNC.fullSyncPeriod),
    cited('kubernetes v1.36.2 pkg/proxy/apis/config/v1alpha1/defaults.go (minSyncPeriod), pkg/proxy/util/utils.go (FullSyncPeriod)'),
    { when: onIptables },
  ),
  entry(
    'iptables.backend',
    of(IPTABLES_BACKEND),
    assumed('assumption: of the two ways in which iptables holds its rules, the one that costs less'),
    { note: 'Of the two ways in which iptables can hold its rules, the one whose packets and syncs cost less.', when: onIptables },
  ),
  entry(
    'iptables.largeClusterEndpoints',
    of(LARGE_CLUSTER_ENDPOINTS, 'endpoints'),
    cited('kubernetes v1.36.2 pkg/proxy/iptables/proxier.go, largeClusterEndpointsThreshold'),
    { note: 'Above this, rules are not written anew now and then.', when: onIptables },
  ),
  entry(
    'nftables.minSyncPeriod',
    time(NFTABLES_SYNC.minSyncPeriod),
    cited('kubernetes v1.36.2 pkg/proxy/apis/config/v1alpha1/defaults.go (minSyncPeriod), pkg/proxy/util/utils.go (FullSyncPeriod)'),
    { when: onNftables },
  ),
  entry(
    'nftables.syncPeriod',
    time(NFTABLES_SYNC.maxSyncPeriod),
    cited('kubernetes v1.36.2 pkg/proxy/apis/config/v1alpha1/defaults.go (minSyncPeriod), pkg/proxy/util/utils.go (FullSyncPeriod)'),
    { when: onNftables },
  ),
  entry(
    'nftables.fullSyncPeriod',
    time(NFTABLES_SYNC.fullSyncPeriod),
    cited('kubernetes v1.36.2 pkg/proxy/apis/config/v1alpha1/defaults.go (minSyncPeriod), pkg/proxy/util/utils.go (FullSyncPeriod)'),
    { when: onNftables },
  ),
  entry(
    'ipvs.minSyncPeriod',
    time(IPVS_SYNC.minSyncPeriod),
    cited('kubernetes v1.36.2 pkg/proxy/apis/config/v1alpha1/defaults.go (minSyncPeriod, syncPeriod)'),
    { when: onIpvs },
  ),
  entry(
    'ipvs.syncPeriod',
    time(IPVS_SYNC.maxSyncPeriod),
    cited('kubernetes v1.36.2 pkg/proxy/apis/config/v1alpha1/defaults.go (minSyncPeriod, syncPeriod)'),
    { when: onIpvs },
  ),
  entry(
    'ipvs.gracefulTerminationPeriod',
    time(DRAIN_CHECK_PERIOD),
    cited('kubernetes v1.36.2 pkg/proxy/ipvs/graceful_termination.go, rsCheckDeleteInterval'),
    { note: 'How often kube-proxy looks whether a drained destination can go.', when: onIpvs },
  ),
  entry('burstSyncs', of(BURST), cited('burstSyncs in the proxiers up to 1.33'), {
    note: 'Two syncs may follow each other at once.',
    when: until(33),
  }),
  entry('iptables.natRulesAlways', of(NAT_RULES_ALWAYS, 'rules'), cited('golden files of kube-proxy v1.36.2 (test/conformance)'), {
    when: onIptables,
  }),
  entry('iptables.filterRulesAlways', of(FILTER_RULES_ALWAYS, 'rules'), cited('golden files of kube-proxy v1.36.2 (test/conformance)'), {
    when: onIptables,
  }),
  entry(
    'sessionAffinity.timeoutSeconds',
    of(DEFAULT_AFFINITY_SECONDS, 's'),
    cited('Kubernetes API, spec.sessionAffinityConfig.clientIP.timeoutSeconds'),
  ),
  entry('nftables.since', minor(NFTABLES_SINCE), cited('feature gate NFTablesProxyMode, beta in 1.31'), {
    note: 'On by default since then.',
  }),
  entry(
    'masqueradeMark',
    of(DEFAULT_MASQUERADE_MARK),
    cited('kubernetes v1.36.2 pkg/proxy/apis/config/v1alpha1 defaults (iptables.masqueradeBit 14)'),
  ),
  entry('userspace.dialTimeouts', times(DIAL_TIMEOUTS), cited('kubernetes v1.25 pkg/proxy/userspace/proxysocket.go EndpointDialTimeouts'), {
    note: 'How long each attempt waits for the endpoint.',
    when: NO_USERSPACE,
  }),
  entry('userspace.udpTimeout', time(UDP_IDLE_TIMEOUT), cited('kubernetes v1.25 cmd/kube-proxy, `--udp-timeout`'), {
    note: "How long a client's socket stays open without a packet.",
    when: NO_USERSPACE,
  }),
])
