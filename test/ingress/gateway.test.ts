import { describe, expect, test } from 'vitest'
import type { Gateway, GatewayClass, HTTPRoute } from '../../src/api/objects/index.ts'
import { run, type World } from './world.ts'

const backend = (name: string, weight = '') => `{ name: ${name}, port: 80${weight} }`
const route = (rules: string, name = 'shop', more = '') => `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: ${name} }
spec:
  parentRefs: [{ name: edge }]
  hostnames: [shop.example.com]${more}
  rules: ${rules}
---
`
const GATEWAY = `apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: nginx }
spec: { controllerName: gateway.nginx.org/nginx-gateway-controller }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge }
spec: { gatewayClassName: nginx, listeners: [{ name: http, port: 80, protocol: HTTP, hostname: "*.example.com" }] }
---
`
const app = (name: string, replicas = 2) => `apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name} }
spec:
  replicas: ${replicas}
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec: { containers: [{ name: server, image: web, ports: [{ containerPort: 80 }], readinessProbe: { tcpSocket: { port: 80 }, periodSeconds: 1 } }] }
---
apiVersion: v1
kind: Service
metadata: { name: ${name} }
spec: { selector: { app: ${name} }, ports: [{ port: 80 }] }
---
`
const workloads = '    - { selector: "app in (web, beta)", serviceTime: 5ms, startUp: 1s, concurrency: 20 }'
const traffic = (more = '', path = '/shop') => `    - { name: t, to: http://shop.example.com${path}, arrivals: constant(200/s)${more} }`

async function through(rules: string, world: World & { readonly extra?: string } = {}) {
  const { cluster, traffic: found } = await run({
    workloads,
    traffic: traffic(),
    ingressController: '{ api: gateway, reload: 100ms }',
    ...world,
    ingress: GATEWAY + route(rules) + (world.extra ?? app('beta')),
  })
  const loads = cluster.dataPlane.backends.loads()
  const of = (name: string) => loads.filter(({ pod }) => pod.labels.app === name).reduce((sum, { load }) => sum + load.requests, 0)
  const hops = Array.from({ length: cluster.trace.length }, (_, id) => cluster.trace.hop(id))
  return { cluster, found, web: of('web'), beta: of('beta'), hops }
}

describe('weights of backendRefs', () => {
  test('split the requests: chi-square of three shares', async () => {
    const { found, web, beta, cluster } = await through(
      `[{ backendRefs: [${backend('web', ', weight: 60')}, ${backend('beta', ', weight: 30')}, ${backend('gamma', ', weight: 10')}] }]`,
      { extra: app('beta') + app('gamma'), workloads: workloads.replace('beta)', 'beta, gamma)'), duration: 230 },
    )
    expect(found.failed).toBe(0)
    const gamma = cluster.dataPlane.backends
      .loads()
      .filter(({ pod }) => pod.labels.app === 'gamma')
      .reduce((sum, { load }) => sum + load.requests, 0)
    const total = web + beta + gamma
    expect(total).toBeGreaterThan(39_900)
    const square = [
      [web, 0.6],
      [beta, 0.3],
      [gamma, 0.1],
    ].reduce((sum, [seen, share]) => sum + (seen! - share! * total) ** 2 / (share! * total), 0)
    // Two degrees of freedom: above 13.8 with 0.1 %. A share that is 2 % of all off, such as 58 : 32 : 10, has 79.
    expect(square).toBeLessThan(13.8)
  })

  test('of 0 get nothing, and without any the default is 1 each', async () => {
    const none = await through(`[{ backendRefs: [${backend('web')}, ${backend('beta', ', weight: 0')}] }]`)
    expect(none.beta).toBe(0)
    const even = await through(`[{ backendRefs: [${backend('web')}, ${backend('beta')}] }]`)
    // 6000 requests: 3000 ± 39.
    expect(Math.abs(even.web - 3000)).toBeLessThan(160)
  })

  test('that are applied anew act with the next reload', async () => {
    const { found, web, beta, hops } = await through(
      `[{ backendRefs: [${backend('web', ', weight: 1')}, ${backend('beta', ', weight: 0')}] }]`,
      {
        timeline: '[{ at: 45s, kubectl: "apply -f next.yaml" }]',
        files: { 'next.yaml': route(`[{ backendRefs: [${backend('web', ', weight: 0')}, ${backend('beta', ', weight: 1')}] }]`) },
      },
    )
    expect(found.failed).toBe(0)
    const reloaded = hops.filter(
      ({ action, subject, time }) => action === 'reloaded' && subject === 'HTTPRoute/default/shop' && time > 45e9,
    )
    expect(reloaded).toHaveLength(1)
    const at = reloaded[0]!.time / 1e9
    expect(reloaded[0]!.time - reloaded[0]!.started).toBe(100_000_000)
    // Requests are 5 ms apart; one is 5.3 ms on its way, and the first may wait for connections.
    expect(Math.abs(web - 200 * (at - 30))).toBeLessThan(5)
    expect(Math.abs(beta - 200 * (60 - at))).toBeLessThan(5)
  })
})

