import type { Simulation } from '../../engine/simulation.ts'
import type { ProxyMode } from '../../kube-proxy/modes/mode.ts'
import type { NodeRules } from '../../kube-proxy/node-rules.ts'
import type { ServiceHistory, ServicePortId } from '../../kube-proxy/service-history.ts'
import type { KubernetesMinor } from '../../kubernetes-version.ts'
import type { TrafficMetrics } from '../../metrics/request-metrics.ts'
import type { LoadBalancer } from '../../network/load-balancer.ts'
import type { Network } from '../../network/network.ts'
import type { Kernels } from '../../node/kernel.ts'
import type { PacketCores } from '../../node/packet-cores.ts'
import type { SandboxSpec } from '../../node/pod-host.ts'
import type { Nanos } from '../../units.ts'
import type { Director } from '../director/director.ts'
import type { GatewayFactory } from '../gateway.ts'
import type { NetworkPlugin } from '../packet-filter.ts'
import type { RequestRecorder } from '../records/request-recorder.ts'
import type { DnsSpec, KnowsName, NamesToTry } from '../resolver.ts'
import type { RequestSampler } from '../samples/request-sampler.ts'
import type { ConnectionSpec, HedgeSpec, HttpRequest, RetrySpec, SocketSpec, TlsClientSpec, WorkloadSpec } from '../specs.ts'
import type { UnseenChanges } from '../unseen-changes.ts'
import type { PodEndpoints } from './traffic.ts'

export interface RequestsOptions {
  readonly sim: Simulation
  readonly version: KubernetesMinor
  readonly history: ServiceHistory
  /** Where in the history each node stands. */
  readonly rules: NodeRules
  readonly unseen: UnseenChanges
  readonly mode: ProxyMode
  readonly network: Network
  readonly loadBalancer: LoadBalancer
  /** What stands before the cluster in the place of the load balancer; null: nothing. */
  readonly director: Director | null
  readonly kernels: Kernels
  readonly cores: PacketCores
  readonly workloadOf: (pod: SandboxSpec) => WorkloadSpec
  /** How client pods look names up, and what the servers know; absent: names are resolved at once. */
  readonly dns?: { readonly spec: DnsSpec; readonly knows: KnowsName; readonly metrics: TrafficMetrics } | undefined
  /** Makes who runs the pods that pass requests on, where there are any. */
  readonly gateway?: GatewayFactory | undefined
  /** What looks at packets, where there are NetworkPolicies; and the nodes' addresses, as int32s. */
  readonly policies?: { readonly plugin: NetworkPlugin; readonly nodeAddresses: Int32Array } | undefined
  /** Watches some requests; null or absent: none. */
  readonly sampler?: RequestSampler | null | undefined
  /** Tells every request that has ended; null or absent: nobody asks. */
  readonly recorder?: RequestRecorder | null | undefined
}

/** What a traffic is, to `Requests.addTraffic`. */
export interface TrafficOptions {
  readonly metrics: TrafficMetrics
  readonly servicePort: ServicePortId
  readonly timeout: Nanos
  readonly route: HttpRequest
  readonly connection?: ConnectionSpec | undefined
  /** Its clients only open connections, and close them once they are open. Default: false. */
  readonly connectOnly?: boolean | undefined
  readonly tls?: TlsClientSpec | undefined
  /** Over UDP, by such sockets. */
  readonly socket?: SocketSpec | undefined
  /** What its clients look up before they open a connection, in this order until one exists; absent: they need not. */
  readonly names?: NamesToTry | undefined
  /** Its clients connect to pods straight: the endpoints that DNS has for them. */
  readonly pods?: PodEndpoints | undefined
  readonly connectTimeout?: Nanos | undefined
  readonly retries?: RetrySpec | undefined
  readonly hedge?: HedgeSpec | undefined
  /** Of a request, and of its answer; 0 when not given, which is one packet. */
  readonly requestBytes?: number | undefined
  readonly responseBytes?: number | undefined
  /** At whose node port clients outside call; absent: they do so by the load balancer. */
  readonly node?: number | undefined
}
