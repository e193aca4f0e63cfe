/**
 * What each column of the result files means, in the words of docs/results.md: for that page and for whoever shows a table. Markdown, with links from
 * `docs/`. The unit is told by the end of the name; `count` where there is none and it is a number.
 */
export interface ColumnMeaning {
  readonly unit: string
  readonly meaning: string
}

type Columns = Readonly<Record<string, ColumnMeaning>>

const REQUESTS: Columns = {
  variant: { unit: '', meaning: 'Name of the variant.' },
  interval_start_s: { unit: 's', meaning: 'Start of the interval.' },
  interval_s: { unit: 's', meaning: 'Its length: 1, or less where the run begins or ends within it.' },
  phase: { unit: '', meaning: '`warm-up` or `measured`. An interval begins exactly when measuring does, so none is both.' },
  traffic: { unit: '', meaning: 'Name of the traffic, or of a [call](scenario.md#specworkloadscalls) such as `frontend -> cart`.' },
  sent: { unit: 'count', meaning: 'Requests sent.' },
  ok: { unit: 'count', meaning: 'Those that were answered.' },
  failed_refused: { unit: 'count', meaning: 'Those that failed, one column a [cause](#why-a-request-fails).' },
  failed_reset: { unit: 'count', meaning: '' },
  failed_connect_timeout: { unit: 'count', meaning: '' },
  failed_timeout: { unit: 'count', meaning: '' },
  failed_queue_full: { unit: 'count', meaning: '' },
  failed_no_endpoints: { unit: 'count', meaning: '' },
  failed_no_client: { unit: 'count', meaning: '' },
  failed_conntrack_full: { unit: 'count', meaning: '' },
  failed_http_404: { unit: 'count', meaning: '' },
  failed_http_500: { unit: 'count', meaning: '' },
  failed_http_502: { unit: 'count', meaning: '' },
  failed_http_503: { unit: 'count', meaning: '' },
  failed_http_504: { unit: 'count', meaning: '' },
  failed_http_308: { unit: 'count', meaning: '' },
  failed_call_failed: { unit: 'count', meaning: '' },
  failed_dns_failed: { unit: 'count', meaning: '' },
  failed_policy_denied: { unit: 'count', meaning: '' },
  failed_snat_exhausted: { unit: 'count', meaning: '' },
  latency_ms_mean: {
    unit: 'ms',
    meaning: 'Mean latency of the answered requests; empty when none was answered. It is the sum of the next fourteen.',
  },
  network_ms_mean: { unit: 'ms', meaning: "What of it was spent on the way, by the network's delays." },
  rules_ms_mean: { unit: 'ms', meaning: 'CPU time of first packets, which pay for the rules of the node.' },
  packets_ms_mean: { unit: 'ms', meaning: 'CPU time of later packets.' },
  retransmit_ms_mean: { unit: 'ms', meaning: "A packet was lost, and its sender's timer had not yet expired." },
  pod_queue_ms_mean: { unit: 'ms', meaning: 'In the pod, all its servers being busy.' },
  service_ms_mean: { unit: 'ms', meaning: 'In the hands of a server.' },
  upstream_ms_mean: { unit: 'ms', meaning: 'Passed on by an Ingress controller, until that has an answer.' },
  client_queue_ms_mean: {
    unit: 'ms',
    meaning: 'All connections of the client were in use. 0 for traffic without a [`connection`](scenario.md#spectrafficconnection).',
  },
  tls_ms_mean: {
    unit: 'ms',
    meaning:
      "The TLS handshake, from the client's hello at the pod until the request itself is there: queue and CPU time in the pod, and round trips.",
  },
  dns_ms_mean: { unit: 'ms', meaning: "Its client looked the Service's name up. 0 without [`cluster.dns`](scenario.md#specclusterdns)." },
  retries_ms_mean: {
    unit: 'ms',
    meaning:
      'Before the try that was answered was sent: earlier tries and the waits between. 0 without [`retries`](scenario.md#spectrafficretries) and `hedge`.',
  },
  calls_ms_mean: {
    unit: 'ms',
    meaning: "A pod's server waited for Services that it had called, by [`calls`](scenario.md#specworkloadscalls).",
  },
  softirq_ms_mean: {
    unit: 'ms',
    meaning: 'Packets waited, as the [core](scenario.md#specclusternetworksoftirq) that handles them was busy with others.',
  },
  throttled_ms_mean: {
    unit: 'ms',
    meaning: "The pod's container had used up its CPU limit. 0 without [`cpuPerRequest`](scenario.md#cpu-limits).",
  },
  latency_ms_p50: { unit: 'ms', meaning: 'Median latency of the answered requests; empty when none was answered.' },
  latency_ms_p90: { unit: 'ms', meaning: 'Their 90th percentile.' },
  latency_ms_p99: { unit: 'ms', meaning: 'Their 99th percentile.' },
  latency_ms_max: { unit: 'ms', meaning: 'The longest.' },
  retries: { unit: 'count', meaning: 'Tries of these requests after a failed one.' },
  hedges: { unit: 'count', meaning: 'Tries of these requests beside one that had no answer yet.' },
  hedges_won: { unit: 'count', meaning: 'Those of them that were answered first.' },
  tries_denied: { unit: 'count', meaning: 'Tries that a budget did not allow.' },
  answers_wasted: {
    unit: 'count',
    meaning: 'Requests or tries that a pod finished when nobody waited for them any more: given up, or answered by another try.',
  },
}

