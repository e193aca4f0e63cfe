import type { EndpointSlice, Ingress, IngressBackend, IngressClass, Service } from '../api/objects/index.ts'
import { SERVICE_NAME_LABEL } from '../api/objects/index.ts'
import type { Addresses, EndpointId } from '../network/addresses.ts'
import { type IngressRule, matchIngress } from './path-matching.ts'

/** Where a request goes, and by which Ingress. */
export interface Route {
  /** `Ingress/namespace/name`. */
  readonly ingress: string
  /** `namespace/service:port`. */
  readonly upstream: string
}

/** What one controller pod knows of the cluster. */
export interface ClusterView {
  readonly ingresses: Iterable<Ingress>
  readonly classes: Iterable<IngressClass>
  readonly services: Iterable<Service>
  readonly slices: Iterable<EndpointSlice>
}

/**
 * Two parts, because they change in two ways: routes are written into nginx.conf and need a reload, upstreams are handed to the workers.
 */
export interface NginxConfiguration {
  readonly rules: readonly IngressRule<Route>[]
  /** Equal texts, equal nginx.conf. */
  readonly text: string
  /** The endpoints of each upstream that a route names, in the order of their numbers. */
  readonly upstreams: ReadonlyMap<string, readonly EndpointId[]>
}

/** How Ingresses named their class before `ingressClassName`, and the class that ingress-nginx then takes. Source: its flag `--ingress-class`. */
const OLD_CLASS_ANNOTATION = 'kubernetes.io/ingress.class'
const OLD_CLASS = 'nginx'

/**
 * The configuration that a controller makes of what it knows.
 *
 * Ingresses count in the order of their age, so of two with the same host and path the older one has it. `defaultBackend` answers where a
 * host of the same Ingress has no path for a request; without rules it answers for every host that has none. An endpoint must be ready.
 *
 * Source: ingress-nginx internal/ingress/controller/{controller,endpointslices}.go and store/store.go (behaviour).
 */
export function configurationOf(view: ClusterView, controllerClass: string, addresses: Addresses): NginxConfiguration {
  const classes = new Set<string>()
  for (const { metadata, spec } of view.classes) if (spec.controller === controllerClass) classes.add(metadata.name)
  const own = [...view.ingresses].filter((ingress) => belongs(ingress, classes)).sort(byAge)
  const backends = new Map<string, { namespace: string; backend: IngressBackend }>()
  const routeTo = ({ metadata }: Ingress, backend: IngressBackend): Route => {
    const upstream = `${metadata.namespace}/${backend.service}:${backend.port}`
    backends.set(upstream, { namespace: metadata.namespace, backend })
    return { ingress: `Ingress/${metadata.namespace}/${metadata.name}`, upstream }
  }
  const rules: IngressRule<Route>[] = []
  const hosts = new Set<string>()
  const fallbacks: IngressRule<Route>[] = []
  for (const ingress of own) {
    const { defaultBackend, rules: written } = ingress.spec
    for (const { host, paths } of written) {
      rules.push({ host, paths: paths.map(({ path, pathType, backend }) => ({ path, pathType, backend: routeTo(ingress, backend) })) })
      if (!hosts.has(host) && defaultBackend !== null) fallbacks.push(everything(host, routeTo(ingress, defaultBackend)))
      hosts.add(host)
    }
    if (written.length === 0 && defaultBackend !== null) fallbacks.push(everything('', routeTo(ingress, defaultBackend)))
  }
  rules.push(...fallbacks)
  return { rules, text: JSON.stringify(rules), upstreams: upstreamsOf(backends, view, addresses) }
}

/** The route of a request; null: none, which is answered with 404. */
export function routeOf({ rules }: NginxConfiguration, host: string, path: string): Route | null {
  return matchIngress(rules, host, path)
}

/** Of equally long paths the first one written counts, so this one, written last, is asked last. */
function everything(host: string, route: Route): IngressRule<Route> {
  return { host, paths: [{ path: '/', pathType: 'Prefix', backend: route }] }
}

function belongs({ metadata, spec }: Ingress, classes: ReadonlySet<string>): boolean {
  const old = metadata.annotations[OLD_CLASS_ANNOTATION]
  return old === undefined ? classes.has(spec.ingressClassName) : old === OLD_CLASS
}

function byAge(a: Ingress, b: Ingress): number {
  if (a.metadata.creationTimestamp !== b.metadata.creationTimestamp) return a.metadata.creationTimestamp - b.metadata.creationTimestamp
  const [left, right] = [a, b].map(({ metadata }) => `${metadata.namespace}/${metadata.name}`) as [string, string]
  return left < right ? -1 : left > right ? 1 : 0
}

function upstreamsOf(
  backends: ReadonlyMap<string, { readonly namespace: string; readonly backend: IngressBackend }>,
  view: ClusterView,
  addresses: Addresses,
): Map<string, readonly EndpointId[]> {
  const services = new Map<string, Service>()
  for (const service of view.services) services.set(`${service.metadata.namespace}/${service.metadata.name}`, service)
  const slices = new Map<string, EndpointSlice[]>()
  for (const slice of view.slices) {
    const key = `${slice.metadata.namespace}/${slice.metadata.labels[SERVICE_NAME_LABEL] ?? ''}`
    const list = slices.get(key)
    if (list === undefined) slices.set(key, [slice])
    else list.push(slice)
  }
  const upstreams = new Map<string, readonly EndpointId[]>()
  for (const [upstream, { namespace, backend }] of backends) {
    const key = `${namespace}/${backend.service}`
    const port = services.get(key)?.spec.ports.find(({ name, port }) => backend.port === port || backend.port === name)
    const endpoints = new Set<EndpointId>()
    if (port !== undefined) {
      for (const slice of slices.get(key) ?? []) {
        for (const { name, port: number } of slice.ports) {
          if (name !== port.name) continue
          for (const { address, conditions } of slice.endpoints) if (conditions.ready) endpoints.add(addresses.endpoint(address, number))
        }
      }
    }
    upstreams.set(
      upstream,
      [...endpoints].sort((a, b) => a - b),
    )
  }
  return upstreams
}
