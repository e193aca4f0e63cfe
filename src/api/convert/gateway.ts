import type { PickedObject } from '../modelled-fields.ts'
import type { Gateway, GatewayListener, HTTPRoute, HttpRouteMatch } from '../objects/index.ts'

/** Source of all defaults: kubernetes-sigs/gateway-api v1.4 apis/v1, the default markers. */
const ANY_PATH: HttpRouteMatch = { pathType: 'PathPrefix', path: '/', headers: [], queryParams: [], method: '' }

export function gatewaySpec(spec: PickedObject<'Gateway'>['spec']): Gateway['spec'] {
  return {
    gatewayClassName: spec?.gatewayClassName ?? '',
    listeners: (spec?.listeners ?? []).map((listener) => ({
      name: listener.name ?? '',
      hostname: (listener.hostname ?? '').toLowerCase(),
      port: listener.port ?? 0,
      protocol: listener.protocol ?? '',
      from: (listener.allowedRoutes?.namespaces?.from || 'Same') as GatewayListener['from'],
    })),
  }
}

export function httpRouteSpec(spec: PickedObject<'HTTPRoute'>['spec'], namespace: string): HTTPRoute['spec'] {
  const rules = spec?.rules ?? [{}]
  return {
    parentRefs: (spec?.parentRefs ?? []).map((parent) => ({
      kind: parent.kind ?? 'Gateway',
      namespace: parent.namespace ?? namespace,
      name: parent.name ?? '',
      sectionName: parent.sectionName ?? '',
      port: parent.port ?? null,
    })),
    hostnames: (spec?.hostnames ?? []).map((hostname) => hostname.toLowerCase()),
    rules: rules.map(({ matches = [], filters = [], backendRefs = [] }) => ({
      matches:
        matches.length === 0
          ? [ANY_PATH]
          : matches.map(({ path, headers = [], queryParams = [], method }) => ({
              pathType: (path?.type ?? 'PathPrefix') as HttpRouteMatch['pathType'],
              path: path?.value ?? '/',
              headers: headers.map(({ type, name, value }) => ({
                type: (type ?? 'Exact') as 'Exact' | 'RegularExpression',
                name: name ?? '',
                value: value ?? '',
              })),
              queryParams: queryParams.map(({ name }) => name ?? ''),
              method: method ?? '',
            })),
      filters: filters.map(({ type }) => type ?? ''),
      backendRefs: backendRefs.map((ref) => ({
        kind: ref.kind ?? 'Service',
        namespace: ref.namespace ?? namespace,
        name: ref.name ?? '',
        port: ref.port ?? 0,
        weight: ref.weight ?? 1,
      })),
    })),
  }
}
