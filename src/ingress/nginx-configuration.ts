import type { EndpointSlice, HttpBackendRef, Ingress, IngressBackend, IngressClass, Service } from '../api/objects/index.ts'
import type { Addresses, EndpointId } from '../network/addresses.ts'
import type { HttpRequest } from '../workload/specs.ts'
import { affinityOf, balancingOf, canaryPolicyOf, type PassPolicy, passPolicyOf, redirectsToTls } from './annotations.ts'
import { type Balancing, isSticky } from './balancing.ts'
import type { Canary, CanaryPolicy } from './canary.ts'
import { type IngressRule, matchIngress } from './path-matching.ts'
import { upstreamsOf } from './upstreams.ts'

/** The share of a backend that cannot be: its requests are answered with 500. */
export const NO_UPSTREAM = ''

/** A backend of a rule of an HTTPRoute: so many of the sum of all weights. */
export interface Share {
  /** {@link NO_UPSTREAM}, or as a route's. */
  readonly upstream: string
  readonly weight: number
  readonly ref: HttpBackendRef
}

/** Where a request goes, and by which object. */
export interface Route {
  /** `Ingress/namespace/name`, or `HTTPRoute/…`. */
  readonly ingress: string
  /** `namespace/service:port`; of an HTTPRoute, what its story calls its backends. */
  readonly upstream: string
  /** Of an HTTPRoute: the requests go to these, by their weights. */
  readonly split?: readonly Share[]
  readonly policy: PassPolicy
  /** Requests by http are told to come by https. */
  readonly redirects: boolean
}

/** What one controller pod knows of the cluster. */
export interface ClusterView {
  readonly ingresses: Iterable<Ingress>
  readonly classes: Iterable<IngressClass>
  readonly services: Iterable<Service>
  readonly slices: Iterable<EndpointSlice>
}

/**
 * Two parts, because they change in two ways: routes are written into nginx.conf and need a reload, upstreams and
 * their canaries are handed to the workers.
 */
