import { complaintsAboutDns1123Label, complaintsAboutDns1123Subdomain, complaintsAboutIp } from '../names.ts'
import { checkLabels } from './metadata.ts'
import { checkPort } from './probe.ts'
import { type Checked, complainAbout, complainOutside, complainTwice } from './rule-context.ts'

/** Source: kubernetes v1.36.2 `--service-node-port-range`, default. */
export const NODE_PORT_MIN = 30000
export const NODE_PORT_MAX = 32767

/** A day. Source: kubernetes v1.36.2 pkg/apis/core/types.go, MaxClientIPServiceAffinitySeconds. */
const AFFINITY_SECONDS_MAX = 86_400

/** Rules of Services. Source: kubernetes v1.36.2 pkg/apis/core/validation/validation.go, ValidateService (behaviour). */
export function checkService(object: Checked): void {
  const spec = object.at('spec')
  if (spec === null) {
    object.complainAtKey('"spec" is missing')
    return
  }
  const type = spec.text('type') ?? 'ClusterIP'
  const headless = spec.text('clusterIP') === 'None'
  const ports = spec.items('ports')
  if (ports.length === 0 && !headless && type !== 'ExternalName')
    (spec.at('ports') ?? spec).complainAtKey('A Service needs at least one port')
  for (const port of ports) checkServicePort(port, type, ports.length > 1)
  complainTwice(
    ports.map((port) => port.at('name')),
    'port name',
  )
  checkSamePort(ports)
  checkLabels(spec.entries('selector'))
  if (!headless && spec.text('clusterIP') !== '') complainAbout(spec.at('clusterIP'), 'a cluster IP', complaintsAboutIp)
  if (headless && (type === 'NodePort' || type === 'LoadBalancer')) {
    spec.at('clusterIP')?.complain(`A Service of type "${type}" cannot be headless`)
  }
  if (type === 'ExternalName') checkExternalName(spec)
  checkPolicies(spec, type)
}

/** Source: kubernetes v1.36.2 pkg/apis/core/validation/validation.go (validateServiceExternalTrafficPolicy, validateClientIPAffinityConfig). */
function checkPolicies(spec: Checked, type: string): void {
  const external = spec.at('externalTrafficPolicy')
  const isExternal = type === 'NodePort' || type === 'LoadBalancer' || spec.items('externalIPs').length > 0
  if (external !== null && external.value !== '' && !isExternal) {
    external.complainAtKey(
      `A Service of type "${type}" has no traffic from outside: "externalTrafficPolicy" is for NodePort and LoadBalancer`,
    )
  }
  const config = spec.at('sessionAffinityConfig')
  if (config !== null && spec.text('sessionAffinity') !== 'ClientIP')
    config.complainAtKey('"sessionAffinityConfig" needs sessionAffinity: ClientIP')
  complainOutside(spec.at('sessionAffinityConfig', 'clientIP', 'timeoutSeconds'), 1, AFFINITY_SECONDS_MAX)
}

function checkServicePort(port: Checked, type: string, needsName: boolean): void {
  complainOutside(port.at('port'), 1, 65535)
  checkPort(port.at('targetPort'))
  complainAbout(port.at('name'), 'a port name', (name) => (name === '' ? [] : complaintsAboutDns1123Label(name)))
  if (needsName && (port.text('name') ?? '') === '') port.complainAtKey('Each port of a Service with several ports needs a "name"')
  const nodePort = port.at('nodePort')
  if (nodePort === null || nodePort.value === 0) return
  if (type === 'ClusterIP' || type === 'ExternalName') nodePort.complainAtKey(`A Service of type "${type}" cannot have a node port`)
  else complainOutside(nodePort, NODE_PORT_MIN, NODE_PORT_MAX)
}

function checkSamePort(ports: readonly Checked[]): void {
  const seen = new Set<string>()
  for (const port of ports) {
    const key = `${port.number('port')}/${port.text('protocol') ?? 'TCP'}`
    if (seen.has(key)) port.at('port')?.complain(`The port ${key} is used twice`)
    seen.add(key)
  }
}

function checkExternalName(spec: Checked): void {
  const name = spec.text('externalName')
  if (name === null || name === '') spec.complainAtKey('A Service of type "ExternalName" needs an "externalName"')
  else complainAbout(spec.at('externalName'), 'an external name', (value) => complaintsAboutDns1123Subdomain(value.replace(/\.$/, '')))
}

/** Endpoints of one slice. Source: kubernetes v1.36.2 pkg/apis/discovery/validation/validation.go. */
const ENDPOINTS_MAX = 1000
/** Ports of one slice. Source: as above. */
const PORTS_MAX = 20000
/** Addresses of one endpoint. Source: as above. */
const ADDRESSES_MAX = 100

/** Rules of EndpointSlices. */
export function checkEndpointSlice(object: Checked): void {
  const endpoints = object.items('endpoints')
  if (endpoints.length > ENDPOINTS_MAX) object.at('endpoints')?.complainAtKey(`More than ${ENDPOINTS_MAX} endpoints in one slice`)
  const ports = object.items('ports')
  if (ports.length > PORTS_MAX) object.at('ports')?.complainAtKey(`More than ${PORTS_MAX} ports in one slice`)
  for (const port of ports) complainOutside(port.at('port'), 1, 65535)
  complainTwice(
    ports.map((port) => port.at('name')),
    'port name',
  )
  const named = object.text('addressType') === 'FQDN'
  for (const endpoint of endpoints) {
    const addresses = endpoint.items('addresses')
    if (addresses.length === 0) endpoint.complainAtKey('An endpoint needs at least one address')
    if (addresses.length > ADDRESSES_MAX) endpoint.at('addresses')?.complainAtKey(`More than ${ADDRESSES_MAX} addresses at one endpoint`)
    if (!named) for (const address of addresses) complainAbout(address, 'an address', complaintsAboutIp)
  }
}
