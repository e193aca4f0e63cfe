import { FLOW_CONTROL_DEFAULTS } from '../control-plane/flow-control/flow-control.ts'

/**
 * What a scenario has where its file says nothing, in the file's own notation, each with its source.
 */
export const DEFAULTS = {
  /** No randomness by default: no seed given means this one. */
  seed: '0',
  /** *Assumption*: long enough to see a rollout and what follows it. */
  duration: '5m',
  /** *Assumption*: pods of a small shop are pulled, started and ready by then. */
  warmUp: '30s',
  /** *Assumption*: the smallest cluster on which spreading over nodes can be seen, with a common size of virtual machine. */
  nodes: { count: 3, cpu: '4', memory: '16Gi' },
  /** *Assumption*: a control-plane node of a small cluster. */
  controlPlane: { cpu: '4', memory: '8Gi' },
  otherServices: { count: 0, endpoints: 1 },
  /** Source: kubernetes v1.36.2 pkg/kubelet/apis/config/v1beta1/defaults.go, as the next. */
  cpuCFSQuota: true,
  cpuCFSQuotaPeriod: '100ms',
  /** Source: kubernetes v1.36.2 pkg/kubelet/apis/config/v1beta1/defaults.go, `maxPods`. */
  maxPods: 110,
  /** *Assumption*: a cluster that does not speak of zones has one. */
  zone: 'a',
  /** The version that the references describe. */
  version: '1.36',
  /** The one that the costs of packets were measured on: profiles/cost-profile.ts. */
  kernel: '6.1',
  /** The members that etcd's own documentation recommends at least for production: one may fail. */
  etcdMembers: 3,
  /** Source: kubernetes v1.36.2 apiserver/pkg/server/config.go. */
  apiServer: FLOW_CONTROL_DEFAULTS,
  /** *Assumption*: as kubeadm sets a cluster up that is not told to be highly available. */
  apiServers: 1,
  /** Source: kubernetes v1.36.2 pkg/proxy/apis/config/v1alpha1/defaults.go and cmd/kube-proxy: an empty mode means iptables on Linux. */
  kubeProxyMode: 'iptables',
  /** Source: kubernetes v1.36.2 pkg/proxy/ipvs/proxier.go: round robin where no scheduler is named. */
  kubeProxyScheduler: 'rr',
  /**
   * Source: kubernetes v1.36.2 pkg/kubelet/network/dns/dns.go (ndots), cluster/addons/dns/coredns (the Service); resolv.conf(5) (time-out and
   * attempts where it names none).
   */
  dns: { service: 'kube-dns.kube-system', ndots: 5, timeout: '5s', attempts: 2, overlapping: '1%' },
  /** Source: keepalived.conf(5); the scheduler is that of ipvsadm(8), which keepalived takes too (from memory of its source). */
  keepalived: {
    scheduler: 'wlc',
    check: { kind: 'tcp', delayLoop: '60s', connectTimeout: '5s', retry: 1, delayBeforeRetry: { tcp: '1s', http: '3s' } },
  },
  /** *Assumption*: one way, a veth pair and the host's bridge. */
  sameNode: '30us',
  /** *Assumption*: one way, a data-centre network of one zone. */
  sameZone: '250us',
  /** *Assumption*: one way between zones of one region, tens of kilometres of fibre. */
  crossZone: '1ms',
  /** *Assumption*: one way between a user of the same country and the cluster. */
  external: '5ms',
  /** *Assumption*: enough addresses that hashing them and session affinity spread a crowd of users evenly. */
  externalClients: 1000,
  /** *Assumption*: a compressed image of an ordinary service. */
  imageSize: '200M',
  /** *Assumption*: a 1 Gbit/s link to the registry, 125 million bytes a second. */
  imageBandwidth: '125M/s',
  imagesPreloaded: false,
  /** Source: kubernetes v1.36.2 pkg/kubelet/apis/config/v1beta1/defaults.go: serializeImagePulls, registryPullQPS, registryBurst. */
  imagesParallel: false,
  imagePullQps: 5,
  imagePullBurst: 10,
  /** The runtime that kubeadm finds on most machines; the figures are its own. */
  runtime: 'containerd',
  /** Source: kubernetes v1.36.2 pkg/scheduler/apis/config/v1/defaults.go. */
  scoringStrategy: 'LeastAllocated',
  percentageOfNodesToScore: 0,
  /** *Assumption*: as by `systemctl reboot`. */
  shutdown: 'graceful',
  killMode: 'all',
  /** *Assumption*: servers that are overwhelmed or cut off from what they ask say nothing. */
  dnsFailure: { answer: 'none' },
  /** Of nodes that are chosen by their labels. */
  nodeCount: 1,
  /** *Assumption*: as on clouds whose network knows the pods' addresses. */
  cni: 'routed',
  /** Of faults of links: what is said to be apart is apart from everything else, both ways. */
  links: { to: 'others', oneWay: false, count: 1 },
  /** A scenario is about its faults: one that does nothing is most likely a mistake. */
  optionalFault: false,
  /** *Assumption*: people and callers give up on a page or a call after about two seconds. */
  timeout: '2s',
  /** *Assumption*: as many as HTTP client libraries commonly keep to one host. */
  connectionPool: 50,
  maxConcurrentStreams: 100,
  /** Source: kubernetes' own clients, apimachinery pkg/util/net/http.go: HTTP2_READ_IDLE_TIMEOUT_SECONDS 30, HTTP2_PING_TIMEOUT_SECONDS 15. */
  ping: { interval: '30s', timeout: '15s' },
  /** Source: Envoy's base_interval of 25 ms and max_interval of 10 times as much. */
  backOff: { base: '25ms', max: '250ms' },
  /** Source: Finagle's RetryBudget. */
  budget: { ratio: 0.2, minPerSecond: 10 },
  /** *Assumption*: one second try is what clients send that send any. */
  hedges: 1,
  /** As kubectl: objects and commands without a namespace are in this one. */
  namespace: 'default',
  /** How a container behaves that no workload entry describes. All *assumption*: a small web service. */
  workload: {
    serviceTime: 'lognormal(p50=5ms, p99=25ms)',
    concurrency: 16,
    queue: 128,
    cpu: '1',
    startUp: 'normal(2s, 0.5s)',
    onTerminate: 'drain',
  },
  /** Clients of https. 1.3 is what today's clients and ingress-nginx agree on; that all clients resume is an *assumption*. */
  tls: { version: '1.3', resumption: 1 },
  /** Pods of ingress-nginx. */
  /** Source: nginx-gateway-fabric `--gateway-ctlr-name`. */
  gatewayController: 'gateway.nginx.org/nginx-gateway-controller',
  ingressController: {
    /** Source: ingress-nginx `--controller-class`. */
    controllerClass: 'k8s.io/ingress-nginx',
    tls: {
      /** An RSA-2048 signature takes 520 us (`openssl speed` of blog.habets.se, 2024: 1921.7 a second); the key exchange and the rest 80 us: *assumption*. */
      handshake: '600us',
      /** *Assumption*: the key exchange and the rest. */
      resumedHandshake: '80us',
      /** Source: ingress-nginx ConfigMap, `ssl-session-timeout`. */
      sessionTimeout: '10m',
    },
    /** Source: ingress-nginx ConfigMap, `load-balance`. */
    loadBalance: 'round_robin',
    /** *Assumption*: writing and testing nginx.conf, and starting workers with a few hundred routes. */
    reload: 'lognormal(p50=300ms, p99=1s)',
  },
  /** *Assumption*: half of a request's work is done when it is known what is to be asked of others. */
  callsAt: 0.5,
  /** Source: RFC 9110 section 15.6.1: what a server says that met an unexpected condition. */
  errorCode: 500,
  /** *Assumption*: a run succeeds; one that fails says so with the commonest code. */
  run: { failProbability: 0, exitCode: 1 },
} as const

/** As many nodes as anyone has announced for one cluster, and half as many again. Kubernetes itself is tested up to 5,000. */
export const NODES_MAX = 100_000
