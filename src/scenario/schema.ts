import { z } from 'zod'
import { INSTALL_NAMES } from '../control-plane/installs/index.ts'
import { IPVS_SCHEDULERS } from '../kube-proxy/kube-proxy-spec.ts'
import { KUBERNETES_MINORS } from '../kubernetes-version.ts'
import { CONNTRACK_DEFAULTS } from '../node/conntrack.ts'
import { BACKLOG_DEFAULT } from '../node/packet-cores.ts'
import { QUERY_SEQUENCES } from '../workload/resolver.ts'
import { RETRY_CONDITION_NAMES } from '../workload/retry-conditions.ts'
import { DEFAULTS, NODES_MAX } from './load-defaults.ts'
import { OTHER_ENDPOINTS_MAX } from './other-services.ts'

/**
 * The form of a scenario file: which keys there are and what type of value each takes.
 *
 * Texts with a grammar of their own (durations, distributions, commands, …) are plain strings here; they are read when the file is loaded,
 * where a mistake in one does not hide the others. Defaults are stated for editors and applied when the file is loaded.
 */

const DURATION = 'a length of time, such as 250ms, 30s or 1m30s'

/** For editors; what is read is up to parseDuration. */
const DURATION_PATTERN = '^\\s*([0-9]+(\\.[0-9]+)?(ns|us|µs|μs|ms|s|m|h))+\\s*$'

function text(what: string, options: { description: string; default?: string; examples?: string[]; pattern?: string }) {
  return z.string({ error: (issue) => (issue.input === undefined ? undefined : `expected ${what}`) }).meta(options)
}

const duration = (description: string, fallback?: string) =>
  text(DURATION, {
    description,
    examples: ['250ms', '1m30s'],
    pattern: DURATION_PATTERN,
    ...(fallback === undefined ? {} : { default: fallback }),
  })

const distribution = (description: string, fallback?: string) =>
  text('a distribution of times, such as lognormal(p50=8ms, p99=60ms)', {
    description,
    ...(fallback === undefined ? {} : { default: fallback }),
    examples: ['8ms', 'exp(8ms)', 'lognormal(p50=8ms, p99=60ms)'],
  })

const share = (description: string) =>
  z
    .union([z.string(), z.number()], { error: (issue) => (issue.input === undefined ? undefined : 'expected a share, such as 1% or 0.01') })
    .meta({
      description,
      examples: ['1%', 0.01],
    })

/** One value for all links, or values for some of their classes. */
const byLink = <T extends z.ZodType>(one: (description: string) => T, what: string) => {
  const of = (where: string) => one(`${what}, ${where}`).optional()
  return z
    .union([
      one(what),
      z.strictObject({
        sameNode: of('between pods of one node'),
        sameZone: of('between nodes of one zone'),
        crossZone: of('between nodes of two zones'),
        external: of('between clients outside and a node'),
      }),
    ])
    .meta({ description: `${what}: on all links, or by their class` })
}

const name = (description: string) =>
  z
    .string()
    .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/)
    .meta({ description })

const quantity = (description: string, fallback?: string) =>
  z
    .union([z.string(), z.number().positive()])
    .meta({ description, examples: ['8', '500m', '32Gi'], ...(fallback === undefined ? {} : { default: fallback }) })

/** In quotes: YAML reads 1.30 without them as the number 1.3. */
const VERSIONS = KUBERNETES_MINORS.map((minor) => `1.${minor}`)

const nodeGroup = z.strictObject({
  count: z.int().min(1).max(NODES_MAX).optional().meta({ description: 'How many nodes', default: DEFAULTS.nodes.count }),
  cpu: quantity('CPU that pods can have on a node, in cores', DEFAULTS.nodes.cpu).optional(),
  memory: quantity('Memory that pods can have on a node', DEFAULTS.nodes.memory).optional(),
  maxPods: z.int().min(1).max(10_000).optional().meta({ description: 'Pods that a node takes at most', default: DEFAULTS.maxPods }),
  zone: z
    .union([z.string(), z.array(z.string()).min(1)])
    .optional()
    .meta({ description: 'The zone of the nodes, or zones that they take in turn', default: DEFAULTS.zone }),
})

const inflight = (flag: string, value: number) =>
  z
    .int()
    .min(1)
    .max(1_000_000)
    .optional()
    .meta({ description: `The flag --${flag}: with the other one, the seats that Priority and Fairness divides`, default: value })

const entries = (flag: string, value: number) =>
  z
    .int()
    .min(1)
    .max(100_000_000)
    .optional()
    .meta({ description: `The flag --conntrack-${flag}: entries of a node's connection tracking table`, default: value })

