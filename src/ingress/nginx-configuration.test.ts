import { expect, test } from 'vitest'
import { readManifests } from '../api/manifest.ts'
import type { EndpointSlice, Ingress, IngressClass, Service } from '../api/objects/index.ts'
import { Addresses } from '../network/addresses.ts'
import { type ClusterView, configurationOf } from './nginx-configuration.ts'

const CLUSTER = `
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: { name: nginx }
spec: { controller: k8s.io/ingress-nginx }
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: { name: other }
spec: { controller: example.com/other }
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { selector: { app: web }, ports: [{ name: http, port: 80, targetPort: 8080 }, { name: admin, port: 9000 }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: web-1, labels: { kubernetes.io/service-name: web } }
addressType: IPv4
ports: [{ name: http, port: 8080 }, { name: admin, port: 9001 }]
endpoints:
  - { addresses: [10.0.0.1], conditions: { ready: true } }
  - { addresses: [10.0.0.2], conditions: { ready: false, serving: true, terminating: true } }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: web-2, labels: { kubernetes.io/service-name: web } }
addressType: IPv4
ports: [{ name: http, port: 8080 }]
endpoints: [{ addresses: [10.0.0.3], conditions: { ready: true } }, { addresses: [10.0.0.1], conditions: { ready: true } }]
`

const ingress = (name: string, spec: string, annotations = '{}') => `---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: ${name}, annotations: ${annotations} }
spec: ${spec}
`
const path = (service: string, at = '/', port = '{ number: 80 }') =>
  `{ path: ${at}, pathType: Prefix, backend: { service: { name: ${service}, port: ${port} } } }`

async function configured(...ingresses: string[]) {
  const { objects, problems } = await readManifests([{ path: 'm.yaml', text: CLUSTER + ingresses.join('') }])
  expect(problems).toEqual([])
  const all = objects.map(({ object }) => object)
  const of = <T>(kind: string): T[] => all.filter((object) => object.kind === kind) as T[]
  const view: ClusterView = {
    // The one written first is the oldest.
    ingresses: of<Ingress>('Ingress').map((one, index) => ({ ...one, metadata: { ...one.metadata, creationTimestamp: index } })),
    classes: of<IngressClass>('IngressClass'),
    services: of<Service>('Service'),
    slices: of<EndpointSlice>('EndpointSlice'),
  }
  const addresses = new Addresses()
  const configuration = configurationOf(view, 'k8s.io/ingress-nginx', addresses)
  return {
    route: (host: string, at = '/') => configuration.find({ host, path: at, isTls: false })?.upstream ?? null,
    text: configuration.text,
    canaries: [...configuration.canaries].map(([upstream, canary]) => `${canary.upstream} beside ${upstream}`),
    endpoints: (upstream: string) => configuration.upstreams.get(upstream)?.map((id) => addresses.endpointName(id)),
  }
}

test('has the ready endpoints of the port that a backend names by number or name, each once', async () => {
  const { endpoints } = await configured(
    ingress(
      'a',
      `{ ingressClassName: nginx, rules: [{ http: { paths: [${path('web')}, ${path('web', '/admin', '{ name: admin }')}] } }] }`,
    ),
  )
  expect(endpoints('default/web:80')).toEqual(['10.0.0.1:8080', '10.0.0.3:8080'])
  expect(endpoints('default/web:admin')).toEqual(['10.0.0.1:9001'])
})

test('has no endpoints for a Service or a port that is not there', async () => {
  const { endpoints } = await configured(
    ingress('a', `{ ingressClassName: nginx, rules: [{ http: { paths: [${path('none')}, ${path('web', '/x', '{ number: 81 }')}] } }] }`),
  )
  expect([endpoints('default/none:80'), endpoints('default/web:81')]).toEqual([[], []])
})

