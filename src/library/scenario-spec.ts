/** Written by `npm run docs` from the schema of scenario files: see src/docs/scenario-types.ts. */

/**
 * The fields of a scenario: what `spec` of a scenario file holds.
 */
export interface ScenarioSpec {
  /**
   * What all random numbers grow from. Default: `0`
   */
  seed?: string | number
  /**
   * Simulated time of the whole run, warm-up included. Default: `5m`
   */
  duration?: string
  /**
   * Time for the cluster to come up before anything is measured. Default: `30s`
   */
  warmUp?: string
  cluster?: {
    /**
     * The version of Kubernetes, in quotes. Default: `1.36`
     */
    version?: '1.28' | '1.29' | '1.30' | '1.31' | '1.32' | '1.33' | '1.34' | '1.35' | '1.36'
    /**
     * The Linux kernel of every node, in quotes; fixes that later releases of a series got are not in it. Default: `6.1`
     */
    kernel?: string
    /**
     * How the cluster was installed: which components stand on which machines. Without it the control plane stands nowhere in particular
     */
    install?: 'minikube' | 'kubeadm' | 'kubeadm-ha' | 'binary'
    /**
     * The run begins with empty machines and the installation; the manifests follow it. Default: `false`
     */
    bootstrap?: boolean
    /**
     * Namespaces, Services and Deployments of the manifests were applied long before the run: it begins with their pods running; not when not given
     */
    settled?: boolean
    controlPlane?: {
      /**
       * CPU of a control-plane node, in cores. Default: `4`
       */
      cpu?: string | number
      /**
       * Memory of a control-plane node. Default: `8Gi`
       */
      memory?: string | number
    }
    /**
     * Groups of worker nodes; they are named worker-1, worker-2, … in this order
     */
    nodes?: {
      /**
       * How many nodes. Default: `3`
       */
      count?: number
      /**
       * CPU that pods can have on a node, in cores. Default: `4`
       */
      cpu?: string | number
      /**
       * Memory that pods can have on a node. Default: `16Gi`
       */
      memory?: string | number
      /**
       * Pods that a node takes at most. Default: `110`
       */
      maxPods?: number
      /**
       * The zone of the nodes, or zones that they take in turn. Default: `a`
       */
      zone?: string | string[]
    }[]
    etcd?: {
      /**
       * Members of the etcd cluster. Default: `3`
       */
      members?: 1 | 3 | 5
    }
    apiServer?: {
      /**
       * API servers, behind a load balancer when there are several. Default: `1`
       */
      count?: number
      /**
       * The flag --max-requests-inflight: with the other one, the seats that Priority and Fairness divides. Default: `400`
       */
      maxRequestsInflight?: number
      /**
       * The flag --max-mutating-requests-inflight: with the other one, the seats that Priority and Fairness divides. Default: `200`
       */
      maxMutatingRequestsInflight?: number
    }
    otherServices?: {
      /**
       * Services beside those of the manifests. Default: `0`
       */
      count?: number
      /**
       * Endpoints of each of them. Default: `1`
       */
      endpoints?: number
    }
    kubeProxy?: {
      /**
       * What kube-proxy programs into the kernel. Default: `iptables`
       */
      mode?: 'iptables' | 'ipvs' | 'nftables'
      /**
       * The IPVS scheduler; the other modes have none. Default: `rr`
       */
      scheduler?: 'rr' | 'wrr' | 'lc' | 'wlc' | 'sed' | 'nq' | 'fo' | 'ovf' | 'lblc' | 'lblcr' | 'sh' | 'mh' | 'dh' | 'twos'
      /**
       * net.ipv4.vs.conn_reuse_mode on every node, where it is not what kube-proxy leaves behind: 0 before Linux 5.9, 1 since; the other modes have none
       */
      connReuseMode?: 0 | 1
      conntrack?: {
        /**
         * The flag --conntrack-max-per-core: entries of a node's connection tracking table. Default: `32768`
         */
        maxPerCore?: number
        /**
         * The flag --conntrack-min: entries of a node's connection tracking table. Default: `131072`
         */
        min?: number
      }
    }
    network?: {
      /**
       * One-way delay between pods of one node. Default: `30us`
       */
      sameNode?: string
      /**
       * One-way delay between nodes of one zone. Default: `250us`
       */
      sameZone?: string
      /**
       * One-way delay between nodes of two zones. Default: `1ms`
       */
      crossZone?: string
      /**
       * One-way delay between a client outside the cluster and a node. Default: `5ms`
       */
      external?: string
      /**
       * Share of packets that are lost, each way: on all links, or by their class
       */
      loss?:
        | (string | number)
        | {
            /**
             * Share of packets that are lost, each way, between pods of one node
             */
            sameNode?: string | number
            /**
             * Share of packets that are lost, each way, between nodes of one zone
             */
            sameZone?: string | number
            /**
             * Share of packets that are lost, each way, between nodes of two zones
             */
            crossZone?: string | number
            /**
             * Share of packets that are lost, each way, between clients outside and a node
             */
            external?: string | number
          }
      /**
       * By how much each packet is longer on its way: on all links, or by their class
       */
      jitter?:
        | string
        | {
            /**
             * By how much each packet is longer on its way, between pods of one node
             */
            sameNode?: string
            /**
             * By how much each packet is longer on its way, between nodes of one zone
             */
            sameZone?: string
            /**
             * By how much each packet is longer on its way, between nodes of two zones
             */
            crossZone?: string
            /**
             * By how much each packet is longer on its way, between clients outside and a node
             */
            external?: string
          }
      /**
       * Bytes a second of each node's network card, each way; no limit when not given
       */
      bandwidth?: string
      /**
       * How packets go from node to node: as they are, or each in one of VXLAN. Default: `routed`
       */
      cni?: 'routed' | 'overlay'
      softirq?: {
        /**
         * Cores of each node that handle packets: the queues of its network card, at most its cores; all of them when not given
         */
        cores?: number
        /**
         * Packets that wait for one core at most (net.core.netdev_max_backlog); one more is dropped. Default: `1000`
         */
        backlog?: number
      }
    }
    kubelet?: {
      /**
       * CPU limits hold, by throttling, where cpuPerRequest says what requests take. Default: `true`
       */
      cpuCFSQuota?: boolean
      /**
       * The period of the quota, 1 ms to 1 s. Default: `100ms`
       */
      cpuCFSQuotaPeriod?: string
    }
    /**
     * Pods look names up before they open connections; without it names are resolved at once
     */
    dns?: {
      /**
       * NAME.NAMESPACE of the Service of the DNS servers, which are pods of the manifests; UDP port 53. Default: `kube-dns.kube-system`
       */
      service?: string
      /**
       * A name with fewer dots is first tried with each search domain. Default: `5`
       */
      ndots?: number
      /**
       * How long a query waits for its answer. Default: `5s`
       */
      timeout?: string
      /**
       * How often a name is asked for, the first time included. Default: `2`
       */
      attempts?: number
      /**
       * An option of resolv.conf by which A and AAAA are asked for one after the other, and not at once
       */
      options?: ('single-request' | 'single-request-reopen')[]
      /**
       * Share of the pairs of A and AAAA sent at once that overlap in the kernel, which drops one before Linux 5.6. Default: `1%`
       */
      overlapping?: string | number
    }
    /**
     * What stands before the cluster; without it the balancer of a cloud
     */
    loadBalancer?: {
      keepalived: {
        /**
         * lvs_sched: how IPVS chooses a node. Default: `wlc`
         */
        scheduler?: 'rr' | 'wrr' | 'lc' | 'wlc' | 'sed' | 'nq' | 'fo' | 'ovf' | 'lblc' | 'lblcr' | 'sh' | 'mh' | 'dh' | 'twos'
        /**
         * persistence_timeout: so long after its last new connection a client keeps its node; not at all when not given
         */
        persistence?: string
        /**
         * Weights of nodes, by name; those that are not named have 1
         */
        weights?: {
          [k: string]: number
        }
        /**
         * inhibit_on_failure: a node that is down gets weight 0 and is not taken out. Default: `false`
         */
        inhibitOnFailure?: boolean
        /**
         * Nodes are held for down until their first good check. Default: `false`
         */
        alpha?: boolean
        check?: {
          /**
           * tcp: the node port accepts a connection (TCP_CHECK); http: it answers a GET with 2xx (HTTP_GET). Default: `tcp`
           */
          kind?: 'tcp' | 'http'
          /**
           * Of http: the virtual host. Default: ``
           */
          host?: string
          /**
           * Of http: the path. Default: `/`
           */
          path?: string
          /**
           * delay_loop: from the end of a check to the next. Default: `60s`
           */
          delayLoop?: string
          /**
           * connect_timeout: a check without an answer by then has failed. Default: `5s`
           */
          connectTimeout?: string
          /**
           * retry: further checks of a node that is up before it is taken for down. Default: `1`
           */
          retry?: number
          /**
           * delay_before_retry: before each of them; 1s for tcp, 3s for http
           */
          delayBeforeRetry?: string
          /**
           * warmup: the first check comes at a random moment of so long a time; delayLoop when not given
           */
          warmUp?: string
        }
      }
    }
    /**
     * The container runtime of every node: containerd, cri-o or cri-dockerd. Default: `containerd`
     */
    runtime?: string
    scheduler?: {
      /**
       * How NodeResourcesFit scores nodes: empty ones first, full ones first, or by a shape. Default: `LeastAllocated`
       */
      scoringStrategy?: 'LeastAllocated' | 'MostAllocated' | 'RequestedToCapacityRatio'
      /**
       * Of RequestedToCapacityRatio: the score, 0 to 10, at each utilization, 0 to 100, in rising order
       */
      shape?: {
        utilization: number
        score: number
      }[]
      /**
       * Fitting nodes that are enough, in percent; 0 lets the size of the cluster decide. Default: `0`
       */
      percentageOfNodesToScore?: number
    }
    images?: {
      /**
       * Bytes of an image that sizes does not name. Default: `200M`
       */
      size?: string | number
      /**
       * Bytes of single images, by name
       */
      sizes?: {
        /**
         * Bytes of that image
         */
        [k: string]: string | number
      }
      /**
       * Images that the registry does not have: pulls of them fail
       */
      missing?: string[]
      /**
       * Pulls of one node go on side by side (serializeImagePulls: false). Default: `false`
       */
      parallel?: boolean
      /**
       * How many of them at most (maxParallelImagePulls); no limit when not given
       */
      maxParallel?: number
      /**
       * Bytes a second of the registry for all nodes together; no limit when not given
       */
      registryBandwidth?: string
      /**
       * Pulls that a kubelet begins a second (registryPullQPS); one more fails. Default: `5`
       */
      pullQps?: number
      /**
       * Pulls that it begins at once (registryBurst). Default: `10`
       */
      pullBurst?: number
      /**
       * Bytes a second of one node's link to the registry. Default: `125M/s`
       */
      bandwidth?: string
      /**
       * Every node holds every image from the start. Default: `false`
       */
      preloaded?: boolean
    }
  }
  /**
   * Files or folders of Kubernetes manifests, relative to this file; all is applied at the start
   */
  manifests?: string[]
  /**
   * How containers behave
   */
  workloads?: {
    /**
     * Whose behaviour this is: a label selector in the API's grammar; the first entry that matches a pod wins
     */
    selector: string
    /**
     * How long one request keeps a server busy. Default: `lognormal(p50=5ms, p99=25ms)`
     */
    serviceTime?: string
    /**
     * Cores that a busy server uses; less than 1 where it waits for others meanwhile. Default: `1`
     */
    cpu?: string | number
    /**
     * CPU time that a request takes of its service time; the CPU limit of the container holds then, by throttling. Instead of cpu; without it nothing is throttled
     */
    cpuPerRequest?: string
    /**
     * A new process serves more slowly, and less and less so; without it, it does not
     */
    warmUp?: {
      /**
       * How long a process is slower than it will be, from when it begins to listen
       */
      duration: string
      /**
       * How many times as long service takes at first
       */
      factor: number
    }
    /**
     * Memory that each container of a pod uses; what it requests when not given
     */
    memory?: string | number
    /**
     * Requests that one pod serves at once. Default: `16`
     */
    concurrency?: number
    /**
     * Requests that wait in one pod; one more is refused. Default: `128`
     */
    queue?: number
    /**
     * Time from the start of the process to its listening. Default: `normal(2s, 0.5s)`
     */
    startUp?: string
    /**
     * On SIGTERM: finish what is being served, or exit at once and drop it. Default: `drain`
     */
    onTerminate?: 'drain' | 'exit'
    /**
     * What a pod calls while it serves a request, in this order
     */
    calls?: {
      /**
       * A Service: http://NAME.NAMESPACE.svc, with :PORT where it has several
       */
      to?: string
      /**
       * What the calls are called in results and thresholds; CALLER -> SERVICE when not given
       */
      name?: string
      /**
       * Share of the requests in which it is made; all when not given
       */
      probability?: string | number
      /**
       * How often it is made then, one after the other; in a group all at once. Default: `1`
       */
      count?: number
      /**
       * A call that has no answer after this long has failed. Default: `2s`
       */
      timeout?: string
      /**
       * The request goes on when the call fails. Default: `false`
       */
      optional?: boolean
      /**
       * The pod keeps its connections for further calls; a connection for every call when not given
       */
      connection?: {
        /**
         * A client closes a connection that no request has had for so long
         */
        keepAlive: string
        /**
         * Connections at most that one client, a pod or an address outside, has open. Default: `50`
         */
        pool?: number
        /**
         * A client puts no request on a connection that is older; without a limit when not given
         */
        lifetime?: string
      }
      /**
       * Instead of one call: several at once, over when the last of them is
       */
      parallel?: {
        /**
         * A Service: http://NAME.NAMESPACE.svc, with :PORT where it has several
         */
        to: string
        /**
         * What the calls are called in results and thresholds; CALLER -> SERVICE when not given
         */
        name?: string
        /**
         * Share of the requests in which it is made; all when not given
         */
        probability?: string | number
        /**
         * How often it is made then, one after the other; in a group all at once. Default: `1`
         */
        count?: number
        /**
         * A call that has no answer after this long has failed. Default: `2s`
         */
        timeout?: string
        /**
         * The request goes on when the call fails. Default: `false`
         */
        optional?: boolean
        /**
         * The pod keeps its connections for further calls; a connection for every call when not given
         */
        connection?: {
          /**
           * A client closes a connection that no request has had for so long
           */
          keepAlive: string
          /**
           * Connections at most that one client, a pod or an address outside, has open. Default: `50`
           */
          pool?: number
          /**
           * A client puts no request on a connection that is older; without a limit when not given
           */
          lifetime?: string
        }
      }[]
      /**
       * Share of the service that is done before; by default that of the call before, and of the first 50%
       */
      at?: string | number
      /**
       * Only where the call before was made, and failed or succeeded
       */
      when?: 'failed' | 'succeeded'
    }[]
    /**
     * A share of the requests is answered with an HTTP error, at the end of the service; none when not given
     */
    errors?: {
      /**
       * Share of the requests that are answered with the error
       */
      probability: string | number
      /**
       * The HTTP code of the answer. Default: `500`
       */
      code?: 500 | 502 | 503 | 504
    }
    /**
     * Main containers end by themselves; without it they run for ever
     */
    run?: {
      /**
       * How long main containers run
       */
      duration: string
      /**
       * Share of the runs that fail. Default: `0`
       */
      failProbability?: number
      /**
       * How a run that fails ends. Default: `1`
       */
      exitCode?: number
    }
    /**
     * How init containers run
     */
    init?: {
      /**
       * How long init containers run
       */
      duration: string
      /**
       * Share of the runs that fail. Default: `0`
       */
      failProbability?: number
      /**
       * How a run that fails ends. Default: `1`
       */
      exitCode?: number
    }
    /**
     * The pods are ingress-nginx controllers: serviceTime is then the CPU time that one request takes of NGINX, and concurrency the number of its workers
     */
    ingressController?: {
      /**
       * What they get their routes from: Ingresses, or Gateways and HTTPRoutes. Default: `ingress`
       */
      api?: 'ingress' | 'gateway'
      /**
       * They act on Ingresses whose IngressClass has this as its spec.controller; with api: gateway on Gateways whose GatewayClass has it as its controllerName, by default gateway.nginx.org/nginx-gateway-controller. Default: `k8s.io/ingress-nginx`
       */
      controllerClass?: string
      /**
       * How a worker chooses an endpoint. Default: `round_robin`
       */
      loadBalance?: 'round_robin' | 'ewma'
      /**
       * What TLS costs them
       */
      tls?: {
        /**
         * CPU time of a full handshake, signature included. Default: `600us`
         */
        handshake?: string
        /**
         * CPU time of one that resumes a session. Default: `80us`
         */
        resumedHandshake?: string
        /**
         * How long a pod remembers a session. Default: `10m`
         */
        sessionTimeout?: string
      }
      /**
       * Time from a new set of routes until new workers accept requests with it. Default: `lognormal(p50=300ms, p99=1s)`
       */
      reload?: string
    }
  }[]
  /**
   * Who sends requests where
   */
  traffic?: {
    /**
     * What the traffic is called in results and thresholds
     */
    name: string
    /**
     * A Service: http://NAME.NAMESPACE.svc, with :PORT where it has several; a path may follow and makes no difference to a Service. A headless Service stands for its pods, http://POD.NAME.NAMESPACE.svc for one of them. Over UDP: udp://NAME.NAMESPACE.svc:PORT. Or, in place of the name, a cluster IP that a manifest fixes, or from outside a node and a node port. Or a host of an Ingress or a Gateway, with a path: the requests go to the Service of its controller
     */
    to: string
    /**
     * Who sends: clients outside the cluster, pods, or the nodes themselves. Default: `{"external":true}`
     */
    from?:
      | {
          external: true
          /**
           * How many addresses they have; every request comes from any of them. Default: `1000`
           */
          clients?: number
        }
      | {
          /**
           * The pods that send, by label selector
           */
          pods: string
          /**
           * Their namespace. Default: `default`
           */
          namespace?: string
        }
      | {
          /**
           * The nodes that send, by processes of their own: all of them, or by label selector
           */
          nodes: string
        }
    /**
     * When requests are sent: at their own pace, or by users who wait for the answer to the one before
     */
    arrivals: string
    /**
     * Clients keep their connections for further requests; a connection for every request when not given
     */
    connection?: {
      /**
       * A client closes a connection that no request has had for so long
       */
      keepAlive: string
      /**
       * Connections at most that one client, a pod or an address outside, has open. Default: `50`
       */
      pool?: number
      /**
       * A client puts no request on a connection that is older; without a limit when not given
       */
      lifetime?: string
      /**
       * Requests are streams of HTTP/2, many at once on a connection; one at a time when not given
       */
      http2?: {
        /**
         * Requests at most at once on a connection; only when it is full is another opened. Default: `100`
         */
        maxConcurrentStreams?: number
        /**
         * Clients find out by pings that the other side of a connection is gone; only by TCP when not given
         */
        ping?: {
          /**
           * Nothing came on a connection for so long: the client sends a ping. Default: `30s`
           */
          interval?: string
          /**
           * A ping has no answer after so long: the client closes the connection with all its streams. Default: `15s`
           */
          timeout?: string
        }
      }
    }
    /**
     * How clients of an https:// address shake hands
     */
    tls?: {
      /**
       * A full handshake takes one round trip with 1.3, two with 1.2. Default: `1.3`
       */
      version?: '1.2' | '1.3'
      /**
       * Share of handshakes in which a client offers the session of its last one, if it has one. Default: `1`
       */
      resumption?: number
    }
    /**
     * By name: each header that every request has. An ingress controller may decide by them where a request goes. {client} stands for the client's address
     */
    headers?: {
      [k: string]: string
    }
    /**
     * By name: each cookie that every request has. An ingress controller may decide by them where a request goes. {client} stands for the client's address
     */
    cookies?: {
      [k: string]: string
    }
    /**
     * Over UDP: how clients use sockets; a socket for every request when not given
     */
    socket?: {
      /**
       * Each client pod sends all its datagrams from one socket, and so from one port
       */
      reuse: boolean
      /**
       * Of sockets that are used again: a client sends nothing more from one that is older; without a limit when not given
       */
      lifetime?: string
      /**
       * Nothing answers, as with syslog and statsd: a datagram is ok when a pod has received it. Default: `false`
       */
      oneWay?: boolean
    }
    /**
     * Bytes of a request; one packet when not given
     */
    requestSize?: string | number
    /**
     * Bytes of an answer; one packet when not given
     */
    responseSize?: string | number
    /**
     * A request that has no answer after this long has failed. Default: `2s`
     */
    timeout?: string
    /**
     * A try whose connection is not open after this long has failed; only the timeout counts when not given
     */
    connectTimeout?: string
    /**
     * Clients try again after a failure; they do not when not given
     */
    retries?: {
      /**
       * Tries after the first, at most
       */
      max: number
      /**
       * After which failures of a try
       */
      on: ('connect-failure' | 'refused' | 'reset' | 'timeout' | '5xx')[]
      /**
       * How long the client waits before a retry: anything from nothing to a limit that doubles
       */
      backOff?: {
        /**
         * The longest wait before the first retry; it doubles with each. Default: `25ms`
         */
        base?: string
        /**
         * The longest wait before any. Default: `250ms`
         */
        max?: string
      }
      /**
       * A try that has no answer after this long has failed; only the timeout counts when not given
       */
      perTryTimeout?: string
      /**
       * What each client may send on top of first tries; without a limit when not given
       */
      budget?: {
        /**
         * Further tries for each request in the long run. Default: `0.2`
         */
        ratio?: number
        /**
         * Further tries a second, whatever the requests. Default: `10`
         */
        minPerSecond?: number
      }
    }
    /**
     * Clients send a second try where an answer takes long; they do not when not given
     */
    hedge?: {
      /**
       * How long the client waits for an answer before it sends another try beside
       */
      after: string
      /**
       * Such tries of a request, at most. Default: `1`
       */
      max?: number
      /**
       * What each client may send on top of first tries; without a limit when not given
       */
      budget?: {
        /**
         * Further tries for each request in the long run. Default: `0.2`
         */
        ratio?: number
        /**
         * Further tries a second, whatever the requests. Default: `10`
         */
        minPerSecond?: number
      }
    }
    /**
     * When the first requests may arrive; the end of the warm-up when not given
     */
    start?: string
    /**
     * When the last requests may arrive; the end of the run when not given
     */
    stop?: string
  }[]
  /**
   * What happens during the run
   */
  timeline?: (
    | {
        /**
         * When it happens
         */
        at: string
        /**
         * A kubectl command without the word kubectl
         */
        kubectl: string
      }
    | {
        /**
         * When it happens
         */
        at: string
        fault:
          | {
              kind: 'node-crash' | 'kubelet-crash' | 'kube-proxy-crash'
              /**
               * Its name (worker-1, worker-2, …, or that of a control-plane node), or nodes by their labels
               */
              node:
                | string
                | {
                    /**
                     * Nodes with these labels; every node when not given
                     */
                    selector?: string
                    /**
                     * How many of them, drawn when the fault strikes: all, a number, or a share such as 30%. Default: `1`
                     */
                    count?: number | string
                  }
              /**
               * After how long the node comes back, empty; never when not given
               */
              for?: string
            }
          | {
              kind: 'node-reboot'
              /**
               * Its name (worker-1, worker-2, …, or that of a control-plane node), or nodes by their labels
               */
              node:
                | string
                | {
                    /**
                     * Nodes with these labels; every node when not given
                     */
                    selector?: string
                    /**
                     * How many of them, drawn when the fault strikes: all, a number, or a share such as 30%. Default: `1`
                     */
                    count?: number | string
                  }
              /**
               * Whether processes are asked to end first, or the power goes. Default: `graceful`
               */
              shutdown?: 'graceful' | 'hard'
              /**
               * How long the machine is away, from its last process to its kubelet
               */
              for: string
            }
          | {
              kind: 'node-freeze'
              /**
               * Its name (worker-1, worker-2, …, or that of a control-plane node), or nodes by their labels
               */
              node:
                | string
                | {
                    /**
                     * Nodes with these labels; every node when not given
                     */
                    selector?: string
                    /**
                     * How many of them, drawn when the fault strikes: all, a number, or a share such as 30%. Default: `1`
                     */
                    count?: number | string
                  }
              /**
               * How long the machine stands still, before it goes on where it was
               */
              for: string
            }
          | {
              kind: 'disk-slow'
              /**
               * Its name (worker-1, worker-2, …, or that of a control-plane node), or nodes by their labels
               */
              node:
                | string
                | {
                    /**
                     * Nodes with these labels; every node when not given
                     */
                    selector?: string
                    /**
                     * How many of them, drawn when the fault strikes: all, a number, or a share such as 30%. Default: `1`
                     */
                    count?: number | string
                  }
              /**
               * How many times as long unpacking images and starting containers takes
               */
              factor: number
              /**
               * After how long the disk is well again; never when not given
               */
              for?: string
            }
          | {
              kind: 'kubelet-slow' | 'kube-proxy-slow'
              /**
               * Its name (worker-1, worker-2, …, or that of a control-plane node), or nodes by their labels
               */
              node:
                | string
                | {
                    /**
                     * Nodes with these labels; every node when not given
                     */
                    selector?: string
                    /**
                     * How many of them, drawn when the fault strikes: all, a number, or a share such as 30%. Default: `1`
                     */
                    count?: number | string
                  }
              /**
               * How many times as long its own work takes
               */
              factor: number
              /**
               * After how long it is as fast as before; never when not given
               */
              for?: string
            }
          | {
              kind: 'clock-skew'
              /**
               * Its name (worker-1, worker-2, …, or that of a control-plane node), or nodes by their labels
               */
              node:
                | string
                | {
                    /**
                     * Nodes with these labels; every node when not given
                     */
                    selector?: string
                    /**
                     * How many of them, drawn when the fault strikes: all, a number, or a share such as 30%. Default: `1`
                     */
                    count?: number | string
                  }
              /**
               * How far the clock of the node is ahead (+) or behind (-)
               */
              offset: string
              /**
               * After how long the clock is right again; never when not given
               */
              for?: string
            }
          | {
              kind: 'pod-kill'
              /**
               * Whose processes end, by label selector
               */
              pods: string
              /**
               * Their namespace. Default: `default`
               */
              namespace?: string
              /**
               * How many of the pods that match, drawn when the fault strikes: all, one, a number, or a share such as 30%. Default: `all`
               */
              mode?: number | string
            }
          | {
              kind: 'container-crash' | 'oom-kill'
              /**
               * Whose containers end, by label selector
               */
              pods: string
              /**
               * Their namespace. Default: `default`
               */
              namespace?: string
              /**
               * How many of the pods that match, drawn when the fault strikes: all, one, a number, or a share such as 30%. Default: `all`
               */
              mode?: number | string
              /**
               * The container; every main container when not given
               */
              container?: string
            }
          | {
              kind: 'pod-slow'
              /**
               * Who is slow, by label selector
               */
              pods: string
              /**
               * Their namespace. Default: `default`
               */
              namespace?: string
              /**
               * How many of the pods that match, drawn when the fault strikes: all, one, a number, or a share such as 30%. Default: `all`
               */
              mode?: number | string
              /**
               * How many times as long they take for each request
               */
              factor: number
              /**
               * After how long they are as fast as before; never when not given
               */
              for?: string
            }
          | {
              kind: 'memory-leak'
              /**
               * Whose memory grows, by label selector
               */
              pods: string
              /**
               * Their namespace. Default: `default`
               */
              namespace?: string
              /**
               * How many of the pods that match, drawn when the fault strikes: all, one, a number, or a share such as 30%. Default: `all`
               */
              mode?: number | string
              /**
               * The container; every main container when not given
               */
              container?: string
              /**
               * By how much it grows
               */
              rate: string
              /**
               * After how long nothing is lost any more; never when not given
               */
              for?: string
            }
          | {
              kind: 'dns-failure'
              /**
               * What comes back in place of an answer. Default: `none`
               */
              answer?: 'none' | 'servfail'
              /**
               * Share of the queries that it happens to; all when not given
               */
              share?: string | number
              /**
               * After how long answers are as before; never when not given
               */
              for?: string
            }
          | {
              kind: 'etcd-member-crash' | 'etcd-partition'
              /**
               * Which member of etcd, from 1; member 1 leads at the start
               */
              member: number
              /**
               * After how long the member is back; never when not given
               */
              for?: string
            }
          | {
              kind: 'etcd-slow-disk'
              /**
               * Which member of etcd, from 1; member 1 leads at the start
               */
              member: number
              /**
               * How many times as long every fsync takes
               */
              factor: number
              /**
               * After how long the disk is well again; never when not given
               */
              for?: string
            }
          | {
              kind: 'api-server-crash'
              /**
               * Which API server, from 1, or one of those that are up. Default: `random`
               */
              server?: number | 'random'
              /**
               * After how long the server is started again; never when not given
               */
              for?: string
            }
          | {
              kind: 'api-server-slow'
              /**
               * Which API server, from 1, or one of those that are up. Default: `random`
               */
              server?: number | 'random'
              /**
               * How many times as long takes what the server does itself
               */
              factor: number
              /**
               * After how long the server is as fast as before; never when not given
               */
              for?: string
            }
          | {
              kind: 'controller-manager-crash' | 'scheduler-crash'
              /**
               * Which replica, from 1; replica 1 leads at the start. The one that leads when not given
               */
              replica?: number
              /**
               * After how long it is started again; never when not given
               */
              for?: string
            }
          | {
              kind: 'controller-manager-slow' | 'scheduler-slow'
              /**
               * Which replica, from 1; replica 1 leads at the start. The one that leads when not given
               */
              replica?: number
              /**
               * How many times as long each reconcile or scheduling cycle takes
               */
              factor: number
              /**
               * After how long it is as fast as before; never when not given
               */
              for?: string
            }
          | {
              kind: 'machine-crash'
              /**
               * A machine of the install that is no node
               */
              machine: string
              /**
               * After how long the machine comes back; never when not given
               */
              for?: string
            }
          | {
              kind: 'partition'
              /**
               * One end of the links: a machine by its name or a list of them, nodes by their labels, control-plane (the machines of the API servers), or outside (clients and their load balancer)
               */
              from:
                | string
                | string[]
                | {
                    /**
                     * Nodes with these labels; every node when not given
                     */
                    selector?: string
                    /**
                     * How many of them, drawn when the fault strikes: all, a number, or a share such as 30%. Default: `1`
                     */
                    count?: number | string
                  }
              /**
               * The other end; others is everything else: a machine by its name or a list of them, nodes by their labels, control-plane (the machines of the API servers), or outside (clients and their load balancer). Default: `others`
               */
              to?:
                | string
                | string[]
                | {
                    /**
                     * Nodes with these labels; every node when not given
                     */
                    selector?: string
                    /**
                     * How many of them, drawn when the fault strikes: all, a number, or a share such as 30%. Default: `1`
                     */
                    count?: number | string
                  }
              /**
               * Only what goes from `from` to `to` is concerned. Default: `false`
               */
              oneWay?: boolean
              /**
               * After how long the links are as before; never when not given
               */
              for?: string
            }
          | {
              kind: 'link-loss'
              /**
               * One end of the links: a machine by its name or a list of them, nodes by their labels, control-plane (the machines of the API servers), or outside (clients and their load balancer)
               */
              from:
                | string
                | string[]
                | {
                    /**
                     * Nodes with these labels; every node when not given
                     */
                    selector?: string
                    /**
                     * How many of them, drawn when the fault strikes: all, a number, or a share such as 30%. Default: `1`
                     */
                    count?: number | string
                  }
              /**
               * The other end; others is everything else: a machine by its name or a list of them, nodes by their labels, control-plane (the machines of the API servers), or outside (clients and their load balancer). Default: `others`
               */
              to?:
                | string
                | string[]
                | {
                    /**
                     * Nodes with these labels; every node when not given
                     */
                    selector?: string
                    /**
                     * How many of them, drawn when the fault strikes: all, a number, or a share such as 30%. Default: `1`
                     */
                    count?: number | string
                  }
              /**
               * Only what goes from `from` to `to` is concerned. Default: `false`
               */
              oneWay?: boolean
              /**
               * After how long the links are as before; never when not given
               */
              for?: string
              /**
               * Share of the packets of requests that are lost, each way
               */
              loss: string | number
            }
          | {
              kind: 'link-delay'
              /**
               * One end of the links: a machine by its name or a list of them, nodes by their labels, control-plane (the machines of the API servers), or outside (clients and their load balancer)
               */
              from:
                | string
                | string[]
                | {
                    /**
                     * Nodes with these labels; every node when not given
                     */
                    selector?: string
                    /**
                     * How many of them, drawn when the fault strikes: all, a number, or a share such as 30%. Default: `1`
                     */
                    count?: number | string
                  }
              /**
               * The other end; others is everything else: a machine by its name or a list of them, nodes by their labels, control-plane (the machines of the API servers), or outside (clients and their load balancer). Default: `others`
               */
              to?:
                | string
                | string[]
                | {
                    /**
                     * Nodes with these labels; every node when not given
                     */
                    selector?: string
                    /**
                     * How many of them, drawn when the fault strikes: all, a number, or a share such as 30%. Default: `1`
                     */
                    count?: number | string
                  }
              /**
               * Only what goes from `from` to `to` is concerned. Default: `false`
               */
              oneWay?: boolean
              /**
               * After how long the links are as before; never when not given
               */
              for?: string
              /**
               * What is added to the way of each packet of requests
               */
              delay: string
            }
        /**
         * The run passes also when the fault never takes effect. Default: `false`
         */
        optional?: boolean
      }
    | {
        /**
         * Times between strikes of the fault, from `from` on: a distribution, or poisson with a rate
         */
        every: string
        /**
         * From when on the fault may strike; the end of the warm-up when not given
         */
        from?: string
        /**
         * From when on it does not any more; the end of the run when not given
         */
        until?: string
        fault:
          | {
              kind: 'node-crash' | 'kubelet-crash' | 'kube-proxy-crash'
              /**
               * Its name (worker-1, worker-2, …, or that of a control-plane node), or nodes by their labels
               */
              node:
                | string
                | {
                    /**
                     * Nodes with these labels; every node when not given
                     */
                    selector?: string
                    /**
                     * How many of them, drawn when the fault strikes: all, a number, or a share such as 30%. Default: `1`
                     */
                    count?: number | string
                  }
              /**
               * After how long the node comes back, empty; never when not given
               */
              for?: string
            }
          | {
              kind: 'node-reboot'
              /**
               * Its name (worker-1, worker-2, …, or that of a control-plane node), or nodes by their labels
               */
              node:
                | string
                | {
                    /**
                     * Nodes with these labels; every node when not given
                     */
                    selector?: string
                    /**
                     * How many of them, drawn when the fault strikes: all, a number, or a share such as 30%. Default: `1`
                     */
                    count?: number | string
                  }
              /**
               * Whether processes are asked to end first, or the power goes. Default: `graceful`
               */
              shutdown?: 'graceful' | 'hard'
              /**
               * How long the machine is away, from its last process to its kubelet
               */
              for: string
            }
          | {
              kind: 'node-freeze'
              /**
               * Its name (worker-1, worker-2, …, or that of a control-plane node), or nodes by their labels
               */
              node:
                | string
                | {
                    /**
                     * Nodes with these labels; every node when not given
                     */
                    selector?: string
                    /**
                     * How many of them, drawn when the fault strikes: all, a number, or a share such as 30%. Default: `1`
                     */
                    count?: number | string
                  }
              /**
               * How long the machine stands still, before it goes on where it was
               */
              for: string
            }
          | {
              kind: 'disk-slow'
              /**
               * Its name (worker-1, worker-2, …, or that of a control-plane node), or nodes by their labels
               */
              node:
                | string
                | {
                    /**
                     * Nodes with these labels; every node when not given
                     */
                    selector?: string
                    /**
                     * How many of them, drawn when the fault strikes: all, a number, or a share such as 30%. Default: `1`
                     */
                    count?: number | string
                  }
              /**
               * How many times as long unpacking images and starting containers takes
               */
              factor: number
              /**
               * After how long the disk is well again; never when not given
               */
              for?: string
            }
          | {
              kind: 'kubelet-slow' | 'kube-proxy-slow'
              /**
               * Its name (worker-1, worker-2, …, or that of a control-plane node), or nodes by their labels
               */
              node:
                | string
                | {
                    /**
                     * Nodes with these labels; every node when not given
                     */
                    selector?: string
                    /**
                     * How many of them, drawn when the fault strikes: all, a number, or a share such as 30%. Default: `1`
                     */
                    count?: number | string
                  }
              /**
               * How many times as long its own work takes
               */
              factor: number
              /**
               * After how long it is as fast as before; never when not given
               */
              for?: string
            }
          | {
              kind: 'clock-skew'
              /**
               * Its name (worker-1, worker-2, …, or that of a control-plane node), or nodes by their labels
               */
              node:
                | string
                | {
                    /**
                     * Nodes with these labels; every node when not given
                     */
                    selector?: string
                    /**
                     * How many of them, drawn when the fault strikes: all, a number, or a share such as 30%. Default: `1`
                     */
                    count?: number | string
                  }
              /**
               * How far the clock of the node is ahead (+) or behind (-)
               */
              offset: string
              /**
               * After how long the clock is right again; never when not given
               */
              for?: string
            }
          | {
              kind: 'pod-kill'
              /**
               * Whose processes end, by label selector
               */
              pods: string
              /**
               * Their namespace. Default: `default`
               */
              namespace?: string
              /**
               * How many of the pods that match, drawn when the fault strikes: all, one, a number, or a share such as 30%. Default: `all`
               */
              mode?: number | string
            }
          | {
              kind: 'container-crash' | 'oom-kill'
              /**
               * Whose containers end, by label selector
               */
              pods: string
              /**
               * Their namespace. Default: `default`
               */
              namespace?: string
              /**
               * How many of the pods that match, drawn when the fault strikes: all, one, a number, or a share such as 30%. Default: `all`
               */
              mode?: number | string
              /**
               * The container; every main container when not given
               */
              container?: string
            }
          | {
              kind: 'pod-slow'
              /**
               * Who is slow, by label selector
               */
              pods: string
              /**
               * Their namespace. Default: `default`
               */
              namespace?: string
              /**
               * How many of the pods that match, drawn when the fault strikes: all, one, a number, or a share such as 30%. Default: `all`
               */
              mode?: number | string
              /**
               * How many times as long they take for each request
               */
              factor: number
              /**
               * After how long they are as fast as before; never when not given
               */
              for?: string
            }
          | {
              kind: 'memory-leak'
              /**
               * Whose memory grows, by label selector
               */
              pods: string
              /**
               * Their namespace. Default: `default`
               */
              namespace?: string
              /**
               * How many of the pods that match, drawn when the fault strikes: all, one, a number, or a share such as 30%. Default: `all`
               */
              mode?: number | string
              /**
               * The container; every main container when not given
               */
              container?: string
              /**
               * By how much it grows
               */
              rate: string
              /**
               * After how long nothing is lost any more; never when not given
               */
              for?: string
            }
          | {
              kind: 'dns-failure'
              /**
               * What comes back in place of an answer. Default: `none`
               */
              answer?: 'none' | 'servfail'
              /**
               * Share of the queries that it happens to; all when not given
               */
              share?: string | number
              /**
               * After how long answers are as before; never when not given
               */
              for?: string
            }
          | {
              kind: 'etcd-member-crash' | 'etcd-partition'
              /**
               * Which member of etcd, from 1; member 1 leads at the start
               */
              member: number
              /**
               * After how long the member is back; never when not given
               */
              for?: string
            }
          | {
              kind: 'etcd-slow-disk'
              /**
               * Which member of etcd, from 1; member 1 leads at the start
               */
              member: number
              /**
               * How many times as long every fsync takes
               */
              factor: number
              /**
               * After how long the disk is well again; never when not given
               */
              for?: string
            }
          | {
              kind: 'api-server-crash'
              /**
               * Which API server, from 1, or one of those that are up. Default: `random`
               */
              server?: number | 'random'
              /**
               * After how long the server is started again; never when not given
               */
              for?: string
            }
          | {
              kind: 'api-server-slow'
              /**
               * Which API server, from 1, or one of those that are up. Default: `random`
               */
              server?: number | 'random'
              /**
               * How many times as long takes what the server does itself
               */
              factor: number
              /**
               * After how long the server is as fast as before; never when not given
               */
              for?: string
            }
          | {
              kind: 'controller-manager-crash' | 'scheduler-crash'
              /**
               * Which replica, from 1; replica 1 leads at the start. The one that leads when not given
               */
              replica?: number
              /**
               * After how long it is started again; never when not given
               */
              for?: string
            }
          | {
              kind: 'controller-manager-slow' | 'scheduler-slow'
              /**
               * Which replica, from 1; replica 1 leads at the start. The one that leads when not given
               */
              replica?: number
              /**
               * How many times as long each reconcile or scheduling cycle takes
               */
              factor: number
              /**
               * After how long it is as fast as before; never when not given
               */
              for?: string
            }
          | {
              kind: 'machine-crash'
              /**
               * A machine of the install that is no node
               */
              machine: string
              /**
               * After how long the machine comes back; never when not given
               */
              for?: string
            }
          | {
              kind: 'partition'
              /**
               * One end of the links: a machine by its name or a list of them, nodes by their labels, control-plane (the machines of the API servers), or outside (clients and their load balancer)
               */
              from:
                | string
                | string[]
                | {
                    /**
                     * Nodes with these labels; every node when not given
                     */
                    selector?: string
                    /**
                     * How many of them, drawn when the fault strikes: all, a number, or a share such as 30%. Default: `1`
                     */
                    count?: number | string
                  }
              /**
               * The other end; others is everything else: a machine by its name or a list of them, nodes by their labels, control-plane (the machines of the API servers), or outside (clients and their load balancer). Default: `others`
               */
              to?:
                | string
                | string[]
                | {
                    /**
                     * Nodes with these labels; every node when not given
                     */
                    selector?: string
                    /**
                     * How many of them, drawn when the fault strikes: all, a number, or a share such as 30%. Default: `1`
                     */
                    count?: number | string
                  }
              /**
               * Only what goes from `from` to `to` is concerned. Default: `false`
               */
              oneWay?: boolean
              /**
               * After how long the links are as before; never when not given
               */
              for?: string
            }
          | {
              kind: 'link-loss'
              /**
               * One end of the links: a machine by its name or a list of them, nodes by their labels, control-plane (the machines of the API servers), or outside (clients and their load balancer)
               */
              from:
                | string
                | string[]
                | {
                    /**
                     * Nodes with these labels; every node when not given
                     */
                    selector?: string
                    /**
                     * How many of them, drawn when the fault strikes: all, a number, or a share such as 30%. Default: `1`
                     */
                    count?: number | string
                  }
              /**
               * The other end; others is everything else: a machine by its name or a list of them, nodes by their labels, control-plane (the machines of the API servers), or outside (clients and their load balancer). Default: `others`
               */
              to?:
                | string
                | string[]
                | {
                    /**
                     * Nodes with these labels; every node when not given
                     */
                    selector?: string
                    /**
                     * How many of them, drawn when the fault strikes: all, a number, or a share such as 30%. Default: `1`
                     */
                    count?: number | string
                  }
              /**
               * Only what goes from `from` to `to` is concerned. Default: `false`
               */
              oneWay?: boolean
              /**
               * After how long the links are as before; never when not given
               */
              for?: string
              /**
               * Share of the packets of requests that are lost, each way
               */
              loss: string | number
            }
          | {
              kind: 'link-delay'
              /**
               * One end of the links: a machine by its name or a list of them, nodes by their labels, control-plane (the machines of the API servers), or outside (clients and their load balancer)
               */
              from:
                | string
                | string[]
                | {
                    /**
                     * Nodes with these labels; every node when not given
                     */
                    selector?: string
                    /**
                     * How many of them, drawn when the fault strikes: all, a number, or a share such as 30%. Default: `1`
                     */
                    count?: number | string
                  }
              /**
               * The other end; others is everything else: a machine by its name or a list of them, nodes by their labels, control-plane (the machines of the API servers), or outside (clients and their load balancer). Default: `others`
               */
              to?:
                | string
                | string[]
                | {
                    /**
                     * Nodes with these labels; every node when not given
                     */
                    selector?: string
                    /**
                     * How many of them, drawn when the fault strikes: all, a number, or a share such as 30%. Default: `1`
                     */
                    count?: number | string
                  }
              /**
               * Only what goes from `from` to `to` is concerned. Default: `false`
               */
              oneWay?: boolean
              /**
               * After how long the links are as before; never when not given
               */
              for?: string
              /**
               * What is added to the way of each packet of requests
               */
              delay: string
            }
        /**
         * The run passes also when the fault never takes effect. Default: `false`
         */
        optional?: boolean
      }
  )[]
  /**
   * What must hold for the run to pass, such as requests.error_rate{traffic=shoppers} < 0.1%
   */
  thresholds?: string[]
  /**
   * Variants by name: each is the whole scenario with the fields changed that are named by dotted paths, such as cluster.kubeProxy.mode
   */
  compare?: {
    [k: string]: {
      [k: string]: unknown
    }
  }
}
