/**
 * Which backend of an Ingress answers a request, by host and path.
 *
 * The host decides first: a rule with exactly the host, else one with a wildcard for its first label, else the rules without a host.
 * Among the paths of that host an exact one wins over a prefix, and a longer one over a shorter one; of equals the first written.
 * When the host has no path that matches, no other host is asked.
 *
 * Assumptions: the host that is chosen keeps a request even if none of its paths match (ingress-nginx makes one server block a host);
 * `ImplementationSpecific` is matched as `Prefix`, which the API leaves to the controller.
 *
 * Source: networking.k8s.io/v1 IngressRule and HTTPIngressPath; Kubernetes documentation, Ingress, path types and hostname wildcards.
 */

export type PathType = 'Exact' | 'Prefix' | 'ImplementationSpecific'

export interface IngressPath<Backend> {
  readonly path: string
  readonly pathType: PathType
  readonly backend: Backend
}

export interface IngressRule<Backend> {
  /** Absent or empty: any host. `*.` stands for exactly one label. */
  readonly host?: string
  readonly paths: readonly IngressPath<Backend>[]
}

/** The backend for a request, or null: the default backend answers, 404 where there is none. A request may lack a host. */
export function matchIngress<Backend>(rules: readonly IngressRule<Backend>[], host: string, path: string): Backend | null {
  let best: IngressPath<Backend> | null = null
  for (const rule of rulesOfHost(rules, host)) {
    for (const candidate of rule.paths) {
      if (pathMatches(candidate, path) && (best === null || isMoreSpecific(candidate, best))) best = candidate
    }
  }
  return best === null ? null : best.backend
}

function rulesOfHost<Backend>(rules: readonly IngressRule<Backend>[], host: string): readonly IngressRule<Backend>[] {
  const name = host.toLowerCase()
  const exact = rules.filter((rule) => name !== '' && rule.host === name)
  if (exact.length > 0) return exact
  const dot = name.indexOf('.')
  const wildcard = dot > 0 ? rules.filter((rule) => rule.host === `*${name.slice(dot)}`) : []
  if (wildcard.length > 0) return wildcard
  return rules.filter((rule) => rule.host === undefined || rule.host === '')
}

/** Exact compares the text, case and trailing slash included; a prefix is compared element by element, without its trailing slash. */
function pathMatches({ path, pathType }: IngressPath<unknown>, requested: string): boolean {
  if (pathType === 'Exact') return requested === path
  const prefix = withoutTrailingSlash(path)
  return requested === prefix || requested.startsWith(`${prefix}/`)
}

function isMoreSpecific(a: IngressPath<unknown>, b: IngressPath<unknown>): boolean {
  if ((a.pathType === 'Exact') !== (b.pathType === 'Exact')) return a.pathType === 'Exact'
  return withoutTrailingSlash(a.path).length > withoutTrailingSlash(b.path).length
}

function withoutTrailingSlash(path: string): string {
  return path.endsWith('/') ? path.slice(0, -1) : path
}