const LATENCY: Columns = {
  variant: { unit: '', meaning: 'Name of the variant.' },
  traffic: { unit: '', meaning: 'Name of the traffic, or of a [call](scenario.md#specworkloadscalls).' },
  latency_ms_from: { unit: 'ms', meaning: 'The lower end of the bucket; at least the shortest latency.' },
  latency_ms_to: { unit: 'ms', meaning: 'Its upper end, included; at most the longest latency.' },
  latency_ms: {
    unit: 'ms',
    meaning: 'The latency that quantiles give for its requests, here and in [`summary.json`](#variantstraffic): the middle of the bucket.',
  },
  requests: { unit: 'count', meaning: 'Requests in the bucket.' },
  requests_up_to: { unit: 'count', meaning: 'Requests in it and in those below.' },
}

const OBJECTS: Columns = {
  variant: { unit: '', meaning: 'Name of the variant.' },
  hop: { unit: '', meaning: 'Number of the hop: 0, 1, 2, … within its variant.' },
  cause_hop: { unit: '', meaning: 'The hop that led to this one; empty for a first cause.' },
  started_s: { unit: 's', meaning: 'When it began.' },
  ended_s: { unit: 's', meaning: 'When it ended; the same for what takes no time.' },
  actor: {
    unit: '',
    meaning:
      'Who did it, such as `kubectl`, `kube-apiserver`, `etcd`, `deployment-controller`, `kube-scheduler`, `kubelet/worker-3`, `kube-proxy/worker-3` or `fault`.',
  },
  action: {
    unit: '',
    meaning:
      'What was done, such as `create`, `admitted`, `committed`, `observed`, `bind`, `pulled image`, `process listens` or `programmed`.',
  },
  object: {
    unit: '',
    meaning:
      'To which object: `Kind/namespace/name`, or `Kind/name` without a namespace. A name that is yet to be generated ends in `-`. Empty for a command on several objects.',
  },
  revision: { unit: '', meaning: 'The revision of etcd that the hop made or saw; empty when there is none.' },
  detail: { unit: '', meaning: 'Why, or with what outcome, in words.' },
}

const PROXY: Columns = {
  variant: { unit: '', meaning: 'Name of the variant.' },
  sync_start_s: { unit: 's', meaning: 'When the sync began. Its rules are in effect when it ends.' },
  sync_ms: {
    unit: 'ms',
    meaning:
      "How long it took: programming the kernel, kube-proxy's own work, and what its core did with packets meanwhile. At most twice the CPU time of the two.",
  },
  node: { unit: '', meaning: 'Name of the node.' },
  kind: {
    unit: '',
    meaning: '`full` writes everything anew: the first after a start, and in mode `iptables` one an hour. Otherwise `partial`.',
  },
  service_ports: { unit: 'count', meaning: 'Service ports that have rules afterwards.' },
  endpoints: { unit: 'count', meaning: 'Their endpoints, once for each Service port that uses them.' },
  rules: { unit: 'count', meaning: 'iptables rules; in mode `ipvs`, virtual services and their real servers.' },
  changes: { unit: 'count', meaning: 'Watch events that the sync carried out.' },
  oldest_change_age_ms: { unit: 'ms', meaning: 'From the commit of the oldest of them in etcd to the end of the sync; 0 without changes.' },
}

