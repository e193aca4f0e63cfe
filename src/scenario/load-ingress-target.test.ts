import { expect, test } from 'vitest'
import { scenarioOf, type World } from '../../test/ingress/world.ts'
import { memoryFiles } from './load-files.ts'
import { loadScenario } from './load-scenario.ts'

async function load(world: World, change: (app: string) => string = (app) => app, workload = (scenario: string) => scenario) {
  const files = scenarioOf(world)
  const loaded = await loadScenario(
    'scenario.yaml',
    memoryFiles({ 'scenario.yaml': workload(files['scenario.yaml']!), 'app.yaml': change(files['app.yaml']!) }),
  )
  return {
    tls: loaded.ok ? loaded.variants[0]!.scenario.traffic[0]!.tls : null,
    target: loaded.ok ? loaded.variants[0]!.scenario.traffic[0]!.target : null,
    problems: loaded.ok ? [] : loaded.problems.map(({ message, accepted }) => `${message}; ${accepted}`),
    warnings: loaded.warnings.map(({ message }) => message),
  }
}

const to = (address: string, from = ''): string => `    - { name: t, to: ${address}, arrivals: constant(1/s)${from} }`

test('a host of an Ingress stands for the Service of its controller', async () => {
  const { target, warnings } = await load({ traffic: to('http://Shop.example.com/shop/1?x=y') })
  expect(target).toEqual({ namespace: 'default', service: 'controller', port: 80, host: 'shop.example.com', path: '/shop/1' })
  expect(warnings).toEqual([])
})

test('a Service keeps its address, and its name is the host that requests ask for', async () => {
  const { target } = await load({ traffic: to('http://controller.default.svc/x') })
  expect(target).toEqual({ namespace: 'default', service: 'controller', port: 80, host: 'controller.default.svc', path: '/x' })
})

test.each(['http://shop.example.com/shop', 'http://controller.default.svc/x'])(
  'HTTP/2 to a controller, by %s, is refused',
  async (address) => {
    const { problems } = await load({ traffic: to(address, ', connection: { keepAlive: 60s, http2: {} }') })
    expect(problems).toEqual([
      'HTTP/2 to the pods of an ingress controller is not modelled; the address of a Service whose pods answer themselves, or no "http2"',
    ])
  },
)

test('a path that no rule has, and an annotation that is not modelled, are worth a warning', async () => {
  const annotated = (app: string) =>
    app.replace('{ name: shop }', '{ name: shop, annotations: { nginx.ingress.kubernetes.io/enable-cors: "true" } }')
  const { warnings } = await load({ traffic: to('http://shop.example.com/cart') }, annotated)
  expect(warnings).toEqual([
    'The annotation nginx.ingress.kubernetes.io/enable-cors of an Ingress has no effect in the model',
    'No Ingress has a path for "/cart" of the host "shop.example.com": it is answered with 404',
  ])
})

test.each([
  [
    'without a controller among the workloads',
    {},
    (app: string) => app,
    (text: string) => text.replace('ingressController: {}, ', ''),
    'No pods are ingress controllers',
  ],
  [
    'whose class belongs to another controller',
    {},
    (app: string) => app.replace('k8s.io/ingress-nginx', 'example.com/other'),
    undefined,
    'has no class',
  ],
  [
    'from pods',
    { traffic: to('http://shop.example.com/shop', ', from: { pods: app=web }') },
    undefined,
    undefined,
    'for clients outside the cluster',
  ],
  ['at another port', { traffic: to('http://shop.example.com:81/shop') }, undefined, undefined, 'has no TCP port 81; :80'],
  [
    'whose controller has no Service outside',
    {},
    (app: string) => app.replace('type: NodePort, ', ''),
    undefined,
    'No Service of type LoadBalancer or NodePort',
  ],
  [
    'by https, where its Service has no port for it',
    { traffic: to('https://shop.example.com/shop') },
    undefined,
    undefined,
    'has no TCP port 443; :80',
  ],
  [
    'by https, when it is a Service',
    { traffic: to('https://web.default.svc/') },
    undefined,
    undefined,
    'Cannot send "https" requests to a Service',
  ],
  [
    'with tls, but by http',
    { traffic: to('http://shop.example.com/shop', ', tls: {}') },
    undefined,
    undefined,
    'Only https requests shake hands',
  ],
  ['that no Ingress has', { traffic: to('http://other.example.com/shop') }, undefined, undefined, 'is not the name of a Service'],
])('a host is refused %s', async (_what, world, change, workload, message) => {
  expect((await load(world, change, workload)).problems.join('\n')).toContain(message)
})

test('a value that an annotation cannot have, and a canary beside nothing, are worth a warning', async () => {
  const annotated = (app: string) =>
    app.replace(
      '{ name: shop }',
      '{ name: shop, annotations: { nginx.ingress.kubernetes.io/canary: "true", nginx.ingress.kubernetes.io/canary-weight: "a third" } }',
    )
  const { warnings } = await load({}, annotated)
  expect(warnings).toEqual([
    'The annotation nginx.ingress.kubernetes.io/canary-weight of Ingress "shop" has no effect: its value "a third" is none that it may have',
    'Ingress "shop" is a canary beside no other: none has its host, path and path type',
  ])
})

test('https takes port 443 and a default, and warns of a host without TLS; http warns of one with it', async () => {
  const secure = (app: string) =>
    app.replace(
      'type: NodePort, selector: { app: controller }, ports: [{ port: 80 }]',
      'type: NodePort, selector: { app: controller }, ports: [{ name: http, port: 80 }, { name: https, port: 443 }]',
    )
  const withTls = (app: string) => secure(app).replace('  rules: [{ host', '  tls: [{ secretName: shop }]\n  rules: [{ host')
  const plain = await load({ traffic: to('https://shop.example.com/shop') }, secure)
  expect(plain.target).toMatchObject({ port: 443, host: 'shop.example.com' })
  expect(plain.tls).toEqual({ version: '1.3', resumption: 1 })
  expect(plain.warnings.join()).toContain('default certificate')
  expect((await load({ traffic: to('https://shop.example.com/shop', ', tls: { version: "1.2", resumption: 0.5 }') }, withTls)).tls).toEqual(
    { version: '1.2', resumption: 0.5 },
  )
  expect((await load({ traffic: to('http://shop.example.com/shop') }, withTls)).warnings.join()).toContain('answered with 308')
})

test('annotations of sessions that the model has no value for are worth a warning', async () => {
  const prefix = 'nginx.ingress.kubernetes.io/'
  const annotated = (app: string) =>
    app.replace(
      '{ name: shop }',
      `{ name: shop, annotations: { ${prefix}upstream-hash-by: "$arg_id", ${prefix}affinity-canary-behavior: legacy, ${prefix}affinity: ip, ${prefix}upstream-hash-by-subset: "true" } }`,
    )
  const { warnings } = await load({ traffic: to('http://shop.example.com/shop') }, annotated)
  expect(warnings).toEqual([
    `The annotation ${prefix}upstream-hash-by of Ingress "shop" has no effect in the model with the value "$arg_id"`,
    `The annotation ${prefix}affinity-canary-behavior of Ingress "shop" has no effect in the model with the value "legacy"`,
    `The annotation ${prefix}affinity of Ingress "shop" has no effect: its value "ip" is none that it may have`,
    `The annotation ${prefix}upstream-hash-by-subset of an Ingress has no effect in the model`,
  ])
})