const loadBalancer = z
  .strictObject({
    keepalived: z.strictObject({
      scheduler: z
        .enum(IPVS_SCHEDULERS)
        .optional()
        .meta({ description: 'lvs_sched: how IPVS chooses a node', default: DEFAULTS.keepalived.scheduler }),
      persistence: duration(
        'persistence_timeout: so long after its last new connection a client keeps its node; not at all when not given',
      ).optional(),
      weights: z
        .record(z.string(), z.int().min(0).max(65_535))
        .optional()
        .meta({ description: 'Weights of nodes, by name; those that are not named have 1' }),
      inhibitOnFailure: z
        .boolean()
        .optional()
        .meta({ description: 'inhibit_on_failure: a node that is down gets weight 0 and is not taken out', default: false }),
      alpha: z.boolean().optional().meta({ description: 'Nodes are held for down until their first good check', default: false }),
      check: z
        .strictObject({
          kind: z.enum(['tcp', 'http']).optional().meta({
            description: 'tcp: the node port accepts a connection (TCP_CHECK); http: it answers a GET with 2xx (HTTP_GET)',
            default: DEFAULTS.keepalived.check.kind,
          }),
          host: z.string().optional().meta({ description: 'Of http: the virtual host', default: '' }),
          path: z.string().optional().meta({ description: 'Of http: the path', default: '/' }),
          delayLoop: duration('delay_loop: from the end of a check to the next', DEFAULTS.keepalived.check.delayLoop).optional(),
          connectTimeout: duration(
            'connect_timeout: a check without an answer by then has failed',
            DEFAULTS.keepalived.check.connectTimeout,
          ).optional(),
          retry: z.int().min(0).max(100).optional().meta({
            description: 'retry: further checks of a node that is up before it is taken for down',
            default: DEFAULTS.keepalived.check.retry,
          }),
          delayBeforeRetry: duration('delay_before_retry: before each of them; 1s for tcp, 3s for http').optional(),
          warmUp: duration('warmup: the first check comes at a random moment of so long a time; delayLoop when not given').optional(),
        })
        .optional(),
    }),
  })
  .meta({ description: 'What stands before the cluster; without it the balancer of a cloud' })