const PODS: Columns = {
  variant: { unit: '', meaning: 'Name of the variant.' },
  namespace: { unit: '', meaning: 'Its namespace.' },
  pod: { unit: '', meaning: 'Its name.' },
  address: { unit: '', meaning: 'Its IP address.' },
  node: { unit: '', meaning: 'Name of its node.' },
  at_end: { unit: '', meaning: '`listening` when its process accepted connections at the end of the run, otherwise `gone`.' },
  listened_s: { unit: 's', meaning: 'How long it did since the warm-up.' },
  requests: {
    unit: 'count',
    meaning: 'Requests that came to it since the warm-up, those that found its queue full too. Those that it refused did not come.',
  },
  requests_per_s: { unit: 'rate', meaning: 'Requests a second of the time in which it listened; empty when it did not.' },
  cpu_s: {
    unit: 's',
    meaning: 'CPU time that its requests used. This and what follows is empty without [`cpuPerRequest`](scenario.md#cpu-limits).',
  },
  cpu_periods: {
    unit: 'count',
    meaning:
      'Periods of its CPU quota that ended while their timer ran (`container_cpu_cfs_periods_total` of cAdvisor); 0 without a limit.',
  },
  throttled_periods: { unit: 'count', meaning: 'Those in which it was throttled (`container_cpu_cfs_throttled_periods_total`).' },
  throttled_s: {
    unit: 's',
    meaning: 'How long cores were kept from its threads, all together (`container_cpu_cfs_throttled_seconds_total`).',
  },
}

const NODES: Columns = {
  variant: { unit: '', meaning: 'Name of the variant.' },
  interval_start_s: { unit: 's', meaning: 'Start of the interval.' },
  interval_s: { unit: 's', meaning: 'Its length: 1, or less where the run begins or ends within it.' },
  phase: { unit: '', meaning: '`warm-up` or `measured`.' },
  node: { unit: '', meaning: 'Name of the node.' },
  cores: { unit: 'count', meaning: 'Its cores that handle packets.' },
  packets: { unit: 'count', meaning: 'Packets that came to these cores and were taken.' },
  packets_dropped: {
    unit: 'count',
    meaning:
      'Packets that came and were dropped, as the backlog of their core was full. One that is sent again and dropped again counts twice.',
  },
  softirq_ms: { unit: 'ms', meaning: 'CPU time spent on packets, on all cores together.' },
  busiest_core_ms: { unit: 'ms', meaning: 'That of the core which spent the most in this interval.' },
  sync_ms: { unit: 'ms', meaning: 'CPU time of the syncs of its kube-proxy, also of one that goes on beyond the interval.' },
  syncs: { unit: 'count', meaning: 'Syncs of its kube-proxy that ended; `proxy.csv` has a row for each.' },
  conntrack_entries: { unit: 'count', meaning: 'Entries of connection tracking at the end of the interval.' },
  conntrack_dropped: { unit: 'count', meaning: 'Packets that found connection tracking full.' },
}

const CONNECTIONS: Columns = {
  variant: { unit: '', meaning: 'Name of the variant.' },
  interval_start_s: { unit: 's', meaning: 'Start of the interval at whose end was counted.' },
  interval_s: { unit: 's', meaning: 'Its length: 1, or less where the run begins or ends within it.' },
  phase: { unit: '', meaning: '`warm-up` or `measured`.' },
  namespace: { unit: '', meaning: 'Namespace of the pod.' },
  pod: { unit: '', meaning: 'Its name.' },
  node: { unit: '', meaning: 'Name of its node.' },
  state: {
    unit: '',
    meaning:
      '`listening`; `draining`: asked to stop, it takes no more connections and answers what it has; `gone`: no process of it listens.',
  },
  connections_open: {
    unit: 'count',
    meaning: 'Open TCP connections that the pod has accepted: with a request on them, or kept for the next.',
  },
  requests_in_flight: {
    unit: 'count',
    meaning: 'What the pod has accepted and not answered: served, queued, or to come by a connection that has just been opened.',
  },
}