test('leaves alone the Ingresses of other controllers and those without a class, but for the old annotation', async () => {
  const rules = (host: string) => `rules: [{ host: ${host}, http: { paths: [${path('web')}] } }]`
  const { route } = await configured(
    ingress('own', `{ ingressClassName: nginx, ${rules('own.org')} }`),
    ingress('other', `{ ingressClassName: other, ${rules('other.org')} }`),
    ingress('none', `{ ${rules('none.org')} }`),
    ingress('old', `{ ${rules('old.org')} }`, '{ kubernetes.io/ingress.class: nginx }'),
    ingress('foreign', `{ ${rules('foreign.org')} }`, '{ kubernetes.io/ingress.class: haproxy }'),
  )
  expect(['own.org', 'other.org', 'none.org', 'old.org', 'foreign.org'].map((host) => route(host))).toEqual([
    'default/web:80',
    null,
    null,
    'default/web:80',
    null,
  ])
})

test('gives a host and path that two Ingresses name to the older one', async () => {
  const rules = (service: string) => `{ ingressClassName: nginx, rules: [{ host: a.org, http: { paths: [${path(service)}] } }] }`
  const { route } = await configured(ingress('z', rules('first')), ingress('a', rules('second')))
  expect(route('a.org')).toBe('default/first:80')
})

test('sends what has no path to the default backend of its own Ingress, and other hosts to that of an Ingress without rules', async () => {
  const backend = (name: string) => `defaultBackend: { service: { name: ${name}, port: { number: 80 } } }`
  const { route } = await configured(
    ingress('a', `{ ingressClassName: nginx, ${backend('own')}, rules: [{ host: a.org, http: { paths: [${path('web', '/shop')}] } }] }`),
    ingress('b', `{ ingressClassName: nginx, rules: [{ host: b.org, http: { paths: [${path('web', '/shop')}] } }] }`),
    ingress('all', `{ ingressClassName: nginx, ${backend('everything')} }`),
  )
  expect([route('a.org', '/shop/1'), route('a.org'), route('b.org'), route('c.org')]).toEqual([
    'default/web:80',
    'default/own:80',
    null,
    'default/everything:80',
  ])
})

const CANARY = '{ nginx.ingress.kubernetes.io/canary: "true", nginx.ingress.kubernetes.io/canary-weight: "20" }'

test('a canary has no route, stands beside the upstream with its host, path and type, and is no change of nginx.conf', async () => {
  const rules = (service: string, at = '/', host = 'a.org') =>
    `{ ingressClassName: nginx, rules: [{ host: ${host}, http: { paths: [${path(service, at)}] } }] }`
  const main = ingress('main', rules('web', '/shop'))
  const alone = await configured(main)
  const { canaries, route, endpoints, text } = await configured(
    main,
    ingress('canary', rules('other', '/shop'), CANARY),
    ingress('second', rules('third', '/shop'), CANARY),
    ingress('elsewhere', rules('fourth', '/'), CANARY),
    ingress('host', rules('fifth', '/shop', 'b.org'), CANARY),
  )
  expect(canaries).toEqual(['default/other:80 beside default/web:80'])
  expect([route('a.org', '/shop'), route('a.org'), route('b.org', '/shop')]).toEqual(['default/web:80', null, null])
  expect([endpoints('default/other:80'), endpoints('default/third:80')]).toEqual([[], undefined])
  expect(text).toBe(alone.text)
})

test('a backend that another Ingress has is no canary', async () => {
  const rules = (service: string, host: string) =>
    `{ ingressClassName: nginx, rules: [{ host: ${host}, http: { paths: [${path(service)}] } }] }`
  const { canaries } = await configured(
    ingress('a', rules('web', 'a.org')),
    ingress('b', rules('other', 'b.org')),
    ingress('same', rules('web', 'a.org'), CANARY),
    ingress('taken', rules('other', 'a.org'), CANARY),
  )
  expect(canaries).toEqual([])
})

test('annotations of time-outs are a change of nginx.conf, also from a limit to none', async () => {
  const of = async (tries: string) =>
    (
      await configured(
        ingress(
          'a',
          `{ ingressClassName: nginx, rules: [{ http: { paths: [${path('web')}] } }] }`,
          `{ nginx.ingress.kubernetes.io/proxy-next-upstream-tries: "${tries}" }`,
        ),
      )
    ).text
  const texts = [await of('3'), await of('1'), await of('0')]
  expect(new Set(texts).size).toBe(3)
})