describe('a backend that cannot be', () => {
  test.each([
    ['a Service that does not exist', `{ name: nobody, port: 80, weight: 1 }`],
    ['a port that the Service has not', `{ name: beta, port: 81, weight: 1 }`],
    ['another namespace', `{ name: beta, namespace: other, port: 80, weight: 1 }`],
    ['another kind', `{ group: example.com, kind: Bucket, name: beta, weight: 1 }`],
  ])('%s: its share is answered with 500', async (_what, ref) => {
    const { found } = await through(`[{ backendRefs: [${backend('web', ', weight: 3')}, ${ref}] }]`)
    const share = found.failedByCause['http-500']! / found.sent
    expect(Object.keys(found.failedByCause)).toEqual(['http-500'])
    // A quarter of 6000: 1500 ± 34.
    expect(Math.abs(share - 0.25)).toBeLessThan(0.025)
  })

  test('no backend at all: 500; a Service without endpoints: 503', async () => {
    expect(Object.keys((await through('[{}]')).found.failedByCause)).toEqual(['http-500'])
    expect(Object.keys((await through(`[{ backendRefs: [${backend('web')}] }]`, { replicas: 0 })).found.failedByCause)).toEqual([
      'http-503',
    ])
  })
})

describe('matches', () => {
  test('a header that says so goes elsewhere, and what no rule has is answered with 404', async () => {
    const rules = `[{ matches: [{ path: { value: /shop }, headers: [{ name: X-Beta, value: always }] }], backendRefs: [${backend('beta')}] }, { matches: [{ path: { value: /shop } }], backendRefs: [${backend('web')}] }]`
    const said = await through(rules, { traffic: traffic(', headers: { x-beta: always }') })
    expect([said.web, said.found.failed]).toEqual([0, 0])
    expect(said.beta).toBeGreaterThan(5900)
    const unsaid = await through(rules)
    expect(unsaid.beta).toBe(0)
    const nowhere = await through(rules, { traffic: traffic('', '/cart') })
    expect(Object.keys(nowhere.found.failedByCause)).toEqual(['http-404'])
  })
})

describe('endpoints', () => {
  test('that come are a reload too, which is told of the route', async () => {
    const { hops, found } = await through(`[{ backendRefs: [${backend('web')}] }]`, {
      timeline: '[{ at: 40s, kubectl: "scale deployment/web --replicas=3" }]',
    })
    expect(found.failed).toBe(0)
    const reloads = hops.filter(({ action, time }) => action === 'reloaded' && time > 40e9)
    expect(reloads.map(({ subject, detail }) => [subject, detail])).toEqual([
      ['HTTPRoute/default/shop', 'new workers have the endpoints of default/web'],
    ])
  })
})

describe('statuses', () => {
  test('say what the controller makes of the objects, written by one of its pods alone', async () => {
    const { cluster, hops } = await through(`[{ backendRefs: [${backend('web')}, ${backend('nobody')}] }]`, { controllers: 3 })
    const peek = <T>(kind: 'Gateway' | 'GatewayClass' | 'HTTPRoute', namespace: string, name: string) =>
      cluster.controlPlane.server.peek(kind, namespace, name) as T
    const said = (conditions: readonly { type: string; status: string; reason: string }[]) =>
      conditions.map(({ type, status, reason }) => `${type} ${status} ${reason}`)
    expect(said(peek<GatewayClass>('GatewayClass', '', 'nginx').status.conditions)).toEqual(['Accepted True Accepted'])
    const gateway = peek<Gateway>('Gateway', 'default', 'edge')
    expect(said(gateway.status.conditions)).toEqual(['Accepted True Accepted', 'Programmed True Programmed'])
    expect(gateway.status.listeners).toEqual([{ name: 'http', attachedRoutes: 1 }])
    const [parent] = peek<HTTPRoute>('HTTPRoute', 'default', 'shop').status.parents
    expect(said(parent!.conditions)).toEqual(['Accepted True Accepted', 'ResolvedRefs False BackendNotFound'])
    const writes = hops.filter(
      ({ actor, action }) => actor.startsWith('gateway/') && action !== 'reloaded' && action !== 'routed the first request',
    )
    expect(new Set(writes.map(({ actor }) => actor)).size).toBe(1)
    expect(new Set(writes.map(({ subject }) => subject))).toEqual(
      new Set(['GatewayClass/nginx', 'Gateway/default/edge', 'HTTPRoute/default/shop']),
    )
  })

  test('say why a route is not accepted', async () => {
    const { cluster } = await through(`[{ backendRefs: [${backend('web')}] }]`, {
      extra:
        app('beta') +
        route('[{}]', 'foreign').replace('shop.example.com', 'shop.example.org') +
        route('[{}]', 'lost').replace('name: edge', 'name: edge, sectionName: https'),
    })
    const reason = (name: string) =>
      (cluster.controlPlane.server.peek('HTTPRoute', 'default', name) as HTTPRoute).status.parents[0]!.conditions[0]!.reason
    expect([reason('foreign'), reason('lost')]).toEqual(['NoMatchingListenerHostname', 'NoMatchingParent'])
  })

  test('are written by another pod when the one that did is gone', async () => {
    const { cluster } = await through(`[{ backendRefs: [${backend('web')}] }]`, {
      controllers: 2,
      duration: 100,
      timeline: '[{ at: 40s, fault: { kind: oom-kill, pods: app=controller } }, { at: 60s, kubectl: "apply -f next.yaml" }]',
      files: { 'next.yaml': route(`[{ backendRefs: [${backend('nobody')}] }]`) },
    })
    const route1 = cluster.controlPlane.server.peek('HTTPRoute', 'default', 'shop') as HTTPRoute
    expect(route1.status.parents[0]!.conditions.map(({ reason }) => reason)).toEqual(['Accepted', 'BackendNotFound'])
  })
})