const cluster = z.strictObject({
  version: z.enum(VERSIONS).optional().meta({ description: 'The version of Kubernetes, in quotes', default: DEFAULTS.version }),
  kernel: text('a version of Linux, such as "5.4"', {
    description: 'The Linux kernel of every node, in quotes; fixes that later releases of a series got are not in it',
    default: DEFAULTS.kernel,
    examples: ['5.4', '6.1'],
  }).optional(),
  install: z.enum(INSTALL_NAMES).optional().meta({
    description:
      'How the cluster was installed: which components stand on which machines. Without it the control plane stands nowhere in particular',
  }),
  bootstrap: z
    .boolean()
    .optional()
    .meta({ description: 'The run begins with empty machines and the installation; the manifests follow it', default: false }),
  settled: z.boolean().optional().meta({
    description:
      'Namespaces, Services and Deployments of the manifests were applied long before the run: it begins with their pods running; not when not given',
  }),
  controlPlane: z
    .strictObject({
      cpu: quantity('CPU of a control-plane node, in cores', DEFAULTS.controlPlane.cpu).optional(),
      memory: quantity('Memory of a control-plane node', DEFAULTS.controlPlane.memory).optional(),
    })
    .optional(),
  nodes: z
    .array(nodeGroup)
    .min(1)
    .optional()
    .meta({ description: 'Groups of worker nodes; they are named worker-1, worker-2, … in this order' }),
  etcd: z
    .strictObject({
      members: z.literal([1, 3, 5]).optional().meta({ description: 'Members of the etcd cluster', default: DEFAULTS.etcdMembers }),
    })
    .optional(),
  apiServer: z
    .strictObject({
      count: z
        .int()
        .min(1)
        .max(9)
        .optional()
        .meta({ description: 'API servers, behind a load balancer when there are several', default: DEFAULTS.apiServers }),
      maxRequestsInflight: inflight('max-requests-inflight', DEFAULTS.apiServer.maxRequestsInflight),
      maxMutatingRequestsInflight: inflight('max-mutating-requests-inflight', DEFAULTS.apiServer.maxMutatingRequestsInflight),
    })
    .optional(),
  otherServices: z
    .strictObject({
      count: z
        .int()
        .min(0)
        .max(1_000_000)
        .optional()
        .meta({ description: 'Services beside those of the manifests', default: DEFAULTS.otherServices.count }),
      endpoints: z
        .int()
        .min(0)
        .max(OTHER_ENDPOINTS_MAX)
        .optional()
        .meta({ description: 'Endpoints of each of them', default: DEFAULTS.otherServices.endpoints }),
    })
    .optional(),
  kubeProxy: z
    .strictObject({
      mode: z
        .enum(['iptables', 'ipvs', 'nftables'])
        .optional()
        .meta({ description: 'What kube-proxy programs into the kernel', default: DEFAULTS.kubeProxyMode }),
      scheduler: z
        .enum(IPVS_SCHEDULERS)
        .optional()
        .meta({ description: 'The IPVS scheduler; the other modes have none', default: DEFAULTS.kubeProxyScheduler }),
      connReuseMode: z.literal([0, 1]).optional().meta({
        description:
          'net.ipv4.vs.conn_reuse_mode on every node, where it is not what kube-proxy leaves behind: 0 before Linux 5.9, 1 since; the other modes have none',
      }),
      conntrack: z
        .strictObject({
          maxPerCore: entries('max-per-core', CONNTRACK_DEFAULTS.maxPerCore),
          min: entries('min', CONNTRACK_DEFAULTS.min),
        })
        .optional(),
    })
    .optional(),
  network: z
    .strictObject({
      sameNode: duration('One-way delay between pods of one node', DEFAULTS.sameNode).optional(),
      sameZone: duration('One-way delay between nodes of one zone', DEFAULTS.sameZone).optional(),
      crossZone: duration('One-way delay between nodes of two zones', DEFAULTS.crossZone).optional(),
      external: duration('One-way delay between a client outside the cluster and a node', DEFAULTS.external).optional(),
      loss: byLink(share, 'Share of packets that are lost, each way').optional(),
      jitter: byLink(distribution, 'By how much each packet is longer on its way').optional(),
      bandwidth: text('bytes a second, such as 1.25G/s', {
        description: "Bytes a second of each node's network card, each way; no limit when not given",
        examples: ['1.25G/s', '125M/s'],
      }).optional(),
      cni: z.enum(['routed', 'overlay']).optional().meta({
        description: 'How packets go from node to node: as they are, or each in one of VXLAN',
        default: DEFAULTS.cni,
      }),
      softirq: z
        .strictObject({
          cores: z.int().min(1).max(1024).optional().meta({
            description:
              'Cores of each node that handle packets: the queues of its network card, at most its cores; all of them when not given',
          }),
          backlog: z.int().min(1).max(10_000_000).optional().meta({
            description: 'Packets that wait for one core at most (net.core.netdev_max_backlog); one more is dropped',
            default: BACKLOG_DEFAULT,
          }),
        })
        .optional(),
    })
    .optional(),
  kubelet: z
    .strictObject({
      cpuCFSQuota: z.boolean().optional().meta({
        description: 'CPU limits hold, by throttling, where cpuPerRequest says what requests take',
        default: DEFAULTS.cpuCFSQuota,
      }),
      cpuCFSQuotaPeriod: duration('The period of the quota, 1 ms to 1 s', DEFAULTS.cpuCFSQuotaPeriod).optional(),
    })
    .optional(),
  dns: z
    .strictObject({
      service: text('a Service, such as kube-dns.kube-system', {
        description: 'NAME.NAMESPACE of the Service of the DNS servers, which are pods of the manifests; UDP port 53',
        default: DEFAULTS.dns.service,
      }).optional(),
      ndots: z.int().min(0).max(15).optional().meta({
        description: 'A name with fewer dots is first tried with each search domain',
        default: DEFAULTS.dns.ndots,
      }),
      timeout: duration('How long a query waits for its answer', DEFAULTS.dns.timeout).optional(),
      attempts: z.int().min(1).max(5).optional().meta({
        description: 'How often a name is asked for, the first time included',
        default: DEFAULTS.dns.attempts,
      }),
      options: z
        .array(z.enum(QUERY_SEQUENCES))
        .min(1)
        .max(1)
        .optional()
        .meta({ description: 'An option of resolv.conf by which A and AAAA are asked for one after the other, and not at once' }),
      overlapping: share('Share of the pairs of A and AAAA sent at once that overlap in the kernel, which drops one before Linux 5.6')
        .optional()
        .meta({ default: DEFAULTS.dns.overlapping }),
    })
    .optional()
    .meta({ description: 'Pods look names up before they open connections; without it names are resolved at once' }),
  loadBalancer: loadBalancer.optional(),
  runtime: text('a container runtime: containerd, cri-o or cri-dockerd', {
    description: 'The container runtime of every node: containerd, cri-o or cri-dockerd',
    default: DEFAULTS.runtime,
    examples: ['cri-o'],
  }).optional(),
  scheduler: z
    .strictObject({
      scoringStrategy: z.enum(['LeastAllocated', 'MostAllocated', 'RequestedToCapacityRatio']).optional().meta({
        description: 'How NodeResourcesFit scores nodes: empty ones first, full ones first, or by a shape',
        default: DEFAULTS.scoringStrategy,
      }),
      shape: z
        .array(z.strictObject({ utilization: z.int().min(0).max(100), score: z.int().min(0).max(10) }))
        .min(1)
        .optional()
        .meta({ description: 'Of RequestedToCapacityRatio: the score, 0 to 10, at each utilization, 0 to 100, in rising order' }),
      percentageOfNodesToScore: z.int().min(0).max(100).optional().meta({
        description: 'Fitting nodes that are enough, in percent; 0 lets the size of the cluster decide',
        default: DEFAULTS.percentageOfNodesToScore,
      }),
    })
    .optional(),
  images: z
    .strictObject({
      size: quantity('Bytes of an image that sizes does not name', DEFAULTS.imageSize).optional(),
      sizes: z.record(z.string(), quantity('Bytes of that image')).optional().meta({ description: 'Bytes of single images, by name' }),
      missing: z.array(z.string()).optional().meta({ description: 'Images that the registry does not have: pulls of them fail' }),
      parallel: z
        .boolean()
        .optional()
        .meta({ description: 'Pulls of one node go on side by side (serializeImagePulls: false)', default: DEFAULTS.imagesParallel }),
      maxParallel: z
        .int()
        .min(2)
        .max(1000)
        .optional()
        .meta({ description: 'How many of them at most (maxParallelImagePulls); no limit when not given' }),
      registryBandwidth: text('bytes a second, such as 1G/s', {
        description: 'Bytes a second of the registry for all nodes together; no limit when not given',
      }).optional(),
      pullQps: z
        .number()
        .positive()
        .max(1_000_000)
        .optional()
        .meta({ description: 'Pulls that a kubelet begins a second (registryPullQPS); one more fails', default: DEFAULTS.imagePullQps }),
      pullBurst: z
        .int()
        .min(1)
        .max(1_000_000)
        .optional()
        .meta({ description: 'Pulls that it begins at once (registryBurst)', default: DEFAULTS.imagePullBurst }),
      bandwidth: text('bytes a second, such as 125M/s', {
        description: "Bytes a second of one node's link to the registry",
        default: DEFAULTS.imageBandwidth,
      }).optional(),
      preloaded: z
        .boolean()
        .optional()
        .meta({ description: 'Every node holds every image from the start', default: DEFAULTS.imagesPreloaded }),
    })
    .optional(),
})