const FAILURES: Columns = {
  variant: { unit: '', meaning: 'Name of the variant.' },
  phase: { unit: '', meaning: '`warm-up` or `measured`.' },
  traffic: { unit: '', meaning: 'Name of the traffic.' },
  cause: { unit: '', meaning: 'Why they failed.' },
  failures: { unit: 'count', meaning: 'How many requests.' },
  first_sent_s: { unit: 's', meaning: 'When the first of them was to be sent.' },
  last_sent_s: { unit: 's', meaning: 'When the last of them was.' },
  unseen_change: {
    unit: '',
    meaning:
      'The object, such as `EndpointSlice/shop/web-x7k2p`; `not written yet` when nobody had told the API server; empty when the rules were up to date or are not to blame.',
  },
  unseen_revision: { unit: '', meaning: 'The revision of that change.' },
  written_s: { unit: 's', meaning: 'When etcd committed it.' },
}

const EVENTS: Columns = {
  variant: { unit: '', meaning: 'Name of the variant.' },
  started_s: { unit: 's', meaning: 'When it began: the command was given, the pod template was committed, the fault struck.' },
  ended_s: {
    unit: 's',
    meaning:
      "When it was over: kubectl had ended, `kubectl rollout status` would have said that it is done, the fault's time was up. The same as the start for a fault that strikes and is over. Empty for what lasted beyond the end of the run, or never came to its end.",
  },
  kind: { unit: '', meaning: '`command`, `rollout` or `fault`.' },
  name: {
    unit: '',
    meaning:
      'The command, such as `kubectl scale deployment/web --replicas 3`, or `apply of the manifests`; the object that was rolled out, `Kind/namespace/name`; or the fault, such as `node-crash worker-3 for 1m`.',
  },
  outcome: {
    unit: '',
    meaning:
      'Of commands `done`, `refused` (in whole or in part) or `unfinished`; of rollouts `done` or `unfinished`; of faults `took effect` or `no effect`.',
  },
  detail: { unit: '', meaning: 'Why a command was refused; `created` or `new template` of a rollout; what a fault did.' },
}

const PARAMETERS: Columns = {
  variant: { unit: '', meaning: 'Name of the variant.' },
  parameter: {
    unit: '',
    meaning:
      'For a field its dotted path under `spec`, as in `compare`, such as `traffic.shoppers.timeout`; else its name in the [list of all parameters](reference/parameters.md), such as `etcd.electionTimeout`.',
  },
  value: {
    unit: 'by `unit`',
    meaning:
      'A number, a word, a distribution in the [notation of scenarios](scenario.md#distributions), or points `x:y` of a measured curve.',
  },
  unit: { unit: '', meaning: '`ns`, `us`, `ms`, `s`, `1/s`, `bytes`, `%`, `seats`, …; empty for a plain number and for words.' },
  provenance: {
    unit: '',
    meaning:
      '`given` by the scenario, its install or the command line; `measured` by us; `cited` from source code or a publication; `assumed` by us.',
  },
  source: { unit: '', meaning: 'Where it is said, read or recorded; of an assumption, what is assumed.' },
}