export interface NginxConfiguration {
  readonly routes: readonly Route[]
  /** The route of a request; null: none, which is answered with 404. */
  readonly find: (request: HttpRequest) => Route | null
  /** Equal texts, equal nginx.conf. */
  readonly text: string
  /** The endpoints of each upstream that a route names, in the order of their numbers. */
  readonly upstreams: ReadonlyMap<string, readonly EndpointId[]>
  /** How the endpoints of an upstream are chosen, where an annotation says so. */
  readonly balancing: ReadonlyMap<string, Balancing>
  /** By the upstream of a route: the canary beside it. */
  readonly canaries: ReadonlyMap<string, Canary>
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
 * An Ingress with the annotation `canary` has no routes of its own. Where its host, path and path type are those of a route it puts its backend
 * beside the **upstream** of that route; so of two routes to one upstream both have the canary. The oldest canary of an upstream counts.
 *
 * A host has a certificate when an Ingress with it names it under `tls`. Secrets are not read: where one is missing ingress-nginx has its default
 * certificate instead. Simplified: a host that gets its first certificate is a change of nginx.conf; there it is handed to the workers.
 *
 * Simplified: a backend that is another Ingress' too is no canary (there, one of the two ways to write it).
 *
 * The oldest Ingress that names an upstream says by which annotation its endpoints are chosen; cookie affinity comes before that, and any Ingress with
 * a path to the upstream may ask for it, of which the youngest says how and the oldest in which mode. A canary takes over the affinity of the upstream beside it.
 *
 * Source: ingress-nginx internal/ingress/controller/{controller,endpointslices}.go and store/store.go (behaviour).
 */
export function configurationOf(view: ClusterView, controllerClass: string, addresses: Addresses): NginxConfiguration {
  const classes = new Set<string>()
  for (const { metadata, spec } of view.classes) if (spec.controller === controllerClass) classes.add(metadata.name)
  const all = [...view.ingresses].filter((ingress) => belongs(ingress, classes)).sort(byAge)
  const own = all.filter(({ metadata }) => canaryPolicyOf(metadata.annotations) === null)
  const backends = new Map<string, { namespace: string; backend: IngressBackend }>()
  const balancing = new Map<string, Balancing>()
  const secured = new Set(own.flatMap(hostsWithTls))
  const routeTo = ({ metadata }: Ingress, backend: IngressBackend, host: string): Route => {
    const upstream = `${metadata.namespace}/${backend.service}:${backend.port}`
    if (!backends.has(upstream)) {
      const wanted = balancingOf(metadata.annotations)
      if (wanted !== null) balancing.set(upstream, wanted)
    }
    backends.set(upstream, { namespace: metadata.namespace, backend })
    return {
      ingress: `Ingress/${metadata.namespace}/${metadata.name}`,
      upstream,
      policy: passPolicyOf(metadata.annotations),
      redirects: redirectsToTls(metadata.annotations, isSecured(secured, host)),
    }
  }
  const rules: IngressRule<Route>[] = []
  const hosts = new Set<string>()
  const fallbacks: IngressRule<Route>[] = []
  for (const ingress of own) {
    const { defaultBackend, rules: written } = ingress.spec
    for (const { host, paths } of written) {
      rules.push({
        host,
        paths: paths.map(({ path, pathType, backend }) => ({ path, pathType, backend: routeTo(ingress, backend, host) })),
      })
      if (!hosts.has(host) && defaultBackend !== null) fallbacks.push(everything(host, routeTo(ingress, defaultBackend, host)))
      hosts.add(host)
    }
    if (written.length === 0 && defaultBackend !== null) fallbacks.push(everything('', routeTo(ingress, defaultBackend, '')))
  }
  addAffinity(balancing, own)
  rules.push(...fallbacks)
  const canaries = new Map<string, Canary>()
  const primaries = new Set(backends.keys())
  for (const ingress of all) {
    const policy = canaryPolicyOf(ingress.metadata.annotations)
    if (policy !== null) addCanaries(canaries, { ingress, policy, rules, primaries, routeTo })
  }
  for (const [upstream, canary] of canaries) {
    const affinity = balancing.get(upstream)
    if (isSticky(affinity)) balancing.set(canary.upstream, affinity)
  }
  // A number that is no number would be lost as JSON.
  const text = JSON.stringify(rules, (_key, value: unknown) => (value === Number.POSITIVE_INFINITY ? 'none' : value))
  return {
    routes: rules.flatMap(({ paths }) => paths.map(({ backend: route }) => route)),
    find: ({ host, path }) => matchIngress(rules, host, path),
    text,
    upstreams: upstreamsOf(backends, view.services, view.slices, addresses),
    balancing,
    canaries,
  }
}

/** Cookie affinity of the upstreams of Ingresses' paths. */
function addAffinity(balancing: Map<string, Balancing>, ingresses: readonly Ingress[]): void {
  for (const { metadata, spec } of ingresses) {
    const wanted = affinityOf(metadata.annotations)
    if (wanted === null) continue
    const name = `Ingress/${metadata.namespace}/${metadata.name}`
    for (const { backend } of spec.rules.flatMap(({ paths }) => paths)) {
      const upstream = `${metadata.namespace}/${backend.service}:${backend.port}`
      const before = balancing.get(upstream)
      if (!isSticky(before)) balancing.set(upstream, { ...wanted, setBy: [name] })
      else balancing.set(upstream, { ...wanted, kind: before.kind, setBy: [...new Set([...before.setBy, name])] })
    }
  }
}

/** Puts the backends of a canary beside the upstreams of the routes that have the same host, path and type. */
function addCanaries(
  canaries: Map<string, Canary>,
  given: {
    readonly ingress: Ingress
    readonly policy: CanaryPolicy
    readonly rules: readonly IngressRule<Route>[]
    readonly primaries: ReadonlySet<string>
    readonly routeTo: (ingress: Ingress, backend: IngressBackend, host: string) => Route
  },
): void {
  const { ingress, policy, rules, primaries } = given
  for (const { host, paths } of ingress.spec.rules) {
    for (const { path, pathType, backend } of paths) {
      const beside = rules
        .filter((rule) => rule.host === host)
        .flatMap((rule) => rule.paths)
        .find((candidate) => candidate.path === path && candidate.pathType === pathType)
      if (beside === undefined || canaries.has(beside.backend.upstream)) continue
      if (primaries.has(`${ingress.metadata.namespace}/${backend.service}:${backend.port}`)) continue
      const route = given.routeTo(ingress, backend, host)
      canaries.set(beside.backend.upstream, { ingress: route.ingress, upstream: route.upstream, policy })
    }
  }
}

/** Of equally long paths the first one written counts, so this one, written last, is asked last. */
function everything(host: string, route: Route): IngressRule<Route> {
  return { host, paths: [{ path: '/', pathType: 'Prefix', backend: route }] }
}

/** The hosts that an Ingress has certificates for. */
export function hostsWithTls({ spec }: Ingress): string[] {
  return (spec.tls ?? []).flatMap(({ hosts }) => (hosts.length > 0 ? hosts : spec.rules.map(({ host }) => host)))
}

/** A wildcard stands for exactly one label. */
export function isSecured(secured: ReadonlySet<string>, host: string): boolean {
  const dot = host.indexOf('.')
  return secured.has(host) || (dot > 0 && secured.has(`*${host.slice(dot)}`))
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
