import { describe, expect, test } from 'vitest'
import { readManifests } from '../manifest.ts'

async function read(spec: string, kind = 'Ingress') {
  const text = `apiVersion: networking.k8s.io/v1\nkind: ${kind}\nmetadata: { name: x }\n${spec}\n`
  const { objects, problems, warnings } = await readManifests([{ path: 'i.yaml', text }])
  return { object: objects[0]?.object, problems: problems.map(({ message }) => message), warnings: warnings.map(({ message }) => message) }
}

const backend = 'backend: { service: { name: web, port: { number: 80 } } }'
const rule = (host: string, path = `{ path: /, pathType: Prefix, ${backend} }`) =>
  `spec: { rules: [{ host: ${host}, http: { paths: [${path}] } }] }`

test('an Ingress is read with its rules, its class and its default backend, and what is not modelled is told', async () => {
  const { object, problems, warnings } = await read(`spec:
  ingressClassName: nginx
  defaultBackend: { service: { name: rest, port: { name: http } } }
  tls: [{ hosts: [a.org], secretName: a-tls }]
  rules: [{ host: a.org, http: { paths: [{ path: /x, pathType: Exact, ${backend} }] } }]`)
  expect([problems, warnings]).toEqual([[], ['Ingress spec.tls[].secretName changes neither timing nor traffic and is not read']])
  expect(object).toMatchObject({
    spec: {
      ingressClassName: 'nginx',
      defaultBackend: { service: 'rest', port: 'http' },
      rules: [{ host: 'a.org', paths: [{ path: '/x', pathType: 'Exact', backend: { service: 'web', port: 80 } }] }],
    },
  })
})

describe('an Ingress is refused', () => {
  test.each([
    ['without rules and default backend', 'spec: {}', 'needs "rules" or a "defaultBackend"'],
    ['with an address for a host', rule('10.0.0.1'), 'not an IP address'],
    ['with capitals in a host', rule('Shop.org'), 'as a host'],
    ['with a wildcard that is no whole first label', rule('"a*.org"'), 'must be "*."'],
    ['with a wildcard alone', rule('"*"'), 'must be "*."'],
    ['without a path type', rule('a.org', `{ path: /, ${backend} }`), 'pathType'],
    ['with an unknown path type', rule('a.org', `{ path: /, pathType: Regex, ${backend} }`), 'pathType'],
    ['with a relative path', rule('a.org', `{ path: shop, pathType: Prefix, ${backend} }`), 'must begin with "/"'],
    ['without the path of a prefix', rule('a.org', `{ pathType: Prefix, ${backend} }`), 'must begin with "/"'],
    ['with two slashes in a path', rule('a.org', `{ path: //x, pathType: Exact, ${backend} }`), 'must not contain "//"'],
    ['with dots at the end of a path', rule('a.org', `{ path: /x/.., pathType: Exact, ${backend} }`), 'must not end with "/.."'],
    ['without a port', rule('a.org', '{ path: /, pathType: Prefix, backend: { service: { name: web } } }'), 'needs a "port"'],
    [
      'with a port twice',
      rule('a.org', '{ path: /, pathType: Prefix, backend: { service: { name: web, port: { name: a, number: 80 } } } }'),
      'not both',
    ],
    [
      'with a port out of range',
      rule('a.org', '{ path: /, pathType: Prefix, backend: { service: { name: web, port: { number: 70000 } } } }'),
      '70000',
    ],
    ['without a backend service', 'spec: { defaultBackend: {} }', 'needs a "service"'],
    [
      'with an address for a TLS host',
      `spec: { tls: [{ hosts: ["a_b"] }], defaultBackend: { service: { name: w, port: { number: 1 } } } }`,
      'TLS host',
    ],
  ])('%s', async (_what, spec, message) => {
    expect((await read(spec)).problems.join('\n')).toContain(message)
  })
})

test('a wildcard host, an empty one and a controller of a path are accepted', async () => {
  expect((await read(rule('"*.a.org"'))).problems).toEqual([])
  expect((await read(rule('""'))).problems).toEqual([])
  expect((await read('spec: { controller: k8s.io/ingress-nginx }', 'IngressClass')).problems).toEqual([])
})

test('an IngressClass needs a controller with a domain', async () => {
  expect((await read('spec: { controller: nginx }', 'IngressClass')).problems.join()).toContain('must be a domain and a path')
  expect((await read('spec: {}', 'IngressClass')).problems.join()).toContain('controller')
})