const run = (what: string) =>
  z
    .strictObject({
      duration: text('a distribution of times, such as lognormal(p50=8ms, p99=60ms)', {
        description: `How long ${what} run`,
        examples: ['30s'],
      }),
      failProbability: z
        .number()
        .min(0)
        .max(1)
        .optional()
        .meta({ description: 'Share of the runs that fail', default: DEFAULTS.run.failProbability }),
      exitCode: z.int().min(1).max(255).optional().meta({ description: 'How a run that fails ends', default: DEFAULTS.run.exitCode }),
    })
    .optional()

const connection = z.strictObject({
  keepAlive: duration('A client closes a connection that no request has had for so long'),
  pool: z
    .int()
    .min(1)
    .max(100_000)
    .optional()
    .meta({ description: 'Connections at most that one client, a pod or an address outside, has open', default: DEFAULTS.connectionPool }),
  lifetime: duration('A client puts no request on a connection that is older; without a limit when not given').optional(),
})

const http2 = z.strictObject({
  maxConcurrentStreams: z.int().min(1).max(100_000).optional().meta({
    description: 'Requests at most at once on a connection; only when it is full is another opened',
    default: DEFAULTS.maxConcurrentStreams,
  }),
  ping: z
    .strictObject({
      interval: duration('Nothing came on a connection for so long: the client sends a ping', DEFAULTS.ping.interval).optional(),
      timeout: duration(
        'A ping has no answer after so long: the client closes the connection with all its streams',
        DEFAULTS.ping.timeout,
      ).optional(),
    })
    .optional()
    .meta({ description: 'Clients find out by pings that the other side of a connection is gone; only by TCP when not given' }),
})

const call = {
  name: name('What the calls are called in results and thresholds; CALLER -> SERVICE when not given').optional(),
  probability: share('Share of the requests in which it is made; all when not given').optional(),
  count: z
    .int()
    .min(1)
    .max(1000)
    .optional()
    .meta({ description: 'How often it is made then, one after the other; in a group all at once', default: 1 }),
  timeout: duration('A call that has no answer after this long has failed', DEFAULTS.timeout).optional(),
  optional: z.boolean().optional().meta({ description: 'The request goes on when the call fails', default: false }),
  connection: connection
    .optional()
    .meta({ description: 'The pod keeps its connections for further calls; a connection for every call when not given' }),
}

const callTarget = () =>
  text('the address of a Service, such as http://cart.shop.svc', {
    description: 'A Service: http://NAME.NAMESPACE.svc, with :PORT where it has several',
    examples: ['http://cart.shop.svc'],
  })

const callStep = z.strictObject({
  to: callTarget().optional(),
  ...call,
  parallel: z
    .array(z.strictObject({ to: callTarget(), ...call }))
    .min(1)
    .optional()
    .meta({ description: 'Instead of one call: several at once, over when the last of them is' }),
  at: share('Share of the service that is done before; by default that of the call before, and of the first 50%').optional(),
  when: z.enum(['failed', 'succeeded']).optional().meta({ description: 'Only where the call before was made, and failed or succeeded' }),
})

