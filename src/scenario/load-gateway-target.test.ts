import { expect, test } from 'vitest'
import { scenarioOf } from '../../test/ingress/world.ts'
import { memoryFiles } from './load-files.ts'
import { loadScenario } from './load-scenario.ts'

const GATEWAY = (listener = '', className = 'nginx') => `apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: nginx }
spec: { controllerName: gateway.nginx.org/nginx-gateway-controller }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge }
spec: { gatewayClassName: ${className}, listeners: [{ name: http, port: 80, protocol: HTTP, hostname: "*.example.com"${listener} }] }
---
`
const ROUTE = (rule = '{ backendRefs: [{ name: web, port: 80 }] }') => `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: shop }
spec: { parentRefs: [{ name: edge }], hostnames: [shop.example.com], rules: [${rule}] }
---
`

async function load(ingress: string, to = 'http://shop.example.com/shop', ingressController = '{ api: gateway }', from = '') {
  const traffic = `    - { name: t, to: ${to}, arrivals: constant(1/s)${from} }`
  const loaded = await loadScenario('scenario.yaml', memoryFiles(scenarioOf({ ingress, traffic, ingressController })))
  return {
    target: loaded.ok ? loaded.variants[0]!.scenario.traffic[0]!.target : null,
    problems: loaded.ok ? [] : loaded.problems.map(({ message, accepted }) => `${message}; ${accepted}`),
    warnings: loaded.warnings.map(({ message }) => message),
  }
}

test('a host of a Gateway stands for the Service of its pods', async () => {
  const { target, problems, warnings } = await load(GATEWAY() + ROUTE())
  expect(problems).toEqual([])
  expect(warnings).toEqual([])
  expect(target).toEqual({ namespace: 'default', service: 'controller', port: 80, host: 'shop.example.com', path: '/shop' })
})

test('a header that a match asks for is no reason to warn; a path that no route has is', async () => {
  const rule = '{ matches: [{ path: { value: /shop }, headers: [{ name: a, value: b }] }] }'
  expect((await load(GATEWAY() + ROUTE(rule))).warnings).toEqual([])
  expect((await load(GATEWAY() + ROUTE(rule), 'http://shop.example.com/cart')).warnings).toEqual([
    'No HTTPRoute takes a request for "/cart" of the host "shop.example.com": it is answered with 404',
  ])
})

test.each([
  ['no pods that serve Gateways', GATEWAY() + ROUTE(), undefined, '{}', '', 'No pods serve Gateways'],
  ['no listener of the port', GATEWAY() + ROUTE(), 'http://shop.example.com:81/', undefined, '', 'the protocol HTTP and the port 81'],
  ['https without a listener', GATEWAY() + ROUTE(), 'https://shop.example.com/', undefined, '', 'the protocol HTTPS and the port 443'],
  ['a class of another controller', GATEWAY('', 'other') + ROUTE(), undefined, undefined, '', 'No Gateway of the controller'],
  ['clients within the cluster', GATEWAY() + ROUTE(), undefined, undefined, ', from: { pods: app=web }', 'clients outside the cluster'],
  [
    'a selector of namespaces',
    GATEWAY(', allowedRoutes: { namespaces: { from: Selector } }') + ROUTE(),
    undefined,
    undefined,
    '',
    'selector of namespaces',
  ],
  ['a redirect', GATEWAY() + ROUTE('{ filters: [{ type: RequestRedirect }] }'), undefined, undefined, '', 'the filter RequestRedirect'],
  [
    'a regular expression',
    GATEWAY() + ROUTE('{ matches: [{ path: { type: RegularExpression, value: /a } }] }'),
    undefined,
    undefined,
    '',
    'regular expression',
  ],
  [
    'a query',
    GATEWAY() + ROUTE('{ matches: [{ queryParams: [{ name: a, value: b }] }] }'),
    undefined,
    undefined,
    '',
    'parameters of the query',
  ],
])('%s: refused', async (_what, manifests, to, controller, from, said) => {
  expect((await load(manifests, to, controller, from)).problems.join('\n')).toContain(said)
})

test('a filter that changes headers is worth a warning', async () => {
  const { warnings } = await load(
    GATEWAY() + ROUTE('{ filters: [{ type: RequestHeaderModifier }], backendRefs: [{ name: web, port: 80 }] }'),
  )
  expect(warnings.join()).toContain('The filter RequestHeaderModifier of an HTTPRoute has no effect in the model')
})
