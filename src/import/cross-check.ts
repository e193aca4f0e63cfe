import { endpointsKey, readEndpoints } from '../kube-proxy/model/endpoint.ts'
import { readServicePorts, servicePortName } from '../kube-proxy/model/service-port.ts'
import { type Notes, someOf } from './notes.ts'
import type { DumpedObject } from './objects/read-objects.ts'
import { compareTexts } from './objects/values.ts'
import type { RuleDump, RuleService } from './rules/rule-dump.ts'

/** What the API says and a node's rules do not, or the other way round. */
export interface CrossCheck {
  readonly file: string
  readonly mode: RuleDump['mode']
  /** Service ports that both have. */
  readonly same: number
  /** Service ports of the API that the rules do not have. */
  readonly missing: readonly string[]
  /** Service ports of the rules that the API does not have. */
  readonly stale: readonly string[]
  /** Service ports with other endpoints: how many of the API's the rules do not have, and the other way round. */
  readonly endpoints: readonly { readonly servicePort: string; readonly missing: number; readonly stale: number }[]
  /** Service ports with another node port, affinity or policy. */
  readonly settings: readonly string[]
}

/**
 * Holds a node's rules against the API's Services and EndpointSlices, as of the dumps: what differs is a node that lags behind, or dumps that were
 * not taken at the same time. Needs both lists. Endpoints are compared where policy Local does not hide those of other nodes.
 */
export function crossCheck(dump: RuleDump, objects: readonly DumpedObject[], notes: Notes): CrossCheck | null {
  const services = objects.filter(({ kind }) => kind === 'Service').map(({ value }) => value)
  const slices = objects.filter(({ kind }) => kind === 'EndpointSlice').map(({ value }) => value)
  if (services.length === 0) return null
  const ports = readServicePorts(services, { ipFamily: 'IPv4' })
  const endpoints = readEndpoints(slices, { ipFamily: 'IPv4', nodeName: '' })
  const isNamed = dump.mode !== 'ipvs'
  const keyOf = (name: string, address: string | null, port: number, protocol: string) =>
    isNamed ? `${name}/${protocol}` : `${address}:${port}/${protocol}`
  const found = new Map<string, RuleService>()
  for (const service of dump.services) {
    found.set(
      keyOf(servicePortName(service.namespace ?? '', service.name, service.portName), service.clusterIP, service.port, service.protocol),
      service,
    )
  }
  const missing: string[] = []
  const differing: { servicePort: string; missing: number; stale: number }[] = []
  const settings: string[] = []
  let same = 0
  for (const port of ports) {
    const key = keyOf(port.servicePortName, port.clusterIP, port.port, port.protocol)
    const rules = found.get(key)
    if (rules === undefined) {
      missing.push(port.servicePortName)
      continue
    }
    found.delete(key)
    same += 1
    const wanted = (endpoints.get(endpointsKey(port.servicePortName, port.protocol)) ?? []).filter(({ ready }) => ready)
    const hides = rules.hidesEndpoints || (port.internalPolicyLocal && rules.endpoints.length === rules.localEndpoints.length)
    if (slices.length > 0 && wanted.length > 0 && !hides) {
      const inRules = new Set(rules.endpoints.map(({ address, port: number }) => `${address}:${number}`))
      const lost = wanted.filter(({ endpoint }) => !inRules.delete(endpoint)).length
      if (lost + inRules.size > 0) differing.push({ servicePort: port.servicePortName, missing: lost, stale: inRules.size })
    }
    const affinity = rules.endpoints.length > 0 && rules.affinitySeconds !== port.sessionAffinityClientIPSeconds
    const nodePort = (rules.nodePort !== 0 || isNamed) && rules.nodePort !== port.nodePort
    const address = rules.clusterIP !== null && rules.clusterIP !== port.clusterIP
    if (affinity || nodePort || address) settings.push(port.servicePortName)
  }
  // Without names a node port that none of the Services has is no Service of its own.
  const stale = [...found.values()].filter(({ clusterIP }) => isNamed || clusterIP !== null).map(shown)
  const result = { file: dump.file, mode: dump.mode, same, missing, stale: stale.toSorted(compareTexts), endpoints: differing, settings }
  tell(result, ports.length, notes)
  return result
}

function shown({ namespace, name, portName, clusterIP, port }: RuleService): string {
  return namespace === null ? `${clusterIP}:${port}` : servicePortName(namespace, name, portName)
}

function tell({ file, same, missing, stale, endpoints, settings }: CrossCheck, count: number, notes: Notes): void {
  if (same === 0 && missing.length > 0) {
    notes.find(`${file}: none of the ${count} Service ports of the API is in these rules: they are of another cluster, or of another time`)
    return
  }
  if (missing.length > 0)
    notes.find(
      `${file}: ${missing.length} of ${count} Service ports of the API are not in the rules: the node is behind (${someOf(missing)})`,
    )
  if (stale.length > 0)
    notes.find(
      `${file}: ${stale.length} Service ports are in the rules and not in the API: they were deleted, or are not in the lists (${someOf(stale)})`,
    )
  if (endpoints.length > 0) {
    const lost = endpoints.reduce((sum, each) => sum + each.missing, 0)
    const old = endpoints.reduce((sum, each) => sum + each.stale, 0)
    const names = someOf(endpoints.map(({ servicePort }) => servicePort))
    notes.find(
      `${file}: ${endpoints.length} Service ports have other endpoints than the API: ${lost} are missing in the rules, ${old} are there that should not be (${names})`,
    )
  }
  if (settings.length > 0)
    notes.find(
      `${file}: ${settings.length} Service ports have another address, node port or session affinity than the API (${someOf(settings)})`,
    )
}