const workload = z.strictObject({
  selector: text('a label selector, such as app=frontend', {
    description: "Whose behaviour this is: a label selector in the API's grammar; the first entry that matches a pod wins",
    examples: ['app=frontend', 'tier in (web, api),!canary'],
  }),
  serviceTime: distribution('How long one request keeps a server busy', DEFAULTS.workload.serviceTime).optional(),
  cpu: quantity('Cores that a busy server uses; less than 1 where it waits for others meanwhile', DEFAULTS.workload.cpu).optional(),
  cpuPerRequest: text('all, or a distribution of times, such as exp(3ms)', {
    description:
      'CPU time that a request takes of its service time; the CPU limit of the container holds then, by throttling. Instead of cpu; without it nothing is throttled',
    examples: ['all', '3ms', 'lognormal(p50=2ms, p99=20ms)'],
  }).optional(),
  warmUp: z
    .strictObject({
      duration: duration('How long a process is slower than it will be, from when it begins to listen'),
      factor: z.number().min(1).max(1000).meta({ description: 'How many times as long service takes at first' }),
    })
    .optional()
    .meta({ description: 'A new process serves more slowly, and less and less so; without it, it does not' }),
  memory: quantity('Memory that each container of a pod uses; what it requests when not given').optional(),
  concurrency: z
    .int()
    .min(1)
    .max(1_000_000)
    .optional()
    .meta({ description: 'Requests that one pod serves at once', default: DEFAULTS.workload.concurrency }),
  queue: z
    .int()
    .min(0)
    .max(10_000_000)
    .optional()
    .meta({ description: 'Requests that wait in one pod; one more is refused', default: DEFAULTS.workload.queue }),
  startUp: distribution('Time from the start of the process to its listening', DEFAULTS.workload.startUp).optional(),
  onTerminate: z
    .enum(['drain', 'exit'])
    .optional()
    .meta({ description: 'On SIGTERM: finish what is being served, or exit at once and drop it', default: DEFAULTS.workload.onTerminate }),
  calls: z.array(callStep).optional().meta({ description: 'What a pod calls while it serves a request, in this order' }),
  errors: z
    .strictObject({
      probability: share('Share of the requests that are answered with the error'),
      code: z.literal([500, 502, 503, 504]).optional().meta({ description: 'The HTTP code of the answer', default: DEFAULTS.errorCode }),
    })
    .optional()
    .meta({ description: 'A share of the requests is answered with an HTTP error, at the end of the service; none when not given' }),
  run: run('main containers').meta({ description: 'Main containers end by themselves; without it they run for ever' }),
  init: run('init containers').meta({ description: 'How init containers run' }),
  ingressController: z
    .strictObject({
      api: z
        .enum(['ingress', 'gateway'])
        .optional()
        .meta({ description: 'What they get their routes from: Ingresses, or Gateways and HTTPRoutes', default: 'ingress' }),
      controllerClass: z
        .string()
        .regex(/^[a-z0-9.-]+\/[a-z0-9./-]+$/)
        .optional()
        .meta({
          description:
            'They act on Ingresses whose IngressClass has this as its spec.controller; with api: gateway on Gateways whose GatewayClass has it as its controllerName, by default gateway.nginx.org/nginx-gateway-controller',
          default: DEFAULTS.ingressController.controllerClass,
        }),
      loadBalance: z
        .enum(['round_robin', 'ewma'])
        .optional()
        .meta({ description: 'How a worker chooses an endpoint', default: DEFAULTS.ingressController.loadBalance }),
      tls: z
        .strictObject({
          handshake: duration('CPU time of a full handshake, signature included', DEFAULTS.ingressController.tls.handshake).optional(),
          resumedHandshake: duration('CPU time of one that resumes a session', DEFAULTS.ingressController.tls.resumedHandshake).optional(),
          sessionTimeout: duration('How long a pod remembers a session', DEFAULTS.ingressController.tls.sessionTimeout).optional(),
        })
        .optional()
        .meta({ description: 'What TLS costs them' }),
      reload: distribution(
        'Time from a new set of routes until new workers accept requests with it',
        DEFAULTS.ingressController.reload,
      ).optional(),
    })
    .optional()
    .meta({
      description:
        'The pods are ingress-nginx controllers: serviceTime is then the CPU time that one request takes of NGINX, and concurrency the number of its workers',
    }),
})

/** Addresses from 198.18.0.0 on: a million still end far below the multicast addresses. */
const EXTERNAL_CLIENTS_MAX = 1_000_000

const source = z.union([
  z.strictObject({
    external: z.literal(true),
    clients: z
      .int()
      .min(1)
      .max(EXTERNAL_CLIENTS_MAX)
      .optional()
      .meta({ description: 'How many addresses they have; every request comes from any of them', default: DEFAULTS.externalClients }),
  }),
  z.strictObject({
    pods: text('a label selector, such as app=frontend', { description: 'The pods that send, by label selector' }),
    namespace: z.string().optional().meta({ description: 'Their namespace', default: DEFAULTS.namespace }),
  }),
  z.strictObject({
    nodes: text('all, or a label selector, such as topology.kubernetes.io/zone=a', {
      description: 'The nodes that send, by processes of their own: all of them, or by label selector',
    }),
  }),
])

/** Names are tokens of HTTP. Source: RFC 9110, section 5.6.2. */
const httpFields = (what: 'header' | 'cookie') =>
  z.record(z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/), z.string()).meta({
    description: `By name: each ${what} that every request has. An ingress controller may decide by them where a request goes. {client} stands for the client's address`,
    examples: [what === 'header' ? { 'x-canary': 'always' } : { canary: 'always' }],
  })

const socket = z.strictObject({
  reuse: z.boolean().meta({ description: 'Each client pod sends all its datagrams from one socket, and so from one port' }),
  lifetime: duration(
    'Of sockets that are used again: a client sends nothing more from one that is older; without a limit when not given',
  ).optional(),
  oneWay: z
    .boolean()
    .optional()
    .meta({ description: 'Nothing answers, as with syslog and statsd: a datagram is ok when a pod has received it', default: false }),
})

const budget = z
  .strictObject({
    ratio: z
      .number()
      .min(0)
      .max(1000)
      .optional()
      .meta({ description: 'Further tries for each request in the long run', default: DEFAULTS.budget.ratio }),
    minPerSecond: z
      .number()
      .min(0)
      .max(1_000_000)
      .optional()
      .meta({ description: 'Further tries a second, whatever the requests', default: DEFAULTS.budget.minPerSecond }),
  })
  .optional()
  .meta({ description: 'What each client may send on top of first tries; without a limit when not given' })

const retries = z.strictObject({
  max: z.int().min(1).max(1000).meta({ description: 'Tries after the first, at most' }),
  on: z
    .array(z.enum(RETRY_CONDITION_NAMES))
    .min(1)
    .meta({ description: 'After which failures of a try', examples: [['connect-failure', 'reset']] }),
  backOff: z
    .strictObject({
      base: duration('The longest wait before the first retry; it doubles with each', DEFAULTS.backOff.base).optional(),
      max: duration('The longest wait before any', DEFAULTS.backOff.max).optional(),
    })
    .optional()
    .meta({ description: 'How long the client waits before a retry: anything from nothing to a limit that doubles' }),
  perTryTimeout: duration('A try that has no answer after this long has failed; only the timeout counts when not given').optional(),
  budget,
})

