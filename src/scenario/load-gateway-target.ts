import type { HTTPRoute } from '../api/objects/index.ts'
import { gatewaysOf } from '../ingress/gateway/attachment.ts'
import { gatewayConfigurationOf } from '../ingress/gateway/gateway-configuration.ts'
import { intersection } from '../ingress/gateway/route-matching.ts'
import { Addresses } from '../network/addresses.ts'
import type { LoadContext } from './load-context.ts'
import { isServiceOf, serviceOfController } from './load-ingress-target.ts'
import { type Inventory, listNames } from './load-inventory.ts'
import { hostAndPath } from './parse-target.ts'
import type { Path } from './parse-yaml.ts'
import type { TrafficSource, TrafficTarget, WorkloadSpec } from './scenario.ts'

/** Filters without which an answer comes as soon, and from the same pod. */
const HARMLESS_FILTERS = ['RequestHeaderModifier', 'ResponseHeaderModifier', 'URLRewrite', 'CORS']

/** Whether an address names a host of a Gateway or an HTTPRoute of the manifests, and not a Service of them. */
export function isForGateway(inventory: Inventory, text: string): boolean {
  const address = /^https?:/.test(text.trim()) ? hostAndPath(text) : null
  if (address === null || isServiceOf(inventory, address.host) || !address.host.includes('.')) return false
  const serves = (hostname: string) => intersection(hostname, address.host) === address.host
  return (
    inventory.of('HTTPRoute').some(({ spec }) => spec.hostnames.some(serves)) ||
    inventory.of('Gateway').some(({ spec }) => spec.listeners.some(({ hostname }) => serves(hostname)))
  )
}

/** The Service of the controller whose Gateway takes that host: clients find it by the host's name in DNS. */
export function loadGatewayTarget(
  context: LoadContext,
  traffic: {
    path: Path
    text: string
    from: TrafficSource | undefined
    workloads: readonly WorkloadSpec[]
  },
): TrafficTarget | undefined {
  const { path, from, workloads } = traffic
  const { inventory } = context
  const { host, path: urlPath, port, isTls } = hostAndPath(traffic.text)!
  if (from !== undefined && from.kind !== 'external') {
    context.mistake(path, `"${host}" is a host for clients outside the cluster`, 'from: { external: true }, or the address of a Service')
    return undefined
  }
  const wanted = port ?? (isTls ? 443 : 80)
  const protocol = isTls ? 'HTTPS' : 'HTTP'
  const controllers = workloads.filter(({ ingressController }) => ingressController?.api === 'gateway')
  const view = { classes: inventory.of('GatewayClass'), gateways: inventory.of('Gateway') }
  const controller = controllers.find(({ ingressController }) =>
    gatewaysOf(view, ingressController!.controllerClass)
      .flatMap(({ spec }) => spec.listeners)
      .some((listener) => listener.protocol === protocol && listener.port === wanted && intersection(listener.hostname, host) === host),
  )
  if (controller === undefined) {
    if (controllers.length === 0) {
      const accepted = 'ingressController: { api: gateway } in the entry of "workloads" that describes the pods of the Gateway'
      context.mistake(path, `No pods serve Gateways, so nothing would answer for "${host}"`, accepted)
      return undefined
    }
    const names = listNames(
      controllers.map(({ ingressController }) => ingressController!.controllerClass),
      '',
    )
    context.mistake(
      path,
      `No Gateway of the controller ${names} has a listener for "${host}" with the protocol ${protocol} and the port ${wanted}`,
      'a GatewayClass with that controllerName, and a Gateway of that class with such a listener',
    )
    return undefined
  }
  const service = serviceOfController(context, path, { controller, host, wanted })
  if (service === undefined) return undefined
  const all = { ...view, routes: inventory.of('HTTPRoute').map(withoutHeaders), services: inventory.services, slices: [] }
  const route = gatewayConfigurationOf(all, controller.ingressController!.controllerClass, new Addresses()).find({
    host,
    path: urlPath,
    isTls,
  })
  if (route === null)
    context.warn(path, 'unreachable', `No HTTPRoute takes a request for "${urlPath}" of the host "${host}": it is answered with 404`)
  return { namespace: service.metadata.namespace, service: service.metadata.name, port: wanted, host, path: urlPath }
}

/** As if every request had the headers. */
function withoutHeaders(route: HTTPRoute): HTTPRoute {
  const rules = route.spec.rules.map((rule) => ({ ...rule, matches: rule.matches.map((match) => ({ ...match, headers: [] })) }))
  return { ...route, spec: { ...route.spec, rules } }
}

/** What the model's Gateways cannot do, where pods serve Gateways. */
export function checkGateways(context: LoadContext, workloads: readonly WorkloadSpec[]): void {
  if (!workloads.some(({ ingressController }) => ingressController?.api === 'gateway')) return
  const at: Path = ['spec', 'manifests']
  for (const { metadata, spec } of context.inventory.of('Gateway')) {
    for (const { name, protocol, from } of spec.listeners) {
      const listener = `Listener "${name}" of Gateway "${metadata.name}"`
      if (from === 'Selector')
        context.mistake(at, `${listener} takes routes by a selector of namespaces, which is not modelled`, 'from: Same or from: All')
      if (protocol !== 'HTTP' && protocol !== 'HTTPS')
        context.mistake(at, `${listener} has the protocol "${protocol}", which is not modelled`, 'HTTP or HTTPS')
    }
  }
  const told = new Set<string>()
  for (const { metadata, spec } of context.inventory.of('HTTPRoute')) {
    const route = `HTTPRoute "${metadata.name}"`
    for (const { matches, filters } of spec.rules) {
      for (const { pathType, headers, queryParams } of matches) {
        if (pathType === 'RegularExpression' || headers.some(({ type }) => type === 'RegularExpression'))
          context.mistake(at, `${route} matches by a regular expression, which is not modelled`, 'Exact, or PathPrefix for a path')
        if (queryParams.length > 0)
          context.mistake(
            at,
            `${route} matches by parameters of the query, and requests of the model have none`,
            'a match by path or headers',
          )
      }
      for (const filter of filters) {
        if (!HARMLESS_FILTERS.includes(filter))
          context.mistake(at, `${route} has the filter ${filter}, which is not modelled`, 'no such filter')
        else if (!told.has(filter)) context.warn(at, 'unmodelled-field', `The filter ${filter} of an HTTPRoute has no effect in the model`)
        told.add(filter)
      }
    }
  }
}
