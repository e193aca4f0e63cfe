import type { ProxyConfig } from '../../model/proxy-config.ts'
import { EXTERNAL_SERVICES, NODE_PORTS, PROXY_FIREWALL, SERVICES } from './chains.ts'
import { servesLocalhost } from './fixed-rules.ts'
import { ACCEPT, comment, DROP, jump, type Match, protocol, REJECT, TO_LOCAL, to, toPort } from './rule.ts'
import type { RuleWriter } from './rule-writer.ts'
import type { ServicePlan } from './service-plan.ts'

/**
 * The rules by which packets find one Service port, in the chains shared by all: they are written anew at every sync.
 *
 * Where there is no endpoint at all a packet is rejected; where there are some, but policy Local forbids them, it is dropped.
 */
export function writeEntryRules(writer: RuleWriter, config: ProxyConfig, plan: ServicePlan): void {
  writeClusterIP(writer, plan)
  for (const address of plan.servicePort.externalIPs) {
    writeExternalAddress(writer, plan, address, 'external IP', plan.chains.external)
  }
  for (const address of plan.servicePort.loadBalancerVIPs) {
    const chain = plan.usesFirewall ? plan.chains.firewall : plan.chains.external
    writeExternalAddress(writer, plan, address, 'loadbalancer IP', chain)
    if (plan.usesFirewall) {
      const said = comment(`${plan.servicePort.servicePortName} traffic not accepted by ${plan.chains.firewall}`)
      writer.append('filter', PROXY_FIREWALL, [said, ...toAddress(plan, address)], DROP)
    }
  }
  if (plan.servicePort.nodePort !== 0) writeNodePort(writer, config, plan)
  if (plan.servicePort.healthCheckNodePort !== 0) {
    const said = comment(`${plan.servicePort.servicePortName} health check node port`)
    writer.append('filter', NODE_PORTS, [said, protocol('TCP'), toPort(plan.servicePort.healthCheckNodePort)], ACCEPT)
  }
}

export function toAddress({ servicePort }: ServicePlan, address: string): Match[] {
  return [protocol(servicePort.protocol), to(address), toPort(servicePort.port)]
}

function refusal(plan: ServicePlan): Match {
  return comment(`${plan.servicePort.servicePortName} has no ${plan.endpoints.hasAny ? 'local ' : ''}endpoints`)
}

function writeClusterIP(writer: RuleWriter, plan: ServicePlan): void {
  const { servicePortName, clusterIP } = plan.servicePort
  if (plan.hasInternal) {
    writer.append('nat', SERVICES, [comment(`${servicePortName} cluster IP`), ...toAddress(plan, clusterIP)], jump(plan.internalChain))
  } else {
    writer.append('filter', SERVICES, [refusal(plan), ...toAddress(plan, clusterIP)], plan.endpoints.hasAny ? DROP : REJECT)
  }
}

function writeExternalAddress(writer: RuleWriter, plan: ServicePlan, address: string, what: string, chain: string): void {
  const matches = toAddress(plan, address)
  if (plan.endpoints.hasAny) {
    writer.append('nat', SERVICES, [comment(`${plan.servicePort.servicePortName} ${what}`), ...matches], jump(chain))
  }
  if (!plan.hasExternal) {
    writer.append('filter', EXTERNAL_SERVICES, [refusal(plan), ...matches], plan.endpoints.hasAny ? DROP : REJECT)
  }
}

function writeNodePort(writer: RuleWriter, config: ProxyConfig, plan: ServicePlan): void {
  const { servicePortName, nodePort } = plan.servicePort
  const ofProtocol = protocol(plan.servicePort.protocol)
  if (plan.endpoints.hasAny) {
    const said = comment(servicePortName)
    const target = jump(plan.chains.external)
    if (servesLocalhost(config) && config.accounting) {
      const counter: Match = { kind: 'accounting', counter: 'localhost_nps_accepted_pkts' }
      writer.append('nat', NODE_PORTS, [said, ofProtocol, to('127.0.0.0/8'), toPort(nodePort), counter], target)
    }
    writer.append('nat', NODE_PORTS, [said, ofProtocol, toPort(nodePort)], target)
  }
  if (!plan.hasExternal) {
    const matches = [refusal(plan), TO_LOCAL, ofProtocol, toPort(nodePort)]
    writer.append('filter', EXTERNAL_SERVICES, matches, plan.endpoints.hasAny ? DROP : REJECT)
  }
}