const hedge = z.strictObject({
  after: duration('How long the client waits for an answer before it sends another try beside'),
  max: z.int().min(1).max(100).optional().meta({ description: 'Such tries of a request, at most', default: DEFAULTS.hedges }),
  budget,
})

const traffic = z.strictObject({
  name: name('What the traffic is called in results and thresholds'),
  to: text('the address of a Service, such as http://frontend.shop.svc/cart', {
    description:
      'A Service: http://NAME.NAMESPACE.svc, with :PORT where it has several; a path may follow and makes no difference to a Service. A headless Service stands for its pods, http://POD.NAME.NAMESPACE.svc for one of them. Over UDP: udp://NAME.NAMESPACE.svc:PORT. Or, in place of the name, a cluster IP that a manifest fixes, or from outside a node and a node port. Or a host of an Ingress or a Gateway, with a path: the requests go to the Service of its controller',
    examples: [
      'http://frontend.shop.svc',
      'http://frontend.shop.svc:8080/cart',
      'udp://statsd.ops.svc:8125',
      'http://worker-2:30080',
      'http://shop.example.com/cart',
    ],
  }),
  from: source
    .optional()
    .meta({ description: 'Who sends: clients outside the cluster, pods, or the nodes themselves', default: { external: true } }),
  arrivals: text('arrivals, such as poisson(800/s)', {
    description: 'When requests are sent: at their own pace, or by users who wait for the answer to the one before',
    examples: ['poisson(800/s)', 'constant(100/s)', 'stages(0/s, 200/s over 1m, 200/s for 3m)', 'closed(users=200, think=exp(1s))'],
  }),
  connection: connection
    .extend({
      http2: http2
        .optional()
        .meta({ description: 'Requests are streams of HTTP/2, many at once on a connection; one at a time when not given' }),
    })
    .optional()
    .meta({
      description: 'Clients keep their connections for further requests; a connection for every request when not given',
    }),
  tls: z
    .strictObject({
      version: z.enum(['1.2', '1.3']).optional().meta({
        description: 'A full handshake takes one round trip with 1.3, two with 1.2',
        default: DEFAULTS.tls.version,
      }),
      resumption: z.number().min(0).max(1).optional().meta({
        description: 'Share of handshakes in which a client offers the session of its last one, if it has one',
        default: DEFAULTS.tls.resumption,
      }),
    })
    .optional()
    .meta({ description: 'How clients of an https:// address shake hands' }),
  headers: httpFields('header').optional(),
  cookies: httpFields('cookie').optional(),
  socket: socket.optional().meta({ description: 'Over UDP: how clients use sockets; a socket for every request when not given' }),
  requestSize: quantity('Bytes of a request; one packet when not given').optional(),
  responseSize: quantity('Bytes of an answer; one packet when not given').optional(),
  timeout: duration('A request that has no answer after this long has failed', DEFAULTS.timeout).optional(),
  connectTimeout: duration(
    'A try whose connection is not open after this long has failed; only the timeout counts when not given',
  ).optional(),
  retries: retries.optional().meta({ description: 'Clients try again after a failure; they do not when not given' }),
  hedge: hedge.optional().meta({ description: 'Clients send a second try where an answer takes long; they do not when not given' }),
  start: duration('When the first requests may arrive; the end of the warm-up when not given').optional(),
  stop: duration('When the last requests may arrive; the end of the run when not given').optional(),
})

const howMany = (what: string, fallback: string | number) =>
  z
    .union([z.int().min(1).max(1_000_000), z.string()])
    .optional()
    .meta({ description: `How many ${what}: all, a number, or a share such as 30%`, examples: ['all', 2, '30%'], default: fallback })

const victim = z
  .union([
    z.string(),
    z.strictObject({
      selector: text('a label selector, such as topology.kubernetes.io/zone=a', {
        description: 'Nodes with these labels; every node when not given',
        examples: ['topology.kubernetes.io/zone=a', '!node-role.kubernetes.io/control-plane'],
      }).optional(),
      count: howMany('of them, drawn when the fault strikes', DEFAULTS.nodeCount),
    }),
  ])
  .meta({
    description: 'Its name (worker-1, worker-2, …, or that of a control-plane node), or nodes by their labels',
    examples: ['worker-3'],
  })

const nodeFault = z.strictObject({
  kind: z.enum(['node-crash', 'kubelet-crash', 'kube-proxy-crash']),
  node: victim,
  for: duration('After how long the node comes back, empty; never when not given').optional(),
})

const nodeReboot = z.strictObject({
  kind: z.enum(['node-reboot']),
  node: victim,
  shutdown: z
    .enum(['graceful', 'hard'])
    .optional()
    .meta({ description: 'Whether processes are asked to end first, or the power goes', default: DEFAULTS.shutdown }),
  for: duration('How long the machine is away, from its last process to its kubelet'),
})

const nodeFreeze = z.strictObject({
  kind: z.enum(['node-freeze']),
  node: victim,
  for: duration('How long the machine stands still, before it goes on where it was'),
})

const nodeDisk = z.strictObject({
  kind: z.enum(['disk-slow']),
  node: victim,
  factor: z.number().min(1).max(1_000_000).meta({ description: 'How many times as long unpacking images and starting containers takes' }),
  for: duration('After how long the disk is well again; never when not given').optional(),
})

