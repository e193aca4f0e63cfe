import type { ProxyEndpoint } from '../../model/endpoint.ts'
import type { ServicePort } from '../../model/service-port.ts'
import { nameHash } from '../chain-name.ts'

/** Letters of the hash that names begin with. Source: kubernetes v1.36.2 pkg/proxy/nftables hashAndTruncate. */
const HASH_LETTERS = 8

/** nftables allows 256 characters, of which 16 are kept for the prefix. Source: the same, chainNameBaseLengthMax. */
const BASE_LENGTH_MAX = 240

/** The chains of one Service port. */
export interface ServiceChainNames {
  /** Endpoints for policy Cluster. */
  readonly cluster: string
  /** Endpoints for policy Local. */
  readonly local: string
  /** Where packets to node ports, external IPs and load balancer IPs go first. */
  readonly external: string
  /** Drops what the load balancer's source ranges do not allow. */
  readonly firewall: string
}

export function serviceChainNames(port: ServicePort): ServiceChainNames {
  const base = hashed(servicePath(port))
  return { cluster: `service-${base}`, local: `local-${base}`, external: `external-${base}`, firewall: `firewall-${base}` }
}

/** The chain of an endpoint with session affinity, and the set of the clients that stay with it. IPv6 colons become dots. */
export function endpointNames(port: ServicePort, endpoint: ProxyEndpoint): { readonly chain: string; readonly affinitySet: string } {
  const base = hashed(`${servicePath(port)}__${endpoint.address.replaceAll(':', '.')}/${endpoint.port}`)
  return { chain: `endpoint-${base}`, affinitySet: `affinity-${base}` }
}

/** Whether a chain belongs to a Service port: of all chains only theirs have a slash in their names. */
export function isServiceChain(name: string): boolean {
  return name.includes('/')
}

function servicePath({ namespace, name, protocol, portName }: ServicePort): string {
  return `${namespace}/${name}/${protocol.toLowerCase()}/${portName}`
}

function hashed(path: string): string {
  const base = `${nameHash(path, HASH_LETTERS)}-${path}`
  return base.length > BASE_LENGTH_MAX ? `${base.slice(0, BASE_LENGTH_MAX - 3)}...` : base
}
