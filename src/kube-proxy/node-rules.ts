import type { ServiceEndpoints } from './service-endpoints.ts'
import type { ServiceHistory, ServicePortId, ServicePortRules } from './service-history.ts'

/** Whether rules are there at all; the values of {@link NodeRules.present}. */
export const NO_RULES = 0
export const RULES_PRESENT = 1

/**
 * What the kernel of each node has been programmed with: not the rules themselves, but where in the {@link ServiceHistory} the node stands.
 *
 * Columns by node index.
 */
export class NodeRules {
  readonly history: ServiceHistory
  /** {@link RULES_PRESENT} from the end of the first sync until the node crashes: rules outlive kube-proxy, not the kernel. */
  readonly present: Uint8Array
  /** Revision of the Services in the rules. */
  readonly serviceRevisions: Float64Array
  /** Revision of the EndpointSlices in the rules. */
  readonly sliceRevisions: Float64Array
  /** Syncs that have taken effect since the node booted. */
  readonly syncs: Int32Array

  constructor(history: ServiceHistory, nodes: number) {
    this.history = history
    this.present = new Uint8Array(nodes)
    this.serviceRevisions = new Float64Array(nodes)
    this.sliceRevisions = new Float64Array(nodes)
    this.syncs = new Int32Array(nodes)
  }

  /** The rules that the node has for a Service port, or null. */
  of(node: number, servicePort: ServicePortId): ServicePortRules | null {
    return this.present[node] === NO_RULES ? null : this.history.rules(servicePort, this.serviceRevisions[node]!)
  }

  /** The endpoints that the node has for those rules. */
  endpoints(node: number, rules: ServicePortRules): ServiceEndpoints {
    return this.history.endpoints(rules.endpointPort, this.sliceRevisions[node]!).seenFrom(node)
  }

  /**
   * Whether a load balancer's check of this Service passes on the node, beside that its kube-proxy is healthy: under `externalTrafficPolicy: Local`
   * a load balancer asks the health-check node port, which answers 200 only while the node has a ready endpoint.
   * Source: kubernetes v1.36.2 pkg/proxy/healthcheck/service_health.go.
   */
  passesHealthCheck(node: number, servicePort: ServicePortId): boolean {
    const rules = this.of(node, servicePort)
    if (rules === null || rules.type !== 'LoadBalancer' || !rules.externalLocal) return true
    return this.history.hasLocalReady(servicePort, node, this.serviceRevisions[node]!, this.sliceRevisions[node]!)
  }

  program(node: number, serviceRevision: number, sliceRevision: number): void {
    this.present[node] = RULES_PRESENT
    this.serviceRevisions[node] = serviceRevision
    this.sliceRevisions[node] = sliceRevision
    this.syncs[node]!++
  }

  /** The kernel is gone, and its rules with it. */
  clear(node: number): void {
    this.present[node] = NO_RULES
    this.serviceRevisions[node] = 0
    this.sliceRevisions[node] = 0
    this.syncs[node] = 0
  }
}
