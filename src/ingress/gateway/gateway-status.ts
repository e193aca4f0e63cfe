import type { Condition, Gateway, GatewayClass, HTTPRoute, Service } from '../../api/objects/index.ts'
import { withCondition } from '../../control-plane/conditions.ts'
import type { Nanos } from '../../units.ts'
import { attachments, gatewaysOf, names, refusal } from './attachment.ts'
import { isResolved } from './gateway-configuration.ts'
import type { StatusWrite } from './status-writer.ts'

interface View {
  readonly classes: readonly GatewayClass[]
  readonly gateways: readonly Gateway[]
  readonly routes: readonly HTTPRoute[]
  readonly services: Iterable<Service>
}

/**
 * What a controller has to write about its classes, its Gateways, and the routes that name these; only what differs from what they say.
 *
 * Source: kubernetes-sigs/gateway-api apis/v1 (GatewayClassConditionType, GatewayConditionType, RouteConditionType and their reasons). *Assumption*: a
 * Gateway is programmed as soon as it is accepted; that the data plane has it is another matter.
 */
export function gatewayStatuses({ classes, gateways, routes, services }: View, controllerName: string, now: Nanos): StatusWrite[] {
  const own = gatewaysOf({ classes, gateways }, controllerName)
  const known = new Map([...services].map((service) => [`${service.metadata.namespace}/${service.metadata.name}`, service]))
  const attached = attachments({ classes, gateways, routes }, controllerName)
  return [
    ...classes
      .filter(({ spec }) => spec.controllerName === controllerName)
      .flatMap((object) => {
        const conditions = withCondition(object.status.conditions, 'Accepted', 'True', 'Accepted', now)
        return differing(object, { conditions }, 'accepted')
      }),
    ...own.flatMap((object) => {
      const accepted = withCondition(object.status.conditions, 'Accepted', 'True', 'Accepted', now)
      const conditions = withCondition(accepted, 'Programmed', 'True', 'Programmed', now)
      const listeners = attached
        .filter(({ gateway }) => gateway === object)
        .map(({ listener, attached: there }) => ({ name: listener.name, attachedRoutes: there.length }))
      return differing(object, { conditions, listeners }, 'accepted')
    }),
    ...routes.flatMap((object) => routeStatus(object, own, known, controllerName, now)),
  ]
}

function routeStatus(
  route: HTTPRoute,
  gateways: readonly Gateway[],
  services: ReadonlyMap<string, Service>,
  controllerName: string,
  now: Nanos,
): StatusWrite[] {
  const others = route.status.parents.filter((parent) => parent.controllerName !== controllerName)
  const parents = route.spec.parentRefs.flatMap((ref) => {
    const gateway = gateways.find((candidate) => names(ref, candidate))
    if (gateway === undefined) return []
    const parent = `${ref.namespace}/${ref.name}${ref.sectionName === '' ? '' : `/${ref.sectionName}`}`
    const before = route.status.parents.find((one) => one.parent === parent && one.controllerName === controllerName)?.conditions ?? []
    const reason = refusal(ref, route, gateway)
    const accepted = withCondition(before, 'Accepted', reason === null ? 'True' : 'False', reason ?? 'Accepted', now)
    return [{ parent, controllerName, conditions: withResolvedRefs(accepted, route, services, now) }]
  })
  const refused = parents.filter(({ conditions }) => conditions.some(({ status }) => status === 'False')).length
  return differing(route, { parents: [...others, ...parents] }, refused === 0 ? 'accepted' : 'accepted in part, or not')
}

function withResolvedRefs(
  conditions: readonly Condition[],
  route: HTTPRoute,
  services: ReadonlyMap<string, Service>,
  now: Nanos,
): readonly Condition[] {
  const { namespace } = route.metadata
  const wrong = route.spec.rules.flatMap(({ backendRefs }) => backendRefs).find((ref) => !isResolved(ref, namespace, services))
  if (wrong === undefined) return withCondition(conditions, 'ResolvedRefs', 'True', 'ResolvedRefs', now)
  const reason = wrong.kind !== 'Service' ? 'InvalidKind' : wrong.namespace !== namespace ? 'RefNotPermitted' : 'BackendNotFound'
  return withCondition(conditions, 'ResolvedRefs', 'False', reason, now)
}

function differing(object: StatusWrite['object'], status: StatusWrite['status'], why: string): StatusWrite[] {
  return JSON.stringify(object.status) === JSON.stringify(status) ? [] : [{ object, status, why }]
}