const nodeAgentSlow = z.strictObject({
  kind: z.enum(['kubelet-slow', 'kube-proxy-slow']),
  node: victim,
  factor: z.number().min(1).max(1_000_000).meta({ description: 'How many times as long its own work takes' }),
  for: duration('After how long it is as fast as before; never when not given').optional(),
})

const nodeClock = z.strictObject({
  kind: z.enum(['clock-skew']),
  node: victim,
  offset: text('a length of time with a sign, such as -2m', {
    description: 'How far the clock of the node is ahead (+) or behind (-)',
    examples: ['+30s', '-2m'],
  }),
  for: duration('After how long the clock is right again; never when not given').optional(),
})

const mode = z
  .union([z.int().min(1).max(1_000_000), z.string()])
  .optional()
  .meta({
    description: 'How many of the pods that match, drawn when the fault strikes: all, one, a number, or a share such as 30%',
    examples: ['all', 'one', 3, '30%'],
    default: DEFAULTS.killMode,
  })

const podKill = z.strictObject({
  kind: z.enum(['pod-kill']),
  pods: text('a label selector, such as app=frontend', { description: 'Whose processes end, by label selector' }),
  namespace: z.string().optional().meta({ description: 'Their namespace', default: DEFAULTS.namespace }),
  mode,
})

const containerFault = z.strictObject({
  kind: z.enum(['container-crash', 'oom-kill']),
  pods: text('a label selector, such as app=frontend', {
    description: 'Whose containers end, by label selector',
    examples: ['app=frontend'],
  }),
  namespace: z.string().optional().meta({ description: 'Their namespace', default: DEFAULTS.namespace }),
  mode,
  container: z.string().optional().meta({ description: 'The container; every main container when not given' }),
})

const podSlow = z.strictObject({
  kind: z.enum(['pod-slow']),
  pods: text('a label selector, such as app=frontend', { description: 'Who is slow, by label selector' }),
  namespace: z.string().optional().meta({ description: 'Their namespace', default: DEFAULTS.namespace }),
  mode,
  factor: z.number().min(1).max(1_000_000).meta({ description: 'How many times as long they take for each request' }),
  for: duration('After how long they are as fast as before; never when not given').optional(),
})

const memoryLeak = z.strictObject({
  kind: z.enum(['memory-leak']),
  pods: text('a label selector, such as app=frontend', { description: 'Whose memory grows, by label selector' }),
  namespace: z.string().optional().meta({ description: 'Their namespace', default: DEFAULTS.namespace }),
  mode,
  container: z.string().optional().meta({ description: 'The container; every main container when not given' }),
  rate: text('bytes a second, such as 10Mi/s', { description: 'By how much it grows', examples: ['10Mi/s'] }),
  for: duration('After how long nothing is lost any more; never when not given').optional(),
})

const dnsFailure = z.strictObject({
  kind: z.enum(['dns-failure']),
  answer: z
    .enum(['none', 'servfail'])
    .optional()
    .meta({ description: 'What comes back in place of an answer', default: DEFAULTS.dnsFailure.answer }),
  share: share('Share of the queries that it happens to; all when not given').optional(),
  for: duration('After how long answers are as before; never when not given').optional(),
})

const etcdMember = z.int().min(1).max(5).meta({ description: 'Which member of etcd, from 1; member 1 leads at the start' })

const etcdFault = z.strictObject({
  kind: z.enum(['etcd-member-crash', 'etcd-partition']),
  member: etcdMember,
  for: duration('After how long the member is back; never when not given').optional(),
})

const etcdSlowDisk = z.strictObject({
  kind: z.enum(['etcd-slow-disk']),
  member: etcdMember,
  factor: z.number().min(1).max(1_000_000).meta({ description: 'How many times as long every fsync takes' }),
  for: duration('After how long the disk is well again; never when not given').optional(),
})

const machineFault = z.strictObject({
  kind: z.enum(['machine-crash']),
  machine: z.string().meta({ description: 'A machine of the install that is no node', examples: ['control-plane-1', 'etcd-1'] }),
  for: duration('After how long the machine comes back; never when not given').optional(),
})

const leaderFault = z.strictObject({
  kind: z.enum(['controller-manager-crash', 'scheduler-crash']),
  replica: z
    .int()
    .min(1)
    .max(5)
    .optional()
    .meta({ description: 'Which replica, from 1; replica 1 leads at the start. The one that leads when not given' }),
  for: duration('After how long it is started again; never when not given').optional(),
})

const apiServerFault = z.strictObject({
  kind: z.enum(['api-server-crash']),
  server: z
    .union([z.int().min(1).max(9), z.literal('random')])
    .optional()
    .meta({ description: 'Which API server, from 1, or one of those that are up', default: 'random' }),
  for: duration('After how long the server is started again; never when not given').optional(),
})

const replicaSlow = z.strictObject({
  kind: z.enum(['controller-manager-slow', 'scheduler-slow']),
  replica: z
    .int()
    .min(1)
    .max(5)
    .optional()
    .meta({ description: 'Which replica, from 1; replica 1 leads at the start. The one that leads when not given' }),
  factor: z.number().min(1).max(1_000_000).meta({ description: 'How many times as long each reconcile or scheduling cycle takes' }),
  for: duration('After how long it is as fast as before; never when not given').optional(),
})

