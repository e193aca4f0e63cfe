import type {
  EndpointSlice,
  Gateway,
  GatewayClass,
  GatewayListener,
  HTTPRoute,
  HttpBackendRef,
  HttpRouteRule,
  Service,
} from '../../api/objects/index.ts'
import type { Addresses } from '../../network/addresses.ts'
import type { HttpRequest } from '../../workload/specs.ts'
import { DEFAULT_PASS_POLICY } from '../annotations.ts'
import { type NginxConfiguration, NO_UPSTREAM, type Route, type Share } from '../nginx-configuration.ts'
import { upstreamsOf } from '../upstreams.ts'
import { type Attachment, attachments } from './attachment.ts'
import { type Entry, hostnamesFor, intersection, RouteTable } from './route-matching.ts'

/** What one controller pod knows of the cluster. */
export interface GatewayView {
  readonly classes: Iterable<GatewayClass>
  readonly gateways: Iterable<Gateway>
  readonly routes: Iterable<HTTPRoute>
  readonly services: Iterable<Service>
  readonly slices: Iterable<EndpointSlice>
}

interface ListenerTable {
  readonly listener: GatewayListener
  readonly table: RouteTable<Route>
}

/**
 * The configuration that a controller makes of the Gateways of its classes: a table of routes for each listener, and the share of each backend of
 * a rule. An endpoint must be ready.
 *
 * A backend that does not exist, is no Service, or is one of another namespace (as ReferenceGrants are not modelled) keeps its share, which is answered
 * with 500; so are all requests of a rule whose weights are all 0, or that has no backends.
 *
 * Requests by http come to listeners of the protocol HTTP, by https to those of HTTPS, whatever the port, which the Service of the pods decides. Of
 * several the one whose hostname is the most specific takes the request.
 *
 * Everything is in nginx.conf, endpoints too, so every change is a reload, as in NGINX Gateway Fabric without NGINX Plus.
 *
 * Source: kubernetes-sigs/gateway-api apis/v1 (HTTPBackendRef.weight, HTTPRouteRule.backendRefs); nginx-gateway-fabric internal/mode/static/state/graph
 * and nginx/config (behaviour).
 */
export function gatewayConfigurationOf(view: GatewayView, controllerName: string, addresses: Addresses): NginxConfiguration {
  const services = [...view.services]
  const known = new Map(services.map((service) => [`${service.metadata.namespace}/${service.metadata.name}`, service]))
  const backends = new Map<string, { namespace: string; backend: { service: string; port: number } }>()
  const routes = new Map<HttpRouteRule, Route>()
  const listeners: ListenerTable[] = []
  for (const { listener, attached } of attachments(view, controllerName)) {
    const entries = attached.flatMap((attachment) =>
      entriesOf(attachment, listener, (route, rule) => {
        const made = routes.get(rule) ?? routeOf(route, rule, known)
        routes.set(rule, made)
        return made
      }),
    )
    listeners.push({ listener, table: new RouteTable(entries) })
  }
  for (const { split } of routes.values()) {
    for (const { upstream, ref } of split!) {
      if (upstream !== NO_UPSTREAM) backends.set(upstream, { namespace: ref.namespace, backend: { service: ref.name, port: ref.port } })
    }
  }
  const upstreams = upstreamsOf(backends, services, view.slices, addresses)
  const all = [...routes.values()]
  const text = JSON.stringify([listeners.map(({ listener, table }) => [listener, table.entries]), [...upstreams]])
  return { routes: all, find: (request) => find(listeners, request), text, upstreams, balancing: new Map(), canaries: new Map() }
}

function find(listeners: readonly ListenerTable[], request: HttpRequest): Route | null {
  const protocol = request.isTls ? 'HTTPS' : 'HTTP'
  for (const hostname of hostnamesFor(request.host)) {
    const found = listeners.find(({ listener }) => listener.protocol === protocol && listener.hostname === hostname)
    if (found !== undefined) return found.table.find(request)
  }
  return null
}

function entriesOf(
  { route, hostnames }: Attachment,
  listener: GatewayListener,
  made: (route: HTTPRoute, rule: HttpRouteRule) => Route,
): Entry<Route>[] {
  const own = hostnames.length === 0 ? [''] : hostnames
  const common = own.flatMap((hostname) => intersection(listener.hostname, hostname) ?? [])
  return route.spec.rules.flatMap((rule) =>
    rule.matches.flatMap((match) => common.map((hostname) => ({ hostname, match, target: made(route, rule) }))),
  )
}

function routeOf(route: HTTPRoute, rule: HttpRouteRule, services: ReadonlyMap<string, Service>): Route {
  const { namespace, name } = route.metadata
  const split = rule.backendRefs
    .filter(({ weight }) => weight > 0)
    .map((ref): Share => {
      const upstream = isResolved(ref, namespace, services) ? `${ref.namespace}/${ref.name}:${ref.port}` : NO_UPSTREAM
      return { upstream, weight: ref.weight, ref }
    })
  return {
    ingress: `HTTPRoute/${namespace}/${name}`,
    upstream: split.map(({ upstream, weight }) => `${upstream === NO_UPSTREAM ? 'nothing' : upstream} × ${weight}`).join(', '),
    split,
    policy: DEFAULT_PASS_POLICY,
    redirects: false,
  }
}

/** Whether a backend of a route in that namespace is a Service with such a port. */
export function isResolved(ref: HttpBackendRef, namespace: string, services: ReadonlyMap<string, Service>): boolean {
  if (ref.kind !== 'Service' || ref.namespace !== namespace) return false
  return services.get(`${ref.namespace}/${ref.name}`)?.spec.ports.some(({ port }) => port === ref.port) ?? false
}
