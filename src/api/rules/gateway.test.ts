import { expect, test } from 'vitest'
import { readManifests } from '../manifest.ts'
import type { HTTPRoute } from '../objects/index.ts'

async function read(kind: string, spec: string) {
  const text = `apiVersion: gateway.networking.k8s.io/v1\nkind: ${kind}\nmetadata: { name: x }\nspec: ${spec}\n`
  const { objects, problems, warnings } = await readManifests([{ path: 'x.yaml', text }])
  return {
    object: objects[0]?.object,
    problems: problems.map(({ message, accepted, didYouMean }) =>
      [message, accepted, didYouMean].filter((part) => part !== null).join('; '),
    ),
    warnings: warnings.map(({ message }) => message),
  }
}

const LISTENER = '{ name: http, port: 80, protocol: HTTP }'

test.each([
  ['GatewayClass', '{ controllerName: gateway.nginx.org/nginx-gateway-controller }'],
  [
    'Gateway',
    `{ gatewayClassName: nginx, listeners: [${LISTENER}, { name: https, port: 443, protocol: HTTPS, hostname: "*.example.com" }] }`,
  ],
  ['HTTPRoute', '{ parentRefs: [{ name: edge }], hostnames: [a.org], rules: [{ backendRefs: [{ name: web, port: 80, weight: 3 }] }] }'],
])('a %s is read', async (kind, spec) => {
  expect(await read(kind, spec)).toMatchObject({ problems: [], warnings: [], object: { kind } })
})

test.each([
  ['GatewayClass', '{ controllerName: nginx }', 'must be a domain and a path'],
  ['GatewayClass', '{}', '"controllerName" is missing'],
  ['Gateway', `{ gatewayClassName: nginx, listeners: [{ ...${LISTENER} }] }`, ''],
  ['Gateway', '{ gatewayClassName: nginx, listeners: [] }', 'at least one listener'],
  ['Gateway', '{ gatewayClassName: nginx, listeners: [{ name: http, port: 0, protocol: HTTP }] }', '1 to 65535'],
  ['Gateway', '{ gatewayClassName: nginx, listeners: [{ name: http, prt: 80, protocol: HTTP }] }', 'did you mean|prt'],
  ['Gateway', `{ gatewayClassName: nginx, listeners: [${LISTENER}, ${LISTENER}] }`, 'used twice'],
  [
    'Gateway',
    `{ gatewayClassName: nginx, listeners: [${LISTENER}, { name: b, port: 80, protocol: HTTP }] }`,
    'the same port, protocol and hostname',
  ],
  ['HTTPRoute', '{ hostnames: [10.0.0.1] }', 'not an IP address'],
  ['HTTPRoute', '{ rules: [{ matches: [{ path: { value: shop } }] }] }', 'must begin with "/"'],
  ['HTTPRoute', '{ rules: [{ matches: [{ path: { type: Prefix, value: /shop } }] }] }', 'PathPrefix'],
  ['HTTPRoute', '{ rules: [{ matches: [{ method: get }] }] }', 'GET'],
  ['HTTPRoute', '{ rules: [{ backendRefs: [{ name: web, weight: 1 }] }] }', 'needs a "port"'],
  ['HTTPRoute', '{ rules: [{ backendRefs: [{ name: web, port: 80, weight: 1000001 }] }] }', '1000000'],
  ['HTTPRoute', '{ rules: [{ backendRefs: [{ name: web, port: "80" }] }] }', 'Cannot use'],
  ['HTTPRoute', '{ rules: [{ backendRef: [] }] }', 'backendRefs'],
  ['HTTPRoute', '{ rules: { } }', 'Cannot use'],
])('a mistake in a %s %s is told', async (kind, spec, said) => {
  const { problems, object } = await read(kind, spec)
  expect(problems.length).toBeGreaterThan(0)
  expect(problems.join('\n')).toMatch(said === '' ? /./ : new RegExp(said.replace(/[.*+?^${}()[\]\\]/g, '\\$&')))
  expect(object).toBeUndefined()
})

test('what the API server fills in', async () => {
  const { object } = await read('HTTPRoute', '{ parentRefs: [{ name: edge }], rules: [{ backendRefs: [{ name: web, port: 80 }] }] }')
  expect((object as HTTPRoute).spec).toEqual({
    parentRefs: [{ kind: 'Gateway', namespace: 'default', name: 'edge', sectionName: '', port: null }],
    hostnames: [],
    rules: [
      {
        matches: [{ pathType: 'PathPrefix', path: '/', headers: [], queryParams: [], method: '' }],
        filters: [],
        backendRefs: [{ kind: 'Service', namespace: 'default', name: 'web', port: 80, weight: 1 }],
      },
    ],
  })
})

test('what has no effect is told, and other kinds of the group are kept', async () => {
  const { warnings } = await read('HTTPRoute', '{ rules: [{ timeouts: { request: 1s } }] }')
  expect(warnings.join()).toContain('timeouts')
  const other = await read('GRPCRoute', '{}')
  expect(other.problems).toEqual([])
  expect(other.warnings.join()).toContain('not a kind of Kubernetes itself')
})
