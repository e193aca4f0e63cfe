import { modelOf, type Shape } from './schema.ts'

/** The kinds of the Gateway API that the model acts on. Source: kubernetes-sigs/gateway-api v1.4 apis/v1, the standard channel. */
export const GATEWAY_API = 'gateway.networking.k8s.io/v1'

const PARENT_REF: Shape = {
  group: 'string',
  kind: 'string',
  namespace: 'string',
  'name!': 'string',
  sectionName: 'string',
  port: 'integer',
}

const MATCH_TYPE: Shape = { allowed: ['Exact', 'RegularExpression'] }

const METHOD: Shape = { allowed: ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH'] }

const FILTER: Shape = {
  'type!': {
    allowed: [
      ...['RequestHeaderModifier', 'ResponseHeaderModifier', 'RequestMirror', 'RequestRedirect', 'URLRewrite', 'ExtensionRef', 'CORS'],
    ],
  },
  requestHeaderModifier: 'any',
  responseHeaderModifier: 'any',
  requestMirror: 'any',
  requestRedirect: 'any',
  urlRewrite: 'any',
  extensionRef: 'any',
  cors: 'any',
}

const BACKEND_REF: Shape = {
  group: 'string',
  kind: 'string',
  namespace: 'string',
  'name!': 'string',
  port: 'integer',
  weight: 'integer',
  filters: [FILTER],
}

const LISTENER: Shape = {
  'name!': 'string',
  hostname: 'string',
  'port!': 'integer',
  'protocol!': 'string',
  tls: { mode: { allowed: ['Terminate', 'Passthrough'] }, certificateRefs: 'any', options: 'any', frontendValidation: 'any' },
  allowedRoutes: {
    namespaces: { from: { allowed: ['All', 'Selector', 'Same'] }, selector: 'any' },
    kinds: [{ group: 'string', 'kind!': 'string' }],
  },
}

const SPECS: Readonly<Record<string, Shape>> = {
  GatewayClass: { 'controllerName!': 'string', parametersRef: 'any', description: 'string' },
  Gateway: {
    'gatewayClassName!': 'string',
    'listeners!': [LISTENER],
    addresses: 'any',
    infrastructure: 'any',
    backendTLS: 'any',
    allowedListeners: 'any',
    tls: 'any',
  },
  HTTPRoute: {
    parentRefs: [PARENT_REF],
    hostnames: ['string'],
    rules: [
      {
        name: 'string',
        matches: [
          {
            path: { type: { allowed: ['Exact', 'PathPrefix', 'RegularExpression'] }, value: 'string' },
            headers: [{ type: MATCH_TYPE, 'name!': 'string', 'value!': 'string' }],
            queryParams: [{ type: MATCH_TYPE, 'name!': 'string', 'value!': 'string' }],
            method: METHOD,
          },
        ],
        filters: [FILTER],
        backendRefs: [BACKEND_REF],
        timeouts: { request: 'string', backendRequest: 'string' },
        retry: 'any',
        sessionPersistence: 'any',
      },
    ],
  },
}

/** Loads the validator of one of the kinds. */
export function gatewayModel(kind: string): () => Promise<object> {
  return async () => modelOf(GATEWAY_API, kind, SPECS[kind]!)
}