const apiServerSlow = z.strictObject({
  kind: z.enum(['api-server-slow']),
  server: z
    .union([z.int().min(1).max(9), z.literal('random')])
    .optional()
    .meta({ description: 'Which API server, from 1, or one of those that are up', default: 'random' }),
  factor: z.number().min(1).max(1000).meta({ description: 'How many times as long takes what the server does itself' }),
  for: duration('After how long the server is as fast as before; never when not given').optional(),
})

const linkSide = (what: string) =>
  z
    .union([
      z.string(),
      z.array(z.string()).min(1),
      z.strictObject({
        selector: text('a label selector, such as topology.kubernetes.io/zone=a', {
          description: 'Nodes with these labels; every node when not given',
          examples: ['topology.kubernetes.io/zone=a'],
        }).optional(),
        count: howMany('of them, drawn when the fault strikes', DEFAULTS.links.count),
      }),
    ])
    .meta({
      description: `${what}: a machine by its name or a list of them, nodes by their labels, control-plane (the machines of the API servers), or outside (clients and their load balancer)`,
      examples: ['worker-2', ['worker-1', 'worker-2'], { selector: 'topology.kubernetes.io/zone=a', count: 'all' }, 'outside'],
    })

const links = {
  from: linkSide('One end of the links'),
  to: linkSide('The other end; others is everything else').meta({ default: DEFAULTS.links.to }).optional(),
  oneWay: z.boolean().optional().meta({ description: 'Only what goes from `from` to `to` is concerned', default: DEFAULTS.links.oneWay }),
  for: duration('After how long the links are as before; never when not given').optional(),
}

const partitionFault = z.strictObject({ kind: z.enum(['partition']), ...links })

const linkLossFault = z.strictObject({
  kind: z.enum(['link-loss']),
  ...links,
  loss: share('Share of the packets of requests that are lost, each way'),
})

const linkDelayFault = z.strictObject({
  kind: z.enum(['link-delay']),
  ...links,
  delay: distribution('What is added to the way of each packet of requests'),
})

const at = duration('When it happens')

const fault = z.union([
  nodeFault,
  nodeReboot,
  nodeFreeze,
  nodeDisk,
  nodeAgentSlow,
  nodeClock,
  podKill,
  containerFault,
  podSlow,
  memoryLeak,
  dnsFailure,
  etcdFault,
  etcdSlowDisk,
  apiServerFault,
  apiServerSlow,
  leaderFault,
  replicaSlow,
  machineFault,
  partitionFault,
  linkLossFault,
  linkDelayFault,
])

const optional = z
  .boolean()
  .optional()
  .meta({ description: 'The run passes also when the fault never takes effect', default: DEFAULTS.optionalFault })

const timelineEntry = z.union([
  z.strictObject({
    at,
    kubectl: text('a kubectl command, such as scale deployment/frontend --replicas=3 -n shop', {
      description: 'A kubectl command without the word kubectl',
      examples: ['set image deployment/frontend server=shop/frontend:v2 -n shop'],
    }),
  }),
  z.strictObject({ at, fault, optional }),
  z.strictObject({
    every: text('a distribution of times, such as exp(10m), or poisson(6/h)', {
      description: 'Times between strikes of the fault, from `from` on: a distribution, or poisson with a rate',
      examples: ['poisson(6/h)', 'exp(10m)', '5m'],
    }),
    from: duration('From when on the fault may strike; the end of the warm-up when not given').optional(),
    until: duration('From when on it does not any more; the end of the run when not given').optional(),
    fault,
    optional,
  }),
])

const spec = z.strictObject({
  seed: z
    .union([z.string().min(1), z.int()])
    .optional()
    .meta({ description: 'What all random numbers grow from', default: DEFAULTS.seed }),
  duration: duration('Simulated time of the whole run, warm-up included', DEFAULTS.duration).optional(),
  warmUp: duration('Time for the cluster to come up before anything is measured', DEFAULTS.warmUp).optional(),
  cluster: cluster.optional(),
  manifests: z
    .array(z.string().min(1))
    .optional()
    .meta({ description: 'Files or folders of Kubernetes manifests, relative to this file; all is applied at the start' }),
  workloads: z.array(workload).optional().meta({ description: 'How containers behave' }),
  traffic: z.array(traffic).optional().meta({ description: 'Who sends requests where' }),
  timeline: z.array(timelineEntry).optional().meta({ description: 'What happens during the run' }),
  thresholds: z
    .array(z.string())
    .optional()
    .meta({ description: 'What must hold for the run to pass, such as requests.error_rate{traffic=shoppers} < 0.1%' }),
  compare: z
    .record(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/), z.record(z.string(), z.unknown()))
    .optional()
    .meta({
      description:
        'Variants by name: each is the whole scenario with the fields changed that are named by dotted paths, such as cluster.kubeProxy.mode',
    }),
})

/** A scenario file, `towtank/v1`. */
export const scenarioSchema = z
  .strictObject({
    apiVersion: z.literal('towtank/v1'),
    kind: z.literal('Scenario'),
    metadata: z.strictObject({ name: name('What the scenario is called; also the name of its results folder') }),
    spec,
  })
  .meta({ title: 'Towtank scenario' })

/** A scenario file with the right form; nothing in it has been looked up or read any further. */
export type ScenarioFile = z.infer<typeof scenarioSchema>