const SAMPLES: Columns = {
  variant: { unit: '', meaning: 'Name of the variant.' },
  traffic: { unit: '', meaning: 'Name of the traffic that the request belongs to, also of steps that were sent on its behalf.' },
  request: { unit: 'count', meaning: 'The how many-th of its traffic it is, from 1, in the order of sending.' },
  kept: { unit: '', meaning: 'Why: `spread`, `slowest`, `failed`, `named` (by `towtank trace`), or several of them.' },
  step: { unit: 'count', meaning: 'Its number within the request; 0 is the request itself.' },
  parent_step: { unit: 'count', meaning: 'The step that it belongs to; empty for the request itself.' },
  name: { unit: '', meaning: 'What it is, see below.' },
  started_s: { unit: 's', meaning: 'When it began. Of a request: when it was to be sent.' },
  ended_s: { unit: 's', meaning: 'When it was over.' },
  where: {
    unit: '',
    meaning:
      'The client, `client ADDRESS` where it is outside the cluster; the node that translates; the pod, `namespace/name`; empty for the network.',
  },
  detail: {
    unit: '',
    meaning:
      'Of requests, tries and calls the outcome: `ok`, `failed: ` and a [cause](#why-a-request-fails), `given up` where another try was answered, or `on its way` at the end of the run; and whether it went on a kept connection, or SYNs were repeated. Of `routed` the endpoint, or the verdict of the rules.',
  },
}

const REQUESTS_RAW: Columns = {
  variant: { unit: '', meaning: 'Name of the variant.' },
  traffic: { unit: '', meaning: 'Name of the traffic, or of a [call](scenario.md#specworkloadscalls) such as `frontend -> cart`.' },
  sent_s: { unit: 's', meaning: 'When it was to be sent.' },
  outcome: { unit: '', meaning: '`ok`, the [cause](#why-a-request-fails) of its failure, or `in-flight` where the run ended before it.' },
  latency_ms: {
    unit: 'ms',
    meaning: 'From then until its client had the answer, or it had failed; empty in flight. It is the sum of the last fourteen columns.',
  },
  client: {
    unit: '',
    meaning: 'Who sent it: a pod, `namespace/name`; a node; or an address outside the cluster. Empty where nobody was running to send it.',
  },
  client_node: { unit: '', meaning: 'The node of that pod; empty for a client outside.' },
  node: { unit: '', meaning: 'The node whose rules translate it; empty where it did not come to one.' },
  pod: {
    unit: '',
    meaning: 'The pod that accepted its connection, `namespace/name`: with an Ingress, one of the controller. Empty where none did.',
  },
  pod_node: { unit: '', meaning: 'The node of that pod.' },
  connection: {
    unit: '',
    meaning: '`new`: opened for it; `kept`: there before, or opened for another. Empty where it had none. A datagram is always `new`.',
  },
  tries: {
    unit: 'count',
    meaning: 'Tries so far, hedges among them: 1 without `retries` and `hedge`; 0 where nobody was running to send it.',
  },
  syn_repeats: { unit: 'count', meaning: 'SYNs that its connection had to repeat.' },
  network_ms: { unit: 'ms', meaning: 'What of its latency was spent on what, as in [requests.csv](#requestscsv); empty in flight.' },
  rules_ms: { unit: 'ms', meaning: '' },
  packets_ms: { unit: 'ms', meaning: '' },
  retransmit_ms: { unit: 'ms', meaning: '' },
  pod_queue_ms: { unit: 'ms', meaning: '' },
  service_ms: { unit: 'ms', meaning: '' },
  upstream_ms: { unit: 'ms', meaning: '' },
  client_queue_ms: { unit: 'ms', meaning: '' },
  tls_ms: { unit: 'ms', meaning: '' },
  dns_ms: { unit: 'ms', meaning: '' },
  retries_ms: { unit: 'ms', meaning: '' },
  calls_ms: { unit: 'ms', meaning: '' },
  softirq_ms: { unit: 'ms', meaning: '' },
  throttled_ms: { unit: 'ms', meaning: '' },
}

/** By the name of the table, in the order of the columns; `variant` leads every row. */
export const COLUMN_MEANINGS: Readonly<Record<string, Columns>> = {
  requests: REQUESTS,
  latency: LATENCY,
  objects: OBJECTS,
  proxy: PROXY,
  pods: PODS,
  nodes: NODES,
  connections: CONNECTIONS,
  failures: FAILURES,
  events: EVENTS,
  parameters: PARAMETERS,
  samples: SAMPLES,
  'requests-raw': REQUESTS_RAW,
}
