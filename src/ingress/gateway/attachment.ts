import type { Gateway, GatewayClass, GatewayListener, HTTPRoute, ObjectMeta, ParentReference } from '../../api/objects/index.ts'
import { intersection } from './route-matching.ts'

/** A route at a listener. */
export interface Attachment {
  readonly route: HTTPRoute
  /** Its hostnames; none: any. */
  readonly hostnames: readonly string[]
}

/** A listener with the routes that are attached to it, the oldest first. */
export interface AttachedListener {
  readonly gateway: Gateway
  readonly listener: GatewayListener
  readonly attached: readonly Attachment[]
}

/** Why a route is not attached to a Gateway that it names. Source: kubernetes-sigs/gateway-api apis/v1 shared_types.go, RouteConditionReason. */
export type Refusal = 'NoMatchingParent' | 'NotAllowedByListeners' | 'NoMatchingListenerHostname'

/** The protocols of the model. TLS is ended at the Gateway. */
const PROTOCOLS = ['HTTP', 'HTTPS']

/** The listeners of a controller's Gateways, in the order of the Gateways' age. */
export function attachments(
  view: { readonly classes: Iterable<GatewayClass>; readonly gateways: Iterable<Gateway>; readonly routes: Iterable<HTTPRoute> },
  controllerName: string,
): AttachedListener[] {
  const own = gatewaysOf(view, controllerName)
  const routes = [...view.routes].sort(byAge)
  return own.flatMap((gateway) =>
    gateway.spec.listeners
      .filter(({ protocol }) => PROTOCOLS.includes(protocol))
      .map((listener) => {
        const attached = routes.filter((route) =>
          route.spec.parentRefs.some((parent) => names(parent, gateway) && refusalOf(parent, route, gateway, listener) === null),
        )
        return { gateway, listener, attached: attached.map((route) => ({ route, hostnames: route.spec.hostnames })) }
      }),
  )
}

/** The Gateways of a controller's classes, the oldest first. */
export function gatewaysOf(
  view: { readonly classes: Iterable<GatewayClass>; readonly gateways: Iterable<Gateway> },
  controllerName: string,
): Gateway[] {
  const classes = new Set<string>()
  for (const { metadata, spec } of view.classes) if (spec.controllerName === controllerName) classes.add(metadata.name)
  return [...view.gateways].filter(({ spec }) => classes.has(spec.gatewayClassName)).sort(byAge)
}

export function names(parent: ParentReference, { metadata }: Gateway): boolean {
  return parent.kind === 'Gateway' && parent.namespace === metadata.namespace && parent.name === metadata.name
}

/** Why none of the Gateway's listeners takes the route that names it so; null: one does. */
export function refusal(parent: ParentReference, route: HTTPRoute, gateway: Gateway): Refusal | null {
  const reasons = gateway.spec.listeners
    .filter(({ protocol }) => PROTOCOLS.includes(protocol))
    .map((listener) => refusalOf(parent, route, gateway, listener))
  if (reasons.includes(null)) return null
  return (
    reasons.find((reason) => reason === 'NoMatchingListenerHostname') ??
    reasons.find((reason) => reason === 'NotAllowedByListeners') ??
    'NoMatchingParent'
  )
}

function refusalOf(parent: ParentReference, route: HTTPRoute, gateway: Gateway, listener: GatewayListener): Refusal | null {
  if (parent.sectionName !== '' && parent.sectionName !== listener.name) return 'NoMatchingParent'
  if (parent.port !== null && parent.port !== listener.port) return 'NoMatchingParent'
  if (listener.from !== 'All' && route.metadata.namespace !== gateway.metadata.namespace) return 'NotAllowedByListeners'
  const { hostnames } = route.spec
  const meets = hostnames.length === 0 || hostnames.some((hostname) => intersection(listener.hostname, hostname) !== null)
  return meets ? null : 'NoMatchingListenerHostname'
}

/** The older one first, then by namespace and name. */
function byAge(a: { readonly metadata: ObjectMeta }, b: { readonly metadata: ObjectMeta }): number {
  if (a.metadata.creationTimestamp !== b.metadata.creationTimestamp) return a.metadata.creationTimestamp - b.metadata.creationTimestamp
  const [left, right] = [a, b].map(({ metadata }) => `${metadata.namespace}/${metadata.name}`) as [string, string]
  return left < right ? -1 : left > right ? 1 : 0
}
