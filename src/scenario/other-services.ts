import { type EndpointSlice, SERVICE_NAME_LABEL, type Service } from '../api/objects/index.ts'
import { emptyMeta } from '../control-plane/empty-meta.ts'

/** Services that a cluster has beside those of the manifests. */
export interface OtherServicesSpec {
  readonly count: number
  /** Ready endpoints of each. */
  readonly endpoints: number
}

/** Of each at most, so that their addresses suffice. */
export const OTHER_ENDPOINTS_MAX = 1000
/** In all. */
export const OTHER_ENDPOINTS_TOTAL = 4_000_000

/**
 * Services that nobody calls and nothing changes, with endpoints that are no pods here: all they do is to be in the rules of every node.
 *
 * Services have addresses from 10.112.0.0 on, beyond the range that new ones get theirs from; endpoints have them from 100.64.0.0/10, the
 * range of carriers (RFC 6598).
 */
export function* otherServices({ count, endpoints }: OtherServicesSpec): Generator<Service | EndpointSlice> {
  for (let index = 0; index < count; index++) {
    const name = `other-${index + 1}`
    yield {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { ...emptyMeta(name, NAMESPACE) },
      spec: {
        type: 'ClusterIP',
        clusterIP: dotted(FIRST_SERVICE + index),
        ports: [{ name: '', protocol: 'TCP', port: 80, targetPort: PORT, nodePort: 0 }],
        selector: null,
        publishNotReadyAddresses: false,
      },
    }
    yield {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { ...emptyMeta(name, NAMESPACE), labels: { [SERVICE_NAME_LABEL]: name } },
      endpoints: Array.from({ length: endpoints }, (_, endpoint) => ({
        address: dotted(FIRST_ENDPOINT + index * endpoints + endpoint),
        conditions: { ready: true, serving: true, terminating: false },
        nodeName: '',
        zone: '',
        podName: '',
        podUid: '',
      })),
      ports: [{ name: '', protocol: 'TCP', port: PORT }],
    }
  }
}

const NAMESPACE = 'other-services'
const PORT = 8080
/** 10.112.0.0 */
const FIRST_SERVICE = 0x0a70_0000
/** 100.64.0.0 */
const FIRST_ENDPOINT = 0x6440_0000

function dotted(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.')
}
